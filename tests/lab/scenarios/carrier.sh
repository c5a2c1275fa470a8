# SPDX-License-Identifier: GPL-2.0-or-later
#
# The cable of a service interface is pulled out of a Hearth node beside Heartbeat 3.0.6, and plugged in
# again: the address goes to the other node in a standby and comes back.
# needs: hearth peer
# bound: 150
pair_boot hearth peer bcast sha1
pair_serves_beside
owners_watch left right $vip $other_vip

tell "Both nodes start"
pair_start

tell "left's service cable is pulled"
cable_pull left eth1
wait_until 30 "right has left's address" only_owner $vip right left
wait_until 30 "right says it holds all" rsc_status right all
expect "left is alive" node_status right left active

tell "and plugged in again"
cable_plug left eth1
wait_until 40 "left has its address back" only_owner $vip left right
wait_until 30 "each says it holds its own" each_its_own
heartbeat_stop left
heartbeat_stop right
expect "at no moment did both hold an address" never_twice
