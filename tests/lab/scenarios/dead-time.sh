# SPDX-License-Identifier: GPL-2.0-or-later
#
# Each node says after which silence it is to be counted dead, and the other keeps to it:
# dead-time:LEFT:RIGHT, each hearth or peer. right asks for more patience than left has.
# needs: hearth peer
# bound: 180
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
add_line right ha.cf "deadtime 8"
add_line right ha.cf "initdead 8"

tell "Both nodes start"
pair_start
stays 6 "each has its own, also past the first seconds, in which it asks for two more" each_its_own

tell "right dies: left waits for as long as right had asked"
host_crash right
stays 5 "left does not take its address" not has_address left $other_vip
wait_until 20 "then it does" has_address left $other_vip
host_boot right
heartbeat_start right
wait_until 60 "right is back" each_its_own

tell "left dies: right waits for no longer than left had asked"
host_crash left
wait_until 7 "right takes its address" has_address right $vip
