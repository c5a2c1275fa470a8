# SPDX-License-Identifier: GPL-2.0-or-later
#
# A move under a client that never rests: no request is lost, and the giver reads the kernel's list of connections
# while it has the address still. open-connections:METHOD, gate, or masq with the servers' way out moving as well.
# needs: ipvs hearth
# bound: 120
read -r method <<<"$LAB_WORDS"
vip=10.1.0.100 inside=10.1.0
[[ $method != masq ]] || inside=10.2.0

serves() { has_address "$1" $vip && weights_are "$1" $vip:80 $inside.11:80=1 $inside.12:80=1; }
ready() { [[ $(on "$1" ldirectord ldirectord.cf status 2>&1) == *"in standby: 1 virtual servers, 2 real servers, 2 up, 0 not"* ]]; }
log_of() { REPLY="$(host_log "$1")/ldirectord.log"; }
log_says() { log_of "$1"; file_says "$REPLY" "$2"; }

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
for name in left right; do
    n=2
    [[ $name == right ]] || n=1
    host $name product=hearth eth0=wire:10.1.0.$n/24 eth1=inside:10.2.0.10$n/24
    on $name bash -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects'
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
client_start client $vip 80 / 5 1000
wait_until 20 "the client is served" is_served client 100

# moves FROM TO
moves() {
    tell "$1 hands over"
    client_mark client "from_$1"
    hb_order "$1" hb_standby all
    wait_until 20 "$2 serves" serves "$2"
    wait_until 20 "the client is served" is_served client 300
    client_mark client between
    nap 1.2
    expect "no request was lost" no_errors client "from_$1"
    expect "$1 told of its connections while it had the address" log_says "$1" "open connections told to the next director"
    expect "and of the others when it was gone" log_says "$1" "open connections handed over that began meanwhile"
    expect "without reading the list again" not log_says "$1" "is read once more"
    wait_until 20 "$1 stands by" ready "$1"
}
moves left right
moves right left
