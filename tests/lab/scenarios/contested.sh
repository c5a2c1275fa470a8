# SPDX-License-Identifier: GPL-2.0-or-later
#
# The nodes lose sight of each other, but not of their clients: an address that is still answered for
# is not taken a second time. contested:LEFT:RIGHT. Ours are told to leave it (contested leave); a
# crash is another matter.
# needs: hearth peer
# cannot: each has what it had, and nothing else
# bound: 120
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 "auto_failback off"
pair_serves_beside
add_ours "contested leave"

tell "Both nodes start"
pair_start
owners_watch left right $vip $other_vip

tell "The wire between them is cut, that to the clients is not"
network_cut wire
wait_until 20 "left counts right dead" node_status left right dead
wait_until 20 "right counts left dead" node_status right left dead
stays 4 "each has what it had, and nothing else" all_at_home
expect "at no moment did both hold an address" never_twice

tell "left dies"
host_crash left
wait_until 30 "right takes its address" has_address right $vip
