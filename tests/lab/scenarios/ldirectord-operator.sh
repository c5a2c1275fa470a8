# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an operator does with a running ldirectord: looks at it, takes servers out and back without an
# edit, over a reload and a restart; and what becomes of what somebody does to the table with ipvsadm.
# needs: ipvs hearth
# bound: 150

source "$LAB_SRC/stories/director.sh"

network wire
host director product=hearth eth0=wire:10.0.0.1/24
web_pair

config() { # EXTRA GLOBAL LINES
    cat <<END
checkinterval=1
checktimeout=2
negotiatetimeout=2
autoreload=yes
logfile="/var/log/ldirectord.log"
$1
virtual=10.0.0.100:80
	real=10.0.0.11:80 masq
	real=10.0.0.12:80 masq 2
	fallback=10.0.0.99:80 masq
	service=http
	request="test.html"
	receive="fake"
	scheduler=rr
virtual=7
	real=10.0.0.11:80 masq 3
	checktype=connect
	scheduler=rr
END
}
web='-t 10.0.0.100:80'
ours() { ldirectord_says 0 "$@"; }
table_is() { table_has "-A $web -s rr" "$@"; }
both_serve() { table_is "-a $web -r 10.0.0.11:80 -m -w 1" "-a $web -r 10.0.0.12:80 -m -w 2"; }
status_has() { ours status "--$1" && said_in "$2"; }
by_hand() { on director ipvsadm "$@"; }

config keeporders=yes | director_configure
expect "start" ours start
wait_until 20 "both servers serve" both_serve

tell "Looking"
expect "the report has each service" status_has text "service: tcp:10.0.0.100:80"
expect "each server, with its verdict" said_in "meaning: the right answer"
expect "how long its check took" said_in "latency us: "
expect "and when it went up" said_in "transitions:"
expect "a program gets JSON" on director bash -c 'ldirectord status --json 2>/dev/null | head -c1 | grep -q "^{"'
expect "who names the file means another instance" ldirectord_says 3 ldirectord.cf status

tell "Orders"
expect "drain" ours drain 10.0.0.11
expect "it says how many servers that meant" said_in "2 real servers"
expect "it has no new clients anywhere" table_is "-a $web -r 10.0.0.11:80 -m -w 0" "-a -f 7 -r 10.0.0.11:80 -m -w 0"
expect "but in one service" ours enable 10.0.0.11 fwm:7
expect "there it has" table_has "-a -f 7 -r 10.0.0.11:80 -m -w 3"
expect "disable" ours disable 10.0.0.12:80 tcp:10.0.0.100:80
expect "it is out, and the fallback is in" table_is "-a $web -r 10.0.0.99:80 -m -w 1"
expect "out" table_lacks 10.0.0.12
expect "weight" ours weight 10.0.0.12 7 10.0.0.100:80
expect "counts at once" table_is "-a $web -r 10.0.0.12:80 -m -w 7"
expect "and the fallback goes" table_lacks 10.0.0.99
expect "the status says who ordered it" status_has text "order: weight 7 10.0.0.12 (tcp:10.0.0.100:80)"
expect "(root did)" said_in "by: root"
expect "the log, too" log_says "Ordered by root: weight 7 10.0.0.12 (tcp:10.0.0.100:80)"
nobody_says() { # STATUS WORD...
    local expected=$1 status=0
    shift
    said=$(on director setpriv --reuid=65534 --clear-groups ldirectord "$@" 2>&1) || status=$?
    note "director, nobody: ldirectord $*: $status: $said"
    ((status == expected))
}
log_before=$(<"$(host_log director)/ldirectord.log")
for words in "drain 10.0.0.12" "disable 10.0.0.12" "enable 10.0.0.12" "weight 10.0.0.12 9"; do
    # shellcheck disable=SC2086
    expect "nobody else may order: $words" nobody_says 1 $words
    expect "and is told so" said_in "only root may do this"
done
expect "nor stop it" nobody_says 1 stop
expect "with a reason" said_in "cannot stop process"
expect "nor have it reload" nobody_says 1 reload
expect "with a reason" said_in "cannot signal process"
expect "but everybody may ask" nobody_says 0 status
expect "and is answered" said_in "service: tcp:10.0.0.100:80"
expect "a program, too" nobody_says 0 status --json
expect "and try the file" nobody_says 0 configtest
on director chmod 600 /etc/ha.d/ldirectord.cf
expect "also where the file is root's alone" nobody_says 0 status --text
expect "which is said" said_in "cannot be read by this user"
expect "the answer is whole" said_in "service: tcp:10.0.0.100:80"
on director chmod 644 /etc/ha.d/ldirectord.cf
expect "root asks, too" ours status
expect "who asks leaves nothing in the log" test "$(<"$(host_log director)/ldirectord.log")" == "$log_before"
expect "nonsense is refused" ldirectord_says 1 drain 10.0.0.77
expect "with the reason" said_in "no real server of the configuration is meant"
web_kill web2
wait_until 10 "a server that fails is down, whatever was ordered" table_lacks 10.0.0.12
web_start web2
wait_until 10 "and returns with the weight that was ordered" table_is "-a $web -r 10.0.0.12:80 -m -w 7"

tell "A reload, a restart"
expect "reload" ours reload
expect "restart" ours restart
wait_until 10 "the orders are in force" table_is "-a $web -r 10.0.0.11:80 -m -w 0" "-a $web -r 10.0.0.12:80 -m -w 7"
expect "except where they were withdrawn" table_has "-a -f 7 -r 10.0.0.11:80 -m -w 3"
expect "one is withdrawn" ours enable 10.0.0.11
expect "and the other" ours enable 10.0.0.12
expect "all is as the file says" both_serve
expect "also after a restart" ours restart
wait_until 10 "it is" both_serve

tell "Another hand in the table"
config $'keeporders=yes\ntablecheck=1' | director_configure
wait_until 10 "an edit has it looked after" log_says "reread new configuration"
by_hand -e $web -r 10.0.0.12:80 -m -w 50
wait_until 10 "a weight is put right" both_serve
wait_until 5 "the log says so" log_says "The kernel's table was changed by somebody else: put right (1 changes)"
by_hand -d $web -r 10.0.0.11:80
by_hand -a $web -r 10.0.0.77:80 -m
wait_until 10 "a missing server returns" both_serve
wait_until 10 "a foreign one goes" table_lacks 10.0.0.77
by_hand -D $web
wait_until 10 "so does the whole service" both_serve
by_hand -A -t 10.99.99.99:99 -s rr
by_hand -C
wait_until 10 "and the whole table" both_serve
by_hand -A -t 10.99.99.99:99 -s rr
by_hand -e $web -r 10.0.0.11:80 -m -w 0
wait_until 10 "weight 0 is seen" log_says "set to weight 0 by somebody else, left so: 10.0.0.11:80 (10.0.0.100:80)"
stays 3 "and left so" table_is "-a $web -r 10.0.0.11:80 -m -w 0"
web_kill web2
wait_until 10 "also when we change something else" table_lacks "$web -r 10.0.0.12"
expect "it is" table_is "-a $web -r 10.0.0.11:80 -m -w 0"
web_start web2
wait_until 10 "(that one returns)" table_is "-a $web -r 10.0.0.12:80 -m -w 2"
web_kill web1
wait_until 10 "until it fails" table_lacks "$web -r 10.0.0.11"
web_start web1
wait_until 10 "and comes back" both_serve
expect "another's service is another's business" table_has "-A -t 10.99.99.99:99 -s rr"
expect "the status counts" not status_has text "table checks that found changes: 0"
expect "stop" ours stop
