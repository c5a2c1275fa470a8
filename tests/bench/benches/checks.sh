#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a check costs, on loopback, with 100 and with 1,000 servers and an interval of 1 s: processor time of
# the checker with all its processes (from /proc, in ns), from one count of the checks that arrived
# at the servers to another, divided by their number. hearth is the whole daemon but for the kernel's table; the
# floor makes the fewest system calls that do the job, and libcurl is one transfer a check.
# target: http, servers 100; median; 1.7 floor
# target: http, servers 1000; median; 1.7 floor
# target: http, servers 1000; median; 1 keepalived
# target: http, servers 1000; median; 0.05 perl
# target: connect, servers 100; median; 1.3 floor
# target: connect, servers 1000; median; 1.3 floor
# target: connect, servers 1000; median; 1 keepalived
# target: servers not asked; worst; 0
set -euo pipefail
source "$BENCH_LIB"
source "$BENCH_TOP/tests/bench/checkers.sh"
checkers_inside
farm_start

times 1 3 6; rounds=$REPLY
times 2 5 5; seconds=$REPLY
times 100 '100 1000' '100 1000'; sizes=$REPLY
whos='hearth floor curl keepalived perl' warm=3
[[ $BENCH_SIZE != smoke ]] || whos='hearth floor' warm=1

for kind in http connect; do
    for servers in $sizes; do
        for who in $whos; do
            [[ $kind$who != connectcurl ]] || continue
            checker_warm $who $warm
            for ((round = 0; round < rounds; round++)); do
                measure "$seconds"
                [[ $who == curl ]] && sample floor "http by libcurl, servers $servers" us "$cost" && continue
                sample $who "$kind, servers $servers" us "$cost"
                [[ $who == hearth ]] || continue
                farm seen
                ((seconds < 2 * interval)) || sample hearth 'servers not asked' count $((servers - REPLY))
            done
            checker_stop
        done
    done
done
