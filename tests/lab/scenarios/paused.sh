# SPDX-License-Identifier: GPL-2.0-or-later
#
# A node stands still for longer than its dead time, as a suspended virtual machine does, and goes on:
# it has learned that it lost its address before it answers for it. paused:LEFT:RIGHT; the one paused
# is left, first with all that runs there, then its daemon alone.
# needs: hearth peer
# cannot: left has its address no more
# bound: 120
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 "auto_failback off"

tell "Both nodes start"
pair_start

tell "left is suspended"
cable_mute left eth0
host_freeze left
wait_until 20 "right takes its address" has_address right $vip
wait_until 20 "and says that it holds all" rsc_status right all
watch_while has_address right $vip

tell "It goes on"
cable_unmute left eth0
host_thaw left
wait_until 1 "left has its address no more" not has_address left $vip
owners_watch left right $vip $other_vip
stays 4 "right is its only owner" only_owner $vip right left
wait_until 20 "left says that it holds none" rsc_status left none
expect "the address never left right" held_all_the_while

tell "left gets all back, and its daemon alone stands still"
hb_order left hb_takeover all
wait_until 20 "left holds all" all_on left right
on left busybox killall -STOP heartbeat
wait_until 20 "right takes its address" has_address right $vip
wait_until 20 "and says that it holds all" rsc_status right all
on left busybox killall -CONT heartbeat
stays 3 "right is its only owner" only_owner $vip right left
wait_until 20 "left says that it holds none" rsc_status left none
expect "at no moment did both hold an address" never_twice
