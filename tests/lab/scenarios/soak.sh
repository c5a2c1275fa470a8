# SPDX-License-Identifier: GPL-2.0-or-later
#
# A pair of directors, three web servers and a client that never rests, for so many seconds; and faults
# (stories/soak.sh), one after another, in an order that the seed decides: each kind once before any comes
# again, in one of four cases while a web server is away, too. Every request that fails is accounted for by
# the fault that was in force when it was sent, and by what that may cost; between two faults none may
# fail. At no look two nodes have the address; no process ends that nobody killed; and over the life of each
# process what it holds does not grow. soak:SECONDS:SEED
# A cut of all ways between the nodes is left out: without a third that decides, each would have to serve.
# needs: ipvs own-kernel hearth
# bound: 300 and the first word
read -r seconds seed <<<"${LAB_WORDS:-} "
seconds=${seconds:-60} seed=${seed:-1}
source "$LAB_SRC/stories/warm-words.sh"
source "$LAB_SRC/stories/soak.sh"
# How much a process may have grown, in KiB: what an allocator keeps for itself.
GROWTH_KIB=1024

# The last frames only: it may take hours.
capture_network() {
    tcpdump -Z root -U -s 256 -C 4 -W 4 -i "$1" -w "$LAB_DIR/captures/$1.pcap" >/dev/null 2>&1 &
    capture_pids+=($!)
}

directors hearth hearth
network beat
for n in 1 2; do
    name=left
    ((n == 1)) || name=right
    host_wires[$name]+=" eth1=beat:10.2.0.$n/24"
    host_plug $name eth1 beat 10.2.0.$n/24
    for peer in 1 2; do add_line $name ha.cf "ucast eth1 10.2.0.$peer"; done
done
host client eth0=wire:10.1.0.9/24
for n in 1 2 3; do web_start web$n; done

# who_is_active: $active and $other.
who_is_active() {
    active=left other=right
    has_address left $vip || active=right other=left
}
looks_well() {
    who_is_active
    serves "$active" 1 1 1 && ! has_address "$other" $vip && no_table "$other"
}
is_active() { local said; said=$(on "$1" ldirectord ldirectord.cf status 2>&1) && [[ $said != *"in standby"* ]]; }
has_guardian() { on "$1" busybox pidof guardian >/dev/null; }
all_well() {
    looks_well && node_status left right active && node_status right left active && ready "$other" 3 &&
        is_active "$active" && has_guardian left && has_guardian right
}
pids() {
    local host name
    REPLY=''
    for host in left right; do
        for name in heartbeat ldirectord.ldirectord.cf; do
            { read -r name <"$(host_root $host)/run/$name.pid"; } 2>/dev/null || name=none
            REPLY+="$host ${name// /} "
        done
    done
}
# Only processes of who was killed (ha, ld) are others than before.
spared() { # KILLED BEFORE AFTER
    local -a before after
    read -r -a before <<<"$2"
    read -r -a after <<<"$3"
    [[ ,$1, == *,ha,* || "${before[1]} ${before[5]}" == "${after[1]} ${after[5]}" ]] &&
        [[ ,$1, == *,ld,* || "${before[3]} ${before[7]}" == "${after[3]} ${after[7]}" ]]
}

RANDOM=$seed
deck=()
# draw: the next fault, in $fault, $gap, $killed.
draw() {
    local i=0 j row rows=()
    if ((${#deck[@]} == 0)); then
        while read -r row; do
            [[ -z $row ]] || rows+=("$row")
        done <<<"$faults_known"
        while ((${#rows[@]})); do
            j=$((RANDOM % ${#rows[@]}))
            deck+=("${rows[j]}")
            rows=("${rows[@]:0:j}" "${rows[@]:j+1}")
        done
    fi
    read -r fault gap killed <<<"${deck[0]}"
    deck=("${deck[@]:1}")
}

declare -A kind_times=() kind_requests=() kind_errors=() kind_gap=()
# held_up EVENT: the client itself did not run for a while, so nobody here did: that is a fault of the
# machine that the lab runs on, and accounts for what failed.
held_up() {
    client_figure client "$1" late_ms
    ((REPLY >= 200)) || return 1
    note "this machine stood still for $REPLY ms in $1"
    stalls=$((stalls + 1)) late=$REPLY
}
# account EVENT: what the client saw while this fault was in force, against what it may cost.
account() {
    local requests errors longest kind=$fault${also:+ + web}
    client_figure client "$1" requests; requests=$REPLY
    client_figure client "$1" errors; errors=$REPLY
    client_figure client "$1" gap_ms; longest=$REPLY
    kind_times[$kind]=$((${kind_times[$kind]:-0} + 1))
    kind_requests[$kind]=$((${kind_requests[$kind]:-0} + requests))
    kind_errors[$kind]=$((${kind_errors[$kind]:-0} + errors))
    ((longest <= ${kind_gap[$kind]:-0})) || kind_gap[$kind]=$longest
    all_requests=$((all_requests + requests)) all_errors=$((all_errors + errors))
    late=0
    held_up "$1" || :
    note "account: $1 $requests requests, $errors errors, gap $longest ms"
    if [[ $gap == 0 && -z $also ]]; then
        ((late > 0)) || expect "$fault costs no request (seed $seed, fault $n)" test "$errors" = 0
    elif [[ $gap != errors && $gap != 0 ]]; then
        expect "$fault costs no more than $gap ms (seed $seed, fault $n)" test "$longest" -le $((gap + late))
    fi
}
none_failed() { no_errors client "$1" || held_up "$1"; }
one_fault() {
    local before
    draw
    web=$((1 + RANDOM % 3)) also=''
    if [[ $fault != web-* ]] && ((RANDOM % 4 == 0)); then also=" while web$web is away"; fi
    who_is_active
    pids
    before=$REPLY
    client_mark client "f$n"
    client_figure client "q$((n - 1))" requests; all_requests=$((all_requests + REPLY))
    expect "between faults no request fails (seed $seed, before fault $n)" none_failed "q$((n - 1))"
    tell "Fault $n: $fault$also ($active serves)"
    [[ -z $also ]] || web_kill "web$web"
    "$fault"
    [[ -z $also ]] || web_start "web$web"
    wait_until 100 "all is well again" looks_well
    wait_until 60 "and known to be" all_well
    wait_until 20 "the client is served" is_served client 10
    client_mark client "q$n"
    account "f$n"
    pids
    spared "$killed" "$before" "$REPLY" || fail "$fault to end nothing but $killed: $before / $REPLY (seed $seed, fault $n)"
    sample
    expect "at no look two had the address (seed $seed, fault $n)" never_twice
    dwell $((300 + RANDOM % 700))
}

tell "Both directors start (seed $seed, $seconds s)"
both_start
wait_until 60 "one serves with all web servers" looks_well
wait_until 30 "and the other knows" all_well
client_start client $vip 80 / 50 1000
wait_until 20 "the client is served" is_served client 20
owners_watch left right $vip
client_mark client q0
all_requests=0 all_errors=0 n=0 stalls=0
sample
dwell 1000
elapsed_ms
ends_at_ms=$((REPLY + seconds * 1000))
while ((REPLY < ends_at_ms)); do
    n=$((n + 1))
    one_fault
    elapsed_ms
done
client_mark client end
client_figure client "q$n" requests; all_requests=$((all_requests + REPLY))
expect "after the last fault no request failed" none_failed "q$n"

# ---- what came of it ----

summary() { # prints
    local kind key kib fds children kib_first fds_first children_first grown
    printf '%d faults in %d s (seed %d), %d requests; %d failed, each while a fault was in force that may cost some\n' \
        "$n" "$seconds" "$seed" "$all_requests" "$all_errors"
    ((stalls == 0)) || printf 'this machine itself stood still for 200 ms and more, and accounts for some of them: %d times\n' "$stalls"
    printf '%-30s %6s %9s %7s %12s\n' fault times requests errors 'longest gap'
    for kind in "${!kind_times[@]}"; do
        printf '%-30s %6d %9d %7d %9d ms\n' "$kind" "${kind_times[$kind]}" "${kind_requests[$kind]}" \
            "${kind_errors[$kind]}" "${kind_gap[$kind]:-0}"
    done | sort
    printf '%-34s %6s %14s %12s %10s\n' 'process (node.boot.name.pid)' looks 'KiB' descriptors children
    for key in "${!first[@]}"; do
        ((${times[$key]} > 1)) || continue
        read -r kib_first fds_first children_first <<<"${first[$key]}"
        read -r kib fds children <<<"${last[$key]}"
        grown=''
        ((kib <= kib_first + GROWTH_KIB && fds <= fds_first && children <= children_first)) || grown=' GROWN'
        printf '%-34s %6d %6d -> %5d %4d -> %4d %3d -> %3d%s\n' "$key" "${times[$key]}" "$kib_first" "$kib" \
            "$fds_first" "$fds" "$children_first" "$children" "$grown"
    done | sort
}
summary >"$LAB_OUT/summary.txt"
if [[ $LAB_NARRATE == yes ]]; then
    printf '\n'
    cat "$LAB_OUT/summary.txt"
fi
nothing_grew() { ! file_says "$LAB_OUT/summary.txt" GROWN; }
expect "what the daemons hold did not grow (seed $seed; see summary.txt)" nothing_grew
