# SPDX-License-Identifier: GPL-2.0-or-later
#
# Measuring clients (client.c). The scenario marks events and asks for figures over two fifos, with
# builtins only; the figures come as name=value words, of which client_figure picks one.

declare -A client_ask=() client_answer=() client_pid=()

# client_start HOST ADDRESS PORT PATH [INTERVAL_MS] [TIMEOUT_MS] [OPTION...]
client_start() {
    local name=$1 dir=$LAB_DIR/client fd
    mkfifo "$dir/$name.ask" "$dir/$name.answer"
    exec {fd}<>"$dir/$name.ask"
    client_ask[$name]=$fd
    exec {fd}<>"$dir/$name.answer"
    client_answer[$name]=$fd
    nsenter -t "${host_pid[$name]}" -n "$LAB_CLIENT" -i "${5:-50}" -t "${6:-1000}" "${@:7}" \
        -l "$dir/$name.log" -c "$dir/$name.ask" -r "$dir/$name.answer" "$2" "$3" "$4" \
        >"$dir/$name.events" 2>&1 &
    client_pid[$name]=$!
    note "$name asks http://$2:$3/$4"
}

# client_say HOST COMMAND...: one command; its answer in $REPLY.
client_say() {
    local name=$1
    shift
    echo "$*" >&"${client_ask[$name]}"
    IFS= read -r -t 10 -u "${client_answer[$name]}" REPLY || fail "the client on $name to answer"
    [[ $REPLY != error=* ]] || fail "the client on $name to understand: $* ($REPLY)"
}

client_mark() { client_say "$1" mark "$2"; note "client: event $2"; }
client_target() { client_say "$@"; }

# client_figure HOST EVENT NAME: a figure of a past event (or of "now") in $REPLY.
client_figure() {
    if [[ $2 == now ]]; then client_say "$1" now; else client_say "$1" report "$2"; fi
    figure_of "$REPLY" "$3"
}

figure_of() {
    local word
    for word in $1; do
        if [[ $word == "$2="* ]]; then
            REPLY=${word#*=}
            return 0
        fi
    done
    fail "the client to know a figure called $2"
}

# is_served HOST N: the last N answers were good ones, all in the current event.
is_served() { client_figure "$1" now streak; ((REPLY >= $2)); }

# has_seen HOST OUTCOME: refused, reset, timeout, bad or local, at least once in the current event.
has_seen() { client_figure "$1" now "$2"; ((REPLY > 0)); }

# answered_by HOST SERVER...: each of these has answered in the current event.
answered_by() {
    local name=$1 server
    shift
    client_figure "$name" now servers
    for server; do
        [[ ,$REPLY == *",$server:"* ]] || return 1
    done
}

no_errors() { client_figure "$1" "$2" errors; ((REPLY == 0)); }
gap_below() { client_figure "$1" "$2" gap_ms; ((REPLY < $3)); }

# even_share HOST EVENT PERCENT SERVER...: each had at least PERCENT of the good answers.
even_share() {
    local name=$1 event=$2 percent=$3 server ok count
    shift 3
    client_figure "$name" "$event" ok
    ok=$REPLY
    client_figure "$name" "$event" servers
    for server; do
        [[ ,$REPLY, =~ ,$server:([0-9]+), ]] || return 1
        count=${BASH_REMATCH[1]}
        ((count * 100 >= ok * percent)) || return 1
    done
}

# client_table HOST: what it saw, an event a line, for a reader.
client_table() {
    local line event requests errors gap servers
    client_stop "$1"
    [[ $LAB_NARRATE == yes ]] || return 0
    printf '       %-24s %8s %7s %12s   %s\n' event requests errors 'longest gap' 'answered by'
    while IFS= read -r line; do
        figure_of "$line" event; event=${REPLY//_/ }
        figure_of "$line" requests; requests=$REPLY
        figure_of "$line" errors; errors=$REPLY
        figure_of "$line" gap_ms; gap=$REPLY
        figure_of "$line" servers; servers=${REPLY//,/, }
        ((requests > 0)) || continue
        printf '       %-24s %8d %7d %9d ms   %s\n' "$event" "$requests" "$errors" "$gap" "${servers//:/ }"
    done <"$LAB_DIR/client/$1.events"
}

client_stop() {
    [[ -n ${client_pid[$1]:-} ]] || return 0
    echo quit >&"${client_ask[$1]}"
    wait "${client_pid[$1]}" || :
    client_pid[$1]=''
    while IFS= read -r line; do
        note "client: $line"
    done <"$LAB_DIR/client/$1.events"
}

client_stop_all() {
    local name
    for name in "${!client_pid[@]}"; do
        client_stop "$name"
    done
}
