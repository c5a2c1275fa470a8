#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The wire of the beats is cut, both nodes take the address; then it is whole again. One owner: from
# the moment it is whole until two hosts answer for the last time when a client asks whose the address
# is, every ms. Without an answer: the longest time without an echo reply of the address that the same
# client sees, which goes by announcements (witness.c).
# needs: hearth peer keepalived
# bound: 3600
# target: one owner; worst; 1000
# target: without an answer; worst; 20
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

# heals PRODUCT WATCH_MS SMOKE SHORT FULL
heals() {
    local left healed_us
    times "$3" "$4" "$5" || return 0
    left=$REPLY
    pair_begin "$1" 1 100 500
    pair_run
    for (( ; left > 0; left--)); do
        wait_until 10 "the owner is past its first seconds" pair_grown
        network_cut wire
        wait_until 30 "both have it" pair_both_own
        nap 0.5
        witness_run 1000 -t 60000 -w "$2"
        wait_until_quietly 20 witness_sees || fail "the address to answer"
        healed_us=${EPOCHREALTIME/./}
        network_heal wire
        witness_end
        figure_of "$witness_said" apart_us
        us_to_ms $((REPLY - healed_us))
        sample "$1" "one owner" ms "$REPLY"
        witness_ms gap_us
        sample "$1" "without an answer" ms "$REPLY"
        wait_until 60 "one of them has it" pair_owned_by_any
        pair_owner=0
        pair_owned_by 0 || pair_owner=1
        wait_until 90 "both are at rest" pair_settled $pair_owner
    done
    pair_end
}
pair_both_own() { pair_owns 0 && pair_owns 1; }

pair_networks
heals hearth 2000 1 5 50
heals keepalived 2000 0 5 50
heals heartbeat 40000 0 1 10
