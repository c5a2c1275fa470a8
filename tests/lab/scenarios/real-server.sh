# SPDX-License-Identifier: GPL-2.0-or-later
#
# The realserver agent makes a web server fit for direct routing: the virtual addresses are its own,
# it says nothing of them on the wire, and afterwards everything is as it was before.
# needs: hearth
# bound: 60
vip=10.1.0.100 other=10.1.0.101 sixth=fd00:1::100
network wire
host web product=hearth eth0=wire:10.1.0.80/24,fd00:1::80/64
host client eth0=wire:10.1.0.9/24,fd00:1::9/64
page web index.html <<<"the page"
web_start web
agent() { on web /etc/ha.d/resource.d/realserver "$@" >>"$LAB_OUT/story.txt" 2>&1; }
setting_is() {
    read -r REPLY < <(on web cat "/proc/sys/net/ipv4/conf/$1")
    [[ $REPLY == "$2" ]]
}
quiet() { setting_is all/arp_ignore 1 && setting_is all/arp_announce 2 && setting_is lo/arp_ignore 1 && setting_is lo/arp_announce 2; }
as_before() { setting_is all/arp_ignore 0 && setting_is all/arp_announce 1 && setting_is lo/arp_ignore 0 && setting_is lo/arp_announce 0; }
# Does anybody answer for the address on the wire?
answered() { on client busybox arping -q -c 2 -w 2 -I eth0 "$1"; }
# As a director would send it: to the server's own hardware address.
served() {
    on client ip neigh replace "$1" lladdr "$hardware" dev eth0 nud permanent
    [[ $(on client busybox wget -O- "http://$2/" 2>>"$LAB_OUT/story.txt") == "the page" ]]
}
hardware=$(on web cat /sys/class/net/eth0/address)

tell "Before: somebody has set arp_announce to 1"
on web bash -c 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_announce'
expect "status says it is stopped" not agent $vip status

tell "It becomes a real server of one address, then of two more"
expect "start" agent $vip start
expect "start again" agent $vip start
expect "it is quiet" quiet
expect "status says it runs" agent $vip status
expect "start" agent $other $sixth start
expect "both are its own" eval "has_address web $vip && has_address web $other && has_address web $sixth"
expect "nobody answers for the first" not answered $vip
expect "nor for the second" not answered $other
expect "its own address is answered for" answered 10.1.0.80
expect "what is sent to it is served" served $vip $vip
expect "by IPv6 as well" served $sixth "[$sixth]"

tell "One goes: the other still counts on the silence"
expect "stop" agent $vip stop
expect "it is gone" not has_address web $vip
expect "still quiet" quiet
expect "the other still runs" agent $other status

tell "The last go: everything as before"
expect "stop" agent $other $sixth stop
expect "no address is left" not has_address web $other
expect "nor the sixth" not has_address web $sixth
expect "the settings are those of before" as_before
expect "stop again" agent $other stop
expect "wrong use is told" not agent start-what
