# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two directors before the same servers, theirs with the original ldirectord and ours, and the question
# whether their IPVS tables are the same. All servers are addresses of the farm; what has failed is
# in the void, where a connection is refused at once. (An ICMP error often finds the socket locked by
# the very connect that it is for, and then costs a second.)

# two_tables NETWORK...: boots all hosts; servers have addresses of these networks.
two_tables() {
    local net name
    network wire
    host farm eth0=wire:10.1.0.3/24,fd01::3/64
    host void eth0=wire:10.1.0.4/24,fd01::4/64
    host theirs product=peer eth0=wire:10.1.0.1/24,fd01::1/64
    host ours product=hearth eth0=wire:10.1.0.2/24,fd01::2/64
    on void bash -e -c 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all'
    on farm bash -e -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
        echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
        for i in all eth0; do echo 0 >/proc/sys/net/ipv4/conf/$i/send_redirects; done'
    for net; do
        on void ip route add local "$net" dev lo
        if [[ $net == *:* ]]; then
            on farm ip -6 route add "$net" via fd01::4
            for name in theirs ours; do on $name ip -6 route add "$net" via fd01::3; done
        else
            on farm ip route add "$net" via 10.1.0.4
            for name in theirs ours; do on $name ip route add "$net" via 10.1.0.3; done
        fi
    done
    for name in theirs ours; do
        on $name ipvsadm -A -t 10.99.0.1:99 -s rr # somebody else's
    done
}
# servers add|del ADDRESS...
servers() {
    local address batch=''
    note "servers $1: ${*:2}"
    for address in "${@:2}"; do
        [[ $address == *:* ]] && address+=/128 || address+=/32
        batch+="addr $1 $address dev lo"$'\n'
    done
    nsenter -t "${host_pid[farm]}" -n ip -batch - <<<"$batch"
}
returns() { servers add "$@"; }
fails() { servers del "$@"; }

# All of a host's table, a line an entry, and what the fallback command of each service was told last, in
# $REPLY.
table_of() {
    REPLY=$(on "$1" bash -c 'ipvsadm -Sn; ipvsadm -Ln --thresholds; [ ! -e /var/log/told ] || sed "s/^/told /" /var/log/told' |
        sed 's/ *$//;s/^\( *->.*[^ ]\) *[0-9]*$/\1/' | awk '
            /^(TCP|UDP|FWM)/ { service = $1 " " $2 }
            /^ *->/ { if ($2 != "RemoteAddress:Port") print "thresholds " service " " $2 " " $3 " " $4; next }
            /^told/ { told[$2 " " $3] = $4 }
            /^-/ { print }
            END { for (service in told) print "told " service " " told[service] }' | LC_ALL=C sort)
}
wrong=0 unchanged=0 stage=1 last_table=''
# compare "WHEN" [PATTERN]: the tables are the same; at once, or soon. Lines that we alone have may be like
# PATTERN. Counts the times that they are not the same, in $wrong, and the times that they are what they
# were before, in $unchanged.
compare() {
    local attempt extra=''
    for attempt in {1..10}; do
        table_of theirs
        their_table=$REPLY
        table_of ours
        our_table=$REPLY
        if [[ -n ${2:-} ]]; then
            extra=$(LC_ALL=C comm -13 <(echo "$their_table") <(echo "$our_table") | grep -E "$2") || :
            our_table=$(LC_ALL=C comm -23 <(echo "$our_table") <(echo "$extra"))
        fi
        [[ $their_table != "$our_table" ]] || break
        nap 1
    done
    [[ -z $extra ]] || note "ours alone, and meant: $extra"
    note "$1: $(grep -c '^-A' <<<"$their_table" || :) services," \
        "$(grep -c '^-a' <<<"$their_table" || :) servers there (looked at $attempt times)"
    if [[ $their_table != "$our_table" ]]; then
        diff <(echo "$their_table") <(echo "$our_table") >"$LAB_OUT/different-$stage" || :
        note "DIFFERENT (theirs <, ours >): $(<"$LAB_OUT/different-$stage")"
        note "the original's last words: $(tail -n 60 "$(host_log theirs)/ldirectord.log")"
        wrong=$((wrong + 1))
    fi
    [[ $their_table != "$last_table" ]] || unchanged=$((unchanged + 1))
    last_table=$their_table
    stage=$((stage + 1))
}
all_was_the_same() {
    expect "somebody else's service is still there" test "${our_table/-A -t 10.99.0.1:99 -s rr/}" != "$our_table"
    expect "each step changed something" test "$unchanged" = 0
    expect "all tables were the same" test "$wrong" = 0
}
gone() { [[ ! -e $(host_root "$1")/run/ldirectord.$2.pid ]]; }
