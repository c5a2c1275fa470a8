# SPDX-License-Identifier: GPL-2.0-or-later
#
# A bad network: a fifth of all packets is lost, some come twice, some out of order. Nobody is counted
# dead, and what must not be lost is asked for again, by both. loss:LEFT:RIGHT.
# needs: hearth peer netem
# bound: 240
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 "deadtime 5" "warntime 4"
owners_watch left right $vip $other_vip
# asked_of HOST: the other one has asked it for a message that it missed. (Of what follows in such a
# message, a uuid may hold anything.)
asked_of() {
    local seen
    seen=$(tcpdump -A -n -r "$LAB_DIR/captures/wire.pcap" "udp port 694" 2>/dev/null | busybox strings)
    [[ $seen =~ t=NS_rexmit,[0-9]+:\(0\)dest=$1, ]]
}

tell "Both nodes start"
pair_start

deaths_counted() { # in $deaths
    deaths=$(busybox grep -c "is dead" "$(host_log left)/ha-log" "$(host_log right)/ha-log") || : # none
}
deaths_counted
before=$deaths

tell "The network becomes bad"
network_bad wire delay 20ms 10ms loss 20% duplicate 10% reorder 25% 50%
stays 15 "nothing moves" all_at_home

tell "An operator moves resources all the same"
hb_order left hb_standby local
wait_until 40 "right has all" all_on right left
hb_order right hb_standby foreign
wait_until 40 "each has its own" each_its_own
wait_until 20 "left has asked for what it missed" asked_of right
wait_until 20 "and so has right" asked_of left
network_bad wire

deaths_counted
expect "nobody was counted dead" test "$deaths" = "$before"
expect "at no moment did both hold an address" never_twice
