# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two of our nodes lose sight of each other, both serve, and see each other again: one rule says who
# keeps what, and at no moment is an address nowhere.
# needs: hearth
# bound: 180
vip=10.1.0.100 other_vip=10.1.0.101
network wire
host left uname=left product=hearth eth0=wire:10.1.0.1/24
host right uname=right product=hearth eth0=wire:10.1.0.2/24
pair_auth='1 sha256 lab-secret'
pair_resources="left IPaddr2::$vip/24/eth0
right IPaddr::$other_vip/24/eth0"
pair_configure left right <<END
logfile /var/log/ha-log
keepalive 250ms
warntime 1
deadtime 2
initdead 6
auto_failback on
ucast eth0 10.1.0.1
ucast eth0 10.1.0.2
node left
node right
END
somewhere() { has_address left "$1" || has_address right "$1"; }
both_somewhere() { somewhere $vip && somewhere $other_vip; }
as_haresources_say() { only_owner $vip left right && only_owner $other_vip right left; }

tell "Both nodes start"
heartbeat_start left
heartbeat_start right
wait_until 40 "each holds its own" as_haresources_say

tell "The wire is cut"
network_cut wire
wait_until 20 "left takes right's address" has_address left $other_vip
wait_until 20 "right takes left's address" has_address right $vip

tell "The wire is whole again"
network_heal wire
watch_while both_somewhere
wait_until 5 "each lets go of what is the other's" as_haresources_say
stays 3 "so it stays" as_haresources_say
expect "no address was ever nowhere" held_all_the_while
wait_until 10 "left says it holds its own" rsc_status left local
wait_until 10 "right says it holds its own" rsc_status right local
