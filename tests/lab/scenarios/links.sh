# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two links between the nodes, and one is cut: it is told, and nothing else happens; with both cut,
# it is a partition. links:LEFT:RIGHT.
# needs: hearth peer
# bound: 180
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 "bcast eth1"
network second
host_plug left eth1 second 10.2.0.1/24
host_plug right eth1 second 10.2.0.2/24
link_is() { [[ $(on "$1" cl_status hblinkstatus "$2" "$3" 2>/dev/null) == "$4" ]]; }
owners_watch left right $vip $other_vip

tell "Both nodes start"
pair_start
for link in eth0 eth1; do
    wait_until 20 "left hears right by $link" link_is left right $link up
    wait_until 20 "right hears left by $link" link_is right left $link up
done

tell "The first link is cut"
watch_while all_at_home
network_cut wire
wait_until 20 "left says so" link_is left right eth0 dead
wait_until 20 "right says so" link_is right left eth0 dead
expect "the second link is up" link_is left right eth1 up
stays 3 "nothing moves" all_at_home
wait_until 5 "each sees the other active" node_status left right active
wait_until 5 "and the other way round" node_status right left active

tell "Resources move by the other link"
expect "until here nothing did" held_all_the_while
hb_order left hb_standby local
wait_until 30 "right has all" all_on right left
hb_order right hb_standby foreign
wait_until 30 "each has its own" each_its_own

tell "The first link is whole again"
network_heal wire
wait_until 20 "left hears right by it" link_is left right eth0 up
wait_until 20 "right hears left by it" link_is right left eth0 up
expect "at no moment did both hold an address" never_twice
