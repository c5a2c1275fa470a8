# SPDX-License-Identifier: GPL-2.0-or-later
#
# What may befall a pair of directors, and what it may cost a client: a row a fault. Each fault is put in,
# left for a while and taken out again by the function of its name; $active and $other say who is who.

# Columns: fault, the longest gap in ms that a client may see (0: no request may fail; errors: some may,
# but others are answered all the while), and whose processes do not survive it (ha: heartbeat,
# ld: ldirectord; of either node).
faults_known='
crash-active           9000    ha,ld
crash-other            0       ha,ld
kill-heartbeat-active  9000    ha
kill-heartbeat-other   0       ha
kill-guardian-active   0       -
kill-guardian-other    0       -
kill-ldirectord-active 0       ld
kill-ldirectord-other  0       ld
stop-heartbeat-active  9000    -
stop-heartbeat-other   0       -
stop-ldirectord-active 0       -
stop-ldirectord-other  0       -
leave-active           6000    ha,ld
leave-other            0       ha,ld
cable-active           9000    -
cable-other            0       -
cable-beat             0       -
oneway-beat            0       -
loss-beat              0       -
oneway-wire            12000   -
clock                  0       -
web-killed             errors  -
web-silent             errors  -
web-crashed            errors  -
reload-heartbeat       0       -
reload-ldirectord      0       -
hb-standby             6000    -
hb-takeover            6000    -
hostile                0       -
'

dwell() { # MS
    local until_ms
    elapsed_ms
    until_ms=$((REPLY + $1))
    while ((REPLY < until_ms)); do
        nap 0.05
        elapsed_ms
    done
}
moved() { has_address "$other" $vip && ! has_address "$active" $vip; }
ends() { # HOST SIGNAL NAME...
    local host=$1 signal=$2
    shift 2
    on "$host" busybox killall "-$signal" "$@" || note "nobody called $* on $host"
}

boots_again() { # HOST
    host_boot "$1"
    boots[$1]=$((boots[$1] + 1))
    heartbeat_start "$1"
}
crash-active() { host_crash "$active"; wait_until 30 "$other takes over" has_address "$other" $vip; boots_again "$active"; }
crash-other() { host_crash "$other"; dwell 4000; boots_again "$other"; }
kill-heartbeat-active() { ends "$active" KILL heartbeat; wait_until 30 "$other takes over" moved; heartbeat_start "$active"; }
kill-heartbeat-other() { ends "$other" KILL heartbeat; dwell 3000; heartbeat_start "$other"; }
kill-guardian-active() { ends "$active" KILL guardian; }
kill-guardian-other() { ends "$other" KILL guardian; }
kill-ldirectord-active() { ends "$active" KILL ldirectord; dwell 1000; }
kill-ldirectord-other() { ends "$other" KILL ldirectord; dwell 1000; }
stop-heartbeat-active() { ends "$active" STOP heartbeat; wait_until 30 "$other takes over" moved; dwell 1000; ends "$active" CONT heartbeat; }
stop-heartbeat-other() { ends "$other" STOP heartbeat; dwell 4000; ends "$other" CONT heartbeat; }
stop-ldirectord-active() { ends "$active" STOP ldirectord; dwell 1500; ends "$active" CONT ldirectord; }
stop-ldirectord-other() { ends "$other" STOP ldirectord; dwell 1500; ends "$other" CONT ldirectord; }
leave-active() { heartbeat_stop "$active"; wait_until 30 "$other takes over" moved; heartbeat_start "$active"; }
leave-other() { heartbeat_stop "$other"; dwell 1000; heartbeat_start "$other"; }
cable-active() { cable_pull "$active" eth0; wait_until 30 "$other takes over" moved; dwell 1000; cable_plug "$active" eth0; }
cable-other() { cable_pull "$other" eth0; dwell 4000; cable_plug "$other" eth0; }
cable-beat() { cable_pull "$active" eth1; dwell 4000; cable_plug "$active" eth1; }

# What goes to HOST by IFACE suffers, what comes from it does not.
oneway() { # HOST IFACE MS NETEM-WORD...
    local port=$1-$2 ms=$3
    shift 3
    tc qdisc add dev "$port" root netem "$@"
    dwell "$ms"
    tc qdisc del dev "$port" root
}
oneway-beat() { oneway "$active" eth1 4000 loss 100%; }
oneway-wire() { oneway "$active" eth0 3000 loss 100%; }
loss-beat() { network_bad beat loss 40% delay 20ms 15ms; dwell 5000; network_bad beat; }

# The lab's own clock is what it measures waiting by: it goes along.
clock_step() { # SECONDS
    busybox date -s "@$((EPOCHSECONDS + $1))" >>"$LAB_OUT/story.txt"
    scenario_started_us=$((scenario_started_us + $1 * 1000000))
}
clock() { clock_step 3600; dwell 2500; clock_step -7200; dwell 2500; clock_step 3600; }

is_out() { ipvs_find "$active" $vip:80 "10.1.0.1$1:80"; [[ -z $REPLY ]]; }
web-killed() { web_kill "web$web"; wait_until 20 "web$web is taken out" is_out "$web"; web_start "web$web"; }
web-silent() { cable_mute "web$web" eth0; wait_until 20 "web$web is taken out" is_out "$web"; cable_unmute "web$web" eth0; }
web-crashed() {
    host_crash "web$web"
    wait_until 20 "web$web is taken out" is_out "$web"
    host_boot "web$web"
    real_server "web$web" $vip
    web_start "web$web"
}

either() { ((RANDOM % 2)) && REPLY=$active || REPLY=$other; }
reload-heartbeat() { either; heartbeat_reload "$REPLY"; dwell 500; }
# A word of it changes each time, or there would be nothing to do.
reload-ldirectord() {
    local host text n=$((3 + RANDOM % 50))
    either
    host=$REPLY
    text=$(<"$(host_root "$host")/etc/ha.d/ldirectord.cf")
    [[ $text =~ (negotiatetimeout=[0-9.]+) ]]
    host_install "$host" /etc/ha.d/ldirectord.cf <<<"${text/"${BASH_REMATCH[1]}"/negotiatetimeout=2.$n}"
    ends "$host" HUP ldirectord
    dwell 1000
}
hb-standby() { hb_order "$active" hb_standby all; wait_until 30 "$other takes over" moved; }
hb-takeover() { hb_order "$other" hb_takeover all; wait_until 30 "$other takes over" moved; }

rubbish() { nsenter -t "${host_pid[client]}" -n "$LAB_PROGRAMS/rubbish" "$@" >>"$LAB_OUT/story.txt"; }
hostile() {
    local to=10.1.0.1
    either
    [[ $REPLY == left ]] || to=10.1.0.2
    rubbish damaged $to 694 lab-secret
    rubbish mutated $to 694 lab-secret $((RANDOM + 1)) 100 "$LAB_DATA"/captures/{start-2node,auth-crc,partition-heal}.pcap
}

# ---- what the daemons are made of ----

declare -A boots=([left]=0 [right]=0) now_fds=() now_kib=() now_children=() first=() last=() times=()

# look HOST: the least that each daemon there has of everything, over the looks since the last clearing.
look() {
    local dir comm file word value kib key fds children root=/proc/${host_pid[$1]}/root/proc
    for dir in "$root"/[0-9]*; do
        { read -r comm <"$dir/comm"; } 2>/dev/null || continue
        case $comm in heartbeat | helper | guardian | ldirectord | ldirectord-keep) ;; *) continue ;; esac
        key=$1.${boots[$1]}.$comm.${dir##*/}
        # Pages that are shared count in part, where the kernel tells.
        kib='' file=$dir/smaps_rollup
        [[ -e $file ]] || file=$dir/status
        { while read -r word value _; do
            case $word in Pss: | VmRSS:) kib=$value ;; esac
        done <"$file"; } 2>/dev/null || :
        fds=("$dir"/fd/*)
        children=()
        { read -r -a children <"$dir/task/${dir##*/}/children"; } 2>/dev/null || :
        [[ -n $kib && -e ${fds[0]} ]] || continue # it has just ended
        least now_kib "$key" "$kib"
        least now_fds "$key" ${#fds[@]}
        least now_children "$key" ${#children[@]}
    done
}
least() { # MAP KEY VALUE
    local -n map=$1
    [[ -n ${map[$2]:-} && ${map[$2]} -le $3 ]] || map[$2]=$3
}
# What is there while nothing happens: the first and the last time in the life of each process.
sample() {
    local key
    now_fds=() now_kib=() now_children=()
    for _ in 1 2 3; do
        look left
        look right
        dwell 150
    done
    for key in "${!now_fds[@]}"; do
        last[$key]="${now_kib[$key]} ${now_fds[$key]} ${now_children[$key]}"
        [[ -n ${first[$key]:-} ]] || first[$key]=${last[$key]}
        times[$key]=$((${times[$key]:-0} + 1))
    done
}
