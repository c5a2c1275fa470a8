# SPDX-License-Identifier: GPL-2.0-or-later
#
# ldirectord alone, from its start to its stop: servers come into service after their first good
# check, leave it when they fail and return, the fallback steps in, edits are picked up at once and
# bad ones cost nothing, what is in the table already is adopted without losing a connection, and
# what belongs to others is never touched.
# needs: ipvs hearth
# bound: 180

source "$LAB_SRC/stories/director.sh"

network wire
host director product=hearth eth0=wire:10.0.0.1/24,fd00::1/64
host web1 eth0=wire:10.0.0.11/24,fd00::11/64
host web2 eth0=wire:10.0.0.12/24,fd00::12/64
host sorry eth0=wire:10.0.0.13/24
host client eth0=wire:10.0.0.9/24
for name in web1 web2 sorry; do
    page $name test.html <<<'fake'
    real_server $name 10.0.0.100
    web_start $name
done
on director ip addr add 10.0.0.100/32 dev eth0
on director ip -6 addr add fd00::100/128 dev eth0

# config WEIGHT-OF-WEB1 [EXTRA LINES]
config() {
    cat <<END
checktimeout=2
negotiatetimeout=2
checkinterval=1
autoreload=yes
logfile="/var/log/ldirectord.log"

virtual=10.0.0.100:80
	real=10.0.0.11:80 gate $1
	real=10.0.0.12:80 gate
	fallback=10.0.0.13:80 gate
	service=http
	request="test.html"
	receive="fake"
	scheduler=rr
virtual6=[fd00::100]:80
	real6=[fd00::11]:80 gate
	real6=[fd00::12]:80 gate
	quiescent=yes
	service=http
	request="test.html"
	scheduler=wlc
virtual=7
	real=10.0.0.11 gate 3
	real=10.0.0.12:80 gate 4
	checktype=connect
	checkport=80
	cleanstop=no
	scheduler=sh
${2:-}
END
}
web='-t 10.0.0.100:80' web6='-t [fd00::100]:80'

config 1 | director_configure
on director ipvsadm -A -t 10.99.99.99:99 -s rr
expect "status before the start is 3" ldirectord_says 3 status
expect "it says so" said_in "ldirectord is stopped for /etc/ha.d/ldirectord.cf"
expect "start succeeds" ldirectord_says 0 start
expect "and returns with the services in the table" \
    table_has "-A $web -s rr" "-A $web6 -s wlc" "-A -f 7 -s sh"
expect "the pid file names it" daemon_pid
expect "status is 0" ldirectord_says 0 status
expect "a second start does no harm" ldirectord_says 0 start
wait_until 20 "all servers are in service after their first check" table_has \
    "-a $web -r 10.0.0.11:80 -g -w 1" "-a $web -r 10.0.0.12:80 -g -w 1" \
    "-a $web6 -r [fd00::11]:80 -g -w 1" "-a $web6 -r [fd00::12]:80 -g -w 1" \
    "-a -f 7 -r 10.0.0.11:0 -g -w 3" "-a -f 7 -r 10.0.0.12:80 -g -w 4"
wait_until 10 "and the fallback is out" table_lacks "10.0.0.13"
expect "the log has the classic words" log_says "Added real server: 10.0.0.11:80 (10.0.0.100:80) (Weight set to 1)"

client_start client 10.0.0.100 80 test.html 50 1000
wait_until 10 "the client is served" is_served client 20

web_kill web2
wait_until 10 "a dead server is taken out" table_lacks "$web -r 10.0.0.12"
wait_until 10 "(also by the connect check)" table_lacks "-f 7 -r 10.0.0.12:80"
wait_until 10 "or to weight 0 where the service is quiescent" table_has "-a $web6 -r [fd00::12]:80 -g -w 0"
expect "the other one is still there" table_has "-a $web -r 10.0.0.11:80 -g -w 1"
client_mark client web2_is_out
wait_until 10 "the client is served" is_served client 20
expect "without an error" no_errors client web2_is_out

web_kill web1
wait_until 10 "with the last one gone the fallback is in" table_has "-a $web -r 10.0.0.13:80 -g -w 1"
wait_until 10 "the quiescent servers stay at weight 0" table_has \
    "-a $web6 -r [fd00::11]:80 -g -w 0" "-a $web6 -r [fd00::12]:80 -g -w 0"
wait_until 10 "the client is served" is_served client 20
expect "by the fallback" answered_by client sorry

web_start web1
web_start web2
wait_until 10 "both return" table_has "-a $web -r 10.0.0.11:80 -g -w 1" \
    "-a $web -r 10.0.0.12:80 -g -w 1" "-a $web6 -r [fd00::11]:80 -g -w 1" \
    "-a -f 7 -r 10.0.0.12:80 -g -w 4"
wait_until 10 "and the fallback goes" table_lacks 10.0.0.13

client_mark client edits
config 5 | director_configure
wait_until 10 "an edit is picked up" table_has "-a $web -r 10.0.0.11:80 -g -w 5"
expect "the log says so" log_says "Configuration file '/etc/ha.d/ldirectord.cf' has changed on disk"
config 5 "virtual=10.0.0.102:80
	real=10.0.0.11:80 gate
	checktype=on" | director_configure
wait_until 10 "a new service is there at once" table_has "-A -t 10.0.0.102:80 -s wrr" \
    "-a -t 10.0.0.102:80 -r 10.0.0.11:80 -g -w 1"
config 6 "virtual=10.0.0.103
	real=nonsense" | director_configure
wait_until 10 "a bad edit is told with file and line" log_says "reading file /etc/ha.d/ldirectord.cf at line 29"
expect "and changes nothing" table_has "-a $web -r 10.0.0.11:80 -g -w 5" "-A -t 10.0.0.102:80 -s wrr"
expect "reload refuses it" ldirectord_says 2 reload
web_kill web2
wait_until 10 "checking goes on" table_lacks "$web -r 10.0.0.12"
web_start web2
wait_until 10 "in both directions" table_has "-a $web -r 10.0.0.12:80 -g -w 1"
config 1 | director_configure
wait_until 10 "a good edit takes away what is gone" table_lacks 10.0.0.102
wait_until 10 "the client is served" is_served client 20

# A connection through the director that lives as long as this file descriptor.
mkfifo "$LAB_DIR/talk" "$LAB_DIR/heard"
on client bash -c 'exec 3<>/dev/tcp/10.0.0.100/80
    while read -r line; do
        printf "%s\r\n" "$line" >&3
        [[ -z $line ]] || continue
        read -r answer <&3
        echo "$answer"
        while read -r line <&3 && ((${#line} > 1)); do :; done
    done' <"$LAB_DIR/talk" >"$LAB_DIR/heard" 2>&1 &
exec {talk}>"$LAB_DIR/talk" {heard}<"$LAB_DIR/heard"
printf 'HEAD /test.html HTTP/1.1\nHost: x\n\n' >&"$talk"
read -r -t 10 -u "$heard" answer || fail "the first answer to come"
expect "a long connection stands" test "${answer%%$'\r'}" = "HTTP/1.1 200 OK"
daemon_pid
on director busybox kill -9 "$REPLY"
expect "status of a killed daemon is 1, a stale pid file" ldirectord_says 1 status
expect "in the words that cluster managers look for" said_in "ldirectord stale pid file"
before=$(table_text)
expect "it starts again" ldirectord_says 0 start
expect "and adopts the table as it is" test "$(table_text)" = "$before"
printf 'HEAD /test.html HTTP/1.1\nHost: x\n\n' >&"$talk"
read -r -t 10 -u "$heard" answer || fail "the second answer to come"
expect "the connection was not lost" test "${answer%%$'\r'}" = "HTTP/1.1 200 OK"
exec {talk}>&-

config 1 | sed 's/fake/no such page/' | director_configure
wait_until 10 "a page that does not match counts as dead" table_has "-a $web -r 10.0.0.13:80 -g -w 1"
expect "the log names the verdict" log_says L7MATCH
config 1 | director_configure
wait_until 10 "and back" table_has "-a $web -r 10.0.0.12:80 -g -w 1"

daemon_pid
old=$REPLY
expect "restart" ldirectord_says 0 restart
daemon_pid
new=$REPLY
expect "is a new process" test "$old" != "$new"
command_line=$(on director bash -c "mapfile -d '' -t words </proc/$new/cmdline; echo \${words[*]}")
expect "known by its command line as others know it" test "$command_line" = "ldirectord start"
expect "stop" ldirectord_says 0 stop
expect "returns when it is gone" ldirectord_says 3 status
expect "its services are gone" table_lacks 10.0.0.100
expect "those with cleanstop=no stay as they are" table_has "-A -f 7 -s sh" \
    "-a -f 7 -r 10.0.0.11:0 -g -w 3" "-a -f 7 -r 10.0.0.12:80 -g -w 4"
expect "what others made is still there" table_has "-A -t 10.99.99.99:99 -s rr"
expect "reload has nobody to tell" ldirectord_says 1 reload
expect "a second stop does no harm" ldirectord_says 0 stop
expect "the log has no complaint" not log_says "cannot"

two_starts() {
    on director bash -c 'ldirectord start & ldirectord start & wait'
    (($(on director bash -c 'grep -lx ldirectord /proc/[0-9]*/comm | wc -l') == 1))
}
expect "of two that start at once one runs" two_starts
expect "which stops" ldirectord_says 0 stop

killed_and_started() {
    on director ldirectord start && daemon_pid && on director bash -c "kill -9 $REPLY; exec ldirectord start" &&
        ldirectord_says 0 status
}
expect "right after a kill it starts again" killed_and_started
expect "and stops" ldirectord_says 0 stop
expect "it starts with no descriptors at all" on director bash -c 'ldirectord start <&- >&- 2>&-'
wait_until 10 "and works" table_has "-a $web -r 10.0.0.11:80 -g -w 1"
expect "and stops" ldirectord_says 0 stop

in_foreground() { # WORD... : for two seconds; what it prints is in $said
    said=$(on director timeout -s TERM 2 ldirectord "$@" 2>/dev/null) || :
    note "director# ldirectord $*: $said"
}
config 1 "supervised=yes" | director_configure
in_foreground start
expect "supervised it logs to standard output, with the date" test "${said:0:1}" = "["
expect "and ends in order" said_in "terminated on signal: TERM"
config 1 | director_configure
said=$(on director timeout -s TERM 2 ldirectord -d start 2>&1 >/dev/null) || :
expect "with -d it logs to standard error, without" said_in $'\nAdded virtual server: 10.0.0.100:80'
expect "a line for every check" said_in $'\nDEBUG2: Checked 10.0.0.11:80: negotiate http: L7OK, '
expect "and ends in order" said_in "terminated on signal: TERM"
expect "neither leaves a pid file" ldirectord_says 3 status
