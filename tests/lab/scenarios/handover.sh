# SPDX-License-Identifier: GPL-2.0-or-later
#
# An operator moves resources with every word that hb_standby and hb_takeover know, from either side:
# handover:LEFT:RIGHT, each hearth or peer.
# needs: hearth peer
# bound: 240
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 "auto_failback off" "initdead 30"
owners_watch left right $vip $other_vip

tell "Both nodes start"
pair_start

tell "left gives"
hb_order left hb_standby foreign
stays 3 "nothing moves: it holds nothing of others" all_at_home
wait_until 10 "each says it holds its own" each_its_own
hb_order left hb_standby local
wait_until 30 "right has all" all_on right left
hb_order right hb_standby failback
wait_until 30 "each has its own" each_its_own
hb_order left hb_standby all
wait_until 30 "right has all" all_on right left
hb_order right hb_standby foreign
wait_until 30 "each has its own" each_its_own

tell "right gives"
hb_order right hb_standby local
wait_until 30 "left has all" all_on left right
hb_order left hb_standby failback
wait_until 30 "each has its own" each_its_own
hb_order right hb_standby all
wait_until 30 "left has all" all_on left right
hb_order left hb_standby foreign
wait_until 30 "each has its own" each_its_own

tell "left takes"
hb_order left hb_takeover all
wait_until 30 "left has all" all_on left right
hb_order right hb_takeover local
wait_until 30 "right took its own back" each_its_own
hb_order left hb_takeover foreign
wait_until 30 "left took what is right's" all_on left right

tell "right takes"
hb_order right hb_takeover all
wait_until 30 "right has all" all_on right left
hb_order left hb_takeover local
wait_until 30 "left took its own back" each_its_own
hb_order right hb_takeover foreign
wait_until 30 "right took what is left's" all_on right left
expect "at no moment did both hold an address" never_twice
