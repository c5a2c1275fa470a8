#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From the start command to servers in service: ldirectord starts with so many real servers, which all answer;
# until the kernel's table has each with a weight, each after its own first check. 100 servers is what a takeover
# does to a director that heartbeat starts only then. keepalived puts servers in before it has checked them, and
# is not asked. The floor (service_floor.c) asks each once and writes the table, in the same User-Mode Linux,
# where a system call costs some ten times as much as elsewhere and the servers are on the same processor: what
# a start takes on a machine of its own, bench arrival tells. The original takes minutes there for 1,000.
# needs: ipvs hearth peer
# bound: 1800
# target: servers 100; median; 0.1 perl
# target: servers not in service; worst; 0
BENCH_SOURCE=service
source "$LAB_SRC/../bench/bench.sh"

network wire
host farm eth0=wire:10.0.0.2/24
on farm ip route add local 10.1.0.0/16 dev lo
nsenter -t "${host_pid[farm]}" -n "$LAB_PROGRAMS/farm" 80 < <(sleep 100000) >/dev/null 2>&1 &

# checker WHO PRODUCT ADDRESS
checker() {
    host "$1" product="$2" eth0="wire:$3/24"
    on "$1" ip route add 10.1.0.0/16 via 10.0.0.2
}
checker hearth hearth 10.0.0.1
checker floor none 10.0.0.4
[[ $BENCH_SIZE == smoke ]] || checker perl peer 10.0.0.3

has_no_servers() { ! grep -q '^  -> [0-9A-F]' "/proc/${host_pid[$1]}/net/ip_vs"; }
# watch WHO SECONDS [NOT_BEFORE_US]: when all servers are in service there.
watch() { nsenter -t "${host_pid[$1]}" -n "$LAB_PROGRAMS/table_watch" -b "${3:-0}" servers "$servers" "$2"; }

ldirectord_cf() {
    local i
    printf 'checktimeout=3\ncheckinterval=5\nlogfile="/var/log/ldirectord.log"\nvirtual=10.0.0.100:80\n'
    printf '\tservice=http\n\trequest="/"\n\treceive="still here"\n\tscheduler=rr\n\tprotocol=tcp\n'
    for ((i = 1; i <= servers; i++)); do
        printf '\treal=10.1.%d.%d:80 masq\n' $((i / 250)) $((i % 250 + 1))
    done
}
checker_start() {
    case $1 in
        # the way on() goes, but for the files: the program is none of the host's
        floor) nsenter -t "${host_pid[floor]}" -u -i -n -p env -i PATH=/usr/sbin "$LAB_PROGRAMS/service_floor" "$servers" ;;
        *) on "$1" ldirectord /etc/ha.d/ldirectord.cf start ;;
    esac
}
checker_stop() {
    case $1 in
        floor) busybox killall service_floor ;;
        *) on "$1" ldirectord /etc/ha.d/ldirectord.cf stop ;;
    esac
}

# starts WHO SERVERS SMOKE SHORT FULL
starts() {
    local who=$1 from_us at_us left watch start best_us=0
    servers=$2
    times "$3" "$4" "$5" || return 0
    [[ $who == floor ]] || ldirectord_cf | host_install "$who" /etc/ha.d/ldirectord.cf
    for ((left = REPLY; left > 0; left--)); do
        # whoever looks at a table that fills takes time of the only processor: not before it can be full
        watch "$who" 120 $((best_us == 0 ? 0 : ${EPOCHREALTIME/./} + 200000 + best_us * 9 / 10)) >"$LAB_DIR/at" &
        watch=$!
        nap 0.2
        from_us=${EPOCHREALTIME/./}
        checker_start "$who" >>"$LAB_OUT/story.txt" 2>&1 &
        start=$!
        wait $watch || fail "all $servers to be in service ($who)"
        at_us=$(<"$LAB_DIR/at")
        ((best_us > 0 && best_us <= at_us - from_us)) || best_us=$((at_us - from_us))
        sample "$who" "servers $servers" ms "$(awk -v us=$((at_us - from_us)) 'BEGIN { printf "%.1f", us / 1000 }')"
        if [[ $who == hearth ]]; then
            nap 0.5
            expect "they stay in service" watch hearth 0 >/dev/null
            sample hearth 'servers not in service' count 0
        fi
        checker_stop "$who" >>"$LAB_OUT/story.txt" 2>&1
        [[ $who != floor ]] || wait $start || :
        wait_until 120 "none is left in the table" has_no_servers "$who"
    done
}

starts hearth 100 1 10 100
starts floor 100 1 10 100
starts hearth 1000 0 5 50
starts floor 1000 0 5 50
starts perl 100 0 3 10
