# SPDX-License-Identifier: GPL-2.0-or-later
#
# checkvip: servers whose web server listens at the virtual address only, by direct routing and in a
# tunnel. Asked at their own address they are down; asked at the virtual one, each by its own way, they
# are up while they have the address and something listens at it.
# needs: ipvs hearth
# bound: 120

network wire
host director product=hearth eth0=wire:10.1.0.1/24,10.1.0.100/24,10.1.0.101/24
host gate eth0=wire:10.1.0.11/24
host ipip eth0=wire:10.1.0.12/24
host client eth0=wire:10.1.0.9/24
real_server gate 10.1.0.100
tunnel_server ipip 10.1.0.101
page gate index.html <<<'here'
page ipip index.html <<<'here'
web_start_at() { # HOST ADDRESS
    web_start "$1"
    web_kill "$1"
    on "$1" bash -c "sed -i 's/listen 80;/listen $2:80;/; /listen \[/d' /etc/nginx/lab.conf && nginx -c /etc/nginx/lab.conf"
}
web_start_at gate 10.1.0.100
web_start_at ipip 10.1.0.101

settings() { # CHECKVIP
    host_install director /etc/ha.d/ldirectord.cf <<END
checkinterval=1
checktimeout=1
logfile="/var/log/ldirectord.log"
virtual=10.1.0.100:80
	real=10.1.0.11:80 gate
	checktype=connect
	checkvip=$1
	scheduler=rr
virtual=10.1.0.101:80
	real=10.1.0.12:80 ipip
	checktype=connect
	checkvip=$1
	scheduler=rr
END
}
gate_is() { weights_are director 10.1.0.100:80 10.1.0.11:80="$1"; }
ipip_is() { weights_are director 10.1.0.101:80 10.1.0.12:80="$1"; }
says() { file_says "$(host_log director)/ldirectord.log" "$1"; }

settings no
expect "start succeeds" ldirectord director start
wait_until 20 "asked at its own address, the one is down" says 'Real server down: 10.1.0.11:80 (tcp:10.1.0.100:80): L4CON'
wait_until 20 "and so is the other" says 'Real server down: 10.1.0.12:80 (tcp:10.1.0.101:80): L4CON'
settings yes
expect "reload succeeds" ldirectord director reload
settles 20 2 "asked at the virtual one, by direct routing, it is up" gate_is 1
settles 20 2 "and in a tunnel" ipip_is 1
client_start client 10.1.0.100 80 / 50 1000
wait_until 10 "and answers clients" answered_by client gate

on gate ip addr del 10.1.0.100/32 dev lo
wait_until 15 "without the address it is taken out" gate_is ''
on gate ip addr add 10.1.0.100/32 dev lo
wait_until 15 "and comes back with it" gate_is 1
web_kill ipip
wait_until 15 "without a web server the other is taken out" ipip_is ''
on ipip nginx -c /etc/nginx/lab.conf
wait_until 15 "and comes back with it" ipip_is 1
cable_pull gate eth0
wait_until 15 "unplugged it is taken out" gate_is ''
