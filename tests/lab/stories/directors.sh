# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two directors, left the home of $vip, and three web servers behind it.

vip=10.1.0.100

table_is() { weights_are "$1" $vip:80 10.1.0.11:80="$2" 10.1.0.12:80="$3" 10.1.0.13:80="$4"; }
serves() { has_address "$1" $vip && table_is "$@"; }
never_asks() { ipvs_find "$1" $vip:80 "$2:80"; [[ -z $REPLY ]]; }
log_says() { file_says "$(host_log "$1")/ldirectord.log" "$2"; }

# directors PRODUCT PRODUCT: all hosts boot, the web servers are not started.
directors() {
    local name n product_left=$1 product_right=$2
    network wire
    for n in 1 2 3; do
        host "web$n" "eth0=wire:10.1.0.1$n/24"
        page "web$n" index.html <<<"web server $n"
        real_server "web$n" $vip
    done
    host left uname=left product="$product_left" eth0=wire:10.1.0.1/24
    host right uname=right product="$product_right" eth0=wire:10.1.0.2/24
    for name in left right; do
        host_install $name /etc/ha.d/authkeys 600 <<<$'auth 1\n1 sha1 lab-secret'
        host_install $name /etc/ha.d/haresources <<<"left ldirectord::ldirectord.cf $vip/24/eth0"
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
checktimeout=2
negotiatetimeout=2
logfile="/var/log/ldirectord.log"
virtual=$vip:80
	real=10.1.0.11:80 gate
	real=10.1.0.12:80 gate
	real=10.1.0.13:80 gate
	service=http
	request="index.html"
	receive="web server"
	scheduler=rr
END
    done
}
