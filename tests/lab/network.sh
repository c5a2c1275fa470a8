# SPDX-License-Identifier: GPL-2.0-or-later
#
# Networks: a bridge each, in the lab's own network namespace. A cable joins a host's interface to
# one. Cables are pulled on the bridge's side, so that both ends lose their carrier; a whole
# network is cut by taking the bridge down, and then no end notices anything but silence.

declare -A network_up=()

# network NAME...
network() {
    local name
    for name; do
        ip -batch - <<END
link add $name type bridge stp_state 0 forward_delay 0 mcast_snooping 0
link set $name up
END
        network_up[$name]=yes
        capture_network "$name"
    done
}

network_cut() { ip link set "$1" down; network_up[$1]=''; note "network $1 is cut"; }
network_heal() { ip link set "$1" up; network_up[$1]=yes; note "network $1 is whole again"; }

# network_bad NETWORK NETEM-WORD...: what it delivers suffers so from now on; without words, no more.
network_bad() {
    local port ports=("/sys/class/net/$1/brif"/*)
    shift
    for port in "${ports[@]##*/}"; do
        tc qdisc del dev "$port" root 2>/dev/null || :
        (($# == 0)) || tc qdisc add dev "$port" root netem "$@"
    done
    note "netem: ${*:-nothing}"
}

# cable_pull HOST IFACE, cable_plug HOST IFACE
cable_pull() { ip link set "$1-$2" down; note "$1: cable of $2 pulled"; }
cable_plug() { ip link set "$1-$2" up; note "$1: cable of $2 plugged in"; }
# cable_mute HOST IFACE, cable_unmute HOST IFACE: nothing comes through, and no end notices. "Listening" is
# the one state but "forwarding" that a bridge without spanning tree leaves a port in.
cable_mute() { ip link set "$1-$2" type bridge_slave state 1; note "$1: cable of $2 mute"; }
cable_unmute() { ip link set "$1-$2" type bridge_slave state 3; note "$1: cable of $2 carries again"; }
