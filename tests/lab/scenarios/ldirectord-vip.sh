# SPDX-License-Identifier: GPL-2.0-or-later
#
# checkvip: servers whose web server listens at the virtual address only, by direct routing and in a
# tunnel, over IPv4 and over IPv6. Asked at their own address they are down; asked at the virtual one, each
# by its own way, they are up while they have the address and something listens at it.
# needs: ipvs hearth
# bound: 120

network wire
host director product=hearth eth0=wire:10.1.0.1/24,10.1.0.100/24,10.1.0.101/24,fd01::1/64
host gate eth0=wire:10.1.0.11/24,fd01::11/64
host ipip eth0=wire:10.1.0.12/24,fd01::12/64
host client eth0=wire:10.1.0.9/24,fd01::9/64
real_server gate 10.1.0.100 fd01::100
tunnel_server ipip 10.1.0.101 fd01::101
for vip6 in fd01::100 fd01::101; do
    on director ip addr add $vip6/128 dev eth0 nodad
done
page gate index.html <<<'here'
page ipip index.html <<<'here'
web_start_at() { # HOST ADDRESS IPV6-ADDRESS
    web_start "$1"
    web_kill "$1"
    on "$1" bash -c "sed -i 's/listen 80;/listen $2:80;/; s/listen \[::\]:80;/listen [$3]:80;/' /etc/nginx/lab.conf &&
        nginx -c /etc/nginx/lab.conf"
}
web_start_at gate 10.1.0.100 fd01::100
web_start_at ipip 10.1.0.101 fd01::101

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
virtual6=[fd01::100]:80
	real6=[fd01::11]:80 gate
	checktype=connect
	checkvip=$1
	scheduler=rr
virtual6=[fd01::101]:80
	real6=[fd01::12]:80 ipip
	checktype=connect
	checkvip=$1
	scheduler=rr
END
}
gate_is() { weights_are director 10.1.0.100:80 10.1.0.11:80="$1"; }
ipip_is() { weights_are director 10.1.0.101:80 10.1.0.12:80="$1"; }
gate6_is() { weights_are director '[fd01::100]:80' '[fd01::11]:80'="$1"; }
ipip6_is() { weights_are director '[fd01::101]:80' '[fd01::12]:80'="$1"; }
both_gates() { gate_is "$1" && gate6_is "$1"; }
both_tunnels() { ipip_is "$1" && ipip6_is "$1"; }
says() { file_says "$(host_log director)/ldirectord.log" "$1"; }

settings no
expect "start succeeds" ldirectord director start
wait_until 20 "asked at its own address, the one is down" says 'Real server down: 10.1.0.11:80 (tcp:10.1.0.100:80): L4CON'
wait_until 20 "and so is the other" says 'Real server down: 10.1.0.12:80 (tcp:10.1.0.101:80): L4CON'
wait_until 20 "and over IPv6 it is seen who may have been asking" \
    says "Linux speaks to fd01::12 from the virtual address fd01::101"
settings yes
expect "reload succeeds" ldirectord director reload
settles 20 2 "asked at the virtual one, by direct routing, it is up" gate_is 1
settles 20 2 "and in a tunnel" ipip_is 1
wait_until 10 "over IPv6 it is seen when Linux would ask from the virtual address itself" \
    says "Linux would ask from the virtual address: give it preferred_lft 0"
for vip6 in fd01::100 fd01::101; do
    on director ip addr change $vip6/128 dev eth0 preferred_lft 0
done
wait_until 20 "asked from another one, by direct routing, it is up" gate6_is 1
wait_until 20 "and in a tunnel" ipip6_is 1
client_start client 10.1.0.100 80 / 50 1000
wait_until 10 "and answers clients" answered_by client gate
for pair in gate=fd01::100 ipip=fd01::101; do
    client_mark client "${pair#*=}"
    client_target client target "${pair#*=}" 80 /
    wait_until 10 "over IPv6 ${pair%=*} answers" answered_by client "${pair%=*}"
done

on gate ip addr del 10.1.0.100/32 dev lo
on gate ip addr del fd01::100/128 dev lo
wait_until 15 "without the address it is taken out" both_gates ''
on gate ip addr add 10.1.0.100/32 dev lo
on gate ip addr add fd01::100/128 dev lo nodad
wait_until 15 "and comes back with it" both_gates 1
web_kill ipip
wait_until 15 "without a web server the other is taken out" both_tunnels ''
wait_until 10 "because it says so itself" says 'Real server down: [fd01::12]:80 (tcp:[fd01::101]:80): L4CON, Connection refused'
on ipip nginx -c /etc/nginx/lab.conf
wait_until 15 "and comes back with it" both_tunnels 1
web_kill gate
wait_until 15 "so is the first" both_gates ''
wait_until 10 "for the same reason" says 'Real server down: [fd01::11]:80 (tcp:[fd01::100]:80): L4CON, Connection refused'
on gate nginx -c /etc/nginx/lab.conf
wait_until 15 "and comes back" both_gates 1
on gate ip route add blackhole fd01::1/128
wait_until 15 "with its SYN-ACK lost it is taken out" gate6_is ''
on gate ip route del blackhole fd01::1/128
wait_until 15 "and comes back before the server has forgotten the half of a connection" gate6_is 1
cable_pull gate eth0
wait_until 15 "unplugged it is taken out" both_gates ''
cable_plug gate eth0
wait_until 30 "and comes back" both_gates 1
