# SPDX-License-Identifier: GPL-2.0-or-later
#
# Datagrams of right that no parser should take, damaged in every way known to hurt, some of them with
# a good digest: a node that holds addresses goes on as if nothing had come. hostile:LEFT:RIGHT; left
# is the one attacked.
# needs: hearth peer
# cannot: left runs, and holds what it held
# bound: 180
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
host stranger eth0=wire:10.1.0.66/24
rubbish() { nsenter -t "${host_pid[stranger]}" -n "$LAB_PROGRAMS/../netns/rubbish" "$@" >>"$LAB_OUT/story.txt"; }
log_size() { REPLY=$(stat -c %s "$(host_log left)/ha-log"); }

tell "Both nodes start"
pair_start
watch_while has_address left $vip
watch_while not has_address right $vip

tell "A stranger sends what no parser should take"
log_size
before=$REPLY
rubbish damaged 10.1.0.1 694 lab-secret
stays 5 "left runs, and holds what it held" all_at_home
expect "its daemon answers" heartbeat_runs left
expect "the address never left it" held_all_the_while
log_size
expect "the log grew by less than 20,000 bytes" test $((REPLY - before)) -lt 20000
hb_order left hb_standby all
wait_until 30 "it still takes part: right has all" all_on right left
