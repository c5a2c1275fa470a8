# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two directors that keep ldirectord warm, three web servers behind $vip, and a client; when this
# page is through, left serves and right stands by.

vip=10.1.0.100
declare -A ldirectord_pid

pid_file() { REPLY="$(host_root "$1")/run/ldirectord.ldirectord.cf.pid"; }
has_ldirectord() { pid_file "$1"; [[ -s $REPLY ]]; }
# remember_pid HOST; same_pid HOST
remember_pid() { pid_file "$1"; read -r ldirectord_pid[$1] <"$REPLY"; note "$1: ldirectord has pid ${ldirectord_pid[$1]}"; }
same_pid() { local pid; pid_file "$1"; read -r pid <"$REPLY"; [[ $pid == "${ldirectord_pid[$1]}" ]]; }
# How often anybody has called the program there, in $REPLY.
calls() {
    local line
    REPLY=0
    while IFS= read -r line; do
        [[ $line != *'Invoking ldirectord'* ]] || ((++REPLY))
    done <"$(host_log "$1")/ldirectord.log"
}
calls_are() { calls "$1"; (($REPLY == $2)); }
log_says() { file_says "$(host_log "$1")/ldirectord.log" "$2"; }
ha_log_says() { file_says "$(host_log "$1")/ha-log" "$2"; }
table_is() { weights_are "$1" $vip:80 10.1.0.11:80="$2" 10.1.0.12:80="$3" 10.1.0.13:80="$4"; }
no_table() { ! has_service "$1" $vip:80; }
serves() { has_address "$1" $vip && table_is "$@"; }
# ready HOST UP: it stands by there, all its servers are checked, so many are well.
ready() { [[ $(on "$1" ldirectord ldirectord.cf status 2>&1) == *"in standby: 1 virtual servers, 3 real servers, $2 up, 0 not"* ]]; }
shows() { [[ $(on "$1" hactl status --json) == *"$2"* ]]; }
never_asks() { ipvs_find "$1" $vip:80 "$2:80"; [[ -z $REPLY ]]; }
longest_gap() { client_figure client "$1" gap_ms; tell "The longest gap, $2: $REPLY ms"; }

network wire
for n in 1 2 3; do
    host "web$n" "eth0=wire:10.1.0.1$n/24"
    page "web$n" index.html <<<"web server $n"
    real_server "web$n" $vip
    web_start "web$n"
done
host client eth0=wire:10.1.0.9/24
for name in left right; do
    host $name uname=$name product=hearth "eth0=wire:10.1.0.$([[ $name == left ]] && echo 1 || echo 2)/24"
    host_install $name /etc/ha.d/authkeys 600 <<<$'auth 1\n1 sha1 lab-secret'
    host_install $name /etc/ha.d/haresources <<<"left ldirectord::ldirectord.cf $vip/24/eth0"
    host_install $name /etc/ha.d/ha.cf <<END
logfile /var/log/ha-log
keepalive 200ms
warntime 1
deadtime 2
initdead 4
auto_failback off
ucast eth0 10.1.0.1
ucast eth0 10.1.0.2
node left
node right
END
    host_install $name /etc/ha.d/ldirectord.cf <<END
checkinterval=1
checktimeout=2
negotiatetimeout=2
logfile="/var/log/ldirectord.log"
virtual=$vip:80
	real=10.1.0.11:80 gate
	real=10.1.0.12:80 gate
	real=10.1.0.13:80 gate
	service=http
	request="index.html"
	receive="web server"
	scheduler=rr
END
done

tell "Both directors start"
heartbeat_start left
heartbeat_start right
wait_until 40 "left serves, with all web servers" serves left 1 1 1
wait_until 20 "right stands by, and has checked them all" ready right 3
expect "heartbeat shows it" shows right '"ldirectord": "in standby"'
expect "and what left's does" shows left '"ldirectord": "active"'
expect "its table is empty" no_table right
expect "right does not have the address" not has_address right $vip
