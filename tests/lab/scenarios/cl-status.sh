# SPDX-License-Identifier: GPL-2.0-or-later
#
# cl_status, side by side: two pairs with the same files and the same names, one of Hearth and one of
# Heartbeat 3.0.6. Each call is made three times: the original's program at the original's daemon, ours
# at ours, and the original's program at our daemon. Standard output and exit status must be the same
# line by line; where they are meant to differ, doc/differences.md says so and the call is not here.
# needs: hearth peer
# bound: 240
network wire
network other
host hearth uname=left product=hearth eth0=wire:10.1.0.1/24 eth1=wire:10.2.0.1/24
host hearth2 uname=right product=hearth eth0=wire:10.1.0.2/24 eth1=wire:10.2.0.2/24
host orig uname=left product=peer eth0=other:10.1.0.1/24 eth1=other:10.2.0.1/24
host orig2 uname=right product=peer eth0=other:10.1.0.2/24 eth1=other:10.2.0.2/24
real_programs hearth
for name in hearth hearth2 orig orig2; do
    host_install $name /etc/ha.d/authkeys 600 <<<$'auth 1\n1 sha1 lab-secret'
    host_install $name /etc/ha.d/haresources \
        <<<$'left IPaddr2::10.1.0.100/24/eth0\nright IPaddr2::10.1.0.101/24/eth0'
    host_install $name /etc/ha.d/ha.cf <<END
logfile /var/log/ha-log
keepalive 250ms
deadtime 2
warntime 1
initdead 10
udpport 694
auto_failback on
env FOO=bar
env deadping=99
ucast eth0 10.1.0.1
ucast eth0 10.1.0.2
bcast eth1
node left
node right
ping 10.1.0.2
ping_group both 10.1.0.1 10.1.0.2
respawn hacluster /usr/libexec/heartbeat/ipfail
END
done

# ask HOST PROGRAM WORD...: what it prints and how it ends; the version is each one's own.
ask() {
    local host=$1 program=$2
    shift 2
    { on "$host" $program "$@" 2>/dev/null && echo "status 0" || echo "status $?"; } |
        sed 's/^\(version:\t\|Heartbeat version \).*/\1/'
}
different=0
# same WORD...: cl_status with these words.
same() {
    local theirs ours mixed tries
    for tries in {1..20}; do # for the original, if it gave up after the 100 ms that a client has to answer
        theirs=$(ask orig cl_status "$@")
        ours=$(ask hearth cl_status "$@")
        mixed=$(ask hearth "$real_cl_status" "$@")
        [[ $ours != "$theirs" || $mixed != "$theirs" ]] && [[ $theirs$mixed == *'status 13'* ]] || break
    done
    if [[ $ours == "$theirs" && $mixed == "$theirs" ]]; then
        note "cl_status $*: the same: ${theirs//$'\n'/ | }"
    else
        different=$((different + 1))
        note "cl_status $*: DIFFERENT"$'\n'"theirs: $theirs"$'\n'"ours: $ours"$'\n'"theirs at ours: $mixed"
    fi
}
all_calls() {
    local word name option
    same hbstatus -x
    for option in '' -m -v -vm; do
        # shellcheck disable=SC2086
        same hbstatus $option
    done
    for option in '' -m -n -p -np -mn -mp -v -mv -vp -vn word; do
        # shellcheck disable=SC2086
        same listnodes $option
    done
    for word in nodestatus nodetype nodeweight nodesite listhblinks; do
        for name in left right RIGHT 10.1.0.2 both nobody; do
            same $word $name
            same $word -m $name
        done
        same $word
        same $word -q right
        same $word right -m
        same $word left right
    done
    for option in '' -v -mv; do
        # shellcheck disable=SC2086
        same listhblinks $option left
        # shellcheck disable=SC2086
        same listhblinks $option right
    done
    for name in 'left eth0' 'right eth0' 'right eth1' 'both both' '10.1.0.2 10.1.0.2' 'right eth9' 'nobody eth0' \
        right ''; do
        # shellcheck disable=SC2086
        same hblinkstatus $name
        # shellcheck disable=SC2086
        same hblinkstatus -m $name
    done
    for name in 'left ipfail' 'right ipfail' 'right ccm' 'left ccm' 'both ipfail' 'right ipfail 3000' 'nobody ipfail' \
        right ''; do
        # shellcheck disable=SC2086
        same clientstatus $name
    done
    same clientstatus -m left ipfail
    same rscstatus
    same rscstatus -m
    same rscstatus word
    for name in keepalive deadtime warntime initdead deadping udpport hopfudge auto_failback logfile debugfile \
        logfacility msgfmt realtime baud cluster node ucast respawn ping nonsense FOO crm debug; do
        same hbparameter -p $name
        same hbparameter -m -p $name
    done
    same hbparameter
    same hbparameter deadtime
    same hbparameter -p
    same weather
    same -m
    same --help
}

# What depends on who is there.
some_calls() {
    local word
    for word in '' -v -vm -x; do
        # shellcheck disable=SC2086
        same hbstatus $word
    done
    same listnodes -v
    same listnodes -q
    for word in nodestatus nodetype listhblinks 'hblinkstatus -m' clientstatus; do
        # shellcheck disable=SC2086
        same $word right eth1
        # shellcheck disable=SC2086
        same $word -v
    done
    same nodestatus -m right
    same listhblinks -v right
    same clientstatus right ipfail
    same rscstatus -m
    same hbparameter -p deadtime
    same hbparameter
    same weather
}

tell "Nobody runs"
some_calls
expect "the same, in every call" [ $different -eq 0 ]

tell "All run"
for name in orig orig2 hearth hearth2; do
    heartbeat_start $name
done
for name in orig hearth; do
    wait_until 60 "$name says it holds its own" rsc_status $name local
    wait_until 20 "$name sees the other active" node_status $name right active
    wait_until 20 "$name sees the group of hosts" node_status $name both ping
    for node in left right; do
        wait_until 20 "$name knows of ipfail on $node" client_status $name $node ipfail online
    done
done
all_calls
expect "the same, in every call" [ $different -eq 0 ]
for program in cl_status "$real_cl_status"; do
    # shellcheck disable=SC2086
    expect "$program hears of the version" test "$(on hearth $program hbparameter -p hbversion)" != ""
done

tell "The other one stops"
heartbeat_stop orig2
heartbeat_stop hearth2
for name in orig hearth; do
    wait_until 20 "$name sees that" node_status $name right dead
    wait_until 20 "$name sees no link to it" link_status $name right eth1 dead
    wait_until 20 "$name says it holds all" rsc_status $name all
done
some_calls
expect "the same, in every call" [ $different -eq 0 ]
