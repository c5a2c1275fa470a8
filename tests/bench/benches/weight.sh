#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Memory: of the checker with all its processes (the sum of Pss) with 1,000 servers, each asked a few times;
# per further server; and how memory and open files grow by reloads (SIGHUP, as soon as the log has the one before) and by
# checks (interval 1 s, so a thousand a second; at size full five thousand). Growth is of anonymous memory: what others share comes and goes with them.
# target: servers 1000; median; 14336
# target: per further server; median; 2
# target: growth by reloads; worst; 64
# target: growth by checks; worst; 64
# target: open files grown; worst; 0
set -euo pipefail
source "$BENCH_LIB"
source "$BENCH_TOP/tests/bench/checkers.sh"
checkers_inside
farm_start

times 20 200 10000; reloads=$REPLY
times 2000 20000 1000000; checks_wanted=$REPLY
whos='hearth keepalived perl'
[[ $BENCH_SIZE != smoke ]] || whos=hearth
reloaded() { grep -c 'Reloading Linux Director' "$log" || :; }
# reload N: and wait for each.
reload() {
    local i j seen
    for ((i = 0; i < $1; i++)); do
        seen=$(reloaded)
        kill -HUP "$checker"
        for ((j = 0; j < 1000; j++)); do
            (($(reloaded) == seen)) || break
            sleep 0.005
        done
    done
}
# fewest_files LOOKS ENOUGH: sockets of checks in flight are no growth; the fewest of so many looks, or as soon as it
# is few enough, in $REPLY.
fewest_files() {
    local i fewest=1000000
    for ((i = 0; i < $1 && fewest > $2; i++)); do
        checker_size
        ((${REPLY#* } >= fewest)) || fewest=${REPLY#* }
        sleep 0.05
    done
    REPLY=$fewest
}
for who in $whos; do
    servers=1000
    checker_warm $who 3
    checker_size
    read -r at_1000 _ <<<"$REPLY"
    sample $who 'servers 1000' KiB "$at_1000"
    if [[ $who == hearth ]]; then
        if times 1000 1000 5000 && ((REPLY != servers)); then # so many checks a second
            checker_stop
            servers=$REPLY
            checker_warm hearth 3
        fi
        sleep 1 # checks in flight and their sockets are no growth
        checker_size Anonymous
        read -r kib _ <<<"$REPLY"
        fewest_files 20 0
        files=$REPLY
        farm count
        asked_before=${REPLY%% *}
        until_asked "$checks_wanted" $((2 * checks_wanted / servers + 30))
        checker_size Anonymous
        sample hearth 'growth by checks' KiB $((${REPLY% *} - kib))
        reload $((reloads / 25 + 5)) # they need room for two configurations, which is found in pieces and kept
        checker_size Anonymous
        after=${REPLY% *}
        reload "$reloads"
        sleep 1
        checker_size Anonymous
        sample hearth 'growth by reloads' KiB $((${REPLY% *} - after))
        fewest_files 400 "$files"
        sample hearth 'open files grown' count $((REPLY > files ? REPLY - files : 0))
    fi
    checker_stop
    if [[ $who != perl && $BENCH_SIZE != smoke ]]; then
        servers=11000 interval=60
        checker_warm $who 1
        checker_size
        sample $who 'per further server' KiB \
            "$(awk -v more="${REPLY% *}" -v kib="$at_1000" 'BEGIN { printf "%.2f", (more - kib) / 10000 }')"
        checker_stop
        interval=1
    fi
done
