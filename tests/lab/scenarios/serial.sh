# SPDX-License-Identifier: GPL-2.0-or-later
#
# A pair over a serial line alone, any two of ours (hearth) and Heartbeat 3.0.6 (peer): serial:LEFT:RIGHT.
# needs: hearth peer
# bound: 200
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" serial sha1
"$LAB_PROGRAMS/nullmodem" "$(host_root left)/dev/pts/ptmx" "$(host_root right)/dev/pts/ptmx" \
    >"$LAB_OUT/nullmodem.txt" &
cable=$!
wait_until_quietly 5 test -s "$LAB_OUT/nullmodem.txt"

tell "Both nodes start"
pair_start

tell "left goes standby, and comes back"
hb_order left hb_standby all
wait_until 30 "right has taken both addresses" only_owner $vip right left
wait_until 30 "left says it holds none" rsc_status left none
wait_until 30 "right says it holds all" rsc_status right all
hb_order right hb_standby foreign
wait_until 30 "left has its address back" only_owner $vip left right
wait_until 30 "left says it holds its own" rsc_status left local

tell "right's heartbeat dies"
heartbeat_kill right
wait_until 30 "left calls right dead" node_status left right dead
wait_until 30 "left takes right's address" has_address left $other_vip
on right ip address flush dev eth0 scope global # what a reboot would do
heartbeat_start right
wait_until 60 "right has its address again" has_address right $other_vip
wait_until 30 "and left has it no more" not has_address left $other_vip

tell "left stops in order"
heartbeat_stop left
wait_until 30 "right has both addresses" has_address right $vip
heartbeat_stop right
kill "$cable"
