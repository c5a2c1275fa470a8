# SPDX-License-Identifier: GPL-2.0-or-later
#
# What becomes of the clients of a server that dies: those bound to it by persistence, and those of
# UDP, which keep sending from the same port; with the kernel's switches as they are, and as
# ldirectord.cf can set them.
# needs: ipvs hearth
# bound: 180

source "$LAB_SRC/stories/director.sh"

vip=10.0.0.100
network wire
host director product=hearth eth0=wire:10.0.0.1/24
host client eth0=wire:10.0.0.9/24
on director ip addr add $vip/32 dev eth0
for n in 1 2; do
    host "web$n" "eth0=wire:10.0.0.1$n/24"
    page "web$n" index.html <<<"web$n"
    real_server "web$n" $vip
    web_start "web$n"
    on "web$n" perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0) and
        bind(S, sockaddr_in(5353, inet_aton($ARGV[0]))) or die $!;
        while (my $from = recv(S, my $text, 512, 0)) { send(S, "$ARGV[1]\n", 0, $from); }' \
        $vip "web$n" >>"$LAB_OUT/story.txt" 2>&1 &
done
# A server is up unless somebody says so here.
host_install director /etc/ha.d/alive 755 <<<$'#!/bin/sh\nexec test ! -e /run/dead-$3'
dies() { on director touch "/run/dead-$1"; }
returns() { on director busybox rm -f "/run/dead-$1"; }

config() { # QUIESCENT, EXTRA GLOBAL LINES
    cat <<END
checkinterval=1
checktimeout=2
autoreload=yes
quiescent=$1
logfile="/var/log/ldirectord.log"
${2:-}
virtual=$vip:80
	real=10.0.0.11:80 gate
	real=10.0.0.12:80 gate
	checktype=external
	checkcommand=/etc/ha.d/alive
	persistent=600
	scheduler=rr
virtual=$vip:5353
	real=10.0.0.11:5353 gate
	real=10.0.0.12:5353 gate
	protocol=udp
	checktype=external
	checkcommand=/etc/ha.d/alive
	scheduler=rr
END
}
web="-t $vip:80" talk="-u $vip:5353"
all_serve() {
    table_has "-a $web -r 10.0.0.11:80 -g -w 1" "-a $web -r 10.0.0.12:80 -g -w 1" \
        "-a $talk -r 10.0.0.11:5353 -g -w 1" "-a $talk -r 10.0.0.12:5353 -g -w 1"
}
at_zero() { table_has "-a $web -r $1:80 -g -w 0" "-a $talk -r $1:5353 -g -w 0"; }
switch() { [[ $(on director busybox cat "/proc/sys/net/ipv4/vs/$1") == "$2" ]]; }

# Who answers a new connection of the client.
web_says() { REPLY=$(on client busybox wget -O- http://$vip/ 2>>"$LAB_OUT/story.txt") || REPLY=nobody; }
says_web() { web_says; [[ $REPLY == "$1" ]]; }

# One port of UDP for all questions: who answers the next one, within a second.
mkfifo "$LAB_DIR/talk" "$LAB_DIR/heard"
on client perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 0) and
    connect(S, sockaddr_in(5353, inet_aton($ARGV[0]))) or die $!;
    $| = 1;
    while (<STDIN>) {
        my ($ready, $text) = ("", undef);
        send(S, "hello", 0);
        vec($ready, fileno(S), 1) = 1;
        recv(S, $text, 512, 0) if select($ready, undef, undef, 1) > 0;
        print $text // "nobody\n";
    }' $vip <"$LAB_DIR/talk" >"$LAB_DIR/heard" 2>>"$LAB_OUT/story.txt" &
exec {talking}>"$LAB_DIR/talk" {hearing}<"$LAB_DIR/heard"
udp_says() {
    echo hello >&"$talking"
    read -r -t 10 -u "$hearing" answer
    [[ $answer == $1 ]]
}

config yes | director_configure
expect "nobody has set the switch for templates" switch expire_quiescent_template 0
expect "start" ldirectord_says 0 start
wait_until 20 "all servers serve" all_serve
expect "what the file does not mention is as it was" switch expire_quiescent_template 0

tell "Quiescent and persistent"
web_says
first=$REPLY other=web1
[[ $first == web[12] ]] || fail "a web server to answer"
[[ $first == web2 ]] || other=web2
expect "the client is bound to it" says_web "$first"
dies "10.0.0.1${first#web}"
wait_until 10 "it counts as dead" at_zero "10.0.0.1${first#web}"
expect "the client is bound to it all the same" says_web "$first"
config yes "expire_quiescent_template=yes" | director_configure
wait_until 10 "the file has the switch set" switch expire_quiescent_template 1
wait_until 10 "and the client moves" says_web "$other"
returns "10.0.0.1${first#web}"
wait_until 10 "both serve again" all_serve

tell "UDP, without the switch"
config no | director_configure
wait_until 10 "the edit is read" log_says "reread new configuration"
wait_until 10 "a server answers" udp_says 'web*'
first=$answer other=web1
[[ $first == web2 ]] || other=web2
expect "the same one again" udp_says "$first"
dies "10.0.0.1${first#web}"
wait_until 10 "it is taken out" table_lacks "10.0.0.1${first#web}:5353"
expect "its client hears nothing any more" udp_says nobody
expect "and goes on hearing nothing" udp_says nobody

tell "UDP, with it"
config no "expire_nodest_conn=yes" | director_configure
wait_until 10 "the file has the switch set" switch expire_nodest_conn 1
wait_until 10 "the same flow is answered by the other server" udp_says "$other"
returns "10.0.0.1${first#web}"
wait_until 10 "both serve again" all_serve
dies "10.0.0.1${other#web}"
wait_until 10 "now that one dies" table_lacks "10.0.0.1${other#web}:5353"
wait_until 5 "and the flow moves on by itself" udp_says "$first"
exec {talking}>&-

tell "TCP, with it and without"
returns "10.0.0.1${other#web}"
wait_until 10 "both serve again" all_serve
# One connection for all questions: what becomes of the next one.
mkfifo "$LAB_DIR/ask" "$LAB_DIR/told"
on client bash -c 'trap "" PIPE
    exec 3<>/dev/tcp/$1/80
    while read -r; do
        printf "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" >&3
        status=0
        read -r -t 5 -u 3 line || status=$?
        if ((status > 128)); then
            echo silence
        elif ((status > 0)); then
            echo "the end"
        else
            echo "an answer"
            while ((${#line} > 1)) && read -r -u 3 line; do :; done
        fi
    done' - $vip <"$LAB_DIR/ask" >"$LAB_DIR/told" 2>>"$LAB_OUT/story.txt" &
exec {asking}>"$LAB_DIR/ask" {telling}<"$LAB_DIR/told"
tcp_says() {
    echo >&"$asking"
    read -r -t 10 -u "$telling" answer
    note "the connection: $answer"
    [[ $answer == "$1" ]]
}
web_says
first=$REPLY other=web1
[[ $first == web2 ]] || other=web2
expect "a connection stands" tcp_says "an answer"
config no "expire_nodest_conn=no" | director_configure
wait_until 10 "the file has the switch set" switch expire_nodest_conn 0
dies "10.0.0.1${first#web}"
wait_until 10 "its server is taken out" table_lacks "10.0.0.1${first#web}:80"
expect "it hangs" tcp_says silence
config no "expire_nodest_conn=yes" | director_configure
wait_until 10 "the file has the switch set" switch expire_nodest_conn 1
wait_until 30 "it ends" tcp_says "the end"
expect "and the client is free to begin anew, though it was bound" says_web "$other"
exec {asking}>&-
expect "stop" ldirectord_says 0 stop
expect "the switches stay" switch expire_nodest_conn 1
