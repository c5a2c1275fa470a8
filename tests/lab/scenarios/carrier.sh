# SPDX-License-Identifier: GPL-2.0-or-later
#
# The cable of a service interface is pulled out of a Hearth node beside Heartbeat 3.0.6, and plugged in
# again: the address goes to the other node in a standby and comes back.
# needs: hearth peer
# bound: 150
vip=10.2.0.100 other_vip=10.2.0.101
network wire
network service
host left uname=left product=hearth eth0=wire:10.1.0.1/24 eth1=service:10.2.0.1/24
host right uname=right product=peer eth0=wire:10.1.0.2/24 eth1=service:10.2.0.2/24
for name in left right; do
    host_install $name /etc/ha.d/authkeys 600 <<<$'auth 1\n1 sha1 lab-secret'
    host_install $name /etc/ha.d/haresources <<END
left IPaddr2::$vip/24/eth1
right IPaddr2::$other_vip/24/eth1
END
    host_install $name /etc/ha.d/ha.cf <<END
logfile /var/log/ha-log
debugfile /var/log/ha-debug
keepalive 250ms
warntime 1
deadtime 2
initdead 6
auto_failback on
bcast eth0
node left right
END
done
owners_watch left right $vip $other_vip

both_start
wait_until 60 "left holds its own address" only_owner $vip left right
wait_until 60 "right holds its own address" only_owner $other_vip right left
wait_until 30 "left says it holds its own" rsc_status left local
wait_until 30 "right says it holds its own" rsc_status right local

tell "left's service cable is pulled"
cable_pull left eth1
wait_until 30 "right has left's address" only_owner $vip right left
wait_until 30 "right says it holds all" rsc_status right all
expect "left is alive" node_status right left active

tell "and plugged in again"
cable_plug left eth1
wait_until 40 "left has its address back" only_owner $vip left right
wait_until 30 "left says it holds its own" rsc_status left local
wait_until 30 "right says it holds its own" rsc_status right local
heartbeat_stop left
heartbeat_stop right
expect "at no moment did both hold an address" never_twice
