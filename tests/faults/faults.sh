# SPDX-License-Identifier: GPL-2.0-or-later
# Words for the drivers of fault injection (README.md): what the preloaded shim.c is told, and what comes of
# its list of places. Wants $faults (a directory the daemon sees as $faults_there) and $daemon.

state_bytes=$((8 + 65536 * 8))

# shim_reset [PLAN...]: nothing met and nothing failed yet; $shim is the environment of the daemon.
shim_reset() {
    head -c $state_bytes /dev/zero >"$faults/state.new"
    mv "$faults/state.new" "$faults/state"
    : >"$faults/places"
    chmod 666 "$faults/state" "$faults/places"
    phase 0
    shim="LD_PRELOAD=$faults_there/shim.so FAULTS_EXE=$daemon FAULTS_STATE=$faults_there/state"
    shim="$shim FAULTS_LOG=$faults_there/places FAULTS_TIMES=${FAULTS_TIMES:-1}"
    shim="$shim FAULTS_KILL=${FAULTS_KILL:-} FAULTS_PLAN=$*"
}
# FAULTS_KILL: the process dies there; FAULTS_WHO: which program, if not the daemon.
kills() { [ -n "${FAULTS_KILL:-}" ]; }
# $alive tells whether the daemon lives.
was_killed() { kills && has_failed && ! $alive; }
# comes SECONDS CONDITION...: unless the daemon is killed, which ends the waiting.
comes() {
    comes_s=$1
    shift
    wait_until "$comes_s" comes_or_ends "$@"
    "$@"
}
comes_or_ends() { "$@" || was_killed; }
# phase DIGIT: what the daemon does from here on belongs to it.
phase() {
    printf %s "$1" 1<>"$faults/state"
}
has_failed() { grep -q ^failed "$faults/places"; }

# What the errno of a class is called in messages.
error_of() { # CLASS CALL
    case $2 in
        # glib's word, libqb's, or ours.
        malloc | calloc | realloc) echo 'failed to allocate|Assertion|Cannot allocate memory' ;;
        fork | posix_spawn | pthread_create) echo 'Resource temporarily unavailable' ;;
        mkostemp | write | writev | ftruncate | posix_fallocate | mkdir | mkfifo | inotify_add_watch) echo 'No space left on device' ;;
        read | pread | rename | fsync | fchmod | fchown) echo 'Input/output error' ;;
        connect) echo 'Network is unreachable' ;;
        send | sendto | sendmsg | sendmmsg) echo 'No buffer space available' ;;
        open | fopen | opendir | open64 | fopen64 | memfd_create | socket | socketpair | accept | accept4) echo 'Too many open files' ;;
        pipe | pipe2 | epoll_create1 | eventfd | timerfd_create | signalfd | pidfd_open | inotify_init1) echo 'Too many open files' ;;
        *) echo 'Cannot allocate memory' ;;
    esac
}

# cases FILE: the places met in it, one of each line, in an order that spreads phases and classes.
# FAULTS_ONLY picks by an expression, FAULTS_SAMPLE so many, evenly; FAULTS_SHARD=I/K every K-th from I.
cases() {
    grep -v ^failed "$1" | sort -k1,1 -k2,2 -k3,3 -k4,4 -u | grep -E "${FAULTS_ONLY:-.}" |
        awk -v sample="${FAULTS_SAMPLE:-0}" -v shard="${FAULTS_SHARD:-1/1}" '
            # Of memory, what is tried is a part: all of it would be the same abort.
            $2 == "memory" && ++allocations % '"${FAULTS_MEMORY:-16}"' != 0 { next }
            { line[n++] = $0 }
            END {
                split(shard, of, "/")
                if (sample == 0 || sample > n) sample = n
                for (i = 0; i < sample; i++)
                    if (i % of[2] == of[1] - 1) print line[int((i + 0.5) * n / sample)]
            }'
}

# accepted LINE: what goes wrong then is known; why, in REPLY.
accepted() {
    while read -r accepted_line; do
        case $accepted_line in '#'* | '') continue ;; esac
        REPLY=${accepted_line#* :: }
        ! echo "$1" | grep -qE "^${accepted_line%% :: *}" || return 0
    done <"$here/accepted"
    return 1
}

# where OFFSETS PROGRAM: the functions, innermost first.
where() {
    addr2line -f -s -e "$2" $(echo "$1" | tr , ' ') 2>/dev/null | awk 'NR % 2 { printf "%s%s", sep, $0; sep = " < " }'
}
