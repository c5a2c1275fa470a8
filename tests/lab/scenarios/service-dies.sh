# SPDX-License-Identifier: GPL-2.0-or-later
#
# A service that dies is noticed and started again in its place; one that dies again and again goes to
# the other node. service-dies:LEFT:RIGHT.
# needs: hearth peer
# bound: 120
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
for name in left right; do
    [[ ${!name} != hearth ]] || add_line $name ha.cf "monitor 500ms"
    host_install $name /etc/ha.d/resource.d/service 755 <<'END'
#!/bin/sh
# /run/service is the service; /run/starts counts.
case $1 in
    start) touch /run/service; echo x >>/run/starts ;;
    stop) rm -f /run/service ;;
    status) if [ -e /run/service ]; then echo running; else echo stopped; fi ;;
esac
END
    host_install $name /etc/ha.d/haresources <<END
left IPaddr2::$vip/24/eth0 service
right IPaddr2::$other_vip/24/eth0
END
done
served_by() { has_address "$1" $vip && [[ -e $(host_root "$1")/run/service ]]; }
moved_or_dead() { # kill it whenever it lives on left, until it is elsewhere
    rm -f "$(host_root left)/run/service"
    served_by right
}

tell "Both nodes start"
both_start
wait_until 50 "left serves" served_by left

tell "The service dies"
rm "$(host_root left)/run/service"
wait_until 20 "it lives again in its place" served_by left
expect "the address did not move" not has_address right $vip

tell "It dies whenever it lives"
wait_until 60 "right serves" moved_or_dead
stays 3 "so it stays" served_by right
