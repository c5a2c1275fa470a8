# SPDX-License-Identifier: GPL-2.0-or-later
#
# A partition with a Heartbeat 3.0.6 node heals: both let go of everything and start anew.
# needs: hearth peer
# bound: 300
left=hearth right=peer
vip=10.1.0.100 other_vip=10.1.0.101
network wire
host left uname=left product="$left" eth0=wire:10.1.0.1/24
host right uname=right product="$right" eth0=wire:10.1.0.2/24
pair_auth='1 sha1 lab-secret'
pair_resources="left IPaddr2::$vip/24/eth0
right IPaddr::$other_vip/24/eth0"
pair_configure left right <<END
logfile /var/log/ha-log
debugfile /var/log/ha-debug
keepalive 250ms
warntime 1
deadtime 2
initdead 6
udpport 694
auto_failback on
ucast eth0 10.1.0.1
ucast eth0 10.1.0.2
node left
node right
END

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
