#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# 2,277 virtual services with 37,205 real servers, none of them checked. Cold start: from before the
# start command until the kernel's table has all of them. Reload: the weight of one real server is
# edited; from before the SIGHUP until the kernel's table has the new one; and how many operations
# the daemon says that it sent for that. Hearth reads the file when it is edited, and the order finds it
# read; so the same once more with autoreload: from before the new file is moved into place. All on the
# one core of User-Mode Linux, where a system call costs several times what it does elsewhere: the ratio
# counts.
# needs: ipvs hearth keepalived
# bound: 3600
# target: reload; p99; 100
# target: reload by itself; p99; 100
# target: operations of a reload; worst; 1
# target: cold start; median; 1 keepalived
BENCH_SOURCE=reload
source "$LAB_SRC/../bench/bench.sh"

if [[ $BENCH_SIZE == smoke ]]; then services=50 servers=500; else services=2277 servers=37205; fi
edited=10.100.0.$((77 / (servers / services + 1) + 1)) # has the 78th server

# plan WEIGHT: "SERVICE" and, of each of its servers, "ADDRESS WEIGHT"; one of them has that weight.
plan() {
    awk -v services=$services -v servers=$servers -v weight="$1" 'BEGIN {
        for (i = 0; i < services; i++) {
            print "10." 100 + int(i / 62500) "." int(i / 250) % 250 "." i % 250 + 1
            count = int(servers / services) + (i < servers % services)
            for (j = 0; j < count; j++) {
                print "10." 120 + int(n / 62500) "." int(n / 250) % 250 "." n % 250 + 1, n == 77 ? weight : 1
                n++
            }
        }
    }'
}
last=$(plan 1 | awk 'NF == 1 { last = $1 } END { print last }') # service
autoreload=no
file_hearth() {
    printf 'checkinterval=60\nlogfile="/var/log/ldirectord.log"\nautoreload=%s\n' "$autoreload"
    plan "$1" | awk 'NF == 1 { print "virtual=" $1 ":80\n\tchecktype=on\n\tscheduler=wlc" }
                     NF == 2 { print "\treal=" $1 ":80 masq " $2 }'
}
file_keepalived() {
    plan "$1" | awk 'NF == 1 { if (n++) print "}"; print "virtual_server " $1 " 80 {\n lb_algo wlc\n lb_kind NAT\n protocol TCP" }
                     NF == 2 { print " real_server " $1 " 80 {\n  weight " $2 "\n }" }
                     END { print "}" }'
}
path_hearth=/etc/ha.d/ldirectord.cf path_keepalived=/etc/keepalived/keepalived.conf
start_hearth() { on director ldirectord start >>"$LAB_OUT/story.txt" 2>&1; }
start_keepalived() { on balancer keepalived --check >>"$LAB_OUT/story.txt" 2>&1; }
pid_hearth() { on director cat /run/ldirectord.ldirectord.pid; }
pid_keepalived() { on balancer cat /run/keepalived.pid; }
declare -A host_of=([hearth]=director [keepalived]=balancer)

# watch WHO WORD...: begins to look for that in its table (table_watch.c). seen: it is there, so many ms after $1.
watch() {
    nsenter -t "${host_pid[${host_of[$1]}]}" -n "$LAB_PROGRAMS/table_watch" "${@:2}" >"$LAB_DIR/at" &
    watcher=$!
    nap 0.2
}
seen() {
    wait $watcher || fail "the table to be as it is to be"
    REPLY=$(awk -v us=$(($(<"$LAB_DIR/at") - $1)) 'BEGIN { printf "%.3f", us / 1000 }')
}
# until BOUND COMMAND...: without a pause between.
until_holds() {
    local bound_us=$(($1 * 1000000)) from_us=${EPOCHREALTIME/./}
    shift
    until "$@"; do
        ((${EPOCHREALTIME/./} - from_us < bound_us)) || fail "$*"
    done
}

reload() { # WHO WEIGHT
    local from_us logged
    "file_$1" "$2" | host_install "${host_of[$1]}" "$(eval "echo \$path_$1")"
    local pid
    pid=$("pid_$1")
    logged=$(count_operations)
    watch "$1" weight "$edited:80" 10.120.0.78:80 "$2" 600
    from_us=${EPOCHREALTIME/./}
    on "${host_of[$1]}" kill -HUP "$pid"
    seen "$from_us"
    sample "$1" reload ms "$REPLY"
    [[ $1 == hearth ]] || return 0
    nap 3 # the rest of the table is looked at
    sample hearth "operations of a reload" count $(($(count_operations) - logged))
}
reload_itself() { # WEIGHT
    local from_us
    file_hearth "$1" | host_install director $path_hearth.next
    watch hearth weight "$edited:80" 10.120.0.78:80 "$1" 600
    from_us=${EPOCHREALTIME/./}
    on director mv $path_hearth.next $path_hearth
    seen "$from_us"
    sample hearth "reload by itself" ms "$REPLY"
    nap 3
}
count_operations() {
    local found
    found=$(grep -c 'Weight set to\|virtual server:\|real server:' "$(host_log director)/ldirectord.log" 2>/dev/null) || :
    echo "${found:-0}"
}

bench() { # WHO STARTS RELOADS
    local i from_us
    for ((i = 0; i < $2; i++)); do
        "file_$1" 1 | host_install "${host_of[$1]}" "$(eval "echo \$path_$1")"
        watch "$1" servers "$servers" 600 "$last:80"
        from_us=${EPOCHREALTIME/./}
        "start_$1"
        seen "$from_us"
        sample "$1" "cold start" ms "$REPLY"
        ((i == $2 - 1)) || stop_it "$1"
    done
    for ((i = 0; i < $3; i++)); do
        reload "$1" $((2 + i % 2))
    done
    if [[ $1 == hearth ]]; then
        autoreload=yes
        reload hearth 4
        for ((i = 0; i < $3; i++)); do
            reload_itself $((2 + i % 2))
        done
    fi
    stop_it "$1"
}
stop_it() {
    local pid
    pid=$("pid_$1")
    on "${host_of[$1]}" kill "$pid"
    until_holds 600 table_is_empty "$1"
    until_holds 60 has_ended "$1" "$pid"
}
has_ended() { ! on "${host_of[$1]}" kill -0 "$2" 2>/dev/null; }
table_is_empty() { [[ -z $(on "${host_of[$1]}" ipvsadm -Sn) ]]; }

network wire
host director product=hearth eth0=wire:10.0.0.1/8
host balancer product="$LAB_PEERS/keepalived" eth0=wire:10.0.0.2/8
times 1 2 5
starts=$REPLY
times 2 5 20
bench hearth "$starts" "$REPLY"
if times 0 2 5; then
    starts=$REPLY
    times 0 3 10
    bench keepalived "$starts" "$REPLY"
fi
