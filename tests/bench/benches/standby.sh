#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The owner hands 1 or 50 addresses over (hb_standby all; keepalived: its master is told to end): the
# longest time without an echo reply of an address that a client sees, which asks each of them every
# ms, or every 2 ms if there are 50 (witness.c). It goes by announcements, as a client with a full ARP
# table does. Floor: one netlink send, one datagram to the other node, one netlink send and one
# sendmmsg there (floor_owner.c). two owners: how often two hosts answered when the client asked
# whose an address is.
# needs: hearth peer keepalived
# bound: 7000
# target: VIPs 1; p99; 20
# target: VIPs 50; p99; 50
# target: two owners; worst; 0
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

# moves PRODUCT VIPS SMOKE SHORT FULL
moves() {
    local left
    times "$3" "$4" "$5" || return 0
    left=$REPLY
    pair_begin "$1" "$2" 100 500
    pair_run
    for (( ; left > 0; left--)); do
        move_once "VIPs $2"
    done
    pair_end
}

pair_networks
moves hearth 1 0 10 100
moves floor 1 1 10 100
moves keepalived 1 0 6 100
moves heartbeat 1 0 2 20
moves hearth 50 2 10 100
moves floor 50 0 10 100
moves keepalived 50 0 6 100
moves heartbeat 50 0 1 10
