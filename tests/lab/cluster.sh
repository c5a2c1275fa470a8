# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words about a pair of heartbeat nodes, ours or Heartbeat 3.0.6: both understand the same files and
# commands, so no word here asks which it is.

# pair_boot PRODUCT PRODUCT MEDIUM METHOD [LINE...]: hosts left and right on one wire, each the home
# of one address ($vip, $other_vip), with the same files. MEDIUM: a case below; METHOD as in
# authkeys; LINEs are added to ha.cf, where a later one counts.
pair_boot() {
    local medium name keys="1 $4 lab-secret" product_left=$1 product_right=$2
    vip=10.1.0.100 other_vip=10.1.0.101
    case $3 in
        ucast) medium=$'ucast eth0 10.1.0.1\nucast eth0 10.1.0.2' ;;
        bcast) medium='bcast eth0' ;;
        mcast) medium='mcast eth0 239.0.0.42 694 1 0' ;;
        ucast6) medium=$'ucast6 eth0 fd00::1\nucast6 eth0 fd00::2' ;;
        serial) medium=$'baud 115200\nserial /dev/pts/0' ;;
        mcast6) medium='mcast6 eth0 ff02::694 694 1 0' ;;
    esac
    [[ $4 != crc ]] || keys='1 crc'
    shift 4
    network wire
    host left uname=left product=$product_left eth0=wire:10.1.0.1/24,fd00::1/64
    host right uname=right product=$product_right eth0=wire:10.1.0.2/24,fd00::2/64
    for name in left right; do
        host_install $name /etc/ha.d/authkeys 600 <<<"auth 1"$'\n'"$keys"
        host_install $name /etc/ha.d/haresources <<END
left IPaddr2::$vip/24/eth0
right IPaddr::$other_vip/24/eth0
END
        host_install $name /etc/ha.d/ha.cf <<END
logfile /var/log/ha-log
debugfile /var/log/ha-debug
keepalive 250ms
warntime 1
deadtime 2
initdead 6
udpport 694
auto_failback on
$medium
node left
node right
$(printf '%s\n' "$@")
END
    done
}
# pair_serves_beside: the addresses are on a network of their own, service, eth1 of both.
pair_serves_beside() {
    local name
    vip=10.2.0.100 other_vip=10.2.0.101
    network service
    host_plug left eth1 service 10.2.0.1/24
    host_plug right eth1 service 10.2.0.2/24
    for name in left right; do
        host_install $name /etc/ha.d/haresources <<END
left IPaddr2::$vip/24/eth1
right IPaddr2::$other_vip/24/eth1
END
    done
}
# pair_has_service: left's group has a service beside its address. It runs while /run/service is there,
# and cannot start where /broken is.
pair_has_service() {
    local name
    for name in left right; do
        host_install $name /etc/ha.d/resource.d/service 755 <<'END'
#!/bin/sh
case $1 in
    start) [ ! -e /broken ] && touch /run/service ;;
    stop) rm -f /run/service ;;
    status) if [ -e /run/service ]; then echo running; else echo stopped; fi ;;
esac
END
        host_install $name /etc/ha.d/haresources <<END
left IPaddr2::$vip/24/eth0 service
right IPaddr2::$other_vip/24/eth0
END
    done
}
served_by() { has_address "$1" $vip && [[ -e $(host_root "$1")/run/service ]]; }
# Both start, at once: 3.0.6 takes seconds to start on a busy machine, and one that is alone for
# longer than initdead falls out with another that comes just then.
both_start() {
    (trap - EXIT ERR TERM INT && heartbeat_start left) &
    heartbeat_start right
    wait $!
}
# ... and each has its own.
pair_start() {
    both_start
    wait_until 60 "left holds its own address" only_owner $vip left right
    wait_until 60 "right holds its own address" only_owner $other_vip right left
    wait_until 30 "each says it holds its own" each_its_own
}
# Each address is at home, and nowhere else.
all_at_home() { only_owner $vip left right && only_owner $other_vip right left; }
each_its_own() { all_at_home && rsc_status left local && rsc_status right local; }
# all_on HOST OTHER: both addresses are on HOST, and both say so.
all_on() {
    only_owner $vip "$1" "$2" && only_owner $other_vip "$1" "$2" && rsc_status "$1" all &&
        rsc_status "$2" none
}

# add_line HOST FILE LINE: one more for the configuration there.
add_line() { echo "$3" >>"$(host_root "$1")/etc/ha.d/$2"; }
# add_ours LINE...: to ha.cf of those of $left and $right that are ours; 3.0.6 does not know these.
add_ours() {
    local name line
    for name in left right; do
        for line; do
            [[ ${!name} != hearth ]] || add_line $name ha.cf "$line"
        done
    done
}
heartbeat_start() { on "$1" /etc/init.d/heartbeat start >>"$LAB_OUT/story.txt" 2>&1; }
heartbeat_stop() { on "$1" /etc/init.d/heartbeat stop >>"$LAB_OUT/story.txt" 2>&1; }
heartbeat_reload() { on "$1" /etc/init.d/heartbeat reload >>"$LAB_OUT/story.txt" 2>&1 || note "reload on $1: status $?"; }
# All its processes at once, and no time for a last word.
heartbeat_kill() { on "$1" busybox killall -9 heartbeat; note "$1: heartbeat killed"; }
# hb_order HOST COMMAND WORD: hb_standby or hb_takeover there. 3.0.6 loses it where a script of its own writes into the
# fifo at the same moment: a line of one gets between those of the other. Then it is given again, as a user would.
hb_order() {
    local tries lost
    for tries in 1 2 3; do
        orders_lost "$1"
        lost=$REPLY
        on "$1" "/usr/share/heartbeat/$2" "$3" >>"$LAB_OUT/story.txt" 2>&1
        [[ ${host_layers[$1]} == */peer ]] || return 0
        nap 0.3
        orders_lost "$1"
        ((REPLY > lost)) || return 0
        note "$1 lost that order (try $tries)"
    done
}
orders_lost() { REPLY=$(grep -c 'Message with zero fields' "$(host_log "$1")/ha-log" 2>/dev/null) || :; }
heartbeat_runs() { on "$1" cl_status hbstatus >/dev/null 2>&1; }

# rsc_status HOST WORD: cl_status rscstatus there says it.
rsc_status() { [[ $(on "$1" cl_status rscstatus 2>/dev/null) == "$2" ]]; }
# node_status HOST NODE WORD
node_status() { [[ $(on "$1" cl_status nodestatus "$2" 2>/dev/null) == "$3" ]]; }

# client_status HOST NODE CLIENT WORD, link_status HOST NODE LINK WORD
client_status() { [[ $(on "$1" cl_status clientstatus "$2" "$3" 2>/dev/null) == "$4" ]]; }
link_status() { [[ $(on "$1" cl_status hblinkstatus "$2" "$3" 2>/dev/null) == "$4" ]]; }

# real_programs HOST: the clients of Heartbeat 3.0.6, unchanged, beside our product: $real_cl_status and
# /opt/ipfail, which finds its libraries.
real_programs() {
    local root file
    root=$(host_root "$1")/opt
    real_cl_status='env LD_LIBRARY_PATH=/opt /opt/cl_status'
    mkdir -p "$root"
    for file in "$LAB_PEER"/usr/bin/cl_status "$LAB_PEER"/usr/lib/lib{hbclient,ccmclient,plumb,plumbgpl,pils}.so.?; do
        cp -L "$file" "$root/"
    done
    cp "$LAB_PEER/usr/libexec/heartbeat/ipfail" "$root/ipfail.real"
    printf '#!/bin/sh\nLD_LIBRARY_PATH=/opt exec /opt/ipfail.real\n' >"$root/ipfail"
    chmod 755 "$root" "$root"/*
}

only_owner() { # ADDRESS HOST OTHER: it is there and only there
    has_address "$2" "$1" && ! has_address "$3" "$1"
}
nowhere() { # ADDRESS HOST...
    local address=$1 name
    shift
    for name; do
        ! has_address "$name" "$address" || return 1
    done
}
# owners_watch HOST HOST ADDRESS...: look ten times a second, in the background, for an address on both.
owners_watch() {
    local one=$1 two=$2 address name
    shift 2
    (
        trap - EXIT ERR TERM INT
        set +e
        while nap 0.1; do
            for name in "$one" "$two"; do # it may have booted anew
                read -r "host_pid[$name]" <"$LAB_DIR/hosts/$name/pid" || continue 2
            done
            for address; do
                # the third look: it may have moved between the first two
                if has_address "$one" "$address" && has_address "$two" "$address" &&
                    has_address "$one" "$address"; then
                    note "$address is on $one and $two"
                    echo "$address" >>"$LAB_DIR/twice"
                fi
            done
        done
    ) &
}
never_twice() { [[ ! -s $LAB_DIR/twice ]]; }
# watch_while CONDITION...: look every 20 ms, in the background, whether it ever fails from now on.
watch_while() {
    (
        trap - EXIT ERR TERM INT
        set +e
        while nap 0.02; do
            "$@" || echo "$*" >>"$LAB_DIR/failed-for-a-while"
        done
    ) &
}
held_all_the_while() { [[ ! -s $LAB_DIR/failed-for-a-while ]]; }
