#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# From the start command to a verdict on each of so many HTTP servers on loopback, which all answer: until the log has
# each of them in service. As a takeover is to a director that heartbeat starts only then. On this machine's own
# kernel, so without its table (tableless.c, an ipvsadm that says yes); with one: bench service. keepalived puts
# servers in before it has checked them, and is not asked. The floor asks each once and ends (check_floor once).
# target: servers 100; median; 100
# target: servers 1000; median; 300
# target: servers 10000; median; 3000
# target: not in service; worst; 0
set -euo pipefail
source "$BENCH_LIB"
source "$BENCH_TOP/tests/bench/checkers.sh"
checkers_inside
farm_start

# In the log of who is started, in $REPLY.
in_service() {
    REPLY=0
    [[ ! -e $log ]] || REPLY=$(grep -c 'Added real server: .*(Weight set to 1)\|Restored real server' "$log" || :)
}
all_in_service() { in_service; ((REPLY >= servers)); }

# starts WHO SERVERS SMOKE SHORT FULL
starts() {
    local who=$1 from_us left end
    servers=$2
    times "$3" "$4" "$5" || return 0
    for ((left = REPLY; left > 0; left--)); do
        log=$BENCH_DIR/$who-$kind-$servers.log
        rm -f "$log"
        from_us=${EPOCHREALTIME/./}
        case $who in
            floor) taskset -c "$own" "$BENCH_PROGRAMS/check_floor" once "$servers" 1000 80 ;;
            hearth)
                ldirectord_cf | sed "s|^supervised=.*|logfile=\"$log\"|" >/run/checker.cf
                from_us=${EPOCHREALTIME/./}
                taskset -c "$own" "$BENCH_PROGRAMS/ldirectord_tableless" -- /run/checker.cf start
                ;;
            perl) checker_start perl ;;
        esac
        for ((end = SECONDS + 300; SECONDS < end; )); do
            [[ $who != floor ]] && ! all_in_service || break
            sleep 0.002
        done
        sample "$who" "servers $servers" ms "$(awk -v us=$((${EPOCHREALTIME/./} - from_us)) 'BEGIN { printf "%.1f", us / 1000 }')"
        case $who in
            hearth)
                in_service
                sample hearth 'not in service' count $((servers - REPLY))
                "$BENCH_PROGRAMS/ldirectord_tableless" -- /run/checker.cf stop >/dev/null 2>&1
                ;;
            perl) checker_stop ;;
        esac
    done
}

interval=5
starts hearth 100 1 20 100
starts floor 100 1 20 100
starts perl 100 0 3 10
starts hearth 1000 0 10 50
starts floor 1000 0 10 50
starts perl 1000 0 1 3
starts hearth 10000 0 5 20
starts floor 10000 0 5 20
