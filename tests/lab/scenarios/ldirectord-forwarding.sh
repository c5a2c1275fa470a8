# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every way to a real server, with packets: address translation, direct routing, tunnels, IPv6; and
# what only the table can show: UDP, firewall marks, weights and schedulers.
# IPv6 is checked by connecting only, for there the original's http fails, and it has to pass, too.
# needs: ipvs hearth
# bound: 90

network outside inside
host director product=hearth \
    eth0=outside:10.1.0.1/24,10.1.0.100/24,10.1.0.101/24,10.1.0.102/24,fd01::1/64 \
    eth1=inside:10.2.0.1/24
host masq eth0=inside:10.2.0.21/24
host gate eth0=outside:10.1.0.11/24,fd01::11/64
host ipip eth0=inside:10.2.0.31/24 eth1=outside:10.1.0.31/24
host client eth0=outside:10.1.0.9/24,fd01::9/64
for name in masq gate ipip; do
    page $name index.html <<<'here'
    web_start $name
done
on director bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects'
# deprecated: not an address to speak from
on director ip addr add fd01::100/128 dev eth0 nodad preferred_lft 0
on masq ip route add default via 10.2.0.1
real_server gate 10.1.0.101
on gate ip addr add fd01::100/128 dev lo nodad
tunnel_server ipip 10.1.0.102

host_install director /etc/ha.d/ldirectord.cf <<'END'
checkinterval=2
checktimeout=2
logfile="/var/log/ldirectord.log"
quiescent=yes
virtual=10.1.0.100:80
	real=10.2.0.21:80 masq 7
	service=http
	request="index.html"
	receive="here"
	scheduler=wrr
virtual=10.1.0.101:80
	real=10.1.0.11:80 gate
	service=http
	request="index.html"
	receive="here"
	scheduler=lc
virtual=10.1.0.102:80
	real=10.2.0.31:80 ipip
	service=http
	request="index.html"
	receive="here"
	scheduler=rr
virtual6=[fd01::100]:80
	real6=[fd01::11]:80 gate
	checktype=connect
	scheduler=sh
virtual=10.1.0.100:53
	real=10.2.0.21:53 masq 2
	protocol=udp
	checktype=on
	scheduler=rr
virtual=10.1.0.100:5353
	real=10.2.0.21:5353 masq
	real=10.2.0.99:5353 masq
	protocol=udp
	checktype=connect
	scheduler=rr
virtual=7
	real=10.2.0.21:80 masq 3
	service=http
	request="index.html"
	receive="here"
	checkport=80
	scheduler=wlc
END

in_table() { forwards director "$1" "$2" "$3" && weight_is director "$1" "$2" "$4"; }
expect "start succeeds" ldirectord director start
settles 30 2 "masq is in the table" in_table 10.1.0.100:80 10.2.0.21:80 Masq 7
wait_until 10 "gate is in the table" in_table 10.1.0.101:80 10.1.0.11:80 Route 1
wait_until 10 "ipip is in the table" in_table 10.1.0.102:80 10.2.0.31:80 Tunnel 1
wait_until 10 "IPv6 is in the table" in_table '[fd01::100]:80' '[fd01::11]:80' Route 1
wait_until 10 "UDP is in the table" in_table 10.1.0.100:53 10.2.0.21:53 Masq 2
wait_until 10 "UDP, checked by echo requests" in_table 10.1.0.100:5353 10.2.0.21:5353 Masq 1
wait_until 10 "which nobody answers" weight_is director 10.1.0.100:5353 10.2.0.99:5353 0
wait_until 10 "a firewall mark is in the table" in_table 7 10.2.0.21:80 Masq 3
expect "wrr for masq" scheduled director 10.1.0.100:80 wrr
expect "lc for gate" scheduled director 10.1.0.101:80 lc
expect "rr for ipip" scheduled director 10.1.0.102:80 rr
expect "sh for IPv6" scheduled director '[fd01::100]:80' sh
expect "rr for UDP" scheduled director 10.1.0.100:53 rr
expect "wlc for the mark" scheduled director 7 wlc

client_start client 10.1.0.100 80 / 50 3000
wait_until 10 "address translation serves" is_served client 20
expect "by the server behind it" answered_by client masq
for pair in 10.1.0.101=gate 10.1.0.102=ipip fd01::100=gate; do
    client_mark client "${pair%=*}"
    client_target client target "${pair%=*}" 80 /
    wait_until 10 "${pair%=*} serves" is_served client 20
    expect "by ${pair#*=}" answered_by client "${pair#*=}"
done

web_kill gate
wait_until 15 "one server dies for IPv4" weight_is director 10.1.0.101:80 10.1.0.11:80 0
wait_until 15 "and for IPv6" weight_is director '[fd01::100]:80' '[fd01::11]:80' 0
expect "and for nobody else" in_table 10.1.0.100:80 10.2.0.21:80 Masq 7
expect "stop succeeds" ldirectord director stop
for service in 10.1.0.100:80 10.1.0.101:80 10.1.0.102:80 '[fd01::100]:80' 10.1.0.100:53 10.1.0.100:5353 7; do
    wait_until 20 "$service is gone" not has_service director "$service"
done
