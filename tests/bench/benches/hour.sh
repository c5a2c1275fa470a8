#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# keepalive 10 ms, deadtime 50 ms, every processor busy with two processes, for an hour: how often is
# a node called dead in either log?
# by-name: it takes an hour (smoke: two seconds)
# needs: hearth peer
# bound: 4000
# target: false alarms; worst; 0
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"
source "$LAB_SRC/../bench/alarms.sh"

pair_networks
times 2 3600 3600
alarms hearth $REPLY
