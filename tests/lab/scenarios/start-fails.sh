# SPDX-License-Identifier: GPL-2.0-or-later
#
# A service that cannot start at home is tried on the other node. start-fails:LEFT:RIGHT.
# needs: hearth peer
# cannot: right serves instead
# bound: 120
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
pair_has_service
touch "$(host_root left)/broken"

tell "Both nodes start; left cannot start its service"
both_start
wait_until 50 "right serves instead" served_by right
expect "left does not hold the address" not has_address left $vip
stays 3 "so it stays" served_by right
