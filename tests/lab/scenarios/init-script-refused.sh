# SPDX-License-Identifier: GPL-2.0-or-later
#
# /etc/init.d/heartbeat of Heartbeat 3.0.6 and ours side by side, with files that are bad, and when
# nothing runs.
# needs: hearth peer
# bound: 260
source "$LAB_SRC/stories/init-script.sh"

tell "A first start"
same_sh "$init stop"
same_sh "$init standby"
on_both /etc/ha.d/resource.d/startstop 755 <<'END'
#!/bin/sh
echo "startstop $*" >>/var/tmp/startstop
END
same_sh "rm -rf /run/resource-agents; $init start 2>&1 | grep -v INFO:; ls -d /run/resource-agents /var/lock/subsys/*; cat /var/tmp/startstop"
they_come_to_serve

tell "A bad ha.cf"
same_sh "sed -i 's/^deadtime.*/deadtime nonsense/' /etc/ha.d/ha.cf"
expect "a reload is refused by both; theirs ends with 0 all the same" ends 0 1 reload
same $init status
expect "restart: theirs stops and cannot start again, ours does not stop" ends 6 1 restart
expect "theirs is gone" not serves theirs
expect "ours serves" serves ours
same_sh "$init stop"
same_sh "$init start >/var/tmp/said 2>&1; echo \$?; grep -o 'Heartbeat failure.*' /var/tmp/said; ls /var/lock/subsys"

tell "It does not run"
same_sh "$init status; :" # theirs leaves its pid file and says 1
same_sh "sed -i '/^auto_failback/d' /etc/ha.d/ha.cf; $init standby"
same_sh "echo auto_failback LEGACY >>/etc/ha.d/ha.cf; $init standby"
same_sh "sed -i '/^auto_failback/d' /etc/ha.d/ha.cf; echo nice_failback off >>/etc/ha.d/ha.cf; $init standby"
same_sh "rm /etc/ha.d/ha.cf; $init start"
