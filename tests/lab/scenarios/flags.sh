# SPDX-License-Identifier: GPL-2.0-or-later
#
# The heartbeat command and its three files, Heartbeat 3.0.6 and ours side by side: the same flags
# give the same status and the same words, and the same file is accepted or refused by both, with
# the same status. What is meant to differ is in doc/differences.md and stands here as a difference.
# needs: hearth peer
# bound: 300
network theirs
network ours
host theirs uname=left product=peer eth0=theirs:10.1.0.1/24
host ours uname=left product=hearth eth0=ours:10.1.0.1/24
program_theirs=/usr/libexec/heartbeat/heartbeat
program_ours=/usr/sbin/heartbeat
compared=0 wrong=0

# A host's heartbeat with these flags: its status in $status, what it said in $LAB_OUT/said.HOST.*.
run() { # HOST FLAG...
    local host=$1 program=program_$1
    shift
    status=0
    on "$host" timeout 60 "${!program}" "$@" >"$LAB_OUT/said.$host.out" 2>"$LAB_OUT/said.$host.err" \
        </dev/null || status=$?
}
trouble() {
    note "DIFFERENT: $*"
    wrong=$((wrong + 1))
}

# ---- flags ----

# Standard output without process numbers.
words() { sed -E 's/\[pid [0-9]+/[pid N/; s/pid [0-9]+/pid N/' "$LAB_OUT/said.$1.out"; }
same() { # FLAG...: the same status, and the same on standard output
    local status_theirs
    run theirs "$@"
    status_theirs=$status
    run ours "$@"
    compared=$((compared + 1))
    [[ $status == "$status_theirs" ]] || trouble "heartbeat $*: status $status_theirs and $status"
    [[ $(words theirs) == "$(words ours)" ]] ||
        trouble "heartbeat $*: \"$(words theirs)\" and \"$(words ours)\""
    note "heartbeat $*: status $status"
}
differs() { # THEIRS OURS FLAG...: these statuses
    local status_theirs=$1 status_ours=$2
    shift 2
    run theirs "$@"
    [[ $status == "$status_theirs" ]] || trouble "theirs, heartbeat $*: $status, not $status_theirs"
    run ours "$@"
    compared=$((compared + 1))
    [[ $status == "$status_ours" ]] || trouble "ours, heartbeat $*: $status, not $status_ours"
    note "heartbeat $*: status $status_theirs and $status_ours, as meant"
}

# ---- files ----

base='logfile /var/log/ha-log
debugfile /var/log/ha-debug
keepalive 1
deadtime 10
initdead 20
auto_failback on
ucast eth0 10.1.0.2
node left
node right'
keys=$'auth 1\n1 sha1 secret'
groups='left 10.1.0.100/24/eth0'
install() { # FILE MODE TEXT, on both
    local name
    for name in theirs ours; do
        host_install $name "/etc/ha.d/$1" "$2" <<<"$3"
    done
}
install ha.cf 644 "$base"
install authkeys 600 "$keys"
install haresources 644 "$groups"

# -R with no heartbeat there: 1 if the files are bad, else 6, since none is running. Bad ones are
# started as well, for the status of that.
judge() {
    run "$1" -R
    verdict=$status
    case $status in
        6) verdict=good ;;
        1)
            run "$1"
            verdict="bad($status)"
            ;;
    esac
}
judged() { # WHAT THEIRS OURS: good, bad(6), ...; = for the same as theirs
    local theirs
    judge theirs
    theirs=$verdict
    judge ours
    compared=$((compared + 1))
    [[ $2 == = || $theirs == "$2" ]] || trouble "$1: theirs is $theirs, not $2"
    if [[ $3 == = ]]; then
        [[ $verdict == "$theirs" ]] ||
            trouble "$1: theirs $theirs, ours $verdict: $(tail -1 "$LAB_OUT/said.ours.err")"
    elif [[ $verdict != "$3" ]]; then
        trouble "$1: ours is $verdict, not $3: $(tail -1 "$LAB_OUT/said.ours.err")"
    fi
    note "$1: theirs $theirs, ours $verdict"
}
line() { # THEIRS OURS LINE...: with these lines at the end of ha.cf
    local theirs=$1 ours=$2 text
    shift 2
    printf -v text '%s\n' "$base" "$@"
    install ha.cf 644 "$text"
    judged "ha.cf: $*" "$theirs" "$ours"
}
alike() { line = = "$@"; }
# Instead of the line of base that begins with WORD.
instead() { # THEIRS OURS WORD LINE...
    local theirs=$1 ours=$2 word=$3 saved=$base
    shift 3
    base=$(grep -v "^$word" <<<"$base")
    line "$theirs" "$ours" "$@"
    base=$saved
}
authkeys() { # THEIRS OURS MODE TEXT
    install authkeys "$3" "$4"
    judged "authkeys ($3): ${4//$'\n'/ / }" "$1" "$2"
}
haresources() { # THEIRS OURS TEXT
    install haresources 644 "$3"
    judged "haresources: ${3//$'\n'/ / }" "$1" "$2"
}

tell "Flags, while none runs"
same -s
same -k
same -x
same -C local
same -C local -s
same -s -C none
same -R
same -R -C all
same -d -s
same -l -s
same -M -s
same -v -s
differs 0 0 -V
differs 0 0 -V -s -x
differs 0 0 -D
differs 0 0 -D -W
differs 0 0 -DW
columns() { awk 'NR > 2 {print $1, $2}' "$LAB_OUT/said.$1.out" | sort; }
run theirs -D
run ours -D
# Ours has more directives, says 694 where theirs looks into /etc/services, and reserves less memory.
lacking=$(comm -23 <(columns theirs | grep -v "^memreserve ") <(columns ours))
[[ -z $lacking ]] || trouble "heartbeat -D: ours lacks $lacking"
compared=$((compared + 1))

tell "ha.cf: what is read from the measured table of directives"
alike ""
alike "# a comment" "   keepalive 2 # and another" $'\tdeadtime\t11'
alike "nonsense 1"
alike "KEEPALIVE 2"
for value in 2 500ms 1.5 500usec "1 2" 0 1s 2x "500 ms" -1 never; do alike "keepalive $value"; done
for value in 10 2001ms 2 2000ms 1999ms 0 x; do alike "deadtime $value"; done
for value in 5 1 0 x; do alike "warntime $value"; done
for value in 20 10 9999ms 5 0 x; do alike "initdead $value"; done
for value in 10 3 2 0 x; do alike "deadping $value"; done
for value in 0 1 255 256 -1; do alike "hopfudge $value"; done
for value in 694 1 65535 0 -5 x; do alike "udpport $value"; done
for value in 19200 9600 460800 1234 x; do alike "baud $value"; done
alike "baud 9600" "baud 9600"
alike "bcast eth0"
alike "udp eth0"
alike "ucast eth0"
alike "mcast eth0 225.0.0.1 694 1 0"
for words in "eth0 225.0.0.1 694 1" "eth0 10.0.0.1 694 1 0" "eth0 225.0.0.1 694 1 2" \
    "eth0 225.0.0.1 0 1 0" "eth0"; do
    alike "mcast $words"
done
for value in on off yes No TRUE 0 legacy maybe; do alike "auto_failback $value"; done
for value in on off maybe; do alike "nice_failback $value"; done
for value in local0 daemon none local8; do alike "logfacility $value"; done
for value in on off maybe; do
    alike "use_logd $value"
    alike "syslogmsgfmt $value"
    alike "log_badpack $value"
    alike "realtime $value"
    alike "coredumps $value"
    alike "traditional_compression $value"
    alike "use_apphbd $value"
done
for value in 0 255 256; do alike "debug $value"; done
for value in 1 99 0 100 x; do alike "rtprio $value"; done
for value in 6500 0 x; do alike "memreserve $value"; done
for value in file time x; do alike "hbgenmethod $value"; done
for value in classic netstring x; do alike "msgfmt $value"; done
for value in zlib bz2 lzo; do alike "compression $value"; done
for value in 2 0 x; do alike "compression_threshold $value"; done
for value in 250 1 0; do alike "max_rexmit_delay $value"; done
for value in none x; do alike "autojoin $value"; done
for value in file nodename x; do alike "uuidfrom $value"; done
for value in 60 1; do alike "conn_logd_time $value"; done
alike "env COLOUR=blue"
alike "cluster other"
alike "coreroot /var/tmp"
alike "crm no"
alike "pacemaker off"
alike "crm no" "crm no"
alike "crm maybe"
alike "respawn hacluster /bin/true"
alike "respawn nosuchuser /bin/true"
alike "respawn hacluster bin/true"
alike "respawn hacluster /no/such/program"
alike "apiauth mine uid=root"
alike "apiauth mine gid=haclient uid=root,hacluster"
alike "apiauth mine"
alike "apiauth mine uid=nosuchuser"
alike "node left"
instead = = node "node right"
instead = = node ""
instead = = ucast ""
alike "crm_daemon_dir on"
for word in crmd_spawns_pengine record_config_changes record_pengine_inputs \
    enable_config_writes; do
    alike "$word on"
done

tell "ha.cf: what is meant to differ"
line good 'bad(6)' "udpport 99999"
line 'bad(6)' good "mcast eth0 225.0.0.1 694 5 0"
line good 'bad(6)' "logfile ha-log"
line good 'bad(6)' "keepalive"
line good 'bad(6)' "hopfudge x" # 0 for theirs
line good 'bad(6)' "debug x"
line good 'bad(6)' "node third"
line 'bad(6)' good "crm_daemon_dir /usr/lib"
# Ours looks at the machine when it starts, and with -t.
line 'bad(6)' good "bcast nosuch0"
line 'bad(6)' good "ucast eth0 no-such-host.invalid"
for extra in "ucast nosuch0 10.1.0.2" "ucast eth0 no-such-host.invalid"; do
    install ha.cf 644 "$base"$'\n'"$extra"
    differs 2 6 -t
done

install ha.cf 644 "$base"
tell "authkeys"
for mode in 600 400 700 644 640 604; do authkeys = = $mode "$keys"; done
authkeys = = 600 $'auth 3\n1 crc\n2 md5 a\n3 sha1 b'
authkeys = = 600 $'# a comment\n\nauth 1\n1 crc'
authkeys = = 600 $'1 sha1 secret'
authkeys = = 600 $'auth 1'
authkeys = = 600 $'auth 2\n1 sha1 secret'
authkeys = = 600 $'auth 1\n1 sha9 secret'
authkeys = = 600 $'auth 1\n1 sha1'
authkeys = = 600 $'auth 1\n1 md5'
authkeys = = 600 $'auth 1\n1 crc key'
authkeys = = 600 $'auth 16\n16 sha1 secret'
authkeys = = 600 $'auth 1\n1 sha1 secret\njunk'
authkeys = = 600 $'auth 1\n1 sha1 secret and more'
authkeys = = 600 $'auth 1\n1 sha1 one\n1 sha1 two'
authkeys = = 600 ''
authkeys 'bad(6)' good 600 $'1 sha1 secret\nauth 1'
authkeys 'bad(6)' good 600 $'auth 1\n1 sha256 secret'
authkeys 'bad(6)' good 600 $'auth 1\n1 sha512 secret'
authkeys = = 600 $'apple 1\n1 sha1 secret'
authkeys = = 600 $'a 1\n1 sha1 secret'
install authkeys 600 "$keys"

tell "haresources"
haresources = = ''
haresources = = $'# nothing but\n\n   # comments'
haresources = = $'LEFT 10.1.0.100/24/eth0\nright 10.1.0.101'
haresources = = $'middle 10.1.0.100/24/eth0'
haresources = = $'left 10.1.0.100/24/eth0 \\\n    httpd'
haresources = = $'left Filesystem::/dev/sda1::/data::ext3'
haresources good 'bad(6)' $'left 10.1.0.100\nright 10.1.0.100'
haresources good 'bad(6)' $'left'
haresources good 'bad(6)' $'left 10.1.0.300'
for name in theirs ours; do rm "$(host_root $name)/etc/ha.d/haresources"; done
judged "no haresources" = =
install haresources 644 "$groups"
for name in theirs ours; do rm "$(host_root $name)/etc/ha.d/authkeys"; done
judged "no authkeys" = =
install authkeys 600 "$keys"
for name in theirs ours; do rm "$(host_root $name)/etc/ha.d/ha.cf"; done
judged "no ha.cf" = =
install ha.cf 644 "$base"

tell "Flags, while one runs"
for name in theirs ours; do
    run $name -v
    cp "$LAB_OUT/said.$name.out" "$LAB_OUT/shown.$name"
    [[ $status == 0 ]] || trouble "$name: start: status $status"
done
# Each directive that theirs shows with a value has the same value in ours, memreserve apart: one process needs less.
shown() { sed -nE 's/^([a-z_]+)\t([^\t]*)\t#.*/\1 \2/p; s/^(node [a-z]+).*/\1/p' "$LAB_OUT/shown.$1" | sort; }
lacking=$(comm -23 <(shown theirs | grep -v "^memreserve ") <(shown ours))
[[ -z $lacking ]] || trouble "heartbeat -v: ours lacks $lacking"
same -s
same
same -v -s
differs 0 0 -D
same -x
same -C local
differs 1 0 -R
differs 1 0 -R -C local
install ha.cf 644 "$base"$'\nnonsense'
same -r
same
install ha.cf 644 "$base"
differs 0 2 nonsense
same -k
run ours -s # theirs may still find its pid file: 1
[[ $status == 3 ]] || trouble "ours: status $status after -k"
for name in theirs ours; do
    run $name
    [[ $status == 0 ]] || trouble "$name: start again: status $status"
done
differs 0 0 -r # after which theirs executes itself anew, and is not seen for a while
run ours -s
[[ $status == 0 ]] || trouble "ours: not running after -r"
run ours -k
run ours -s
[[ $status == 3 ]] || trouble "ours: still running after -k"
note "$compared comparisons"
expect "no difference that is not meant (see story.txt), in $compared comparisons" [ $wrong -eq 0 ]
