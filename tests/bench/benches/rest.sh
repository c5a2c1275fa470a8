#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A pair at rest, with one address: what all processes of the product on one node use together.
# Memory: the sum of their proportional set sizes (smaps_rollup: pages that the two nodes share
# count half), 10 s after the start. CPU: the time all their threads ran (schedstat), from 10 s
# after the start on for 20 s (smoke: 1 s), as ms per minute; with beats every second and every
# 100 ms. That of children that came and went is not seen; there are none at rest.
# needs: hearth peer keepalived
# bound: 3600
# target: memory; worst; 8
# target: CPU a minute, 1 s beats; median; 0.25 heartbeat
# target: CPU a minute, 100 ms beats; median; 0.25 heartbeat
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

# rests PRODUCT KEEPALIVE_MS DEADTIME_MS NAME SMOKE SHORT FULL: each time 20 s
rests() {
    local left from_us spent seconds=20 node
    times "$5" "$6" "$7" || return 0
    left=$REPLY
    ! times 1 0 0 || seconds=1
    pair_begin "$1" 1 "$2" "$3"
    pair_run
    ! times 0 1 1 || nap 10
    for node in 0 1; do
        pair_memory_kb $node
        sample "$1" memory MB "$(awk -v kb="$REPLY" 'BEGIN { print kb / 1024 }')"
    done
    for (( ; left > 0; left--)); do
        pair_spent_us 0
        spent=$REPLY from_us=${EPOCHREALTIME/./}
        nap $seconds
        pair_spent_us 0
        sample "$1" "CPU a minute, $4" ms "$(awk -v us=$((REPLY - spent)) \
            -v of=$((${EPOCHREALTIME/./} - from_us)) 'BEGIN { print us * 60000 / of }')"
    done
    pair_end
}

pair_networks
rests hearth 1000 5000 "1 s beats" 0 2 10
rests heartbeat 1000 5000 "1 s beats" 0 2 10
rests keepalived 1000 3000 "1 s beats" 0 2 10
rests hearth 100 500 "100 ms beats" 1 2 10
rests heartbeat 100 500 "100 ms beats" 0 2 10
rests keepalived 100 300 "100 ms beats" 0 2 10
