# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody removes an address that heartbeat holds: it is put back. address-removed:LEFT:RIGHT.
# needs: hearth peer
# cannot: it is back
# bound: 90
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1

tell "Both nodes start"
pair_start

tell "Somebody removes left's address"
on left ip address del $vip/24 dev eth0
wait_until 10 "it is back" only_owner $vip left right
expect "right never had it" not has_address right $vip
