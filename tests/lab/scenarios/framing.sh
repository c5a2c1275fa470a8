# SPDX-License-Identifier: GPL-2.0-or-later
#
# What msgfmt changes on the wire, and that nodes which differ in it understand each other:
# framing:LEFT:RIGHT:LEFTFORMAT:RIGHTFORMAT, each side hearth or peer, each format netstring or classic.
# needs: hearth peer
# bound: 180
read -r left right left_format right_format <<<"$LAB_WORDS"
pair_boot "$left" "$right" ucast sha1
add_line left ha.cf "msgfmt $left_format"
add_line right ha.cf "msgfmt $right_format"
# inner_auth ADDRESS: whether the beats from there carry a digest within, beside the trailer.
inner_auth() {
    local datagram
    datagram=$(timeout 10 tcpdump -n -A -s 2048 -c 1 -i wire "src $1 and udp port 694" 2>/dev/null)
    [[ $datagram == *'###'*'%%%'* ]] || fail "a datagram in netstring form from $1"
    [[ $datagram == *'(0)auth='* ]]
}
as_format_says() { # ADDRESS FORMAT
    if [[ $2 == classic ]]; then inner_auth "$1"; else ! inner_auth "$1"; fi
}

tell "Both nodes start"
pair_start
expect "left's datagrams are as $left_format means" as_format_says 10.1.0.1 "$left_format"
expect "right's datagrams are as $right_format means" as_format_says 10.1.0.2 "$right_format"

tell "They talk"
# With msgfmt netstring, 3.0.6 does not understand its own child: no standby with it ever ends, nor does
# its own stop.
lame=''
[[ $left:$left_format != peer:netstring ]] || lame=left
[[ $right:$right_format != peer:netstring ]] || lame=right
if [[ -z $lame ]]; then
    hb_order left hb_standby all
    wait_until 30 "right has all" all_on right left
    hb_order right hb_standby foreign
    wait_until 30 "each has its own" each_its_own
fi
host_crash right
wait_until 30 "left has right's address" has_address left $other_vip
host_boot right
heartbeat_start right
wait_until 60 "right has its own again" only_owner $other_vip right left
if [[ $lame != left ]]; then
    heartbeat_stop left
    wait_until 30 "right has left's address" only_owner $vip right left
fi
