# SPDX-License-Identifier: GPL-2.0-or-later
#
# A move from one director to the other: when the address is there the table is full, and a web server
# that is dead is not in it at any moment. warm-move:LEFT:RIGHT; it moves to right.
# needs: ipvs hearth peer
# cannot: web server 3, which is dead, never to be in right's table
# bound: 400
read -r left right <<<"$LAB_WORDS"
source "$LAB_SRC/stories/directors.sh"
full_if_there() { ! has_address right $vip || table_is right 1 1 ''; }
# In the table it may be for a moment only: the log tells.
moved_well() {
    ! log_says right "Added real server: 10.1.0.13:80" ||
        fail "web server 3, which is dead, never to be in right's table"
    serves right 1 1 ''
}

directors "$left" "$right"
web_start web1
web_start web2
tell "Both directors start; web server 3 is dead"
both_start
settles 90 1 "left serves, with the other two" serves left 1 1 ''
[[ $right != hearth ]] || wait_until 20 "right knows, too" log_says right "Real server down: 10.1.0.13:80"

tell "left hands over"
watch_while full_if_there
watch_while never_asks right 10.1.0.13
hb_order left hb_standby all
wait_until 120 "right serves, with the same two" moved_well
stays 2 "so it stays" moved_well
expect "the table was full when the address came, and the dead one never in it" held_all_the_while
