# SPDX-License-Identifier: GPL-2.0-or-later
#
# Words about a pair of nodes and a client, whatever product runs on the nodes: Hearth, Heartbeat
# 3.0.6, keepalived or the bare floor. Beats go over a wire of their own; addresses are on another
# network, where the client is. Only one product is there at a time.
# shellcheck shell=bash disable=SC2034

bench_vip=10.2.0.20
pair_product='' pair_started_us=(0 0)
pair_wire=wire pair_service=service # its networks
# What a bench may ask for beside addresses, before pair_begin: a resource that comes before them, lines
# for keepalived.conf, and that all goes home to the first node.
pair_resource='' pair_keepalived_lines='' pair_failback=off
pair_start=script # of init; or daemon: by its own name, as keepalived is

# Nothing is captured: that costs what is to be measured.
capture_network() { :; }

# pair_networks: once, before anything else.
pair_networks() {
    network wire service
    host client product=none eth0=service:10.2.0.3/24
}

# pair_begin PRODUCT VIPS KEEPALIVE_MS DEADTIME_MS [LINE...]: two hosts with COUNT addresses from
# $bench_vip on, at home on the first one. LINEs go to ha.cf. The hosts are ${pair[0]} and ${pair[1]}.
pair_begin() {
    local tree name n
    pair_product=$1 pair_vips=$2 pair_keepalive=$3 pair_deadtime=$4
    shift 4
    pair_serial=$((${pair_serial:-0} + 1))
    pair=("a$pair_serial" "b$pair_serial")
    pair_lines=("$@")
    case $pair_product in
        hearth) tree=hearth pair_port=694 ;;
        heartbeat) tree=peer pair_port=694 ;;
        keepalived) tree=$LAB_PEERS/keepalived pair_port=0 ;;
        floor) tree=none pair_port=694 ;;
    esac
    for n in 0 1; do
        # the wire first: a host that loses it first has nobody to tell of what follows
        host "${pair[n]}" uname=node$((n + 1)) product=$tree eth1=$pair_wire:10.1.0.$((n + 1))/24 \
            eth0=$pair_service:10.2.0.$((n + 1))/24
        "pair_files_$pair_product" "${pair[n]}" $((n + 1))
    done
}
pair_files_hearth() { pair_files_heartbeat "$@"; }
pair_files_heartbeat() {
    local host=$1 i line="node1${pair_resource:+ $pair_resource}"
    for ((i = 0; i < pair_vips; i++)); do
        line+=" IPaddr2::${bench_vip%.*}.$((${bench_vip##*.} + i))"
    done
    host_install "$host" /etc/ha.d/haresources <<<"$line"
    host_install "$host" /etc/ha.d/authkeys 600 <<<$'auth 1\n1 sha1 a-key-of-some-length'
    host_install "$host" /etc/ha.d/ha.cf <<END
logfile /var/log/ha-log
keepalive ${pair_keepalive}ms
warntime $((pair_deadtime / 2))ms
deadtime ${pair_deadtime}ms
initdead $((10 * pair_deadtime > 3000 ? 10 * pair_deadtime : 3000))ms
udpport 694
auto_failback $pair_failback
ucast eth1 10.1.0.1
ucast eth1 10.1.0.2
node node1
node node2
$(printf '%s\n' "${pair_lines[@]}")
END
}
# What it takes a backup for: three intervals, and a little less than one in 256 of one.
pair_files_keepalived() {
    local host=$1 number=$2 i interval vips='' more='' stay=nopreempt
    [[ $pair_failback == off ]] || stay=''
    printf -v interval '%d.%03d' $((pair_keepalive / 1000)) $((pair_keepalive % 1000))
    for ((i = 0; i < pair_vips; i++)); do # an advert has room for few
        if ((i == 0)); then
            vips="$bench_vip/24 dev eth0"
        else
            more+="    ${bench_vip%.*}.$((${bench_vip##*.} + i))/24 dev eth0"$'\n'
        fi
    done
    host_install "$host" /etc/keepalived/keepalived.conf <<END
global_defs {
    vrrp_version 3
    vrrp_priority 10
    vrrp_no_swap
}
vrrp_instance one {
    state BACKUP
    $stay
    interface eth1
    virtual_router_id 51
    priority $((251 - number))
    advert_int $interval
    virtual_ipaddress {
        $vips
    }
    virtual_ipaddress_excluded {
$more    }
}
$pair_keepalived_lines
END
}
pair_files_floor() { host_install "$1" /usr/local/bin/floor_owner 755 <"$BENCH_PROGRAMS/floor_owner"; }

# pair_detects: after so many ms of silence the product takes a node for dead, in $REPLY.
pair_detects() {
    REPLY=$pair_deadtime
    # (256 - priority) / 256 of an interval besides
    [[ $pair_product != keepalived ]] || REPLY=$((3 * pair_keepalive + 6 * pair_keepalive / 256))
}

# pair_start_node N [own]: start the product there. own: it is to have the addresses (the floor must
# be told).
pair_start_node() {
    local host=${pair[$1]} other=$((2 - $1))
    pair_started_us[$1]=${EPOCHREALTIME/./}
    case $pair_product in
        hearth)
            if [[ $pair_start == daemon ]]; then
                on "$host" heartbeat >>"$LAB_OUT/story.txt" 2>&1
            else
                heartbeat_start "$host"
            fi
            ;;
        heartbeat) heartbeat_start "$host" ;;
        keepalived) # without its checkers, if there is nothing to check
            on "$host" keepalived $([[ -n $pair_keepalived_lines ]] || echo --vrrp) >>"$LAB_OUT/story.txt" 2>&1
            ;;
        floor)
            on "$host" setsid -f /usr/local/bin/floor_owner 10.1.0.$other 694 "$pair_keepalive" "$pair_deadtime" \
                eth0 $bench_vip "$pair_vips" ${2:+own} </dev/null >>"$LAB_OUT/story.txt" 2>&1
            ;;
    esac
}

# The kernel there has all of them, or none.
pair_owns() {
    local name=${pair[$1]}
    has_address "$name" $bench_vip &&
        has_address "$name" "${bench_vip%.*}.$((${bench_vip##*.} + pair_vips - 1))"
}
pair_owns_none() {
    local name=${pair[$1]}
    ! has_address "$name" $bench_vip &&
        ! has_address "$name" "${bench_vip%.*}.$((${bench_vip##*.} + pair_vips - 1))"
}
pair_owned_by() { pair_owns "$1" && pair_owns_none $((1 - $1)); }
# ... and both nodes know each other, and that nothing is on its way.
pair_settled() {
    pair_owned_by "$1" || return 1
    case $pair_product in
        hearth | heartbeat)
            pair_at_rest 0 && pair_at_rest 1 && node_status "${pair[0]}" node2 active &&
                node_status "${pair[1]}" node1 active
            ;;
        keepalived | floor) nap 0.3 ;; # some of its beats are heard
    esac
}

# A status, and none of a resource on its way.
pair_at_rest() {
    local status
    status=$(on "${pair[$1]}" cl_status rscstatus 2>/dev/null) && [[ $status != transition ]]
}

# pair_both_start: at once.
pair_both_start() {
    pair_started_us[1]=${EPOCHREALTIME/./}
    (trap - EXIT ERR TERM INT && pair_start_node 1) &
    pair_start_node 0 own
    wait $!
}
# pair_run: both start, and the first one has all; pair_owner is who has.
pair_run() {
    pair_both_start
    if [[ $pair_product == keepalived ]]; then
        wait_until 30 "one of them has all addresses" pair_owned_by_any
        pair_owner=0
        pair_owned_by 0 || pair_owner=1
    else
        wait_until 90 "the first node has all addresses" pair_owned_by 0
        pair_owner=0
    fi
    wait_until 60 "they know it" pair_settled "$pair_owner"
}
pair_owned_by_any() { pair_owned_by 0 || pair_owned_by 1; }

# pair_end: the hosts are gone.
pair_end() {
    host_crash "${pair[0]}"
    host_crash "${pair[1]}"
    rm -rf "$LAB_DIR/hosts/${pair[0]}"/{upper,work} "$LAB_DIR/hosts/${pair[1]}"/{upper,work}
}

# ---- the witness (witness.c) ----

# witness_run TURN_US OPTION...: it begins to look, in the background; witness_pid.
witness_run() {
    local turn=$1
    shift
    : >"$LAB_DIR/witness"
    # of the daemons' own priority: a request that goes late looks like a gap
    chrt -f 1 "$BENCH_PROGRAMS/witness" -c "${host_pid[client]}" -s 10.2.0.3 -v $bench_vip -n "$pair_vips" \
        -p "$turn" "$@" >"$LAB_DIR/witness" 2>>"$LAB_OUT/story.txt" &
    witness_pid=$!
}
witness_sees() { file_says "$LAB_DIR/witness" ready; }
# witness_begin TURN_US OPTION...: the same, with the beats of the present owner; until all addresses answer.
witness_begin() {
    local other=$((1 - pair_owner))
    witness_run "$@" -b "${host_pid[${pair[other]}]}:eth1:10.1.0.$((pair_owner + 1)):$pair_port"
    wait_until_quietly 20 witness_sees || fail "every address to answer before anything happens"
}
# witness_end: its last line in $witness_said.
witness_end() {
    wait $witness_pid || fail "every address to be taken by the other node"
    witness_said=$(tail -n 1 "$LAB_DIR/witness")
    note "witness: $witness_said"
}
# witness_ms NAME [LESS_MS]: a figure of it in ms, less so many, in $REPLY.
witness_ms() {
    figure_of "$witness_said" "$1"
    us_to_ms "$REPLY" "${2:-0}"
}
us_to_ms() { REPLY=$(awk -v us="$1" -v less="${2:-0}" 'BEGIN { printf "%.4f", us / 1000 - less }'); }

# A turn that 1, 50 and 200 addresses allow without being a load themselves.
witness_turn() { REPLY=$((pair_vips <= 1 ? 1000 : pair_vips <= 50 ? 5000 : 20000)); }

# In the first five seconds of its life a node of Heartbeat 3.0.6 asks for two seconds more than
# deadtime, one of ours until it is stable, and then says so with a beat.
pair_grown() {
    local age_us=$((${EPOCHREALTIME/./} - pair_started_us[pair_owner]))
    [[ $pair_product != heartbeat ]] || ((age_us > 5400000))
    [[ $pair_product != hearth ]] || ((age_us > 1000000))
}

# pair_doom N: who is to die there, looked up beforehand, so that the crash comes at the moment it is ordered.
pair_doom() { pair_processes "$1" && pair_doomed=$REPLY; }
# pair_crash N: from one moment on nothing comes from it, and no process of the product lives. Its
# network namespace stays: the kernel takes one apart under a lock that the survivor needs as well.
pair_crash() {
    local name=${pair[$1]}
    ip -batch - <<<"link set $name-eth1 type bridge_slave state 1"$'\n'"link set $name-eth0 type bridge_slave state 1"
    # shellcheck disable=SC2086
    kill -KILL $pair_doomed
    note "$name has crashed"
}

# crash_once LESS_MS WHAT: the owner's host is gone at once, and comes back when the other one has
# everything. A sample: from the last beat to the last address, less so many ms.
crash_once() {
    local less=$1 what=$2 died=$pair_owner
    wait_until 10 "the owner is past its first seconds" pair_grown
    witness_turn
    witness_begin "$REPLY" -t 60000
    pair_doom "$died"
    nap "0.$((100 + RANDOM % 200))" # anywhere between two beats
    pair_crash "$died"
    witness_end
    pair_owner=$((1 - died))
    witness_ms last_us "$less"
    sample "$pair_product" "$what" ms "$REPLY"
    owners_counted
    host_crash "${pair[died]}"
    host_boot "${pair[died]}"
    pair_start_node "$died"
    wait_until 90 "the one that crashed is back" pair_settled "$pair_owner"
}
# How often two hosts answered for one address, as a sample.
owners_counted() {
    figure_of "$witness_said" twice
    sample "$pair_product" "two owners" count "$REPLY"
}

# move_once WHAT: the owner hands everything to the other node. A sample: the longest gap.
move_once() {
    local from=$pair_owner turn=1000
    ((pair_vips == 1)) || turn=2000
    witness_begin $turn -t 60000 -l 300
    case $pair_product in
        hearth | heartbeat) hb_order "${pair[from]}" hb_standby all ;;
        floor) on "${pair[from]}" busybox killall -USR1 floor_owner ;;
        keepalived) on "${pair[from]}" busybox killall keepalived ;; # its way to hand over
    esac
    witness_end
    pair_owner=$((1 - from))
    witness_ms gap_us
    sample "$pair_product" "$1" ms "$REPLY"
    owners_counted
    if [[ $pair_product == keepalived ]]; then
        wait_until 10 "keepalived is gone" not on "${pair[from]}" busybox pidof keepalived >/dev/null
        pair_start_node "$from"
    fi
    wait_until 90 "both are at rest" pair_settled "$pair_owner"
}

# ---- what a product uses ----

# Its processes on the node of that number, as the lab sees them: all but those that every host has.
pair_processes() {
    local dir comm space=/proc/${host_pid[${pair[$1]}]}/ns/pid
    REPLY=''
    for dir in /proc/[0-9]*; do
        [[ $dir/ns/pid -ef $space ]] || continue
        read -r comm 2>/dev/null <"$dir/comm" || continue
        [[ $comm == bash || $comm == sleep || $comm == busybox ]] || REPLY+=" ${dir#/proc/}"
    done
}
# The time all of them have run on a processor so far, in µs.
pair_spent_us() {
    local pid file ns sum=0
    pair_processes "$1"
    for pid in $REPLY; do
        for file in /proc/"$pid"/task/*/schedstat; do
            read -r ns _ 2>/dev/null <"$file" || continue
            sum=$((sum + ns))
        done
    done
    REPLY=$((sum / 1000))
}
# The sum of their proportional set sizes.
pair_memory_kb() {
    local pid word kb sum=0
    pair_processes "$1"
    for pid in $REPLY; do
        while read -r word kb _; do
            [[ $word != Pss: ]] || sum=$((sum + kb))
        done <"/proc/$pid/smaps_rollup"
    done
    REPLY=$sum
}
