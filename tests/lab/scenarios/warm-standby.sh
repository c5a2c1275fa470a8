# SPDX-License-Identifier: GPL-2.0-or-later
#
# ldirectord runs on both directors, on the one without the address in standby. A move, by command
# and by death, starts no ldirectord: the one that is there is activated, with all it knows, and a
# web server that died before the move is never asked by its new director.
# needs: ipvs hearth
# bound: 150

source "$LAB_SRC/stories/warm.sh"

client_start client $vip 80 / 20 1000
wait_until 20 "the client is served" is_served client 20

tell "Web server 3 dies, then left hands over"
web_kill web3
wait_until 20 "left takes it out" table_is left 1 1 ''
wait_until 20 "right knows, too" log_says right "Real server down: 10.1.0.13:80"
remember_pid left
remember_pid right
calls right
called=$REPLY
watch_while never_asks right 10.1.0.13
watch=$!
client_mark client hb_standby
on left /usr/share/heartbeat/hb_standby >>"$LAB_OUT/story.txt" 2>&1
wait_until 20 "right serves, by the two that are well" serves right 1 1 ''
client_mark client right_serves
wait_until 20 "left has let go of all" no_table left
wait_until 20 "and stands by" ready left 2
wait_until 20 "the client is served" is_served client 40
expect "without an error since" no_errors client right_serves
expect "right's ldirectord is the same process" same_pid right
expect "and nobody called the program there" calls_are right "$called"
expect "left's is the same process, too" same_pid left
kill $watch
expect "the dead web server was not in right's table at any moment" held_all_the_while
longest_gap hb_standby "hb_standby"

tell "Web server 2 dies, web server 3 returns, then right dies"
web_kill web2
web_start web3
wait_until 20 "right follows" table_is right 1 '' 1
wait_until 20 "left knows, too" log_says left "Real server down: 10.1.0.12:80"
wait_until 20 "both" ready left 2
calls left
called=$REPLY
watch_while never_asks left 10.1.0.12
client_mark client right_dies
host_crash right
wait_until 20 "left serves, by the two that are well" serves left 1 '' 1
client_mark client left_serves
wait_until 20 "the client is served" is_served client 40
expect "without an error since" no_errors client left_serves
expect "by those two" answered_by client web1 web3
expect "left's ldirectord is the same process" same_pid left
expect "and nobody called the program there" calls_are left "$called"
expect "the dead web server was not in left's table at any moment" held_all_the_while
longest_gap right_dies "death (deadtime 2 s)"

tell "The end"
heartbeat_stop left
wait_until 20 "ldirectord has ended with heartbeat" not has_ldirectord left
expect "the table is empty" no_table left
