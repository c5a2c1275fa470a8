# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two nodes lose sight of each other, both serve, and see each other again: one rule says who keeps
# what, and at no moment is an address nowhere. heal:LEFT:RIGHT.
# needs: hearth peer
# cannot: each lets go of what is the other's
# bound: 180
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
somewhere() { has_address left "$1" || has_address right "$1"; }
both_somewhere() { somewhere $vip && somewhere $other_vip; }

tell "Both nodes start"
pair_start

tell "The wire is cut"
network_cut wire
wait_until 30 "left takes right's address" has_address left $other_vip
wait_until 30 "right takes left's address" has_address right $vip

tell "The wire is whole again"
network_heal wire
watch_while both_somewhere
wait_until 5 "each lets go of what is the other's" all_at_home
stays 3 "so it stays" all_at_home
expect "no address was ever nowhere" held_all_the_while
wait_until 10 "each says it holds its own" each_its_own
