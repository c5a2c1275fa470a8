# SPDX-License-Identifier: GPL-2.0-or-later
#
# A move under a client that never rests: no request is lost, and the giver reads the kernel's list of connections
# while it has the address still. Nor is one whose client had the same port some time ago, where the taker remembers
# that another server had it then: the giver was away and has forgotten. open-connections:METHOD, gate, or masq with
# the servers' way out moving as well.
# needs: ipvs hearth
# bound: 240
read -r method <<<"$LAB_WORDS"
vip=10.1.0.100 inside=10.1.0
[[ $method != masq ]] || inside=10.2.0

serves() { has_address "$1" $vip && weights_are "$1" $vip:80 $inside.11:80=1 $inside.12:80=1; }
ready() { [[ $(on "$1" ldirectord ldirectord.cf status 2>&1) == *"in standby: 1 virtual servers, 2 real servers, 2 up, 0 not"* ]]; }
log_of() { REPLY="$(host_log "$1")/ldirectord.log"; }
log_says() { log_of "$1"; file_says "$REPLY" "$2"; }

# The ways in which it can go wrong: not asked in time, not seen, not through.
takes_in_badly() {
    log_says "$1" "were taken in cannot be seen" || log_says "$1" "connections still to take in" ||
        file_says "$(host_log "$1")/ha-log" 'did not follow "take-in"'
}

network wire
network inside
for n in 1 2; do
    if [[ $method == gate ]]; then
        host web$n "eth0=wire:$inside.1$n/24"
        real_server web$n $vip
    else
        host web$n "eth0=inside:$inside.1$n/24"
        on web$n ip route add default via $inside.1
    fi
    page web$n index.html <<<"web server $n"
    web_start web$n
done
host client eth0=wire:10.1.0.9/24
host again eth0=wire:10.1.0.8/24
passes_on() { on "$1" bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects'; }
for name in left right; do
    n=2
    [[ $name == right ]] || n=1
    host $name product=hearth eth0=wire:10.1.0.$n/24 eth1=inside:10.2.0.10$n/24
    passes_on $name
    host_install $name /etc/ha.d/authkeys 600 <<<$'auth 1\n1 sha1 lab-secret'
    host_install $name /etc/ha.d/haresources <<<"left ldirectord::ldirectord.cf IPaddr2::$vip/24/eth0 IPaddr2::10.2.0.1/24/eth1"
    host_install $name /etc/ha.d/ha.cf <<END
logfile /var/log/ha-log
keepalive 200ms
warntime 1
deadtime 2
initdead 4
auto_failback off
ucast eth0 10.1.0.1
ucast eth0 10.1.0.2
node left
node right
END
    host_install $name /etc/ha.d/ldirectord.cf <<END
checkinterval=1
syncdaemon=eth0
logfile="/var/log/ldirectord.log"
virtual=$vip:80
	real=$inside.11:80 $method
	real=$inside.12:80 $method
	checktype=connect
	scheduler=rr
END
done

tell "Both directors start"
for name in left right; do heartbeat_start $name; done
wait_until 40 "left serves, with both web servers" serves left
wait_until 20 "right stands by, and has checked them" ready right
# A machine that is held up answers late; what is lost is not answered at all.
client_start client $vip 80 / 5 2500
wait_until 20 "the client is served" is_served client 100

# moves FROM TO CLIENT...
moves() {
    local from=$1 to=$2 name
    shift 2
    tell "$from hands over"
    for name in "$@"; do client_mark "$name" "from_$from"; done
    hb_order "$from" hb_standby all
    wait_until 20 "$to serves" serves "$to"
    for name in "$@"; do wait_until 20 "the client is served" is_served "$name" 300; done
    for name in "$@"; do client_mark "$name" between; done
    nap 1.2
    for name in "$@"; do expect "no request was lost" no_errors "$name" "from_$from"; done
    expect "$from told of its connections while it had the address" log_says "$from" "open connections told to the next director"
    expect "and of the others when it was gone" log_says "$from" "open connections handed over that began meanwhile"
    expect "without reading the list again" not log_says "$from" "is read once more"
    expect "$to had taken them in before it took the address" not takes_in_badly "$to"
    wait_until 20 "$from stands by" ready "$from"
}
moves left right client
moves right left client

# 3,000 ports in 9 s; a question follows its connection after 60 ms
tell "left dies, and right serves each port of another client"
client_start again $vip 80 / 3 2500 -d 60 -p 3000
host_crash left
wait_until 20 "right serves" serves right
wait_until 150 "the other client is served" is_served again 3000
tell "left returns, with an empty list"
host_boot left
passes_on left
heartbeat_start left
wait_until 40 "left stands by" ready left
wait_until 20 "right is past its first seconds" is_served again 300
moves right left client again
moves left right client again
