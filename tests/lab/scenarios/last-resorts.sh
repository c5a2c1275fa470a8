# SPDX-License-Identifier: GPL-2.0-or-later
#
# A daemon that hangs takes its machine along, by a real watchdog; one that stops in good order does
# not. And it runs with real-time priority and locked memory. The whole lab is the machine: it comes
# back from its restart into this file, and finds what it noted before.
# needs: hearth watchdog
# bound: 200
if [[ -e $LAB_OUT/hanging ]]; then
    tell "The machine has come back"
    read -r hung <"$LAB_OUT/hanging"
    printf -v now '%(%s)T' -1
    note "$((now - hung)) s after the daemon hung"
    expect "not before the timeout was over" test $((now - hung)) -ge 3
    scenario_passed
fi

pair_boot hearth hearth ucast sha1 'watchdog /dev/softdog' 'rtprio 7' 'memreserve 20000'
/mnt/modprobe softdog || fail "the kernel to have softdog"
# User-Mode Linux has a watchdog of its own kind as /dev/watchdog, so this one has another name.
device=$(compgen -G '/sys/class/watchdog/*/dev') || fail "softdog to be there"
IFS=: read -r major minor <"$device"
mknod "$(host_root left)/dev/softdog" c "$major" "$minor"
log=$(host_log left)/ha-log

tell "Both nodes start; only left has a watchdog"
heartbeat_start left
on right heartbeat # the init script would find it that other one
wait_until 60 "each has its own" each_its_own
expect "left uses it, with deadtime and a bit more" file_says "$log" \
    'watchdog: using /dev/softdog with a timeout of 3 s'
expect "right says that it has none, and runs" file_says "$(host_log right)/ha-log" \
    'watchdog: cannot open /dev/softdog'

tell "left runs before others, with its memory locked"
read -r pid <"$(host_root left)/run/heartbeat.pid"
IFS=' ' read -r -a stat <<<"$(on left cat "/proc/$pid/stat")"
expect "its priority is 7" test "${stat[39]}" = 7
expect "it is scheduled round robin" test "${stat[40]}" = 2
locked=$(on left sed -n 's/^VmLck:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status")
expect "20000 KiB and more are locked ($locked)" test "$locked" -gt 20000

tell "left is petted as long as it lives"
stays 5 "both are up" each_its_own

tell "left stops in good order, and nothing happens"
heartbeat_stop left
stays 5 "the machine goes on" only_owner $vip right left

tell "left starts again, and hangs"
heartbeat_start left
wait_until 60 "each has its own" each_its_own
read -r pid <"$(host_root left)/run/heartbeat.pid"
printf '%(%s)T\n' -1 >"$LAB_OUT/hanging"
on left kill -STOP "$pid"
nap 30
fail "the machine to be restarted"
