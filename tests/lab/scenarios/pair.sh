# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of a pair, any two of ours (hearth) and Heartbeat 3.0.6 (peer), over any medium, with any
# digest: pair:LEFT:RIGHT:MEDIUM:METHOD. Two of 3.0.6 show that the story is what the original does.
# needs: hearth peer
# bound: 300
read -r left right media method <<<"$LAB_WORDS"
pair_boot "$left" "$right" "$media" "$method"
owners_watch left right $vip $other_vip

tell "Both nodes start"
both_start
wait_until 60 "left holds its own address" only_owner $vip left right
wait_until 60 "right holds its own address" only_owner $other_vip right left
wait_until 20 "each sees the other active" node_status left right active
wait_until 20 "and the other way round" node_status right left active
wait_until 30 "left says it holds its own" rsc_status left local
wait_until 30 "right says it holds its own" rsc_status right local

tell "left goes standby, and comes back"
hb_order left hb_standby all
wait_until 30 "right has taken both addresses" only_owner $vip right left
expect "its own included" only_owner $other_vip right left
wait_until 30 "left says it holds none" rsc_status left none
wait_until 30 "right says it holds all" rsc_status right all
hb_order right hb_standby foreign
wait_until 30 "left has its address back" only_owner $vip left right
wait_until 30 "right says it holds its own" rsc_status right local
wait_until 30 "left says it holds its own" rsc_status left local

tell "right dies without a word"
host_crash right
wait_until 30 "left takes right's address" has_address left $other_vip
expect "left still has its own" has_address left $vip
wait_until 30 "left says it holds all" rsc_status left all
wait_until 10 "left calls right dead" node_status left right dead

tell "right returns and, with auto_failback on, takes its address back"
host_boot right
heartbeat_start right
wait_until 60 "right has its address again" only_owner $other_vip right left
wait_until 30 "right says it holds its own" rsc_status right local
wait_until 30 "left says it holds its own" rsc_status left local

tell "left dies without a word"
host_crash left
wait_until 30 "right takes left's address" has_address right $vip
host_boot left
heartbeat_start left
wait_until 60 "left has its address again" only_owner $vip left right
wait_until 30 "left says it holds its own" rsc_status left local
wait_until 30 "right says it holds its own" rsc_status right local

tell "left stops in order"
heartbeat_stop left
wait_until 30 "right has both addresses" only_owner $vip right left
wait_until 30 "right says it holds all" rsc_status right all
expect "left no longer runs" not heartbeat_runs left
heartbeat_start left
wait_until 60 "left comes back and has its address" only_owner $vip left right
wait_until 30 "left says it holds its own" rsc_status left local

tell "right stops in order, then left"
heartbeat_stop right
wait_until 30 "left has both addresses" only_owner $other_vip left right
heartbeat_stop left
expect "no address is left behind" nowhere $vip left right
expect "nor the other" nowhere $other_vip left right
expect "at no moment did both hold an address" never_twice
