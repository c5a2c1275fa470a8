#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalive 10 ms, deadtime 50 ms. Crash: from the last beat that the survivor's kernel had until a
# client has an echo reply from it, as in the bench failover, but with the dead time in it. False
# alarms: every processor is busy with two more processes than it can run; counted is how often a
# node is called dead in either log, and by how many MINUTES that was seen. Floor: as in failover.
# needs: hearth peer
# bound: 5400
# target: crash; p99; 60
# target: false alarms; worst; 0
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"
source "$LAB_SRC/../bench/alarms.sh"

# tight PRODUCT CRASHES_SMOKE SHORT FULL
tight() {
    local left
    times "$2" "$3" "$4" || return 0
    left=$REPLY
    pair_begin "$1" 1 10 50
    pair_run
    for (( ; left > 0; left--)); do
        crash_once 0 crash
    done
    pair_end
}

pair_networks
tight hearth 1 5 100
tight floor 0 5 100
tight heartbeat 0 1 20
times 2 20 300
alarms hearth $REPLY
! times 0 20 300 || alarms heartbeat $REPLY
