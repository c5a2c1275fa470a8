# SPDX-License-Identifier: GPL-2.0-or-later
#
# The main job, end to end, with the configuration of two old how-tos word for word. One describes
# a director with ldirectord (192.168.195.0/24), the other two directors with heartbeat
# (172.26.46.0/24, heartbeats on 192.168.0.0/24) and closes with the wish that something watched the
# web servers, too. Here both plans share their machines, and the wish comes true by an edit of
# ldirectord.cf while it runs. "quickstart" shows this very scenario to its reader.
# needs: ipvs hearth
# bound: 180

old_vip=192.168.195.200
vip=172.26.46.119

start_director() { # what a boot would do, ldirectord first so that the table is there before the VIP
    on "$1" ip addr add $old_vip/32 dev eth2
    show "$1" /etc/init.d/ldirectord start
    show "$1" /etc/init.d/heartbeat start
}
old_table_is() { weights_are "$1" $old_vip:80 192.168.195.134:80="$2" 192.168.195.135:80="$3"; }
new_table_is() { weights_are "$1" $vip:80 172.26.46.80:80="$2" 172.26.46.81:80="$3"; }

tell "Two directors, two web servers, a client" \
    "rh1.cluster.net     172.26.46.110   192.168.195.130   heartbeats on 192.168.0.1" \
    "debian.cluster.net  172.26.46.111   192.168.195.131   heartbeats on 192.168.0.2" \
    "web1, web2          172.26.46.80-81 192.168.195.134-135"
network public beat farm
host rh1 uname=rh1.cluster.net product=hearth \
    eth0=public:172.26.46.110/24 eth1=beat:192.168.0.1/24 eth2=farm:192.168.195.130/24
host debian uname=debian.cluster.net product=hearth \
    eth0=public:172.26.46.111/24 eth1=beat:192.168.0.2/24 eth2=farm:192.168.195.131/24
host web1 eth0=public:172.26.46.80/24 eth1=farm:192.168.195.134/24
host web2 eth0=public:172.26.46.81/24 eth1=farm:192.168.195.135/24
host client eth0=public:172.26.46.9/24 eth1=farm:192.168.195.9/24
for n in 1 2; do
    page "web$n" test.html <<<"$(sed "s/server 1/server $n/" "$LAB_DATA/seeds/test.html")"
    page "web$n" index.html <<<"This is web server $n"
    real_server "web$n" $old_vip $vip
    web_start "web$n"
done
for director in rh1 debian; do
    configure $director ha.cf haresources authkeys ldirectord.cf
done
for file in ha.cf haresources authkeys ldirectord.cf; do
    show_file rh1 /etc/ha.d/$file
done

tell "Both directors start"
start_director rh1
start_director debian
show_as rh1 "tcpdump -n -i any port 694" \
    timeout 20 bash -c 'tcpdump -l -n -i any -c 4 port 694 2>/dev/null'

tell "ldirectord has checked the web servers and filled the table"
client_start client $old_vip 80 test.html 50 3000
settles 40 2 "both web servers have weight 1 on rh1" old_table_is rh1 1 1
wait_until 10 "and on debian" old_table_is debian 1 1
show rh1 ipvsadm -Ln
client_mark client all_is_well
wait_until 10 "the client is served" is_served client 40
for n in 1 2 3 4; do
    show_as client "wget -qO- http://$old_vip/test.html | grep title" \
        bash -c "busybox wget -qO- http://$old_vip/test.html | sed -n 's/^[[:blank:]]*\(<title>\)/\1/p'"
done
expect "no request failed" no_errors client all_is_well
expect "the web servers take turns" even_share client all_is_well 40 web1 web2

tell "Web server 2 dies"
client_mark client web2_dies
web_kill web2
wait_until 15 "its weight is 0 on rh1" old_table_is rh1 1 0
client_mark client web2_is_out
show rh1 ipvsadm -Ln
stays 3 "it stays out" old_table_is rh1 1 0
expect "no request failed once it was found dead" no_errors client web2_is_out
expect "web1 answered them all" not answered_by client web2

tell "It returns"
client_mark client web2_returns
web_start web2
wait_until 15 "its weight is 1 on rh1" old_table_is rh1 1 1
wait_until 30 "it answers the client again" answered_by client web2
expect "no request failed" no_errors client web2_returns

tell "heartbeat has given the address to rh1, as haresources says"
wait_until 60 "rh1 holds $vip" has_address rh1 $vip
expect "debian does not" not has_address debian $vip
show rh1 ip -4 addr show dev eth0

tell "The wish: watch the web servers behind heartbeat's address, too" \
    "A block more in ldirectord.cf, on both; autoreload=yes finds it."
for director in rh1 debian; do
    on $director tee -a /etc/ha.d/ldirectord.cf <"$LAB_DATA/seeds/ldirectord.cf.wish" >/dev/null
done
show rh1 tail -n 9 /etc/ha.d/ldirectord.cf
settles 30 2 "rh1 has the new table" new_table_is rh1 1 1
settles 30 2 "and so has debian" new_table_is debian 1 1
expect "the old one is untouched" old_table_is rh1 1 1
client_mark client the_wish
client_target client target $vip 80 /
wait_until 10 "the client is served at $vip" is_served client 40
expect "the web servers take turns" even_share client the_wish 40 web1 web2
expect "no request failed" no_errors client the_wish

tell "rh1 dies, the active director" "debian must hear nothing for 10 s (deadtime) before it may act."
client_mark client rh1_dies
host_crash rh1
wait_until 40 "debian holds $vip" has_address debian $vip
wait_until 15 "the client is served again" is_served client 20
show debian ip -4 addr show dev eth0
show debian ipvsadm -Ln -t $vip:80
client_mark client debian_serves
wait_until 10 "by both web servers" is_served client 40
expect "no request failed" no_errors client debian_serves
# Of the requests that the death cut off some still count as open here; wlc gives the other server more for each.
expect "both web servers have their share" even_share client debian_serves 15 web1 web2

tell "rh1 returns, and takes its address back (auto_failback on)"
client_mark client rh1_returns
host_boot rh1
start_director rh1
wait_until 60 "rh1 holds $vip again" has_address rh1 $vip
wait_until 10 "debian has let go of it" not has_address debian $vip
wait_until 15 "the client is served" is_served client 40
client_mark client the_end
wait_until 10 "by rh1 from now on" is_served client 40
expect "no request failed" no_errors client the_end
expect "the gap at the death was deadtime and a little, not more" gap_below client rh1_dies 20000

tell "What the client saw, asking every 50 ms"
client_table client
