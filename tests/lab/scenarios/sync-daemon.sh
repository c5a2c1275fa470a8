# SPDX-License-Identifier: GPL-2.0-or-later
#
# Connections outlive a move: LVSSyncDaemonSwap makes the director that holds the group the master of
# IPVS's connection synchronisation and the other one its backup, and back.
# needs: ipvs hearth
# bound: 150

source "$LAB_SRC/stories/directors.sh"
sync_is() { # HOST master|backup: that, and not the other
    local said
    said=$(on "$1" ipvsadm --list --daemon 2>/dev/null)
    [[ $said == "$2 sync daemon (mcast=eth0, syncid=7"* && $said != *$'\n'* ]]
}
agent() { on "$1" /etc/ha.d/resource.d/LVSSyncDaemonSwap "${@:2}"; }
agent_says() { [[ $(agent "$1" "${@:3}" 2>&1) == "$2" ]]; }
knows_connection() { [[ $(on "$1" ipvsadm -Lcn) == *ESTABLISHED*"$vip:80"* ]]; }

directors hearth hearth
host client eth0=wire:10.1.0.9/24
web_start web1
for name in left right; do
    host_install $name /etc/default/ipvsadm <<<$'DAEMON="backup"\nIFACE="eth0"\nSYNCID="7"'
    host_install $name /etc/ha.d/haresources <<<"left ldirectord::ldirectord.cf LVSSyncDaemonSwap::master $vip/24/eth0"
done

tell "The agent, by hand"
expect "it is stopped" agent_says right stopped master status
expect "it makes a master" agent right master start
expect "that is what it is" sync_is right master
expect "and says so" agent_says right running master status
expect "once more does no harm" agent right master start
expect "with another syncid it is started anew" agent right master eth0 9 start
expect "stopping makes a backup" agent right master stop
expect "that is what it is now" sync_is right backup
expect "and says so" agent_says right stopped master status

tell "Both directors start"
both_start
wait_until 40 "left serves" serves left 1 '' ''
wait_until 20 "as master" sync_is left master
expect "right is backup" sync_is right backup

tell "A long connection"
# One connection, and a request on it each 100 ms; a line for each answer.
: >"$LAB_DIR/answers"
on client bash -c "mkfifo /run/nap; exec 3<>/dev/tcp/$vip/80
    while printf 'GET / HTTP/1.1\r\nHost: $vip\r\n\r\n' >&3; do
        while read -r -t 10 -u 3 line && [[ \$line != 'web server 1' ]]; do :; done
        [[ \$line == 'web server 1' ]] || exit 1
        echo answered
        read -r -t 0.1 -u 4 _
    done 4<>/run/nap" >"$LAB_DIR/answers" 2>>"$LAB_OUT/story.txt" &
connection=$!
answers_above() { local n; n=$(<"$LAB_DIR/answers"); n=${n//[!a]/}; ((${#n} > $1)); }
answers() { REPLY=$(<"$LAB_DIR/answers"); REPLY=${REPLY//[!a]/}; REPLY=${#REPLY}; }
wait_until 60 "it is answered again and again" answers_above 20
wait_until 20 "right has heard of it" knows_connection right

tell "left hands over"
on left /usr/share/heartbeat/hb_standby >>"$LAB_OUT/story.txt" 2>&1
wait_until 20 "right serves" serves right 1 '' ''
expect "as master" sync_is right master
wait_until 20 "left is backup" sync_is left backup
answers
wait_until 60 "the connection goes on" answers_above $((REPLY + 40))
expect "it is the same one" kill -0 $connection
kill $connection
