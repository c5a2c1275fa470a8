# SPDX-License-Identifier: GPL-2.0-or-later
#
# A daemon that hangs or is killed takes its machine along, by a real watchdog; one that stops in
# good order does not. And it runs with real-time priority and locked memory. The watchdog is the
# kernel's softdog, told to say in the kernel's log when it would restart the machine, which is the lab.
# needs: hearth watchdog
# bound: 150
pair_boot hearth hearth ucast sha1 'watchdog /dev/softdog' 'rtprio 7' 'memreserve 20000'
/mnt/modprobe softdog nowayout=0 soft_noboot=1 || fail "the kernel to have softdog"
# User-Mode Linux has a watchdog of its own kind as /dev/watchdog, so this one has another name.
device=$(compgen -G '/sys/class/watchdog/*/dev') || fail "softdog to be there"
IFS=: read -r major minor <"$device"
mknod "$(host_root left)/dev/softdog" c "$major" "$minor"
log=$(host_log left)/ha-log
triggered=0
# How often it would have restarted the machine, at all and since the last look.
count_triggers() { grep -c 'softdog: Triggered' < <(dmesg) || :; }
would_restart() { (($(count_triggers) > triggered)); }

tell "Both nodes start; only left has a watchdog"
heartbeat_start left
# The init script would find it that other one. In many containers root may lock memory, but not lift limits.
on right setpriv --bounding-set=-sys_resource heartbeat
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
locked_by() { on "$1" sed -n 's/^VmLck:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$2/status"; }
locked=$(locked_by left "$pid")
expect "20000 KiB and more are locked ($locked)" test "$locked" -gt 20000
read -r pid <"$(host_root right)/run/heartbeat.pid"
locked=$(locked_by right "$pid")
expect "so it is with right, which may not lift the limit ($locked)" test "$locked" -gt 20000

tell "left is petted as long as it lives"
stays 5 "nothing happens" not would_restart

tell "left stops in good order"
heartbeat_stop left
stays 5 "nothing happens" not would_restart

tell "left starts again, and hangs"
heartbeat_start left
wait_until 60 "each has its own" each_its_own
read -r pid <"$(host_root left)/run/heartbeat.pid"
on left busybox kill -STOP "$pid"
wait_until 20 "the machine would be restarted" would_restart
expect "not before the timeout was over" test "$waited_ms" -ge 2000

tell "left goes on, and is killed"
on left busybox kill -CONT "$pid"
wait_until 60 "each has its own" each_its_own
triggered=$(count_triggers)
stays 5 "nothing happens" not would_restart
heartbeat_kill left
wait_until 20 "the machine would be restarted" would_restart
