# SPDX-License-Identifier: GPL-2.0-or-later
#
# The machine a lab lives in. Either this machine itself (direct): a mount, network, PID, IPC and
# UTS namespace around the whole lab; or a User-Mode Linux with this machine's files read-only and
# a kernel of its own that has IPVS (uml); or an emulated PC (qemu, see qemu.sh). In all, "inside"
# then runs one scenario, and nothing is left when its first process ends, however it ends.
#
# Sourced by "run"; uses its settings.

machine_pid='' # the process whose death takes the lab with it
machine_signal=''
machine_dir=''

# machine_lacks NEEDS: whether this kernel lacks something of it; what, in $REPLY.
machine_lacks() {
    REPLY=''
    if [[ " $1 " == *' ipvs '* ]] && ! unshare --net test -e /proc/net/ip_vs; then
        REPLY=ip_vs
    elif [[ " $1 " == *' watchdog '* ]]; then
        REPLY='softdog (not on this machine)'
    elif [[ " $1 " == *' own-kernel '* ]]; then
        REPLY='nothing here (it wants a kernel of its own)'
    elif [[ " $1 " == *' netem '* ]] && ! unshare --net tc qdisc add dev lo root netem 2>/dev/null; then
        REPLY=sch_netem
    fi
    [[ -n $REPLY ]]
}

# Print the backend for a scenario with these needs; or print why there is none and fail.
machine_choose() {
    local wanted=$1 needs=$2
    case $wanted in
        uml | direct | qemu) ;;
        auto)
            wanted=direct
            ! machine_lacks "$needs" || wanted=uml
            ;;
        *) die "no backend $wanted" ;;
    esac
    # Servers of many kinds are unpacked for this machine only, and want nothing of its kernel.
    if [[ " $needs " == *' net-servers '* || " $needs " == *' databases '* ||
        " $needs " == *' more-servers '* ]]; then
        wanted=direct
    fi
    if [[ $wanted == uml ]] && ! command -v linux.uml >/dev/null; then
        machine_lacks "$needs" || :
        echo "load ${REPLY:-nothing} into this kernel, or install user-mode-linux"
        return 1
    fi
    if [[ $wanted == qemu ]] && ! command -v qemu-system-x86_64 cpio >/dev/null; then
        echo "install qemu-system-x86 and cpio"
        return 1
    fi
    if [[ $wanted == direct ]] && machine_lacks "$needs"; then
        echo "this kernel has not loaded $REPLY (modprobe $REPLY, or --backend uml)"
        return 1
    fi
    echo "$wanted"
}

machine_env() {
    local lab=$1 src=$2 scratch=$3 folder=$4 base=$5
    printf '%s=%q\n' LAB_BACKEND "$1" LAB_SRC "$src" LAB_DIR "$scratch" LAB_OUT "$folder" \
        LAB_STAGE "$base/stage" LAB_PEER "$base/peer" LAB_PEERS "$base/peers" LAB_TOOLS "$base/tools" \
        LAB_CLIENT "$base/client" LAB_PROGRAMS "$base/programs" LAB_SCENARIO "$base/scenario" LAB_DATA "$base/data" \
        LAB_WORDS "$words_used" LAB_BOUND "$bound_used" LAB_KEEP "$keep" LAB_NARRATE "$narrate" LAB_SHELL "$shell" LAB_TTY "${narrator_tty:-}" \
        LAB_COLUMNS "${COLUMNS:-80}"
}

# machine_run BACKEND SCENARIO FOLDER BOUND WORDS: returns when the lab is gone; the verdict is in FOLDER.
machine_run() {
    local kind=$1 scenario=$2 folder=$3 status=0
    bound_used=${4:-300} words_used=$5
    narrator_tty=''
    [[ ! -t 1 ]] || narrator_tty=yes
    [[ $shell != yes ]] || bound_used=86400
    machine_dir=$folder
    mkdir "$folder/.lab"
    "machine_start_$kind" "$scenario" "$folder"
    # wait ends early when a signal is caught; the handler in "run" then stops the machine
    wait "$machine_pid" || status=$?
    machine_stop
    rm -rf "$folder/.lab"
    return 0
}

# The namespaces go with their first process; should we be killed, the kernel ends that one too.
machine_start_direct() {
    local scenario=$1 folder=$2 lab=$2/.lab link
    local -A shown=([stage]=$stage [peer]=$peer [peers]=$(dirname "$tools") [tools]=$tools [client]=$client [programs]=$programs
        [scenario]=$scenario [data]=$top/tests/data)
    mkdir "$lab/by-name"
    for link in "${!shown[@]}"; do
        ln -s "${shown[$link]}" "$lab/by-name/$link"
    done
    mkdir "$lab/scratch"
    machine_env direct "$here" "$lab/scratch" "$folder" "$lab/by-name" >"$folder/.lab/env"
    setpriv --pdeathsig KILL timeout --foreground -s KILL $((bound_used + 30)) \
        setpriv --pdeathsig KILL unshare --mount --net --pid --ipc --uts --fork --kill-child=KILL \
        bash "$here/inside" "$folder/.lab/env" <&0 2>"$folder/stderr" &
    machine_pid=$!
    machine_signal=KILL
}

# One core: the guest has one processor, and forks about twice as fast when it does not wander.
# A lock on the core's own directory leaves no file behind and sends a second lab elsewhere.
machine_take_core() {
    local dir
    for dir in /sys/devices/system/cpu/cpu[0-9]*; do
        exec {core_lock}<"$dir"
        if flock -n "$core_lock"; then
            core=${dir##*cpu}
            return 0
        fi
        exec {core_lock}<&-
    done
    return 1
}

machine_start_uml() {
    local scenario=$1 folder=$2 pin=() tmp=/dev/shm
    local core='' input=/dev/null
    [[ $shell != yes ]] || input=/dev/stdin
    [[ -w $tmp ]] || tmp=$folder
    ! machine_take_core || pin=(taskset -c "$core")
    # The guest sees these at fixed places, whatever its own /tmp hides.
    {
        printf '%s=%q\n' host_here "$here" host_top "$top" host_stage "$stage" host_peer "$peer" \
            host_peers "$(dirname "$tools")" host_tools "$tools" host_client "$client" host_programs "$programs" \
            host_scenario "$scenario" host_out "$folder"
        machine_env uml /mnt/lab/src/tests/lab /mnt/lab/scratch /mnt/lab/out /mnt/lab
    } >"$folder/.lab/env"
    TMPDIR=$tmp setpriv --pdeathsig TERM "${pin[@]}" timeout --foreground -k 5 $((bound_used + 30)) \
        setpriv --pdeathsig TERM env LD_PRELOAD="${client%/*}/uml_xstate.so" \
        linux.uml mem=1024M rootfstype=hostfs rootflags=/ ro quiet loglevel=2 uml_dir="$folder/.lab" umid=uml \
        init="$here/uml-init" LAB_ENV="$folder/.lab/env" con=null con0=fd:0,fd:1 \
        <"$input" 2>"$folder/stderr" > >(sed -u 's/\r$//;/^reboot: /d') &
    machine_pid=$!
    machine_signal=TERM
}

# Whatever it takes; without a word from the shell about who was killed.
machine_stop() {
    local pid uml=$machine_dir/.lab/uml/pid
    [[ -n $machine_pid ]] || return 0
    {
        kill "-$machine_signal" "$machine_pid" || :
        for _ in {1..30}; do
            kill -0 "$machine_pid" || break
            sleep 0.1
        done
        kill -KILL "$machine_pid" || :
        if [[ -r $uml ]]; then # a guest that did not end when told: it and its threads
            read -r pid <"$uml" && kill -KILL "$pid" || :
        fi
        wait "$machine_pid" || :
    } 2>/dev/null
    machine_pid=''
    [[ -z ${core_lock:-} ]] || { exec {core_lock}<&-; core_lock=''; }
    rm -rf "$machine_dir/.lab"
}

# Somebody wants it to end before it has come to a verdict: nothing is worth keeping.
machine_abandon() {
    machine_stop
    [[ -z $machine_dir ]] || rm -rf "$machine_dir"
    rmdir "$out" 2>/dev/null || :
}
