# SPDX-License-Identifier: GPL-2.0-or-later
#
# A daemon dies and is back before anybody counts it dead: nothing moves. fast-restart:LEFT:RIGHT,
# each hearth or peer; the one that dies is left.
# needs: hearth peer
# bound: 180
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 "deadtime 20" "initdead 30"
owners_watch left right $vip $other_vip

tell "Both nodes start"
pair_start
watch_while has_address left $vip
watch_while not has_address right $vip

tell "left's daemon dies, and starts again at once"
heartbeat_kill left
wait_until 10 "it is gone" not heartbeat_runs left
heartbeat_start left
wait_until 19 "right sees that it lives anew" file_says "$(host_log right)/ha-log" "restart on node left"
wait_until 40 "right sees it active" node_status right left active
wait_until 40 "each has its own" each_its_own
expect "nobody was counted dead" not file_says "$(host_log right)/ha-log" "node left: is dead"
expect "the address never left left, nor came to right" held_all_the_while
expect "at no moment did both hold an address" never_twice
