# SPDX-License-Identifier: GPL-2.0-or-later
#
# A partition with a Heartbeat 3.0.6 node heals: both let go of everything and start anew.
# partition:LEFT:RIGHT, one of them hearth, the other peer.
# needs: hearth peer
# bound: 300
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1

tell "Both nodes start"
pair_start

tell "The wire is cut"
network_cut wire
wait_until 30 "left takes right's address" has_address left $other_vip
wait_until 30 "right takes left's address" has_address right $vip
wait_until 30 "left says it holds all" rsc_status left all
wait_until 30 "right says it holds all" rsc_status right all

tell "The wire is whole again: both let go of everything and start anew"
network_heal wire
wait_until 90 "each has its own" each_its_own
