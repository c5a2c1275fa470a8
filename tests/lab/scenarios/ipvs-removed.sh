# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel's IPVS is removed under a running ldirectord: it says so, once, goes on checking, and has
# the table as it should be as soon as the module is back. It does not load the module itself then: who
# removed it may have meant it.
# needs: ipvs own-kernel hearth
# bound: 150

source "$LAB_SRC/stories/director.sh"

vip=10.0.0.100:80
network wire
host director product=hearth eth0=wire:10.0.0.1/24
web_pair
director_configure <<END
checkinterval=1
checktimeout=2
tablecheck=1
quiescent=no
cleanstop=yes
logfile="/var/log/ldirectord.log"
virtual=$vip
	real=10.0.0.11:80 masq
	real=10.0.0.12:80 masq
	service=http
	request="test.html"
	receive="fake"
	scheduler=rr
END
loader=$(</proc/sys/kernel/modprobe)
has_no_ipvs() { [[ ! -e /proc/net/ip_vs ]]; }
# A module with something in its table cannot be removed, and ldirectord would put right at once what
# somebody takes out of it: for that moment it stands still.
remove_ipvs() {
    on director kill -STOP "$daemon"
    on director ipvsadm -C
    echo /bin/false >/proc/sys/kernel/modprobe
    /mnt/modprobe -r ip_vs_rr ip_vs_wrr ip_vs_lc ip_vs_wlc ip_vs 2>>"$LAB_OUT/story.txt" ||
        fail "the kernel to remove its IPVS"
    on director kill -CONT "$daemon"
}
return_ipvs() {
    echo "$loader" >/proc/sys/kernel/modprobe
    /mnt/modprobe -a ip_vs ip_vs_rr
}
told_times() { (($(on director grep -c "$1" /var/log/ldirectord.log) == $2)); }
same_daemon() { daemon_pid; [[ $REPLY == "$daemon" ]] && on director kill -0 "$daemon"; }
gone='the kernel has no IPVS any more' back="IPVS table can be read again"

expect "start" ldirectord_says 0 start
wait_until 20 "both web servers serve" table_has "-a -t $vip -r 10.0.0.11:80 -m -w 1" "-a -t $vip -r 10.0.0.12:80 -m -w 1"
daemon_pid
daemon=$REPLY

tell "The module is removed"
remove_ipvs
wait_until 15 "ldirectord says so" log_says "$gone"
web_kill web1
wait_until 15 "and checks on" log_says "10.0.0.11:80"
stays 4 "it is gone for good" has_no_ipvs
expect "that is told once" told_times "$gone" 1
expect "it is the same process" same_daemon
expect "that answers" ldirectord_says 0 status

tell "It is back"
return_ipvs
wait_until 15 "the table holds what is well" table_has "-a -t $vip -r 10.0.0.12:80 -m -w 1"
expect "and nothing else" table_lacks "10.0.0.11:80"
expect "that is told, too" told_times "$back" 1
web_start web1
wait_until 15 "who returns is served again" table_has "-a -t $vip -r 10.0.0.11:80 -m -w 1"

tell "It is gone once more, and ldirectord is stopped"
remove_ipvs
wait_until 15 "it says so again" told_times "$gone" 2
expect "it stops all the same" ldirectord_says 0 stop
expect "and does not run any more" ldirectord_says 3 status
expect "no pid file stays" test ! -e "$(host_root director)/run/ldirectord.ldirectord.pid"
expect "a start loads nothing that may not be loaded" ldirectord_says 1 start
expect "and names it" said_in "the kernel has no IPVS"
return_ipvs
expect "with the module there it starts" ldirectord_says 0 start
wait_until 20 "and fills the table" table_has "-a -t $vip -r 10.0.0.11:80 -m -w 1" "-a -t $vip -r 10.0.0.12:80 -m -w 1"
expect "stop" ldirectord_says 0 stop
