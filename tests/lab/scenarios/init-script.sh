# SPDX-License-Identifier: GPL-2.0-or-later
#
# /etc/init.d/heartbeat of Heartbeat 3.0.6 and ours side by side, while they run: each word, from the
# first start, by a reload, to the stop.
# needs: hearth peer
# bound: 260
source "$LAB_SRC/stories/init-script.sh"

tell "A reload starts what does not run"
same $init status
expect "both say so, with status 0" ends 0 0 reload
they_come_to_serve
same $init status

tell "The other node counts as dead"
wait_until 20 "theirs says that it holds all, though there is nothing of the other's" rsc_status theirs all
wait_until 20 "ours says what it holds" rsc_status ours local

tell "Words that change nothing"
same_sh "$init nonsense | sed 's/|standby//'" # which their usage does not name
same_sh "$init | sed 's/|standby//'"
same_sh "$init standby 2>/dev/null"
# Theirs finds what it holds itself not idle, and tells it at length.
same_sh "$init start >/dev/null 2>&1"
expect "reload: both say the same, with status 0" ends 0 0 reload
expect "force-reload: both say the same, with status 0" ends 0 0 force-reload

tell "A new ha.cf"
for name in theirs ours; do touch "$(host_root $name)/etc/ha.d/ha.cf"; done
expect "reload: both say the same, with status 0" ends 0 0 reload
stays 2 "both serve" both_serve
expect "restart: both say the same, with status 0" ends 0 0 restart
they_come_to_serve
same $init status
[[ -n $lost ]] || same cat /var/tmp/thing # started, stopped and started; not touched by the reload

tell "The end"
on_both /etc/ha.d/resource.d/startstop 755 <<'END'
#!/bin/sh
echo "startstop $*" >>/var/tmp/startstop
END
same_sh "$init stop"
same_sh "cat /var/tmp/startstop; ls /var/lock/subsys"
