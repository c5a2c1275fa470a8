# SPDX-License-Identifier: GPL-2.0-or-later
#
# The daemon dies and takes no leave: the addresses are gone from its node before the other takes them,
# and come back with it. daemon-killed:LEFT:RIGHT; the one killed is left.
# needs: hearth peer
# cannot: left does not have it any more
# bound: 180
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
owners_watch left right $vip $other_vip

tell "Both nodes start"
pair_start

tell "left's daemon is killed"
heartbeat_kill left
wait_until 30 "right takes the address" has_address right $vip
stays 3 "left does not have it any more" only_owner $vip right left

tell "It starts again"
heartbeat_start left
wait_until 60 "each has its own" each_its_own
expect "at no moment did both hold an address" never_twice
