# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two machines of one name, theirs with Heartbeat 3.0.6 and ours, that do not know of each other; the
# same calls on both, and the same words and exit statuses back.

network theirs
network ours
host theirs uname=left product=peer eth0=theirs:10.1.0.1/24
host ours uname=left product=hearth eth0=ours:10.1.0.1/24
share=/usr/share/heartbeat init=/etc/init.d/heartbeat
# on_both PATH MODE <content
on_both() {
    local text name
    text=$(cat)
    for name in theirs ours; do host_install $name "$1" "$2" <<<"$text"; done
}
on_both /etc/ha.d/authkeys 600 <<<$'auth 1\n1 sha1 lab-secret'
on_both /etc/ha.d/ha.cf 644 <<'END'
logfile /var/log/ha-log
debugfile /var/log/ha-debug
keepalive 250ms
deadtime 2
initdead 6
auto_failback on
env COLOUR=blue
ucast eth0 10.1.0.2
node left
node right
END

# What COMMAND... says and how it ends, in $said_HOST; without dates and process numbers.
ask() {
    local host=$1 status=0
    shift
    # shellcheck disable=SC2094
    on "$host" "$@" >"$LAB_OUT/said.$host" 2>&1 </dev/null || status=$?
    printf -v "said_$host" '%s\nstatus %s' \
        "$(sed -E 's/^[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} //; s/\[(pid )?[0-9]+/[N/g' "$LAB_OUT/said.$host")" $status
}
# the_same WHAT: what was asked last.
the_same() {
    if [[ $said_theirs != "$said_ours" ]]; then
        note "theirs: $said_theirs"
        note "ours: $said_ours"
        fail "the same from both for: $*"
    fi
    note "the same: $* (${said_ours//$'\n'/ | })"
}
same() { # COMMAND...
    ask theirs "$@"
    ask ours "$@"
    the_same "$@"
}
same_sh() { same sh -c "$1"; }
