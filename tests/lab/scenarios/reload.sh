# SPDX-License-Identifier: GPL-2.0-or-later
#
# haresources changes and is reread: a new group is served, a removed one let go, and what did not
# change is not touched. reload:LEFT:RIGHT.
# needs: hearth peer
# cannot: right holds the new address
# bound: 90
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
new_vip=10.1.0.103
resources() {
    local name
    for name in left right; do
        host_install $name /etc/ha.d/haresources <<<"$1"
    done
    for name in left right; do
        heartbeat_reload $name
    done
}

tell "Both nodes start"
pair_start
watch_while only_owner $vip left right

tell "A group more"
resources "left IPaddr2::$vip/24/eth0
right IPaddr::$other_vip/24/eth0
right IPaddr2::$new_vip/24/eth0"
wait_until 10 "right holds the new address" only_owner $new_vip right left

tell "A group less"
resources "left IPaddr2::$vip/24/eth0
right IPaddr2::$new_vip/24/eth0"
wait_until 10 "the address of the removed one is nowhere" nowhere $other_vip left right

tell "One changes its home"
resources "left IPaddr2::$vip/24/eth0
left IPaddr2::$new_vip/24/eth0"
wait_until 15 "left holds it" only_owner $new_vip left right
expect "what did not change never moved" held_all_the_while
