# SPDX-License-Identifier: GPL-2.0-or-later
#
# A silent node is switched off by real agents of Debian's fence-agents, three in turn: one that is not
# through in time, one whose device does not obey, and one that works.
# needs: hearth fencing
# bound: 120
pair_boot hearth hearth ucast sha1 'fence_timeout 5' 'fence_retry 1' \
    'fence right fence_dummy delay=600' \
    'fence right fence_dummy type=fail power_timeout=1' \
    'fence right fence_dummy status_file=/var/log/power power_wait=2'
log=$(host_log left)/ha-log power=$(host_log left)/power
cp -a "$LAB_PEERS/fencing/." "$(host_root left)/"
printf on >"$power"
power_goes_first() {
    not has_address left $other_vip || fail "left to take nothing before right is off"
    [[ $(<"$power") == off ]]
}
describe() { on left fence_dummy -o metadata 2>&1; }
expect "the agent runs on left" file_says <(describe) '<resource-agent name="fence_dummy"'

tell "Both nodes start, and right freezes: silent, with its address"
pair_start
host_freeze right
wait_until 60 "right's power goes" power_goes_first
host_crash right
wait_until 20 "left has its address" has_address left $other_vip
expect "the first agent had too little time" file_says "$log" 'node right could not be reset: fence_dummy: still running after 5 s'
expect "the second said what happened" file_says "$log" 'Timed out waiting to power OFF'
expect "the third did it" file_says "$log" 'node right now reset by fence_dummy.'
expect "and gave the power back" test "$(<"$power")" = on
