# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hosts: network, mount, UTS, IPC and PID namespaces around a chroot into an overlay of product
# tree, tools and the machine's own files. What a host writes lies in its upper layer and survives
# a crash as a disk does; /run, /tmp and all processes do not. One process a host stays for the
# others' sake: number 1, which reaps what daemons leave behind.

declare -A host_pid=() host_uname=() host_layers=() host_wires=() host_number=()

# host NAME [uname=NAME] [product=hearth|peer|none|DIR] IFACE=NETWORK[:ADDRESS[,ADDRESS...]]...
# Declares a host and boots it. product: what is installed there; hearth is the tree under test.
host() {
    local name=$1 word product=none
    shift
    [[ -z ${host_number[$name]:-} ]] || fail "host $name to be declared once"
    host_number[$name]=${#host_number[@]}
    host_uname[$name]=$name
    for word; do
        case $word in
            uname=*) host_uname[$name]=${word#*=} ;;
            product=*) product=${word#*=} ;;
            *=*) host_wires[$name]+=" $word" ;;
            *) fail "host $name: a word with = in it, not $word" ;;
        esac
    done
    layer_for "$product"
    host_layers[$name]=$REPLY
    mkdir -p "$LAB_DIR/hosts/$name"/{upper,work,root,log}
    host_boot "$name"
}

# A lower layer for a product: a copy on tmpfs (overlay wants its layers apart from each other, and
# the product usually lies within "/"), with the users its package would have made.
layer_for() {
    local product=$1 tree layer
    case $product in
        none) tree='' ;;
        hearth) tree=$LAB_STAGE ;;
        peer) tree=$LAB_PEER ;;
        *) tree=$product ;;
    esac
    layer=$LAB_DIR/layers/${product//\//_}
    REPLY=$layer
    [[ ! -d $layer ]] || return 0
    mkdir -p "$layer/etc"
    [[ -z $LAB_TOOLS || ! -d $LAB_TOOLS ]] || cp -a --no-preserve=ownership "$LAB_TOOLS/." "$layer/"
    [[ -z $tree ]] || cp -a --no-preserve=ownership "$tree/." "$layer/"
    { cat /etc/passwd; echo 'hacluster:x:6901:6901::/var/lib/heartbeat:/usr/sbin/nologin'; } >"$layer/etc/passwd"
    { cat /etc/group; echo 'haclient:x:6901:'; } >"$layer/etc/group"
}

host_boot() {
    local name=$1 dir=$LAB_DIR/hosts/$1
    rm -f "$dir/pid"
    told_busy "$name boots"
    unshare --mount --net --pid --ipc --uts --fork bash "$LAB_SRC/host-init" \
        "$dir" "${host_layers[$name]}" "${host_uname[$name]}" </dev/null >"$dir/boot" 2>&1 &
    disown
    wait_until_quietly 60 test -s "$dir/pid" || fail "host $name to boot (see hosts' boot log)"
    read -r host_pid[$name] <"$dir/pid"
    host_wire "$name"
    note "$name is up (pid ${host_pid[$name]})"
}

wait_until_quietly() {
    local bound_us=$((${1} * 1000000)) from_us=${EPOCHREALTIME/./}
    shift
    until "$@"; do
        ((${EPOCHREALTIME/./} - from_us < bound_us)) || return 1
        nap 0.01
    done
}

# Plug in all cables of a host that has just booted. A network card keeps its address for life.
host_wire() {
    local name=$1 wire iface rest net addresses address n=0 outer='' inner='link set lo up'
    for wire in ${host_wires[$name]:-}; do
        iface=${wire%%=*} rest=${wire#*=}
        net=${rest%%:*} addresses=''
        [[ $rest != *:* ]] || addresses=${rest#*:}
        printf -v mac '02:00:00:00:%02x:%02x' $((host_number[$name] + 1)) "$n"
        n=$((n + 1))
        outer+="link add $name-$iface type veth peer name $iface address $mac netns ${host_pid[$name]}"$'\n'
        outer+="link set $name-$iface master $net up"$'\n'
        for address in ${addresses//,/ }; do
            inner+=$'\n'"addr add $address dev $iface"
            [[ $address == *:* ]] && inner+=' nodad' || inner+=' brd +'
        done
        inner+=$'\n'"link set $iface up"
    done
    [[ -z $outer ]] || ip -batch - <<<"$outer"
    nsenter -t "${host_pid[$name]}" -n ip -batch - <<<"$inner"
}

# host_plug HOST IFACE NETWORK ADDRESS: one more interface, until the host boots anew.
host_plug() {
    ip link add "$1-$2" type veth peer name "$2" netns "${host_pid[$1]}"
    ip link set "$1-$2" master "$3" up
    nsenter -t "${host_pid[$1]}" -n ip -batch - <<<"addr add $4 dev $2 brd +"$'\n'"link set $2 up"
}

# on HOST COMMAND...: run it there.
on() {
    local pid=${host_pid[$1]:-}
    [[ -n $pid ]] || fail "host $1 to be up"
    shift
    nsenter -t "$pid" -m -u -i -n -p -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        LC_ALL=C TERM="${TERM:-dumb}" ASAN_OPTIONS=log_path=/var/log/sanitizer \
        UBSAN_OPTIONS=log_path=/var/log/sanitizer:print_stacktrace=1 "$@"
}

host_up() { [[ -n ${host_pid[$1]:-} && -d /proc/${host_pid[$1]} ]]; }
# The host's files as seen from outside; builtins can read and write them.
host_root() { echo "/proc/${host_pid[$1]}/root"; }
host_log() { echo "$LAB_DIR/hosts/$1/log"; }

# host_install HOST PATH [MODE] <content. In place, and all of it at once, not as it comes: somebody may read it.
host_install() {
    local path whole=$LAB_DIR/install.$BASHPID
    path=$(host_root "$1")$2
    mkdir -p "${path%/*}"
    cat >"$whole"
    cat "$whole" >"$path"
    rm "$whole"
    chmod "${3:-644}" "$path"
}

# Power off without a word: first the cables, so that no dying process can say goodbye.
host_crash() {
    local name=$1 wire down='' gone=''
    for wire in ${host_wires[$name]:-}; do
        down+="link set $name-${wire%%=*} down"$'\n'
        gone+="link del $name-${wire%%=*}"$'\n'
    done
    [[ -z $down ]] || ip -batch - <<<"$down"
    kill -KILL "${host_pid[$name]}"
    wait_until_quietly 10 not test -d "/proc/${host_pid[$name]}" || fail "host $name to die when killed"
    # its network namespace takes our ends of the cables with it, but in its own time
    [[ -z $gone ]] || ip -force -batch - <<<"$gone" 2>/dev/null || :
    host_pid[$name]=''
    note "$name has crashed"
}

# host_upgrade HOST PRODUCT: it boots with another product on the same disk, as after an upgrade of the
# package: the configuration and what the old one remembered stay, the scripts are the new one's.
host_upgrade() {
    local name=$1 kept
    host_crash "$name"
    layer_for "$2"
    host_layers[$name]=$REPLY
    host_boot "$name"
    for kept in "${host_layers[$name]}"/etc/ha.d/*; do
        case ${kept##*/} in
            ha.cf | haresources | authkeys | README*) ;;
            *) cp -a --remove-destination "$kept" "$(host_root "$name")/etc/ha.d/" ;;
        esac
    done
    note "$name has $2 now"
}

# All processes of the host stop, or go on; its kernel still answers ARP and forwards.
host_freeze() { on "$1" bash -c 'kill -STOP -1'; note "$1 is frozen"; }
host_thaw() { on "$1" bash -c 'kill -CONT -1'; note "$1 goes on"; }

# has_address HOST ADDRESS: the kernel there owns it.
has_address() {
    local file=/proc/${host_pid[$1]:-none}/net/fib_trie line before='' hex
    host_up "$1" || return 1
    if [[ $2 == *:* ]]; then
        ipv6_hex "$2"
        hex=$REPLY
        file_says "/proc/${host_pid[$1]}/net/if_inet6" "$hex"
        return
    fi
    while IFS= read -r line; do
        if [[ $line == *'/32 host LOCAL' && $before == *"|-- $2" ]]; then
            return 0
        fi
        before=$line
    done <"$file"
    return 1
}

# An IPv6 address as 32 hex digits, in $REPLY.
ipv6_hex() {
    local left=${1%%::*} right='' group groups=() missing i
    [[ $1 != *::* ]] || right=${1#*::}
    IFS=: read -ra groups <<<"$left"
    local tail=()
    IFS=: read -ra tail <<<"$right"
    missing=$((8 - ${#groups[@]} - ${#tail[@]}))
    for ((i = 0; i < missing; i++)); do groups+=(0); done
    groups+=("${tail[@]}")
    REPLY=
    for group in "${groups[@]}"; do
        printf -v group '%04x' "0x$group"
        REPLY+=$group
    done
}
