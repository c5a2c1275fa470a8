#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The whole of a site in User-Mode Linux: two directors, three web servers behind one address, and a client
# that sends a request every 10 ms, each on a connection of its own and lost if it is not answered within a
# second (smoke: 100 ms, and five seconds). On the directors: Hearth, with ldirectord warm on both; Heartbeat
# 3.0.6 with ldirectord as its resource; keepalived with checks. Hearth and keepalived synchronise their
# connections; all directors forward packets, as LVS how-tos have it. The owner dies; the dead one returns and
# takes the address back; a move is ordered. Each time: the longest time between two good answers (after a
# death: less the time in which the product takes a node for dead), and how many requests were lost. All of it
# on the one core of User-Mode Linux, the client's work and the servers' too. The time of a death between two
# beats, which counts for more than anything else, goes evenly through all that there are, for each product.
# needs: ipvs hearth peer keepalived
# bound: 3600
# target: death, beats 100 ms; p99; 20
# target: death, detected in 300 ms; median; 1 keepalived
# target: move; median; 1 keepalived
# target: failback; median; 1 keepalived
# target: lost in a move; worst; 0
# target: lost in a failback; worst; 0
BENCH_SOURCE=client
source "$LAB_SRC/../bench/bench.sh"
source "$LAB_SRC/../bench/pair.sh"

# A request so often, lost after so long; so many good answers on end are a site that serves.
every_ms=10 patience_ms=1000 served=100
[[ $BENCH_SIZE != smoke ]] || every_ms=100 patience_ms=5000 served=10

web_farm() {
    local n
    for n in 1 2 3; do
        host "web$n" "eth0=service:10.2.0.1$n/24"
        page "web$n" index.html <<<"web server $n"
        real_server "web$n" $bench_vip
        web_start "web$n"
    done
}

# What watches the web servers, for each product.
ldirectord_cf() {
    [[ $1 != hearth ]] || echo syncdaemon=eth1
    cat <<END
checkinterval=1
checktimeout=2
negotiatetimeout=2
logfile="/var/log/ldirectord.log"
virtual=$bench_vip:80
	real=10.2.0.11:80 gate
	real=10.2.0.12:80 gate
	real=10.2.0.13:80 gate
	service=http
	request="index.html"
	receive="web server"
	scheduler=rr
END
}
keepalived_lines() {
    local n
    printf 'global_defs {\n lvs_sync_daemon eth1 one\n}\n'
    printf 'virtual_server %s 80 {\n delay_loop 1\n lvs_sched rr\n lvs_method DR\n protocol TCP\n' $bench_vip
    for n in 1 2 3; do
        printf ' real_server 10.2.0.1%d 80 {\n  HTTP_GET {\n   url {\n    path /index.html\n    status_code 200\n   }\n  }\n }\n' $n
    done
    echo '}'
}

# site PRODUCT KEEPALIVE_MS DEADTIME_MS: both directors run, and the client is served.
site() {
    local name
    pair_start=daemon pair_failback=on pair_resource='' pair_keepalived_lines=''
    if [[ $1 == keepalived ]]; then pair_keepalived_lines=$(keepalived_lines); else pair_resource=ldirectord::ldirectord.cf; fi
    pair_begin "$1" 1 "$2" "$3"
    for name in "${pair[@]}"; do
        forwards_packets "$name"
        [[ $1 == keepalived ]] || ldirectord_cf "$1" | host_install "$name" /etc/ha.d/ldirectord.cf
    done
    pair_run
    is_whole
}
# What still comes to a director that has let go of the address, it passes on to the one that has it.
forwards_packets() { on "$1" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'; }
is_whole() {
    wait_until 60 "the first node serves, with all web servers" serves_with_all 0
    pair_owner=0 # whoever was first
    wait_until 60 "both are at rest" pair_settled 0
    [[ $pair_product != hearth ]] || wait_until 60 "the other one knows the web servers, too" stands_by 1
    wait_until 20 "the client is served" is_served client $served
    wait_until 10 "the owner is past its first seconds" pair_grown
}
serves_with_all() {
    pair_owned_by "$1" && weights_are "${pair[$1]}" $bench_vip:80 10.2.0.11:80=1 10.2.0.12:80=1 10.2.0.13:80=1
}
stands_by() { [[ $(on "${pair[$1]}" ldirectord ldirectord.cf status 2>&1) == *'3 real servers, 3 up, 0 not'* ]]; }

# lost EVENT WHAT: a sample, of an event that is over.
lost() { client_figure client "$1" errors; sample "$pair_product" "$2" requests "$REPLY"; }

# after_a_beat MS: it is so long ago that one of the owner was on the wire.
after_a_beat() {
    local what='udp port 694'
    [[ $pair_product != keepalived ]] || what='ip proto 112'
    timeout 10 tcpdump -Z root -i $pair_wire -c 1 --immediate-mode "src host 10.1.0.$((pair_owner + 1)) and $what" >/dev/null 2>&1
    printf -v REPLY '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
    nap "$REPLY"
}

# once WHAT I N: the owner dies, at the I-th of N times between two beats, returns and takes the address back;
# then a move by order, and home again.
once() {
    local detects
    pair_detects
    detects=$REPLY
    pair_doom 0
    client_mark client death
    after_a_beat $((pair_keepalive * (2 * $2 + 1) / (2 * $3)))
    pair_crash 0
    pair_owner=1
    undisturbed # whoever looks takes time of the only processor
    wait_until 60 "the other one has it" pair_owns 1
    wait_until 60 "the client is served" is_served client $served
    client_mark client return
    client_figure client death gap_ms
    sample "$pair_product" "$1" ms $((REPLY - detects))
    host_crash "${pair[0]}"
    host_boot "${pair[0]}"
    forwards_packets "${pair[0]}"
    wait_until 10 "the owner is past its first seconds" pair_grown
    comes_home failback pair_start_node 0
    client_mark client move
    case $pair_product in
        hearth | heartbeat) hb_order "${pair[0]}" hb_standby all ;;
        keepalived) on "${pair[0]}" bash -c 'kill "$(</run/keepalived.pid)"' ;; # its way to hand over
    esac
    pair_owner=1
    is_over move
    lost move 'lost in a move'
    case $pair_product in
        hearth | heartbeat) comes_home move hb_order "${pair[1]}" hb_standby all ;;
        keepalived) comes_home failback pair_start_node 0 ;;
    esac
}
# For as long as it takes by far.
undisturbed() { if times 0 1 1; then nap 3; else nap 0.5; fi; }
# comes_home EVENT COMMAND...: by that, and it is seen.
comes_home() {
    client_mark client "$1"
    "${@:2}"
    pair_owner=0
    is_over "$1"
    lost "$1" "lost in a $1"
    is_whole
}
# is_over EVENT: the address is where it belongs, the client is served, and its longest gap so far was a sample. Nothing
# is looked at before that is known: whoever looks takes time of the only processor, which would make gaps of its own.
is_over() {
    local gap tries
    for ((tries = 0; tries < 100; tries++)); do
        undisturbed
        is_served client $((served + served / 2)) || continue
        client_figure client now gap_ms
        gap=$REPLY
        pair_owned_by $pair_owner || continue
        sample "$pair_product" "$1" ms "$gap"
        client_mark client between
        return 0
    done
    fail "an end of the $1"
}

# sees PRODUCT KEEPALIVE_MS DEADTIME_MS WHAT SMOKE SHORT FULL
sees() {
    local i count
    times "$5" "$6" "$7" || return 0
    count=$REPLY
    site "$1" "$2" "$3"
    for ((i = 0; i < count; i++)); do
        once "$4" $i "$count"
    done
    pair_end
    client_mark client between
}

pair_networks
web_farm
client_start client $bench_vip 80 / $every_ms $patience_ms
sees hearth 100 500 'death, beats 100 ms' 1 3 20
sees hearth 100 300 'death, detected in 300 ms' 0 3 20
sees keepalived 100 300 'death, detected in 300 ms' 0 3 20
sees heartbeat 100 500 'death, beats 100 ms' 0 1 5
