# SPDX-License-Identifier: GPL-2.0-or-later
#
# Connection synchronisation declared in ldirectord.cf: the active director is master, the one that
# stands by is backup and knows the connections, and they change places with a word.
# needs: ipvs hearth
# bound: 90

vip=10.1.0.100
sync_of() { REPLY=$(on "$1" ipvsadm --list --daemon 2>/dev/null); }
sync_is() { # HOST master|backup: that, and not the other
    sync_of "$1"
    [[ $REPLY == "$2 sync daemon (mcast=eth0, syncid=7"* && $REPLY != *$'\n'* ]]
}
sync_is_both() { sync_of "$1"; [[ $REPLY == *"master sync daemon"*$'\n'*"backup sync daemon"* ]]; }
no_sync() { sync_of "$1"; [[ -z $REPLY ]]; }
knows_connection() { [[ $(on "$1" ipvsadm -Lcn) == *ESTABLISHED*"$vip:80"* ]]; }
ours() { on "$1" ldirectord ldirectord.cf "$2" >>"$LAB_OUT/story.txt" 2>&1; }
log_says() { file_says "$(host_log "$1")/ldirectord.log" "$2"; }

network wire
host web "eth0=wire:10.1.0.11/24"
page web index.html <<<'a page'
real_server web $vip
web_start web
host client eth0=wire:10.1.0.9/24
host left product=hearth eth0=wire:10.1.0.1/24
host right product=hearth eth0=wire:10.1.0.2/24
config() { # HOST, SYNCDAEMON LINE
    host_install "$1" /etc/ha.d/ldirectord.cf <<END
checkinterval=1
autoreload=yes
logfile="/var/log/ldirectord.log"
$2
virtual=$vip:80
	real=10.1.0.11:80 gate
	checktype=connect
	scheduler=rr
END
}
# One's own group and port, which the connection below proves to be used.
config left "syncdaemon=eth0 7 ff02::81 port 8850 ttl 2 maxlen 1300"
config right "syncdaemon=eth0 7 ff02::81 port 8850 ttl 2 maxlen 1300"
sync_says() { sync_of "$1"; [[ $REPLY == *"$2"* ]]; }
on left ip addr add $vip/32 dev eth0

tell "One active, one standing by"
expect "left starts" ours left start
wait_until 30 "as master" sync_is left master
expect "right stands by" ours right standby
wait_until 30 "as backup" sync_is right backup
expect "left as it was told" sync_says left "maxlen=1300, group=ff02::81, port=8850, ttl=2)"
expect "right, too" sync_says right "maxlen=1300, group=ff02::81, port=8850, ttl=2)"
wait_until 20 "left serves" weights_are left $vip:80 10.1.0.11:80=1
# connect NAME: a connection on which nothing has been said yet.
declare -A talking=() hearing=()
connect() {
    local to from
    mkfifo "$LAB_DIR/talk-$1" "$LAB_DIR/heard-$1"
    on client bash -c "exec 3<>/dev/tcp/$vip/80
        echo open
        while read -r line; do
            printf 'GET / HTTP/1.1\r\nHost: x\r\n\r\n' >&3
            while read -r -t 5 -u 3 line && [[ \$line != 'a page' ]]; do :; done
            echo \"\$line\"
        done" <"$LAB_DIR/talk-$1" >"$LAB_DIR/heard-$1" 2>&1 &
    exec {to}>"$LAB_DIR/talk-$1" {from}<"$LAB_DIR/heard-$1"
    talking[$1]=$to hearing[$1]=$from
    read -r -t 10 -u "$from" REPLY && [[ $REPLY == open ]]
}
answered() { # NAME
    echo ask >&"${talking[$1]}"
    read -r -t 10 -u "${hearing[$1]}" REPLY
    [[ $REPLY == 'a page' ]]
}
heard_of() { answered old || fail "the connection to be answered"; knows_connection right; }
expect "a connection begins" connect old
expect "and stands" answered old
wait_until 20 "and right has heard of it" heard_of

tell "They change places"
expect "another connection begins, of which the kernel has not told" connect young
expect "left stands by" ours left standby
wait_until 30 "as backup" sync_is left backup
on left ip addr del $vip/32 dev eth0
expect "right is active" ours right start
wait_until 30 "as master" sync_is right master
on right ip addr add $vip/32 dev eth0
on client ip neigh flush all
expect "the connection goes on, through right" answered old
expect "so does the one that was handed over at the last moment" answered young
for name in old young; do
    to=${talking[$name]}
    exec {to}>&-
done

tell "Edits, an interface that is missing, another hand, the end"
config right $'tablecheck=1\nsyncdaemon=eth0 7 both'
wait_until 10 "a role of its own choice" sync_is_both right
expect "and what the kernel chooses" sync_says right "group=224.0.0.81, port=8848, ttl=1)"
expect "of the length, too" not sync_says right maxlen=1300
config right $'tablecheck=1\nsyncdaemon=eth0 7 both port 8851'
wait_until 10 "another port" sync_says right "group=224.0.0.81, port=8851, ttl=1)"
on right ipvsadm --stop-daemon master
wait_until 10 "somebody ends it, and it is there again" sync_is_both right
config right $'tablecheck=1\nsyncdaemon=eth9 7'
wait_until 10 "an interface that is missing is named" \
    log_says right "cannot make the connection synchronisation master (interface eth9, syncid 7): No such device"
on right ip link add eth9 type dummy
on right ip link set eth9 multicast on up
on right ip addr add 10.9.0.1/24 dev eth9
syncs_on_eth9() { sync_of right; [[ $REPLY == "master sync daemon (mcast=eth9, syncid=7"* ]]; }
wait_until 10 "and used when it comes" syncs_on_eth9
config right ''
wait_until 10 "without the line there is none" no_sync right
expect "left ends" ours left stop
expect "and with it its synchronisation" no_sync left
on left ipvsadm --start-daemon backup --mcast-interface eth0
config left ''
expect "left starts without the line" ours left start
expect "and stops" ours left stop
sync_of left
expect "what somebody else started is none of its business" test -n "$REPLY"
expect "right ends" ours right stop
