#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The owner's host is gone at once (its wires are mute, then every process is killed): from the last
# beat that the survivor's kernel had (time stamp of the packet) until a client has an echo reply of
# the last of 1, 50 or 200 addresses from it, less the time after which the product takes a node for dead
# (deadtime; for keepalived three intervals and its skew). The client is witness.c. keepalive 100 ms,
# deadtime 500 ms. Floor: one netlink send and one sendmmsg at the deadline (floor_owner.c).
# two owners: how often two hosts answered when the client asked whose an address is.
# needs: hearth peer keepalived
# bound: 14000
# target: VIPs 1; median; 2
# target: VIPs 1; p99; 5
# target: VIPs 50; p99; 10
# target: VIPs 200; p99; 30
# target: two owners; worst; 0
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

# crashes PRODUCT VIPS SMOKE SHORT FULL
crashes() {
    local left
    times "$3" "$4" "$5" || return 0
    left=$REPLY
    pair_begin "$1" "$2" 100 500
    pair_run
    for (( ; left > 0; left--)); do
        pair_detects
        crash_once "$REPLY" "VIPs $2"
    done
    pair_end
}

pair_networks
crashes hearth 1 0 6 100
crashes floor 1 1 6 100
crashes keepalived 1 0 6 100
crashes heartbeat 1 0 2 20
crashes hearth 50 1 4 50
crashes floor 50 0 4 50
crashes keepalived 50 0 4 50
crashes heartbeat 50 0 1 10
crashes hearth 200 0 4 50
crashes floor 200 0 4 50
crashes keepalived 200 0 4 50
crashes heartbeat 200 0 0 3
