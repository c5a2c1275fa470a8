#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From the start command to servers in service: ldirectord starts with so many real servers, which all
# answer; until the kernel's table has each with a weight (in /proc/net/ip_vs), each after its first own check. 100 servers is what a takeover does to a director that
# heartbeat starts only then. keepalived puts servers in before it has checked them, and is not asked.
# needs: ipvs hearth peer
# bound: 1800
# target: servers 100; median; 100
# target: servers 1000; median; 300
# target: servers not in service; worst; 0
BENCH_SOURCE=service
source "$LAB_SRC/../bench/bench.sh"

network wire
host farm eth0=wire:10.0.0.2/24
on farm ip route add local 10.1.0.0/16 dev lo
nsenter -t "${host_pid[farm]}" -n "$LAB_PROGRAMS/farm" 80 < <(sleep 100000) >/dev/null 2>&1 &

host hearth product=hearth eth0=wire:10.0.0.1/24
on hearth ip route add 10.1.0.0/16 via 10.0.0.2
if [[ $BENCH_SIZE != smoke ]]; then
    host perl product=peer eth0=wire:10.0.0.3/24
    on perl ip route add 10.1.0.0/16 via 10.0.0.2
fi

# in_service WHO: how many servers the table has with a weight, in $REPLY.
in_service() {
    local first weight _ count=0
    while read -r first _ _ weight _; do
        [[ $first != '->' || ! $weight =~ ^[1-9] ]] || count=$((count + 1))
    done <"/proc/${host_pid[$1]}/net/ip_vs"
    REPLY=$count
}
none_in_service() { in_service "$1"; ((REPLY == 0)); }
all_in_service() { in_service "$1"; ((REPLY >= servers)); }

ldirectord_cf() {
    local i
    printf 'checktimeout=3\ncheckinterval=5\nlogfile="/var/log/ldirectord.log"\nvirtual=10.0.0.100:80\n'
    printf '\tservice=http\n\trequest="/"\n\treceive="still here"\n\tscheduler=rr\n\tprotocol=tcp\n'
    for ((i = 1; i <= servers; i++)); do
        printf '\treal=10.1.%d.%d:80 masq\n' $((i / 250)) $((i % 250 + 1))
    done
}

# starts WHO SERVERS SMOKE SHORT FULL
starts() {
    local who=$1 from_us left
    servers=$2
    times "$3" "$4" "$5" || return 0
    ldirectord_cf | host_install "$who" /etc/ha.d/ldirectord.cf
    for ((left = REPLY; left > 0; left--)); do
        from_us=${EPOCHREALTIME/./}
        on "$who" ldirectord /etc/ha.d/ldirectord.cf start >>"$LAB_OUT/story.txt" 2>&1 &
        wait_until 120 "all $servers are in service" all_in_service "$who"
        sample "$who" "servers $servers" ms $(((${EPOCHREALTIME/./} - from_us) / 1000))
        in_service "$who"
        [[ $who != hearth ]] || sample hearth 'servers not in service' count $((servers - REPLY))
        wait $!
        on "$who" ldirectord /etc/ha.d/ldirectord.cf stop >>"$LAB_OUT/story.txt" 2>&1
        wait_until 120 "none is left in the table" none_in_service "$who"
    done
}

starts hearth 100 1 10 100
starts hearth 1000 0 5 50
starts perl 100 0 3 10
starts perl 1000 0 1 3
