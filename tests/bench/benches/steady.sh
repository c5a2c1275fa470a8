#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many checks by one loop: 10,000 http checks every 5 s, and 50,000 connect checks every 5 s. How evenly they
# arrive (connections accepted in each tenth of a second: the most by the mean, over the whole time), and
# what share of a processor they take.
# target: http, burst; worst; 1.5
# target: connect, burst; worst; 1.5
# target: http, share; median; 20
# target: connect, share; median; 50
# target: servers not asked; worst; 0
set -euo pipefail
source "$BENCH_LIB"
source "$BENCH_TOP/tests/bench/checkers.sh"
checkers_inside
farm_start

interval=5
times 1 3 6; rounds=$REPLY
times 4 10 10; seconds=$REPLY
whos='hearth floor keepalived' kinds='http connect'
[[ $BENCH_SIZE != smoke ]] || whos=hearth kinds=connect interval=1
for kind in $kinds; do
    case $kind in
        http) times 400 10000 10000 ;;
        connect) times 800 50000 50000 ;;
    esac
    servers=$REPLY
    for who in $whos; do
        checker_warm $who 6
        for ((round = 0; round < rounds; round++)); do
            measure "$seconds"
            farm arrivals
            read -r _ _ mean worst <<<"$REPLY"
            sample $who "$kind, burst" 'times the mean' "$(awk "BEGIN { printf \"%.3f\", $worst / $mean }")"
            sample $who "$kind, share" '% of a processor' "$share"
            farm seen
            [[ $who != hearth ]] || sample hearth 'servers not asked' count $((servers - REPLY))
        done
        checker_stop
    done
done
