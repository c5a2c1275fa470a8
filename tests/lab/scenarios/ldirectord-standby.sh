# SPDX-License-Identifier: GPL-2.0-or-later
#
# ldirectord in standby, by hand: it checks and does not touch the table; "start" fills the table
# from what is known, "standby" empties it, edits, reloads and restarts keep the mode, the resource
# script says what heartbeat has to know, and an end in standby takes nothing along.
# needs: ipvs hearth
# bound: 150

source "$LAB_SRC/stories/director.sh"

network wire
host director product=hearth eth0=wire:10.0.0.1/24
web_pair

config() { # WEIGHT-OF-WEB2
    cat <<END
checkinterval=1
checktimeout=2
negotiatetimeout=2
autoreload=yes
logfile="/var/log/ldirectord.log"
virtual=10.0.0.100:80
	real=10.0.0.11:80 masq
	real=10.0.0.12:80 masq $1
	service=http
	request="test.html"
	receive="fake"
	scheduler=rr
END
}
script=/etc/ha.d/resource.d/ldirectord
web='-t 10.0.0.100:80'
director() { ldirectord_says 0 ldirectord.cf "$1"; }
is_ready() { director status && said_in "in standby: 1 virtual servers, 2 real servers, $1 up, 0 not checked yet"; }
table_is_empty() { [[ -z $(table_text) ]]; }
table_is() { table_has "-A $web -s rr" "$@"; }
resource_is() { [[ $(on director $script ldirectord.cf status) == "$1" ]]; }
pid_of() { read -r REPLY <"$(host_root director)/run/ldirectord.ldirectord.cf.pid"; }
same_pid() { pid_of; [[ $REPLY == "$pid" ]]; }

config 2 | director_configure
on director ipvsadm -A -t 10.0.0.100:80 -s wrr # left behind by an earlier life
expect "it starts in standby" director standby
pid_of
pid=$REPLY
expect "what was left behind is gone" table_is_empty
wait_until 10 "it has checked both servers" is_ready 2
web_kill web2
wait_until 10 "it notices a death" is_ready 1
expect "without touching the table" table_is_empty
expect "for a resource it is stopped" resource_is stopped

expect "the resource script starts it" on director $script ldirectord.cf start
expect "the table is there at once, without the dead server" table_is "-a $web -r 10.0.0.11:80 -m -w 1"
expect "and only with the living one" table_lacks "10.0.0.12"
expect "no process was started" same_pid
expect "for a resource it runs" resource_is running
expect "the status says nothing of standby" director status
expect "nothing" not said_in standby
expect "starting it once more does no harm" director start

expect "it goes back" director standby
expect "the table is empty" table_is_empty
web_start web2
config 3 | director_configure
wait_until 10 "an edit is taken up in standby" log_says "reread new configuration"
wait_until 10 "and the server's return is noticed" is_ready 2
expect "without touching the table" table_is_empty
expect "a restart" director restart
wait_until 10 "keeps it in standby" is_ready 2
expect "with an empty table" table_is_empty
expect "start" director start
expect "the edit is in the table" table_is "-a $web -r 10.0.0.11:80 -m -w 1" "-a $web -r 10.0.0.12:80 -m -w 3"

expect "standby" director standby
on director ipvsadm -A -t 10.0.0.100:80 -s wrr # another's now
expect "stop" director stop
expect "touches nothing in standby" table_has "-A $web -s wrr"
