# SPDX-License-Identifier: GPL-2.0-or-later
#
# The node that no longer reaches the gateway gives its resources to the one that does, and gets them
# back: ipfail:LEFT:RIGHT, each hearth, peer, or real (Hearth with the ipfail of Heartbeat 3.0.6).
# needs: hearth peer
# bound: 240
read -r left right <<<"$LAB_WORDS"
pair_boot "${left/real/hearth}" "${right/real/hearth}" ucast sha1 'ping 10.1.0.254' \
    'respawn hacluster /usr/libexec/heartbeat/ipfail'
host gate uname=gate eth0=wire:10.1.0.254/24
for name in left right; do
    [[ ${!name} != real ]] || {
        real_programs $name
        sed -i 's|/usr/libexec/heartbeat/ipfail|/opt/ipfail|' "$(host_root $name)/etc/ha.d/ha.cf"
    }
done
owners_watch left right $vip $other_vip
gate_lost() { on "$1" ip route add blackhole 10.1.0.254; note "$1 does not reach the gateway"; }
gate_back() { on "$1" ip route del blackhole 10.1.0.254; note "$1 reaches the gateway"; }

tell "Both start"
pair_start
for name in left right; do
    for node in left right; do
        wait_until 20 "$name knows of ipfail on $node" client_status $name $node ipfail online
    done
    wait_until 10 "$name reaches the gateway" node_status $name 10.1.0.254 ping
done
wait_until 10 "each has its own" each_its_own

tell "left does not reach the gateway: right takes all"
gate_lost left
wait_until 30 "right has all" all_on right left

tell "It does again: with auto_failback on, each takes its own back"
gate_back left
wait_until 30 "each has its own" each_its_own

tell "Nobody reaches the gateway: nothing moves"
gate_lost left
gate_lost right
wait_until 20 "left sees that" node_status left 10.1.0.254 dead
wait_until 20 "right sees that" node_status right 10.1.0.254 dead
wait_until 30 "each has its own" each_its_own

tell "right does: it takes all"
gate_back right
wait_until 30 "right has all" all_on right left
# The original ipfail may have two reasons to give up, and does so once for each: a second later it would
# still do so, though all is well again by then.
nap 3
gate_back left
wait_until 30 "each has its own" each_its_own
expect "at no moment did both hold an address" never_twice
