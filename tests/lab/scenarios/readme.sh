# SPDX-License-Identifier: GPL-2.0-or-later
#
# The configuration that README.md shows, word for word: an address and ldirectord as resources of
# one group. The table and the address move together, by command and by death, and the client is
# served again each time.
# needs: ipvs hearth
# bound: 150

vip=172.26.46.119
# shown NAME: the indented lines of README.md after the line that names this file.
shown() {
    local line on=''
    while IFS= read -r line; do
        case $line in
            "\`/etc/ha.d/$1\`"*) on=yes ;;
            '    '*) [[ -z $on ]] || printf '%s\n' "${line#    }" ;;
            ?*) [[ -z $on || $line == '`'*"$1"* ]] || on='' ;;
        esac
    done <"$LAB_SRC/../../README.md"
}
table_is() { weights_are "$1" $vip:80 172.26.46.80:80="$2" 172.26.46.81:80="$3"; }
serves() { only_owner $vip "$1" "$2" && table_is "$1" 1 1 && ! has_service "$2" $vip:80; }

network public beat
for n in 1 2; do
    host "web$n" "eth0=public:172.26.46.$((79 + n))/24"
    page "web$n" test.html <<<"this is fake page $n"
    real_server "web$n" $vip
    web_start "web$n"
done
host client eth0=public:172.26.46.9/24
host rh1 uname=rh1.cluster.net product=hearth eth0=public:172.26.46.110/24 eth1=beat:192.168.0.1/24
host debian uname=debian.cluster.net product=hearth eth0=public:172.26.46.111/24 \
    eth1=beat:192.168.0.2/24
for director in rh1 debian; do
    for file in ha.cf haresources ldirectord.cf; do
        shown $file | host_install $director /etc/ha.d/$file
    done
    shown authkeys | host_install $director /etc/ha.d/authkeys 600
done

tell "Both start"
heartbeat_start rh1
heartbeat_start debian
wait_until 50 "rh1 serves: address and table" serves rh1 debian
client_start client $vip 80 test.html 50 3000
wait_until 10 "the client is served" is_served client 20
expect "by both web servers" answered_by client web1 web2

tell "rh1 goes standby"
client_mark client standby
on rh1 /usr/share/heartbeat/hb_standby >>"$LAB_OUT/story.txt" 2>&1
wait_until 20 "debian serves" serves debian rh1
wait_until 10 "the client, too, says so" is_served client 20

tell "debian hands back, then rh1 dies"
on rh1 /usr/share/heartbeat/hb_takeover >>"$LAB_OUT/story.txt" 2>&1
wait_until 20 "rh1 serves again" serves rh1 debian
host_crash rh1
wait_until 30 "debian has the address" has_address debian $vip
wait_until 10 "and the table" table_is debian 1 1
client_mark client after_the_death
wait_until 10 "the client is served" is_served client 40

tell "debian stops in order"
heartbeat_stop debian
expect "the address is gone" not has_address debian $vip
expect "and so is the table" not has_service debian $vip:80
