# SPDX-License-Identifier: GPL-2.0-or-later
#
# The interface of the heartbeats goes, with all its addresses, and comes back: heartbeat hears the
# other node again. link-returns:LEFT:RIGHT. A second link holds the cluster together meanwhile.
# needs: hearth peer
# cannot: left hears right by it again
# bound: 90
read -r left right <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1 "bcast eth1"
network second
host_plug left eth1 second 10.2.0.1/24
host_plug right eth1 second 10.2.0.2/24
link_is() { [[ $(on "$1" cl_status hblinkstatus "$2" eth1 2>/dev/null) == "$3" ]]; }

tell "Both nodes start"
pair_start
wait_until 20 "left hears right by eth1" link_is left right up

tell "left's eth1 is taken out, and comes back"
ip link del left-eth1
wait_until 20 "left does not hear right by it" link_is left right dead
host_plug left eth1 second 10.2.0.1/24
wait_until 15 "left hears right by it again" link_is left right up
wait_until 15 "and right left" link_is right left up
expect "nothing moved" all_at_home
