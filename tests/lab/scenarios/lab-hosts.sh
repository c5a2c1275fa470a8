# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab itself: hosts have files, names and processes of their own, a crash takes all but the
# disk, and the client sees what happens to a web server, and when.
# needs:
# bound: 60

network wire
host web1 eth0=wire:10.1.0.1/24
host web2 uname=second.example eth0=wire:10.1.0.2/24,fd00::2/64
host client eth0=wire:10.1.0.9/24

host_is_called() { [[ $(on "$1" uname -n) == "$2" ]]; }
has_file() { on "$1" test -e "$2"; }
sees_process() { on "$1" bash -c "busybox ps | grep -q '[${2:0:1}]${2:1}'"; }

expect "a host has the name it was given" host_is_called web2 second.example
expect "a host owns its address" has_address web1 10.1.0.1
expect "a host owns its IPv6 address" has_address web2 fd00::2
expect "a host does not own another's address" not has_address web1 10.1.0.2

page web1 test.html <<<'first'
page web2 test.html <<<'second'
expect "files of one host are not on another" not cmp -s "$(host_root web1)/var/www/test.html" \
    "$(host_root web2)/var/www/test.html"
web_start web1
web_start web2
expect "a host sees its own processes" sees_process web1 nginx
expect "a host does not see another's" not sees_process client nginx

client_start client 10.1.0.1 80 test.html 20 2000
wait_until 10 "the client is served" is_served client 20
expect "by web1" answered_by client web1
expect "without an error" no_errors client start

client_mark client refused
web_kill web1
wait_until 10 "a killed server's address refuses" has_seen client refused
client_mark client other-target
client_target client target 10.1.0.2 80 test.html
wait_until 10 "the client turns to web2" answered_by client web2

client_mark client silence
host_crash web2
wait_until 10 "a crashed server answers nothing" has_seen client timeout
host_boot web2
expect "the disk survives a crash" has_file web2 /var/www/test.html
expect "the processes do not" not sees_process web2 nginx
wait_until 10 "a late answer and a refused one are told apart" has_seen client refused
web_start web2
wait_until 10 "the client is served again" is_served client 10
client_figure client silence gap_ms
expect "the gap was as long as the crash, at least the client's own deadline" test "$REPLY" -ge 2000
