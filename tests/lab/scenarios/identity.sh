# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who a node is, and which life it lives, outlast its daemon: identity:LEFT:RIGHT, each hearth or
# peer; the one looked at is left.
# needs: hearth peer
# bound: 240
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
look() { # at left's $generation and $uuid
    local text
    IFS= read -r text <"$(host_root left)/var/lib/heartbeat/hb_generation"
    ((${#text} == 15)) || fail "a generation of 15 columns, not \"$text\""
    generation=${text// /}
    uuid=$(on left busybox od -An -tx1 /var/lib/heartbeat/hb_uuid)
}

back_with() { # left starts: it is who it was, and lives for the Nth time after the first
    heartbeat_start left
    wait_until 60 "each has its own" each_its_own
    look
    expect "its generation is $1 above the first" test "$generation" -eq $((first + $1))
    expect "its uuid is the same" test "$uuid" = "$name"
}

tell "Both nodes start"
pair_start
look
first=$generation name=$uuid
expect "its uuid is 16 bytes" test "${#name}" -eq 48

tell "left stops and starts"
heartbeat_stop left
wait_until 30 "right has its address" only_owner $vip right left
back_with 1

tell "left dies with its machine, and returns"
host_crash left
wait_until 30 "right has its address" has_address right $vip
host_boot left
back_with 2

tell "left loses its generation: the clock is above any"
heartbeat_stop left
wait_until 30 "right has its address" only_owner $vip right left
rm "$(host_root left)/var/lib/heartbeat/hb_generation"
heartbeat_start left
wait_until 60 "each has its own" each_its_own
look
expect "its generation is of today" test "$generation" -ge $(($(date +%s) - 600))

tell "left comes back with an old generation, as from a backup: right takes it for a replay"
heartbeat_stop left
wait_until 30 "right has its address" only_owner $vip right left
wait_until 20 "right counts it dead" node_status right left dead
printf '%15d\n' "$first" >"$(host_root left)/var/lib/heartbeat/hb_generation"
heartbeat_start left
stays 6 "right does not believe it" node_status right left dead
