# SPDX-License-Identifier: GPL-2.0-or-later
#
# A service that dies is noticed and started again in its place; one that dies again and again goes to
# the other node. service-dies:LEFT:RIGHT.
# needs: hearth peer
# cannot: it lives again in its place
# bound: 120
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
pair_has_service
add_ours "monitor 500ms"
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
