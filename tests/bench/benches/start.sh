#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Both nodes are started at once, with one address: from before the first of the start commands (init
# script; keepalived: the command itself) until a client has an echo reply of it (witness.c, which asks
# whose it is every ms). deadtime 500 ms, initdead 5 s, and both nodes agree.
# needs: hearth peer keepalived
# bound: 3600
# target: to the address; p99; 500
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

# starts PRODUCT SMOKE SHORT FULL
starts() {
    local left from_us
    times "$2" "$3" "$4" || return 0
    left=$REPLY
    for (( ; left > 0; left--)); do
        pair_begin "$1" 1 100 500
        witness_run 1000 -t 60000 -w 0
        from_us=${EPOCHREALTIME/./}
        pair_both_start
        wait_until 60 "the address answers" witness_sees
        figure_of "$(<"$LAB_DIR/witness")" at_us
        us_to_ms $((REPLY - from_us))
        sample "$1" "to the address" ms "$REPLY"
        wait $witness_pid
        pair_end
    done
}

pair_networks
starts hearth 1 5 50
starts keepalived 0 5 50
starts heartbeat 0 1 10
