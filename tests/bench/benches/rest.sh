#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A pair of each product at rest, with one address, all of them side by side on networks of their own:
# the machine changes more from minute to minute than they differ, so they are looked at in the same
# seconds. What all processes of the product on one node use together. Memory: the sum of their
# proportional set sizes (smaps_rollup: pages that the two nodes share count half), 10 s after the
# start. CPU: the time all their threads ran (schedstat), from 10 s after the start on for 20 s
# (smoke: 1 s), as ms per minute, of both nodes in turn; with beats every second and every 100 ms. All are
# started anew each time, for how their beats fall makes a difference. What children take that came and went
# is not seen; there are none at rest. The floor beats, reads, and beats along with the other as ours does,
# and nothing else (floor_owner.c): what it takes is the kernel's.
# needs: hearth peer keepalived
# bound: 3600
# target: memory; worst; 8
# target: CPU a minute, 1 s beats; median; 0.25 heartbeat
# target: CPU a minute, 100 ms beats; median; 0.25 heartbeat
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

declare -A pair_of spent from_us

# at_rest PRODUCT KEEPALIVE_MS DEADTIME_MS: a pair of it runs; keepalived has its own dead time.
at_rest() {
    pair_wire=wire-${1:0:9} pair_service=serv-${1:0:9}
    pair_begin "$1" 1 "$2" "$3"
    pair_run
    pair_of[$1]="${pair[*]}"
}
# of PRODUCT: the words about a pair are about that one.
of() { read -ra pair <<<"${pair_of[$1]}"; }

# measure_memory PRODUCT...
measure_memory() {
    local product node
    for product; do
        of "$product"
        for node in 0 1; do
            pair_memory_kb $node
            sample "$product" memory MB "$(awk -v kb="$REPLY" 'BEGIN { print kb / 1024 }')"
        done
    done
}

# measure_cpu NAME NODE SECONDS PRODUCT...
measure_cpu() {
    local name=$1 node=$2 seconds=$3 product
    shift 3
    for product; do
        of "$product"
        pair_spent_us "$node"
        spent[$product]=$REPLY from_us[$product]=${EPOCHREALTIME/./}
    done
    nap "$seconds"
    for product; do
        of "$product"
        pair_spent_us "$node"
        sample "$product" "CPU a minute, $name" ms "$(awk -v us=$((REPLY - spent[$product])) \
            -v of=$((${EPOCHREALTIME/./} - from_us[$product])) 'BEGIN { print us * 60000 / of }')"
    done
}

# rests NAME KEEPALIVE_MS DEADTIME_MS PRODUCT...: $REPLY times.
rests() {
    local name=$1 keepalive=$2 deadtime=$3 left=$REPLY product
    shift 3
    for (( ; left > 0; left--)); do
        for product; do
            at_rest "$product" "$keepalive" "$deadtime"
        done
        if times 1 0 0; then
            measure_memory "$@"
            measure_cpu "$name" 0 1 "$@"
        else
            nap 10
            measure_memory "$@"
            measure_cpu "$name" 0 20 "$@"
            measure_cpu "$name" 1 20 "$@"
        fi
        for product; do
            of "$product"
            pair_end
        done
    done
}

for product in hearth heartbeat keepalived floor; do
    network "wire-${product:0:9}" "serv-${product:0:9}"
done
! times 0 2 10 || rests "1 s beats" 1000 5000 hearth heartbeat keepalived floor
times 1 3 10
case $BENCH_SIZE in
    smoke) rests "100 ms beats" 100 500 hearth ;;
    *) rests "100 ms beats" 100 500 hearth heartbeat keepalived floor ;;
esac
