# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks over our own sockets against servers as Debian ships them: a name server (unbound), a news
# server (leafnode), a SIP server (kamailio), a RADIUS server (freeradius) and an echo (socat).
# Healthy, asked for what they have not, frozen, and gone.
# needs: net-servers
# bound: 60

source "$LAB_SRC/stories/net-servers.sh"
network wire
host server product="$LAB_PEERS/net-servers" uname=servers eth0=wire:10.3.0.1/24,fd03::1/64
host director eth0=wire:10.3.0.254/24,fd03::254/64

net_servers_install server 10.3.0.1 fd03::1
host_install server /etc/resolv.conf <<<'nameserver 127.0.0.2' # refuses, which is quick
host_install server /etc/hosts <<'END'
127.0.0.1 localhost
10.3.0.254 director
10.3.0.1 servers
END
net_servers_start server

ask="gives director"
wait_until 10 "dns: an address is asked for and found" $ask L7OK dns udp 10.3.0.1 53 request=/www.lab.test receive='192\.0\.2\.2'
expect "dns over tcp likewise" $ask L7OK dns tcp 10.3.0.1 53 request=/www.lab.test receive='^192\.0\.2\.1$'
expect "dns over IPv6 likewise" $ask L7OK dns udp fd03::1 53 request=/www.lab.test
expect "dns over IPv6 and tcp likewise" $ask L7OK dns tcp fd03::1 53 request=/www.lab.test receive='^192\.0\.2\.1$'
expect "dns: an answer too long for a datagram is fetched over tcp" $ask L7OK dns udp 10.3.0.1 53 request=/many.lab.test receive='\.200$'
expect "dns: the name of an address" $ask L7OK dns udp 10.3.0.1 53 request=/192.0.2.1 receive='^www\.lab\.test$'
expect "dns: the name of an IPv6 address" $ask L7OK dns udp 10.3.0.1 53 request=/2001:db8::1 receive=six
expect "dns: another address than the one wanted" $ask L7MATCH dns udp 10.3.0.1 53 request=/www.lab.test receive='10\.'
expect "dns: a name with an IPv6 address alone" $ask L7OK dns udp fd03::1 53 request=/six.lab.test receive='^2001:db8::6$'
expect "dns: the IPv6 address of one with both" $ask L7OK dns tcp fd03::1 53 request=/www.lab.test receive='^2001:db8::2$'
expect "dns: a name there is not" $ask L7STS dns udp 10.3.0.1 53 request=/nobody.lab.test
expect "dns: a name without an address" $ask L7STS dns udp 10.3.0.1 53 request=/alone.lab.test
expect "dns: a server at work, whatever it knows" $ask L7OK dns udp 10.3.0.1 53

wait_until 10 "sip: OPTIONS is answered" $ask L7OK sip udp 10.3.0.1 5060
expect "sip over tcp likewise" $ask L7OK sip tcp 10.3.0.1 5060 login=joe@lab.test
expect "sip over IPv6 likewise" $ask L7OK sip udp fd03::1 5060
expect "sip over IPv6 and tcp likewise" $ask L7OK sip tcp fd03::1 5060 login=joe@lab.test
expect "sip: first Trying, then OK" $ask L7OK sip udp 10.3.0.1 5060 login=trying@lab.test
expect "sip over tcp: first Trying, then OK" $ask L7OK sip tcp 10.3.0.1 5060 login=trying@lab.test
expect "sip: 503" $ask L7STS sip udp 10.3.0.1 5060 login=busy@lab.test

long='passwd=a password of more than sixteen letters'
wait_until 10 "radius: the right password" $ask L7OK radius udp 10.3.0.1 1812 login=joe "$long" secret=geheim
expect "radius over IPv6 likewise" $ask L7OK radius udp fd03::1 1812 login=joe "$long" secret=geheim6
expect "radius: the wrong password" $ask L7STS radius udp 10.3.0.1 1812 login=joe passwd=x secret=geheim
expect "radius: somebody unknown" $ask L7STS radius udp 10.3.0.1 1812 login=eve passwd=x secret=geheim
expect "radius: another secret is not answered" $ask L7TOUT radius udp 10.3.0.1 1812 login=joe "$long" secret=x timeout_ms=500

wait_until 10 "nntp: it will not work under that name" $ask L7STS nntp tcp 10.3.0.1 119
news_name server news.hearth-lab.net
expect "nntp: the greeting" $ask L7OK nntp tcp 10.3.0.1 119
expect "nntp over IPv6 likewise" $ask L7OK nntp tcp fd03::1 119
wait_until 10 "simpletcp: an echo" $ask L7OK simpletcp tcp 10.3.0.1 7 request='/one\ntwo\n' receive='^two$'
expect "simpletcp over udp: an echo" $ask L7OK simpletcp udp 10.3.0.1 7 request=/hello receive=hello
expect "simpletcp over IPv6: an echo" $ask L7OK simpletcp tcp fd03::1 7 request='/one\ntwo\n' receive='^two$'
expect "simpletcp over IPv6 and udp: an echo" $ask L7OK simpletcp udp fd03::1 7 request=/hello receive=hello
expect "simpletcp: not what was wanted" $ask L7MATCH simpletcp tcp 10.3.0.1 7 request='/one\n' receive=two
expect "nntp is not what an echo speaks" $ask L7TOUT nntp tcp 10.3.0.1 7 timeout_ms=500

host_freeze server
for words in "dns udp 10.3.0.1 53" "dns tcp 10.3.0.1 53" "sip udp 10.3.0.1 5060" "sip tcp 10.3.0.1 5060" \
    "radius udp 10.3.0.1 1812" "nntp tcp 10.3.0.1 119" "simpletcp tcp 10.3.0.1 7"; do
    expect "frozen: $words" $ask L7TOUT $words timeout_ms=300
done
host_thaw server
wait_until 10 "thawed: dns" $ask L7OK dns udp 10.3.0.1 53 request=/www.lab.test

on server bash -c 'kill -KILL -1' || :
for words in "dns udp 10.3.0.1 53" "dns tcp 10.3.0.1 53" "sip udp 10.3.0.1 5060" "sip tcp 10.3.0.1 5060" \
    "radius udp 10.3.0.1 1812" "nntp tcp 10.3.0.1 119" "simpletcp tcp 10.3.0.1 7"; do
    expect "gone: $words" $ask L4CON $words
done
net_servers_start server
wait_until 10 "back: dns" $ask L7OK dns udp 10.3.0.1 53 request=/www.lab.test
wait_until 10 "back: sip" $ask L7OK sip udp 10.3.0.1 5060
