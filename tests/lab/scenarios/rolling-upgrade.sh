# SPDX-License-Identifier: GPL-2.0-or-later
#
# A pair of Heartbeat 3.0.6 with clients at both its addresses becomes a pair of ours, one node at a
# time, and then a pair of 3.0.6 again. Never are there two owners, and never is an address away for
# longer than it was when 3.0.6 itself moved it in good order, at the beginning of the same run.
# needs: hearth peer
# bound: 300
pair_boot peer peer ucast sha1
host one eth0=wire:10.1.0.11/24
host two eth0=wire:10.1.0.12/24
owners_watch left right $vip $other_vip
slack_ms=500 # what a busy machine may add to a move
serve() {
    page "$1" test.html <<<"served by $1"
    web_start "$1"
}
serve left
serve right

# renew NODE OTHER [PRODUCT]: it leaves in order, gets another product if one is named, and returns.
renew() {
    local node=$1 other=$2 product=${3:-}
    heartbeat_stop "$node"
    wait_until 30 "$other has both addresses" eval \
        "only_owner $vip $other $node && only_owner $other_vip $other $node"
    if [[ -n $product ]]; then
        host_upgrade "$node" "$product"
        serve "$node"
    fi
    heartbeat_start "$node"
    wait_until 60 "$node is back, each has its own" each_its_own
    stays 2 "so it stays" all_at_home
}
mark() {
    client_mark one "$1"
    client_mark two "$1"
}
# The longest anybody waited during an event, in $longest_ms.
longest_of() {
    client_figure one "$1" gap_ms
    longest_ms=$REPLY
    client_figure two "$1" gap_ms
    ((longest_ms >= REPLY)) || longest_ms=$REPLY
    note "longest gap during $1: $longest_ms ms"
}
no_longer_than_the_original() {
    longest_of "$1"
    ((longest_ms <= original_ms + slack_ms))
}

tell "Two of 3.0.6 start, and clients come"
pair_start
client_start one $vip 80 test.html 20 200
client_start two $other_vip 80 test.html 20 200
wait_until 10 "left answers one" answered_by one left
wait_until 10 "right answers two" answered_by two right

tell "What an orderly move of 3.0.6 costs"
mark original
renew right left
renew left right
mark quiet
longest_of original
original_ms=$longest_ms
expect "the addresses did move" test "$original_ms" -gt 0

tell "right becomes ours, then left"
mark upgrade_right
renew right left hearth
mark upgrade_left
renew left right hearth
mark restart_of_ours
renew right left
renew left right

tell "And back: left becomes 3.0.6 again, then right"
mark downgrade_left
renew left right peer
mark downgrade_right
renew right left peer
mark done

for event in upgrade_right upgrade_left restart_of_ours downgrade_left downgrade_right; do
    expect "during $event nobody waited longer than for 3.0.6" no_longer_than_the_original $event
done
expect "at no moment did both hold an address" never_twice
