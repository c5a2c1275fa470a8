#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A stranger on the wire sends the node that waits 100,000 datagrams a second, each with a right
# framing and a wrong digest, of 90 to 1,290 bytes (flood.c). keepalive 100 ms, deadtime 500 ms. Counted
# are, in its log, beats that came later than 250 ms (missed) and nodes called dead; short is how many
# percent of the datagrams the stranger could not send on this machine, CPU what the processes of
# the node used meanwhile, in percent of a processor.
# needs: hearth peer
# bound: 1800
# target: missed beats; worst; 0
# target: called dead; worst; 0
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

said_in_log() { grep -c "$2" "$(host_log "$1")/ha-log" || :; }

# floods PRODUCT SECONDS_SMOKE SHORT FULL
floods() {
    local seconds late dead spent sent
    times "$2" "$3" "$4" || return 0
    seconds=$REPLY
    pair_begin "$1" 1 100 500
    pair_run
    late=$(said_in_log "${pair[1]}" 'Late heartbeat') dead=$(said_in_log "${pair[1]}" 'is dead')
    pair_spent_us 1
    spent=$REPLY
    sent=$(nice -n -15 nsenter -t "${host_pid[stranger]}" -n "$BENCH_PROGRAMS/flood" 10.1.0.2 694 100000 "$seconds")
    pair_spent_us 1
    spent=$((REPLY - spent))
    nap 1 # what is in the log by then
    sample "$1" "missed beats" times $(($(said_in_log "${pair[1]}" 'Late heartbeat') - late))
    sample "$1" "called dead" times $(($(said_in_log "${pair[1]}" 'is dead') - dead))
    sample "$1" "short" % "$(awk -v sent="$sent" -v of=$((seconds * 100000)) 'BEGIN { print 100 - 100 * sent / of }')"
    sample "$1" "CPU" % "$(awk -v us="$spent" -v s="$seconds" 'BEGIN { print us / s / 10000 }')"
    pair_end
}

pair_networks
host stranger product=none eth0=wire:10.1.0.9/24
floods hearth 1 10 60
floods heartbeat 0 10 60
