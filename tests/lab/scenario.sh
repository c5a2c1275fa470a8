# SPDX-License-Identifier: GPL-2.0-or-later
#
# The words a scenario is written in: expect and wait_until with a sentence for what must hold,
# tell and show for a reader. Waiting is always for a condition and always bounded; it polls with
# the shell's own means only, because starting a program is what costs most in User-Mode Linux.

scenario_started_us=${EPOCHREALTIME/./}
scenario_verdict='the scenario ended before its end'

# Whole milliseconds since the scenario started, in $REPLY.
elapsed_ms() { REPLY=$(((${EPOCHREALTIME/./} - scenario_started_us) / 1000)); }

nap() { read -r -t "${1:-0.05}" -u "$nap_fd" _ || :; }

# it_holds CONDITION...: whether it holds; nap_between_looks then waits as long as that took three times over, 50 ms
# at least and half a second at most: on a slow machine the waiting alone would keep it busy.
it_holds() { look_us=${EPOCHREALTIME/./} && "$@"; }
nap_between_looks() {
    local us=$(((${EPOCHREALTIME/./} - look_us) * 3))
    us=$((us < 50000 ? 50000 : us > 500000 ? 500000 : us))
    printf -v us '0.%06d' $us
    nap $us
}

# One line for the record, with the time. It is kept when the scenario fails.
note() {
    elapsed_ms
    printf '%3d.%03d  %s\n' $((REPLY / 1000)) $((REPLY % 1000)) "$*" >>"$LAB_OUT/story.txt"
}

# What does not hold ends the scenario.
fail() {
    trap - ERR
    note "FAILED: $*"
    scenario_verdict="expected: $*"
    exit 1
}

# A command failed that no expectation stood before: say where, in the scenario's own lines.
scenario_broken() {
    local i line='?' text=$1
    trap - ERR
    for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
        [[ ${BASH_SOURCE[i]} == "$LAB_SCENARIO" ]] || continue
        line=${BASH_LINENO[i - 1]}
        text=$(sed -n "${line}p" "$LAB_SCENARIO")
        break
    done
    scenario_verdict="line $line of the scenario failed: $text"
    note "BROKEN: $scenario_verdict"
}

# A product built with sanitizers leaves a file for each thing they found.
no_sanitizer_report() { ! compgen -G "$LAB_DIR/hosts/*/log/sanitizer*" >/dev/null; }

scenario_passed() {
    no_sanitizer_report || fail "no report of a sanitizer (see */sanitizer.*)"
    scenario_verdict=PASS
    note passed
    exit 0
}

# expect "SENTENCE" CONDITION...: it must hold now.
expect() {
    local sentence=$1
    shift
    "$@" || fail "$sentence"
    note "holds: $sentence"
    told_held "$sentence"
}

# time_is_up SECONDS WAITED_MS LOOKS: so long was waited, and so often looked. A machine that is held up looks
# less often than the usual one; it has up to four times as long.
time_is_up() { (($2 > $1 * 1000 && ($3 >= $1 * 4 || $2 > $1 * 4000))); }

# wait_until SECONDS "SENTENCE" CONDITION...: it must hold before the time is up.
wait_until() {
    local bound=$1 sentence=$2 from_ms now_ms looks=0
    shift 2
    elapsed_ms
    from_ms=$REPLY
    until it_holds "$@"; do
        elapsed_ms
        now_ms=$REPLY
        ! time_is_up "$bound" $((now_ms - from_ms)) $((++looks)) || fail "$sentence (within $bound s)"
        ((now_ms <= LAB_BOUND * 1000)) || fail "to be through within $LAB_BOUND s, not to wait for: $sentence"
        told_waiting "$sentence" $(((now_ms - from_ms) / 1000))
        nap_between_looks
    done
    elapsed_ms
    waited_ms=$((REPLY - from_ms))
    note "holds: $sentence (after $waited_ms ms)"
    told_held "$sentence" "$waited_ms"
}

# stays SECONDS "SENTENCE" CONDITION...: it must hold now and all that time.
stays() {
    local seconds=$1 sentence=$2 from_ms
    shift 2
    elapsed_ms
    from_ms=$REPLY
    while it_holds "$@"; do
        elapsed_ms
        if ((REPLY - from_ms >= seconds * 1000)); then
            note "holds: $sentence (for $seconds s)"
            told_held "$sentence"
            return 0
        fi
        told_waiting "$sentence" $(((REPLY - from_ms) / 1000))
        nap_between_looks
    done
    fail "$sentence (for $seconds s)"
}

# settles SECONDS QUIET "SENTENCE" CONDITION...: within SECONDS it holds for QUIET seconds on end.
settles() {
    local bound=$1 quiet=$2 sentence=$3 from_ms now_ms since_ms=-1 held looks=0
    shift 3
    elapsed_ms
    from_ms=$REPLY
    while :; do
        if it_holds "$@"; then held=yes; else held=''; fi
        elapsed_ms
        now_ms=$REPLY
        if [[ $held != yes ]]; then
            since_ms=-1
        elif ((since_ms < 0)); then
            since_ms=$now_ms
        elif ((now_ms - since_ms >= quiet * 1000)); then
            break
        fi
        ! time_is_up "$bound" $((now_ms - from_ms)) $((++looks)) || fail "$sentence (within $bound s, for $quiet s)"
        told_waiting "$sentence" $(((now_ms - from_ms) / 1000))
        nap_between_looks
    done
    waited_ms=$((since_ms - from_ms))
    note "holds: $sentence (after $waited_ms ms, for $quiet s)"
    told_held "$sentence" "$waited_ms"
}

not() { ! "$@"; }

# file_says FILE TEXT: some line of the file holds the text. Builtins only.
file_says() {
    local line
    [[ -r $1 ]] || return 1
    while IFS= read -r line; do
        [[ $line != *"$2"* ]] || return 0
    done <"$1"
    return 1
}

# Narration ---------------------------------------------------------------------------------------
# Silent unless --narrate. A terminal gets colour and a running count of seconds while we wait.

bold='' dim='' green='' plain='' told_open=''
if [[ $LAB_NARRATE == yes && $LAB_TTY == yes ]]; then
    bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' plain=$'\e[0m'
fi

# A heading with what happens next, and why, below it.
tell() {
    note "== $1"
    [[ $LAB_NARRATE == yes ]] || return 0
    told_clear
    elapsed_ms
    printf '\n%s%3d s  %s%s\n' "$bold" $((REPLY / 1000)) "$1" "$plain"
    shift
    (($# == 0)) || printf '       %s\n' "$@"
}

# told_waiting SENTENCE SECONDS: something is going on; said from the second second on.
told_waiting() {
    [[ $LAB_NARRATE == yes ]] && (($2 >= 2)) && [[ $told_open != "$2" ]] || return 0
    if [[ $LAB_TTY == yes ]]; then
        printf '\r\e[K       %s… until %s (%d s)%s' "$dim" "$1" "$2" "$plain"
    elif [[ -z $told_open ]]; then
        printf '       … until %s\n' "$1"
    fi
    told_open=$2
}

# told_busy TEXT: a step without a heading of its own has begun.
told_busy() {
    [[ $LAB_NARRATE == yes && $LAB_TTY == yes ]] || return 0
    printf '\r\e[K       %s… %s%s' "$dim" "$1" "$plain"
    told_open=busy
}

told_clear() {
    [[ -n $told_open ]] || return 0
    [[ $LAB_TTY != yes ]] || printf '\r\e[K'
    told_open=''
}

told_held() {
    [[ $LAB_NARRATE == yes ]] || return 0
    told_clear
    if ((${2:-0} >= 100)); then
        printf '     %s✓%s %s %s(%d.%d s)%s\n' "$green" "$plain" "$1" "$dim" \
            $(($2 / 1000)) $(($2 % 1000 / 100)) "$plain"
    else
        printf '     %s✓%s %s\n' "$green" "$plain" "$1"
    fi
}

# show HOST COMMAND...: run it there, and let the reader see it as if he had typed it.
show() {
    local host=$1
    shift
    show_as "$host" "$*" "$@"
}

# show_as HOST TEXT COMMAND...: the same, but let him see the text.
show_as() {
    local host=$1 text=$2 line
    shift 2
    note "$host# $text"
    if [[ $LAB_NARRATE != yes ]]; then
        on "$host" "$@" >>"$LAB_OUT/story.txt" 2>&1 || fail "$text on $host to succeed"
        return
    fi
    told_clear
    printf '       %s%s# %s%s\n' "$bold" "$host" "$text" "$plain"
    { on "$host" "$@" 2>&1 || fail "$text on $host to succeed"; } | while IFS= read -r line; do
        printf '       %s\n' "$line"
    done || fail "$text on $host to succeed"
}

# show_file HOST PATH
show_file() {
    local line
    [[ $LAB_NARRATE == yes ]] || return 0
    told_clear
    printf '       %s%s:%s%s\n' "$bold" "$1" "$2" "$plain"
    while IFS= read -r line; do
        printf '         %s\n' "$line"
    done <"$(host_root "$1")$2"
}

# The end: the verdict, and what a reader of a failure needs -----------------------------------------

scenario_end() {
    trap - EXIT ERR
    set +e
    told_clear
    if [[ $scenario_verdict != PASS && $LAB_NARRATE == yes ]]; then
        printf '\n%s     ✗ %s%s\n' "$bold" "$scenario_verdict" "$plain"
    fi
    client_stop_all
    if [[ $LAB_SHELL == yes ]]; then
        shell_open
    fi
    if [[ $scenario_verdict != PASS || $LAB_KEEP == yes ]]; then
        collect_all
    fi
    echo "$scenario_verdict" >"$LAB_OUT/result"
    exit 0
}

collect_all() {
    local name
    capture_stop_all
    mkdir -p "$LAB_OUT/captures"
    cp "$LAB_DIR"/captures/* "$LAB_OUT/captures/" 2>/dev/null
    cp "$LAB_DIR"/client/*.log "$LAB_OUT/" 2>/dev/null
    for name in "${!host_pid[@]}"; do
        mkdir -p "$LAB_OUT/$name"
        cp -r "$LAB_DIR/hosts/$name/log/." "$LAB_DIR/hosts/$name/boot" "$LAB_OUT/$name/" 2>/dev/null
        host_up "$name" || continue
        cp -r "$(host_root "$name")/etc/ha.d" "$LAB_OUT/$name/" 2>/dev/null
        {
            on "$name" ip addr
            on "$name" ip route
            on "$name" ip neigh
            on "$name" busybox ps
        } >"$LAB_OUT/$name/state.txt" 2>&1
        [[ ! -r /proc/${host_pid[$name]}/net/ip_vs ]] ||
            on "$name" ipvsadm -Ln >"$LAB_OUT/$name/ipvsadm.txt" 2>&1
    done
}
