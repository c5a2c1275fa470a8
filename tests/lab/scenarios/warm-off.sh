# SPDX-License-Identifier: GPL-2.0-or-later
#
# Without warm standby ldirectord runs where its group is held and nowhere else, started and ended by
# the move; a reload of ha.cf is enough to have it so, and back, while the service goes on.
# needs: ipvs hearth
# bound: 150

source "$LAB_SRC/stories/warm.sh"

tell "warm_standby off, by a reload"
remember_pid left
for name in left right; do
    echo "warm_standby off" | on $name tee -a /etc/ha.d/ha.cf >/dev/null
    on $name heartbeat -r >>"$LAB_OUT/story.txt" 2>&1
done
wait_until 20 "right's standby has ended" not has_ldirectord right
expect "left serves" serves left 1 1 1
expect "by the same process" same_pid left
stays 3 "so it stays" serves left 1 1 1

tell "A move as under Heartbeat 3.0.6"
on left /usr/share/heartbeat/hb_standby >>"$LAB_OUT/story.txt" 2>&1
wait_until 20 "right serves" serves right 1 1 1
wait_until 20 "left's has ended" not has_ldirectord left

tell "And on again"
for name in left right; do
    on $name sed -i '/warm_standby/d' /etc/ha.d/ha.cf
    on $name heartbeat -r >>"$LAB_OUT/story.txt" 2>&1
done
wait_until 20 "left stands by again" ready left 3
stays 2 "right serves" serves right 1 1 1
