# SPDX-License-Identifier: GPL-2.0-or-later
#
# A resource will not stop, and the administrator has chosen that this ends the machine: so it does,
# and the other node has everything. (The reboot of a host is the end of its namespaces.)
# needs: hearth
# bound: 120
pair_boot hearth hearth ucast sha1 'stop_failure reboot'
for name in left right; do
    host_install $name /etc/ha.d/haresources <<END
left IPaddr2::$vip/24/eth0
right IPaddr::$other_vip/24/eth0 sticky
END
    host_install $name /etc/ha.d/resource.d/sticky 755 <<'END'
#!/bin/sh
case $1 in
    start) touch /run/sticky ;;
    stop) [ ! -e /run/stuck ] || { echo "device busy"; exit 1; }; rm -f /run/sticky ;;
    status) [ -e /run/sticky ] && echo running || echo stopped ;;
esac
END
done

tell "Both nodes start, and right is to give up what will not stop"
pair_start
touch "$(host_root right)/run/stuck"
hb_order right hb_standby local
wait_until 60 "right's machine is gone" not host_up right
expect "and its log says why" file_says "$(host_log right)/ha-log" \
    'sticky does not stop: rebooting this machine now'
wait_until 20 "left has its address" has_address left $other_vip
