# SPDX-License-Identifier: GPL-2.0-or-later
#
# A partition with a Heartbeat 3.0.6 node heals: both let go of everything and start anew.
# needs: hearth peer
# bound: 300
pair_boot hearth peer ucast sha1

tell "Both nodes start"
heartbeat_start left
heartbeat_start right
wait_until 60 "left holds its own address" only_owner $vip left right
wait_until 60 "right holds its own address" only_owner $other_vip right left
wait_until 30 "left says it holds its own" rsc_status left local
wait_until 30 "right says it holds its own" rsc_status right local

tell "The wire is cut"
network_cut wire
wait_until 30 "left takes right's address" has_address left $other_vip
wait_until 30 "right takes left's address" has_address right $vip
wait_until 30 "left says it holds all" rsc_status left all
wait_until 30 "right says it holds all" rsc_status right all

tell "The wire is whole again: both let go of everything and start anew"
network_heal wire
wait_until 60 "left holds its own address" only_owner $vip left right
wait_until 60 "right holds its own address" only_owner $other_vip right left
wait_until 60 "left says it holds its own" rsc_status left local
wait_until 60 "right says it holds its own" rsc_status right local
