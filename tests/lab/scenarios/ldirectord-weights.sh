# SPDX-License-Identifier: GPL-2.0-or-later
#
# What only ours has between up and down: checks every half second, two good ones before a server
# comes up, a weight that grows, a drain that ends with the last connection, a fallback that serves
# below the quorum and not only when nobody is left, agents that say what a server can bear, and
# connections that outlive the line of their server in the file.
# needs: ipvs hearth
# bound: 180

source "$LAB_SRC/stories/director.sh"

network wire
host director product=hearth eth0=wire:10.0.0.1/24
host web1 eth0=wire:10.0.0.11/24
host web2 eth0=wire:10.0.0.12/24
host web3 eth0=wire:10.0.0.13/24
host client eth0=wire:10.0.0.9/24
for name in web1 web2 web3; do
    page $name test.html <<<'fake'
    real_server $name 10.0.0.100
    web_start $name
done
page director test.html <<<'fake, instead'
web_start director
on director ip addr add 10.0.0.100/32 dev eth0
# A connection that nothing is heard of is forgotten after ten seconds.
on director ipvsadm --set 10 2 3

config() { # LINES OF THE WEB SERVICE
    cat <<END
checkinterval=500ms
checktimeout=400ms
negotiatetimeout=400ms
failurecount=2
risecount=2
recheckinterval=100ms
logfile="/var/log/ldirectord.log"

virtual=7
	real=10.0.0.99:80 gate
	checktype=on
	scheduler=rr

$1
END
}
web_service() { # REALS
    cat <<END
virtual=10.0.0.100:80
	real=$1:80 gate 100
	fallback=127.0.0.1:80 gate
	service=http
	request="test.html"
	scheduler=wrr
	slowstart=3s
	draintime=60s
	quorum=2
	hysteresis=1
	agentport=9707
	agentinterval=500ms
END
}
config "$(web_service '10.0.0.11->10.0.0.13')" | director_configure
web='-t 10.0.0.100:80'
weighs() { table_has "-a $web -r 10.0.0.$1:80 -g -w $2"; } # HOST-NUMBER WEIGHT
all_weigh() { weighs 11 "$1" && weighs 12 "$1" && weighs 13 "$1"; }
log_says_twice() { (($(grep -cF "$1" "$(host_log director)/ldirectord.log") >= 2)); }
real='10.0.0.11:80 (10.0.0.100:80)'

expect "start succeeds" ldirectord_says 0 start
wait_until 30 "all servers come to their whole weight" all_weigh 100
wait_until 10 "and the fallback goes" table_lacks 127.0.0.1
expect "one good check was not enough" log_says "Rising real server: 10.0.0.11:80 (tcp:10.0.0.100:80) success 1/2"
expect "they came with weight 1, or at 0 beside the fallback" not log_says "Added real server: $real (Weight set to 100)"
expect "their weight grew" log_says "Changed weight of real server: $real"
expect "silent agents are named" log_says "agent 10.0.0.11:9707 says nothing: L4CON"

on client bash -c 'exec 3<>/dev/tcp/10.0.0.100/80 4<>/dev/tcp/10.0.0.100/80 5<>/dev/tcp/10.0.0.100/80
    exec sleep 1000' &
connected() { [[ $(on director ipvsadm -Ln) == *"10.0.0.13:80 "*" 100 "*" 1 "* ]]; }
wait_until 10 "each has a connection" connected
web_kill web3
wait_until 15 "a dead server first has weight 0" weighs 13 0
expect "after two bad checks" log_says "Soft failure real server: 10.0.0.13:80 (tcp:10.0.0.100:80) failure 1/2"
wait_until 20 "and goes with its last connection, long before draintime" table_lacks 10.0.0.13
expect "two are enough" table_lacks 127.0.0.1

web_kill web2
wait_until 15 "one is not: the fallback serves" table_has "-a $web -r 127.0.0.1:80 -g -w 1"
expect "instead of the one that is left, which keeps its connections" weighs 11 0
client_start client 10.0.0.100 80 test.html 50 1000
wait_until 10 "the fallback answers" answered_by client director
web_start web2
wait_until 15 "a second one is up" log_says_twice "Real server up: 10.0.0.12:80 (tcp:10.0.0.100:80)"
stays 1 "but with the hysteresis it takes three" weighs 11 0
web_start web3
wait_until 20 "which serve again" all_weigh 100
wait_until 10 "and the fallback goes" table_lacks 127.0.0.1

agent_says() { host_install web1 /var/agent <<<"$1"; }
agent_says '50%'
on web1 perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) and
    setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1) and bind(S, sockaddr_in(9707, INADDR_ANY)) and
    listen(S, 9) or die; while (accept(C, S)) { open(F, "/var/agent"); print C <F>; close C }' &
wait_until 15 "an agent halves the weight of its server" weighs 11 50
agent_says drain
wait_until 15 "it drains it" weighs 11 0
agent_says 'down # for a new disk'
wait_until 30 "it takes it out" table_lacks 10.0.0.11
expect "the log has its words" log_says "Real server down: 10.0.0.11:80 (tcp:10.0.0.100:80): AGTDOWN, its agent: down # for a new disk"
agent_says up
wait_until 20 "and brings it back" all_weigh 100
client_mark client agents
wait_until 10 "all of them answer" answered_by client web1 web2 web3
expect "without an error" no_errors client agents

tell "Lines leave the file"
on director ipvsadm --set 900 2 3
mkfifo "$LAB_DIR/go"
on client bash -c 'for n in {1..8}; do exec {fd}<>/dev/tcp/10.0.0.100/80; all+=($fd); done
    echo connected
    for name in server service; do
        read -r _
        for fd in "${all[@]}"; do
            printf "GET /test.html HTTP/1.1\r\nHost: a\r\n\r\n" >&$fd
            while read -r line <&$fd && [[ $line != fake ]]; do :; done
            echo "$name: $line"
        done
    done' <"$LAB_DIR/go" >"$LAB_DIR/heard" &
exec {go}>"$LAB_DIR/go"
heard() { [[ -e $LAB_DIR/heard && $(grep -c "$1" "$LAB_DIR/heard") == "$2" ]]; }
wait_until 10 "a client has connections to all of them" heard connected 1
client_mark client leaving
config "$(web_service '10.0.0.12->10.0.0.13')" | director_configure
expect "one of them leaves the file" ldirectord_says 0 reload
wait_until 10 "it gets no new clients" weighs 11 0
stays 2 "and stays" weighs 11 0
echo >&"$go"
wait_until 10 "its connections go on" heard "server: fake" 8
expect "nobody else has noticed" no_errors client leaving
client_stop client
config '' | director_configure
expect "the service leaves" ldirectord_says 0 reload
wait_until 10 "the others get no new clients either" weighs 12 0
echo >&"$go"
wait_until 10 "their connections go on, too" heard "service: fake" 8
wait_until 30 "and when these have ended the service is gone" table_lacks 10.0.0.100:80
expect "its servers were let go" log_says "Purged virtual server (start): 10.0.0.100:80"
expect "the other service is there" table_has "-a -f 7 -r 10.0.0.99:80 -g -w 1"
exec {go}>&-
expect "stop" ldirectord_says 0 stop
