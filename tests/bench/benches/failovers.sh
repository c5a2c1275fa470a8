#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 1,000 crashes and 1,000 moves by hb_standby of Hearth with one address, measured as in the benches
# failover (less deadtime) and standby (the longest gap). Counted besides: how often two hosts answered
# when the client asked whose the address is; crashes and moves after which the address was not on the
# one node it had to be on end the run.
# by-name: it takes the better part of an hour (short: 200 of each, smoke: one)
# needs: hearth
# bound: 20000
# target: crash; median; 2
# target: crash; p99; 5
# target: move; p99; 20
# target: two owners; worst; 0
# target: not done; worst; 0
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

times 1 200 1000
wanted=$REPLY done=0
pair_networks
pair_begin hearth 1 100 500
pair_run
for ((n = 0; n < wanted; n++)); do
    crash_once 500 crash
    expect "it is on one node" pair_owned_by "$pair_owner"
    move_once move
    expect "it is on one node" pair_owned_by "$pair_owner"
    done=$((done + 1))
done
sample hearth "not done" count $((wanted - done))
pair_end
