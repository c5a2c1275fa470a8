# SPDX-License-Identifier: GPL-2.0-or-later
#
# A service that cannot start at home is tried on the other node. start-fails:LEFT:RIGHT.
# needs: hearth peer
# bound: 120
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
for name in left right; do
    host_install $name /etc/ha.d/resource.d/service 755 <<'END'
#!/bin/sh
# Cannot start where /broken is.
case $1 in
    start) [ ! -e /broken ] && touch /run/service ;;
    stop) rm -f /run/service ;;
    status) if [ -e /run/service ]; then echo running; else echo stopped; fi ;;
esac
END
    host_install $name /etc/ha.d/haresources <<END
left IPaddr2::$vip/24/eth0 service
right IPaddr2::$other_vip/24/eth0
END
done
touch "$(host_root left)/broken"
served_by() { has_address "$1" $vip && [[ -e $(host_root "$1")/run/service ]]; }

tell "Both nodes start; left cannot start its service"
heartbeat_start left
heartbeat_start right
wait_until 50 "right serves instead" served_by right
expect "left does not hold the address" not has_address left $vip
stays 3 "so it stays" served_by right
