# SPDX-License-Identifier: GPL-2.0-or-later
# Two nodes for tests with real daemons: sourced by the tests beside it. Each
# node is a network, mount and UTS namespace with a root of its own (an overlay
# of this machine's), in which the built programs are "installed". left and
# right are joined by eth1 (heartbeats, 10.9.0.1 and .2) and eth0 (service,
# 172.26.46.1 and .2). All of it dies with the test.
#
# A test is run as  TEST  and starts itself again in namespaces of its own; 77
# where that is not allowed. Wants top_builddir and the installation's paths in
# the environment (tests/Makefile.am gives them).

set -u
export LC_ALL=C
top=$(cd "${top_builddir:-..}" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
hadir=${hadir:-/usr/local/etc/ha.d} hbvarlib=${hbvarlib:-/usr/local/var/lib/heartbeat}
sbindir=${sbindir:-/usr/local/sbin} bindir=${bindir:-/usr/local/bin}
hbsharedir=${hbsharedir:-/usr/local/share/heartbeat} initddir=${initddir:-/usr/local/etc/init.d}
harundir=${harundir:-/run} hblibexecdir=${hblibexecdir:-/usr/local/libexec/heartbeat}
export PATH="$sbindir:$bindir:$PATH"

if [ -z "${HEARTH_NETNS:-}" ]; then
    HEARTH_NETNS=1 unshare --mount --net --uts --ipc --pid --fork --kill-child \
        sh -c 'mount --make-rprivate / && mount -t tmpfs none /mnt && mkdir /mnt/try /mnt/try/u /mnt/try/w &&
               mount -t overlay -o lowerdir=/,upperdir=/mnt/try/u,workdir=/mnt/try/w none /mnt/try &&
               ip link add t0 type veth peer name t1' >/dev/null 2>&1 ||
        { echo "skipped: needs root, overlayfs and iproute2"; exit 77; }
    export HEARTH_NETNS=1
    # The test's own bound: whatever hangs, the namespaces end.
    exec timeout -k 5 "${TEST_BOUND:-300}" \
        unshare --mount --net --uts --ipc --pid --fork --kill-child "$0" "$@"
fi

export ASAN_OPTIONS=log_path=/var/tmp/sanitizer UBSAN_OPTIONS=log_path=/var/tmp/sanitizer
base=/mnt/hearth
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs none /mnt
mkdir "$base"
failures=0

# ---- nodes ----

# node_make NAME: the namespaces, held open by a sleeping process; NAME_pid is its pid.
node_make() {
    mkdir -p "$base/$1/upper" "$base/$1/work" "$base/$1/root"
    mount -t overlay -o "lowerdir=/,upperdir=$base/$1/upper,workdir=$base/$1/work" none "$base/$1/root"
    root=$base/$1/root
    cp "$top/tests/netns/datagram" "$base/"
    for part in proc sys dev "$top"; do
        mkdir -p "$root/$part"
        mount --rbind "/${part#/}" "$root/$part"
    done
    mount -t tmpfs none "$root/dev/shm"
    mount -t tmpfs none "$root/run"
    mkdir -p "$root$hadir" "$root$hbvarlib" "$root$sbindir" "$root$bindir" "$root$hbsharedir" \
        "$root$initddir" "$root$harundir"
    rm -rf "$root$hadir"/* "$root$hbvarlib"/*
    mkdir -p "$root$hadir/rc.d"
    cp "$top/ha.d/harc" "$top/ha.d/shellfuncs" "$root$hadir/"
    cp "$here/../../ha.d/rc.d"/* "$root$hadir/rc.d/"
    cp "$top/heartbeatd/heartbeat" "$root$sbindir/"
    cp "$top/heartbeatd/hactl" "$root$sbindir/"
    cp "$top/heartbeatd/cl_status" "$root$bindir/"
    mkdir -p "$root$hblibexecdir"
    cp "$top/heartbeatd/guardian" "$top/heartbeatd/helper" "$root$hblibexecdir/"
    # Who the daemon becomes.
    grep -q '^hacluster:' "$root/etc/passwd" ||
        echo "hacluster:x:694:694::$hbvarlib:/usr/sbin/nologin" >>"$root/etc/passwd"
    grep -q '^haclient:' "$root/etc/group" || echo 'haclient:x:694:' >>"$root/etc/group"
    cp "$top/heartbeatd/hb_standby" "$top/heartbeatd/hb_takeover" "$root$hbsharedir/"
    cp "$top/heartbeatd/share"/* "$root$hbsharedir/"
    cp "$top/heartbeatd/init/heartbeat" "$root$initddir/"
    unshare --net --uts chroot "$root" sleep 86400 &
    eval "$1_pid=\$!"
    wait_until 10 node_ready "$1" || exit 1
    on "$1" hostname "$1"
    on "$1" ip link set lo up
}

node_ready() {
    eval "on_pid=\$$1_pid"
    [ "$(readlink "/proc/$on_pid/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
        grep -q sleep "/proc/$on_pid/comm"
}

# on NODE COMMAND...: runs it there.
on() {
    eval "on_pid=\$$1_pid"
    on_root=$base/$1/root
    shift
    nsenter --target "$on_pid" --net --uts -- chroot "$on_root" "$@"
}

# plug INTERFACE NETWORK: left has .1, right has .2.
plug() {
    ip link add "$1" netns "$left_pid" type veth peer name "$1" netns "$right_pid"
    on left ip address add "$2.1/24" brd + dev "$1"
    on right ip address add "$2.2/24" brd + dev "$1"
    on left ip link set "$1" up
    on right ip link set "$1" up
    # A node that starts before its link is there starts without it.
    wait_until 10 has_link left "$1" && wait_until 10 has_link right "$1"
}
has_link() { on "$1" ip link show "$2" | grep -q LOWER_UP; }

# put NODE FILE: standard input becomes a file of the node's configuration directory.
put() {
    cat >"$base/$1/root$hadir/$2"
    chmod "${3:-644}" "$base/$1/root$hadir/$2"
}

log_of() { cat "$base/$1/root/var/log/ha-log" 2>/dev/null; }

# ---- expectations ----

# wait_until SECONDS COMMAND...: a condition with a bound, not a sleep.
wait_until() {
    wait_tries=$(($1 * 20))
    shift
    while [ "$wait_tries" -gt 0 ]; do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.05
        wait_tries=$((wait_tries - 1))
    done
    return 1
}

# Words for conditions: not COMMAND..., says TEXT COMMAND..., logged NODE TEXT.
not() { ! "$@"; }
says() {
    says_text=$1
    shift
    "$@" 2>&1 | grep -qF -- "$says_text"
}
logged() { log_of "$1" | grep -qF -- "$2"; }

story() { echo "$(cut -d' ' -f1 /proc/uptime) $*"; }

failed() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect TEXT COMMAND...: must hold now.
expect() {
    expect_text=$1
    shift
    if "$@" >/dev/null 2>&1; then story "ok: $expect_text"; else failed "$expect_text"; fi
}

# expect_within SECONDS TEXT COMMAND...: must come to hold.
expect_within() {
    expect_s=$1 expect_text=$2
    shift 2
    if wait_until "$expect_s" "$@"; then
        story "ok: $expect_text"
    else
        failed "$expect_text (within $expect_s s)"
    fi
}

# Of such a build neither heap nor memory can be judged: its shadow is as wide as all that could be addressed.
sanitized() { grep -q __asan_init "$top/heartbeatd/heartbeat" "$top/heartbeatd/.libs/heartbeat" 2>/dev/null; }

finish() {
    # What a sanitized daemon had to say, leaks included, when it had no stderr any more.
    for report in "$base"/*/root/var/tmp/sanitizer.*; do
        [ ! -e "$report" ] || { failed "a clean report"; cat "$report"; }
    done
    if [ "$failures" -gt 0 ]; then
        for node in left right; do
            echo "---- log of $node"
            log_of "$node" | tail -80
        done
        echo "$failures expectations failed"
        exit 1
    fi
    exit 0
}

# ---- heartbeat ----

# The same files on both nodes; haresources from standard input, further lines of ha.cf as arguments.
configure() {
    cat >"$base/haresources"
    for node in left right; do
        {
            printf '%s\n' 'logfile /var/log/ha-log' 'keepalive 200ms' 'deadtime 2' 'warntime 1' \
                'initdead 10' 'udpport 694' 'node left' 'node right' "$@"
        } | put $node ha.cf
        put $node haresources <"$base/haresources"
        printf 'auth 1\n1 sha1 helloworld\n' | put $node authkeys 600
    done
}

holds() { [ "$(on "$1" cl_status rscstatus)" = "$2" ]; }
sees() { [ "$(on "$1" cl_status nodestatus "$2")" = "$3" ]; }
has_address() { on "$1" ip -4 -o address show | grep -q " $2/"; }
runs() { on "$1" cl_status hbstatus; }
# The guardians of a node.
guardians() {
    eval "on_pid=\$$1_pid"
    for of in /proc/[0-9]*; do
        [ "$(cat "$of/comm" 2>/dev/null)" = guardian ] || continue
        [ "$(readlink "$of/ns/net")" != "$(readlink "/proc/$on_pid/ns/net")" ] || echo "${of#/proc/}"
    done
}
no_guardian() { [ -z "$(guardians "$1")" ]; }
descriptors() { ls "/proc/$1/fd" | wc -l; }
pid_on() { tr -d ' ' <"$base/$1/root$harundir/heartbeat.pid"; }

node_make left
node_make right
plug eth1 10.9.0
plug eth0 172.26.46
