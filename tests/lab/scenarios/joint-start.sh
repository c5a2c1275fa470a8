# SPDX-License-Identifier: GPL-2.0-or-later
#
# Both nodes start together and agree at once, without the ten seconds that Heartbeat waits for a
# second opinion. joint-start:LEFT:RIGHT.
# needs: hearth peer
# cannot: each has its own
# bound: 90
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
both_start
wait_until 5 "each has its own" all_at_home
wait_until 20 "and says so" each_its_own
