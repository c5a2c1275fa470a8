# SPDX-License-Identifier: GPL-2.0-or-later
#
# The same made configurations run by the original ldirectord and by ours, each on a director of its own
# before the same servers: the two IPVS tables are the same after the start, after each server failed
# and returned, with all of them gone (fallback), after a reload of the edited file, and after the stop.
# What is compared is all that ipvsadm tells of a table, thresholds too.
# Words: SEED and COUNT (of virtual services), to try others than the default.
# needs: ipvs hearth peer
# bound: 1800

read -r seed count <<<"${LAB_WORDS:-} "
seed=${seed:-1} count=${count:-7}
network wire
host farm eth0=wire:10.1.0.3/24,fd01::3/64
host theirs product=peer eth0=wire:10.1.0.1/24,fd01::1/64
host ours product=hearth eth0=wire:10.1.0.2/24,fd01::2/64

# A server that has failed is an address that is gone: the farm says so at once.
for number in 11 12 13 14; do
    on farm ip addr add 10.2.0.$number/32 dev lo
    on farm ip addr add fd02::$number/128 dev lo nodad
done
on farm bash -e -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
    echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
    echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
    echo 0 >/proc/sys/net/ipv6/icmp/ratelimit
    ip route add unreachable 10.2.0.0/16
    ip -6 route add unreachable fd02::/64'
page farm index.html <<<'here'
web_start farm
fails() {
    note "server $1 fails"
    on farm ip addr del "10.2.0.$1/32" dev lo
    on farm ip addr del "fd02::$1/128" dev lo
}
returns() {
    note "server $1 returns"
    on farm ip addr add "10.2.0.$1/32" dev lo
    on farm ip addr add "fd02::$1/128" dev lo nodad
}
for name in theirs ours; do
    on "$name" ip route add 10.2.0.0/16 via 10.1.0.3
    on "$name" ip -6 route add fd02::/64 via fd01::3
    host_install "$name" /usr/local/bin/reach 755 <<'END'
#!/bin/bash
exec 3<>"/dev/tcp/$3/80"
END
    on "$name" ipvsadm -A -t 10.99.0.1:99 -s rr # somebody else's
done
configure_both() { # EDIT
    local name
    for name in theirs ours; do
        "$LAB_PROGRAMS/ld_services" "$seed" "$count" "$1" | host_install "$name" /etc/ha.d/ldirectord.cf
    done
}

# All of a host's table, a line an entry, in $REPLY.
table_of() {
    REPLY=$(on "$1" bash -c 'ipvsadm -Sn; ipvsadm -Ln --thresholds' |
        sed 's/ *$//;s/^\( *->.*[^ ]\) *[0-9]*$/\1/' | awk '
            /^(TCP|UDP|FWM)/ { service = $1 " " $2 }
            /^ *->/ { if ($2 != "RemoteAddress:Port") print "thresholds " service " " $2 " " $3 " " $4; next }
            /^-/ { print }' | LC_ALL=C sort)
}
look() {
    table_of theirs
    their_table=$REPLY
    table_of ours
    our_table=$REPLY
}
# Where the two tables stand, in $REPLY; without starting a program, which would be at the cost of the
# original, as all hosts share a processor.
kernels_say() {
    local name text
    REPLY=''
    for name in theirs ours; do
        read -r -d '' text <"/proc/${host_pid[$name]}/net/ip_vs" || :
        REPLY+=$text$'\n'
    done
}
# both_same "WHEN": the tables change, come to rest, and are the same. The original needs a while for
# that: it starts three programs for each change.
both_same() {
    local from=$SECONDS since=$SECONDS before="" moved=0
    while ((SECONDS - from < 300)); do
        kernels_say
        if [[ $REPLY != "$before" ]]; then
            [[ -z $before ]] || moved=1
            before=$REPLY since=$SECONDS
        fi
        if ((SECONDS - since >= (moved ? 4 : 12))); then
            look
            REPLY=same
            [[ $their_table == "$last_table" || $their_table != "$our_table" ]] || break
            since=$SECONDS
        fi
        nap 0.3
    done
    [[ $REPLY == same ]] || look
    note "$1: $(grep -c '^-A' <<<"$their_table" || :) services," \
        "$(grep -c '^-a' <<<"$their_table" || :) servers there (after $((SECONDS - from)) s)"
    if [[ $their_table != "$our_table" ]]; then
        diff <(echo "$their_table") <(echo "$our_table") >"$LAB_OUT/different-$stage" || :
        note "DIFFERENT (theirs <, ours >): $(<"$LAB_OUT/different-$stage")"
        note "the original's last words: $(tail -n 60 "$(host_log theirs)/ldirectord.log")"
        wrong=$((wrong + 1))
    fi
    [[ $their_table != "$last_table" ]] || unchanged=$((unchanged + 1))
    last_table=$their_table
    stage=$((stage + 1))
}

wrong=0 unchanged=0 stage=1 last_table=''

configure_both 0
expect "the original starts" on theirs ldirectord start
expect "ours starts" on ours ldirectord start
both_same "after the start"
fails 11
both_same "one server has failed"
fails 12
fails 13
both_same "three have failed"
fails 14
both_same "all have failed: the fallback"
returns 12
both_same "one is back"
returns 11
returns 14
both_same "three are back"
configure_both 1
expect "the original reloads" on theirs ldirectord reload
expect "ours reloads" on ours ldirectord reload
both_same "after a reload of the edited file"
returns 13
both_same "all are back"
expect "the original stops" on theirs ldirectord stop
expect "ours stops" on ours ldirectord stop
both_same "after the stop"
expect "somebody else's service is still there" test "${our_table/-A -t 10.99.0.1:99 -s rr/}" != "$our_table"
expect "each step changed something" test $unchanged = 0
expect "all tables were the same" test $wrong = 0
