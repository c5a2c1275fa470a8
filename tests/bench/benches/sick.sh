#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A tenth of 100 servers swallows packets; interval 1 s, timeout 3 s. Then a good server refuses: from the
# moment its port is closed to the line of the log that says so. And how long the others wait between two
# checks, at most, all the while.
# target: refusal noticed; worst; 1100
# target: longest interval of another; worst; 1100
# target: good servers taken for bad; worst; 0
set -euo pipefail
source "$BENCH_LIB"
source "$BENCH_TOP/tests/bench/checkers.sh"
checkers_inside
farm_start

times 1 10 20; rounds=$REPLY
whos='hearth keepalived perl'
[[ $BENCH_SIZE != smoke ]] || whos=hearth
servers=90 sick=10

declare -A down=([hearth]='Real server down: 127.1.0.1:81' [keepalived]='Removing service .127.1.0.1.:tcp:81'
    [perl]='Deleted real server: 127.1.0.1:81')
times_down() { grep -c "${down[$1]}" "$log" || :; }
for who in $whos; do
    if [[ $who == perl ]]; then checker_warm perl 1; else checker_warm $who 5; fi # a round of it takes half a minute
    before=$(times_down $who)
    their=$rounds
    [[ $who != perl ]] || their=$(((rounds + 4) / 5))
    for ((round = 0; round < their; round++)); do
        farm forget
        sleep 0.$((RANDOM % 900 + 100))
        farm refuse 81
        from=$REPLY
        for ((i = 0; i < 30000; i++)); do
            (($(times_down $who) == before)) || break
            sleep 0.002
        done
        farm listen 80 # it does already; and says what time it is
        sample $who 'refusal noticed' ms $(((REPLY - from) / 1000000))
        before=$(times_down $who)
        farm listen 81
        case $who in # until it is back
            hearth) sleep 2.5 ;;
            keepalived) sleep 8 ;;
            perl) sleep 35 ;;
        esac
        farm intervals
        read -r _ _ worst <<<"$REPLY"
        sample $who 'longest interval of another' ms "$worst"
    done
    [[ $who != hearth ]] || sample hearth 'good servers taken for bad' count \
        "$(grep 'Real server down: 127' "$log" | grep -vc '127.1.0.1:81' || :)"
    checker_stop
done
