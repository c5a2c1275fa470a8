# SPDX-License-Identifier: GPL-2.0-or-later
#
# Nodes that are added and deleted while the cluster runs, weights and sites, any two of ours
# (hearth) and Heartbeat 3.0.6 (peer): nodes:LEFT:RIGHT.
# needs: hearth peer
# bound: 150
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" bcast sha1
share=/usr/share/heartbeat
lists() { # HOST NODES: in the order of its table
    [[ $(on "$1" cl_status listnodes 2>/dev/null | tac | tr '\n' ' ') == "$2 " ]]
}
weighs() { [[ $(on "$1" cl_status nodeweight "$2" 2>/dev/null) == "$3" ]]; }
lies_in() { [[ $(on "$1" cl_status nodesite "$2" 2>/dev/null) == "$3" ]]; }
both() { "$1" left "${@:2}" && "$1" right "${@:2}"; }

both_start
wait_until 60 "both are at home" all_at_home
wait_until 30 "left is stable" rsc_status left local
wait_until 30 "right is stable" rsc_status right local

tell "Each tells the other of a new node"
on left $share/hb_addnode Carol
wait_until 10 "both know carol" both lists "left right carol"
on right $share/hb_addnode dave
wait_until 10 "both know dave" both lists "left right carol dave"

tell "Weights and sites"
expect "a node weighs 100" weighs left right 100
on left $share/hb_setweight right 20
on right $share/hb_setsite left paris
wait_until 10 "both know the weight" both weighs right 20
wait_until 10 "both know the site" both lies_in left paris

tell "right starts anew, and learns of them from left"
# 3.0.6 drops a handover when it counts any node dead meanwhile
wait_until 20 "left calls carol dead" node_status left carol dead
wait_until 20 "and dave" node_status left dave dead
heartbeat_stop right
heartbeat_start right
wait_until 30 "right lists them" lists right "left right carol dave"
wait_until 60 "both are at home" all_at_home

tell "Who lives is not deleted"
on left $share/hb_delnode right
on right $share/hb_delnode right
nap 2
expect "it is still there" both lists "left right carol dave"

tell "Who is dead is"
wait_until 20 "both call carol dead" node_status left carol dead
wait_until 20 "and dave" node_status right dave dead
on left $share/hb_delnode carol dave
wait_until 10 "both have forgotten them" both lists "left right"
for name in left right; do
    expect "and noted that" on $name grep -q '^carol' /var/lib/heartbeat/delhostcache
done
stays 2 "the addresses are where they were" all_at_home
