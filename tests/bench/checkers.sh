# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words for benches of checks: a farm of servers (farm.c), and who asks them: hearth (the whole daemon, but
# for the kernel's table: tableless.c), perl (the original), keepalived (yes_ipvs.c), floor and
# curl (check_floor.c). All in namespaces of their own: checkers_inside, then farm_start, then for
# each WHO checker_start ... checker_stop. Servers are 127.1.0.1 and on, the sick ones 10.9.0.1 and on;
# where there are such, the first good one is at port 81, so that it can be told to refuse.
# shellcheck shell=bash

# Once again in a place of our own, which ends with us.
checkers_inside() {
    if [[ -z ${CHECKERS_INSIDE:-} ]]; then
        [[ $BENCH_SIZE == smoke ]] || "$BENCH_TOP/tests/lab/peers" "$BENCH_PEERS" keepalived heartbeat
        CHECKERS_INSIDE=yes exec unshare --net --mount --pid --fork --kill-child --mount-proc "$0"
    fi
    mount -t tmpfs none /run
    mkdir /run/sbin /run/lock
    printf '#!/bin/sh\nexit 0\n' >/run/sbin/ipvsadm
    chmod +x /run/sbin/ipvsadm
    mount -t overlay -o lowerdir=/run/sbin:/usr/sbin overlay /usr/sbin
    ip link set lo up
    swallow_packets
    echo 65535 >/proc/sys/net/core/somaxconn
    echo '1024 65535' >/proc/sys/net/ipv4/ip_local_port_range
    ulimit -n "$(ulimit -Hn)"
    # Who is measured has a processor, as far as there are two.
    others=0 own=$(($(nproc) - 1))
    taskset -pc $others $$ >/dev/null
}

# A cable with nobody at its other end: what is sent to 10.9.0.1 and on is never heard of again.
swallow_packets() {
    local i
    ip link add swallow type veth peer name nobody
    ip link set nobody up
    ip link set swallow up
    ip addr add 10.9.0.254/24 dev swallow
    for ((i = 1; i <= 10; i++)); do
        ip neigh add 10.9.0.$i lladdr 02:00:00:00:00:01 dev swallow nud permanent
    done
}

farm_start() {
    coproc FARM { exec "$BENCH_PROGRAMS/farm" 80 81; }
    read -r REPLY <&"${FARM[0]}"
}
# farm WORDS...: its answer in $REPLY
farm() {
    echo "$*" >&"${FARM[1]}"
    read -r REPLY <&"${FARM[0]}"
}

# Settings of who is started next.
servers=1000 sick=0 interval=1 kind=http

ldirectord_cf() {
    awk -v kind="$kind" -v servers="$servers" -v sick="$sick" -v interval="$interval" '
        function real(address, port) { print "\treal=" address ":" port " masq" }
        BEGIN {
            print "supervised=yes\nchecktimeout=3\nnegotiatetimeout=3\nquiescent=no\ncheckinterval=" interval
            for (i = 1; i <= servers + sick; i++) {
                if (i % 1000 == 1) {
                    print "virtual=10.99.0." ++services ":80\n\tscheduler=rr\n\tprotocol=tcp"
                    if (kind == "http")
                        print "\tservice=http\n\trequest=\"/\"\n\treceive=\"still here\""
                    else
                        print "\tchecktype=connect"
                }
                if (i > servers)
                    real("10.9.0." i - servers, 80)
                else
                    real("127." 1 + int(i / 65536) "." int(i / 256) % 256 "." i % 256, i == 1 && sick > 0 ? 81 : 80)
            }
        }'
}

keepalived_conf() {
    ldirectord_cf | awk -v kind="$kind" -v interval="$interval" '
        /^virtual=/ {
            if (services++) print "}"
            split(substr($0, 9), at, ":")
            print "virtual_server " at[1] " " at[2] " {\n delay_loop " interval \
                "\n lb_algo rr\n lb_kind NAT\n protocol TCP"
        }
        /real=/ {
            split(substr($1, 6), at, ":")
            print " real_server " at[1] " " at[2] " {\n  weight 1"
            if (kind == "http")
                print "  HTTP_GET {\n   url {\n    path /\n    status_code 200\n   }\n   connect_timeout 3\n   retry 0\n  }"
            else
                print "  TCP_CHECK {\n   connect_timeout 3\n   retry 0\n  }"
            print " }"
        }
        END { print "}" }'
}

# checker_start WHO: its log is $log.
checker_start() {
    local lib=usr/lib/x86_64-linux-gnu cf=/run/checker.cf
    log=$BENCH_DIR/$1-$kind-$servers.log
    case $1 in
        hearth)
            ldirectord_cf >$cf
            "$BENCH_PROGRAMS/ldirectord_tableless" -- $cf start >"$log" 2>&1 &
            ;;
        perl)
            ldirectord_cf >$cf
            PERL5LIB=$BENCH_PEERS/heartbeat/usr/share/perl5:$(echo "$BENCH_PEERS/heartbeat/$lib"/perl5/*) \
                perl "$BENCH_PEERS/heartbeat/usr/sbin/ldirectord" $cf start >"$log" 2>&1 &
            ;;
        keepalived)
            keepalived_conf >$cf
            LD_PRELOAD=$BENCH_PROGRAMS/yes_ipvs.so LD_LIBRARY_PATH=$BENCH_PEERS/keepalived/$lib \
                "$BENCH_PEERS/keepalived/usr/sbin/keepalived" -n -C -l -G --pid=/run/keepalived.pid \
                --checkers_pid=/run/checkers.pid -f $cf >"$log" 2>&1 &
            ;;
        floor) "$BENCH_PROGRAMS/check_floor" "$kind" "$servers" "$interval"000 80 >"$log" 2>&1 & ;;
        curl) "$BENCH_PROGRAMS/check_floor" curl "$servers" "$interval"000 80 >"$log" 2>&1 & ;;
    esac
    checker=$!
    taskset -pc "$own" $checker >/dev/null
}
checker_stop() {
    kill "$checker" 2>/dev/null || :
    wait "$checker" 2>/dev/null || :
    pkill -KILL -P $$ -x keepalived 2>/dev/null || :
}

# The processes of the checker, in $REPLY.
checker_family() {
    local todo=$checker next one
    REPLY=''
    while [[ -n $todo ]]; do
        REPLY+=" $todo" next=''
        for one in $todo; do
            next+=" $(cat "/proc/$one/task"/*/children 2>/dev/null || :)"
        done
        todo=$(echo $next)
    done
}
# What they have used of a processor, with children that ended, in ns, in $REPLY.
checker_ns() {
    local one task used sum=0 stat
    checker_family
    for one in $REPLY; do
        for task in "/proc/$one/task"/*; do
            read -r used _ 2>/dev/null <"$task/schedstat" && sum=$((sum + used))
        done
        stat=$(<"/proc/$one/stat") && read -ra stat <<<"${stat##*) }" &&
            sum=$((sum + (stat[13] + stat[14]) * 10000000))
    done 2>/dev/null
    REPLY=$sum
}
# checker_size [Anonymous]: their memory, each page divided by who shares it, or only what is theirs alone,
# and their open files: "KIB FILES" in $REPLY.
checker_size() {
    local one kib=0 files=0 pss
    checker_family
    for one in $REPLY; do
        pss=$(sed -n "s/^${1:-Pss}: *\([0-9]*\).*/\1/p" "/proc/$one/smaps_rollup" 2>/dev/null || :)
        kib=$((kib + ${pss:-0}))
        files=$((files + $(ls "/proc/$one/fd" 2>/dev/null | wc -l)))
    done
    REPLY="$kib $files"
}

# until_seen N SECONDS: so many servers have been asked since "forget".
until_asked() {
    local end=$((SECONDS + $2))
    while farm count && ((${REPLY%% *} - asked_before < $1)); do
        ((SECONDS < end)) || return 1
        sleep 0.05
    done
}
# checker_warm WHO: starts it and waits until each server was asked a few times.
checker_warm() {
    farm count
    asked_before=${REPLY%% *}
    checker_start "$1"
    until_asked $((servers * ${2:-3})) $((60 + interval * 20))
}
# measure SECONDS: microseconds of processor per check, as counted at the farm, in $cost; checks in $checks.
measure() {
    local from_ns from
    farm count
    from=${REPLY%% *}
    checker_ns
    from_ns=$REPLY
    farm forget
    sleep "$1"
    checker_ns
    local used=$((REPLY - from_ns))
    farm count
    checks=$((${REPLY%% *} - from))
    cost=$(awk -v ns=$used -v checks=$checks 'BEGIN { printf "%.2f", checks ? ns / checks / 1000 : 0 }')
    share=$(awk -v ns=$used -v s="$1" 'BEGIN { printf "%.2f", ns / s / 1e7 }')
}
