# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words that every bench is written in; sourced first thing: source "${BENCH_LIB:-$LAB_SRC/../bench/bench.sh}"
# shellcheck shell=bash

# In the lab a bench has one word, the size, and leaves its samples in the folder that comes out.
if [[ -n ${LAB_OUT:-} ]]; then
    BENCH_SIZE=${LAB_WORDS:-short} BENCH_SAMPLES=$LAB_OUT/samples BENCH_PROGRAMS=$LAB_PROGRAMS
fi
bench_name=${BENCH_SOURCE:-${LAB_SCENARIO:-$0}}
[[ -z ${LAB_SCENARIO:-} || -n ${BENCH_SOURCE:-} ]] || bench_name=$(readlink -f "$LAB_SCENARIO")
bench_name=$(basename "$bench_name" .sh)

# sample WHO WHAT UNIT VALUE: one more. WHO: hearth, heartbeat, perl, keepalived or floor.
sample() { printf '%s\t%s\t%s\t%s\t%s\n' "$bench_name" "$1" "$2" "$3" "$4" >>"$BENCH_SAMPLES"; }

# times SMOKE SHORT FULL: how often, at this size, in $REPLY; also true if that is not 0.
times() {
    case $BENCH_SIZE in
        smoke) REPLY=$1 ;;
        short) REPLY=$2 ;;
        full) REPLY=$3 ;;
    esac
    [[ $REPLY != 0 ]]
}
