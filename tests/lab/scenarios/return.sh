# SPDX-License-Identifier: GPL-2.0-or-later
#
# A node returns to a cluster that lived on without it, and auto_failback says what that means:
# return:LEFT:RIGHT:FAILBACK, each side hearth or peer, FAILBACK on or off.
# needs: hearth peer
# bound: 240
read -r left right failback <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 "auto_failback $failback" "initdead 30"
owners_watch left right $vip $other_vip

tell "Both nodes start"
pair_start

tell "left dies, and returns"
host_crash left
wait_until 30 "right has left's address" has_address right $vip
host_boot left
heartbeat_start left
wait_until 60 "right sees it active" node_status right left active
case $failback in
    on) wait_until 60 "each has its own" each_its_own ;;
    off)
        wait_until 60 "right keeps all, left knows it" all_on right left
        stays 5 "so it stays" all_on right left
        hb_order left hb_takeover local
        wait_until 60 "until an operator says otherwise" each_its_own
        ;;
esac

tell "right leaves in order, and returns"
heartbeat_stop right
wait_until 30 "left has right's address" has_address left $other_vip
heartbeat_start right
wait_until 60 "left sees it active" node_status left right active
case $failback in
    on) wait_until 60 "each has its own" each_its_own ;;
    off)
        wait_until 60 "left keeps all, right knows it" all_on left right
        stays 5 "so it stays" all_on left right
        ;;
esac
expect "at no moment did both hold an address" never_twice
