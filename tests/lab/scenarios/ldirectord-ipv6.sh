# SPDX-License-Identifier: GPL-2.0-or-later
#
# A network without IPv4: an address service and a mark service, ours and the original side by side on two
# directors with the same real servers. Start, failure, fallback, recovery, maintenance, mails and
# commands, reload and stop; then what only ours has. The original's http check cannot speak IPv6 as
# Debian ships it, so what both check is checked by connecting and by a program.
# needs: ipvs hearth peer
# bound: 600

network wire
host ours product=hearth eth0=wire:fd00::1/64
host theirs product=peer eth0=wire:fd00::2/64
for n in 1 2 3; do
    host "web$n" "eth0=wire:fd00::1$n/64"
    page "web$n" index.html <<<'here'
    real_server "web$n" fd00::100
    web_start "web$n"
done
host client eth0=wire:fd00::9/64
# deprecated: not an address to speak from, least of all to servers that have it themselves
on ours ip addr add fd00::100/128 dev eth0 nodad preferred_lft 0
for name in ours theirs; do
    on $name bash -c 'echo "fd00::12 web2.lab.test web2" >>/etc/hosts; mkdir -p /etc/ha.d/maintenance'
    host_install $name /usr/sbin/sendmail 755 <<<$'#!/bin/sh\ncat >>/var/log/mails'
    host_install $name /etc/ha.d/fallback 755 <<<$'#!/bin/sh\necho "$@" >>/var/log/fallback'
    host_install $name /etc/ha.d/reach 755 <<<$'#!/bin/bash\necho "$@" >>/var/log/reach\nip=${3#[}; exec 3<>"/dev/tcp/${ip%]}/$4"'
done

config() { # WEIGHT [LINES AT THE END]
    cat <<END
checkinterval=1
checktimeout=2
negotiatetimeout=2
logfile="/var/log/ldirectord.log"
maintenancedir=/etc/ha.d/maintenance
fallback6=[fd00::13]:80 gate
emailalert="ops@lab.test"
emailalertstatus=running
virtual6=[fd00::100]:80
	real6=[fd00::11]:80 gate
	real6=web2.lab.test:80 gate $1
	checktype=connect
	scheduler=rr
	persistent=600
	netmask=64
	servicename=six
	monitorfile=/var/log/monitor
	fallbackcommand="/etc/ha.d/fallback -x"
virtual6=7
	real6=[fd00::11]:80 masq 3
	real6=web2.lab.test:80 masq 4
	fallback6=[fd00::13]:80 masq
	checktype=external
	checkcommand="/etc/ha.d/reach"
	quiescent=yes
	scheduler=wlc
${2:-}
END
}
both() { local name; for name in ours theirs; do "$1" $name "${@:2}" || return 1; done; }
log_of() { file_says "$(host_log "$1")/$2" "$3"; }
run_on() { on "$1" ldirectord "${@:2}" >>"$LAB_OUT/story.txt" 2>&1; }
table_of() { on "$1" ipvsadm -Sn | sed 's/ *$//'; }
# tables_are LINE...: both are these lines, in any order.
tables_are() {
    local name wanted
    wanted=$(printf '%s\n' "$@" | sort)
    for name in ours theirs; do
        [[ $(table_of $name | sort) == "$wanted" ]] || return 1
    done
}
in_table() { [[ $'\n'$(table_of ours)$'\n' == *$'\n'"$1"$'\n'* ]]; }
not_in_table() { [[ $(table_of ours) != *"$1"* ]]; }
maintain() { local name; for name in ours theirs; do host_install $name "/etc/ha.d/maintenance/$1" </dev/null; done; }
maintain_no_more() { local name; for name in ours theirs; do on $name rm "/etc/ha.d/maintenance/$1"; done; }
site='-t [fd00::100]:80' web1='[fd00::11]:80' web2='[fd00::12]:80' sorry='[fd00::13]:80'
services=("-A $site -s rr -p 600 -M 64" "-A -f 7 -6 -s wlc")
all_are_in=("${services[@]}" "-a $site -r $web1 -g -w 1" "-a $site -r $web2 -g -w 2"
    "-a -f 7 -6 -r $web1 -m -w 3" "-a -f 7 -6 -r $web2 -m -w 4")
one_is_out=("${services[@]}" "-a $site -r $web1 -g -w 1"
    "-a -f 7 -6 -r $web1 -m -w 3" "-a -f 7 -6 -r $web2 -m -w 0")

for name in ours theirs; do config 2 | host_install $name /etc/ha.d/ldirectord.cf; done
expect "both start" both run_on start
settles 60 2 "all servers are in both tables, the fallback in none" tables_are "${all_are_in[@]}"
expect "the log has the words of the original" both log_of ldirectord.log "Added real server: $web1 ([fd00::100]:80) (Weight set to 1)"
expect "for the mark, too" both log_of ldirectord.log "Restored real server: $web1 (7) (Weight set to 3)"
expect "a program is told addresses in brackets" both log_of reach "7 0 [fd00::12] 80"
client_start client fd00::100 80 / 50 1000
wait_until 10 "a client is served" is_served client 10

tell "Servers die, and come back"
web_kill web2
wait_until 60 "one is out, or at weight 0" tables_are "${one_is_out[@]}"
wait_until 30 "with a mail of the same words" both log_of mails "Subject: [six] Deleted real server: $web2 ([fd00::100]:80)"
wait_until 30 "for the mark, too" both log_of mails "Subject: Quiescent real server: $web2 (7) (Weight set to 0)"
web_kill web1
wait_until 60 "with none left the fallback is in" tables_are "${services[@]}" "-a $site -r $sorry -g -w 1" \
    "-a -f 7 -6 -r $web1 -m -w 0" "-a -f 7 -6 -r $web2 -m -w 0" "-a -f 7 -6 -r $sorry -m -w 1"
wait_until 30 "the fallback command is told the address in brackets" both log_of fallback "-x start [fd00::100]:80 tcp"
wait_until 30 "the mails say so" both log_of mails "Added fallback server: $sorry ([fd00::100]:80) (Weight set to 1)"
client_mark client fallback
wait_until 10 "a client is served" answered_by client web3
web_start web1
web_start web2
wait_until 60 "all return, and the fallback goes" tables_are "${all_are_in[@]}"
expect "ours has a line of each check in the monitor file" log_of ours monitor "connect tcp [fd00::12] 80 2 gate /  [down] L4CON, "
expect "the original has blanks for the colons" log_of theirs monitor "connect tcp [fd00 12] 80 2 gate /"

tell "Maintenance"
for file in '[fd00::12]:80' web2.lab.test; do
    maintain "$file"
    wait_until 60 "a file $file takes a server out" tables_are "${one_is_out[@]}"
    maintain_no_more "$file"
    wait_until 60 "and without it it is back" tables_are "${all_are_in[@]}"
done

tell "Reload and stop"
for name in ours theirs; do config 5 | host_install $name /etc/ha.d/ldirectord.cf; done
expect "both reload" both run_on reload
wait_until 60 "a new weight is in both tables" tables_are "${all_are_in[@]/%-w 2/-w 5}"
expect "the original stops" run_on theirs stop
client_mark client edits

tell "What only ours has"
config 5 "	agentport=6666
virtual6=[fd00::100]:81
	real6=[fd00::11]:80 masq
	service=http
	request=\"index.html\"
	receive=\"here\"
virtual6=[fd00::100]:82
	real6=[fd00::11]:80 masq
	checktype=ping
	risecount=2" | sed '1ikeeporders=yes\ntablecheck=1' | host_install ours /etc/ha.d/ldirectord.cf
expect "a reload" run_on ours reload
wait_until 20 "http over IPv6" in_table "-a -t [fd00::100]:81 -r $web1 -m -w 1"
wait_until 20 "ping over IPv6" in_table "-a -t [fd00::100]:82 -r $web1 -m -w 1"
maintain '[FD00:0:0::12]'
wait_until 20 "a file with another spelling of the address" not_in_table "$site -r $web2"
maintain_no_more '[FD00:0:0::12]'
wait_until 20 "and without it" in_table "-a $site -r $web2 -g -w 5"
wait_until 20 "and of the mark, whose check is a command" in_table "-a -f 7 -6 -r $web2 -m -w 4"
expect "an order for an address" run_on ours drain fd00::12
expect "means it everywhere" in_table "-a $site -r $web2 -g -w 0"
expect "one for an address and a port, of the mark alone" run_on ours weight "$web2" 9 fwm6:7
expect "is obeyed there" in_table "-a -f 7 -6 -r $web2 -m -w 9"
expect "a restart" run_on ours restart
wait_until 20 "keeps the one" in_table "-a $site -r $web2 -g -w 0"
wait_until 20 "and the other" in_table "-a -f 7 -6 -r $web2 -m -w 9"
said=$(on ours ldirectord status --json 2>>"$LAB_OUT/story.txt")
expect "the status has addresses in brackets" grep -q '"\[fd00::12\]:80"' <<<"$said"
expect "and services" grep -q '"tcp:\[fd00::100\]:80"' <<<"$said"
expect "and marks" grep -q '"fwm6:7"' <<<"$said"
expect "the orders are withdrawn" run_on ours enable fd00::12
wait_until 20 "all is as the file says" in_table "-a -f 7 -6 -r $web2 -m -w 4"
on ours ipvsadm -d $site -r "$web1"
on ours ipvsadm -e -f 7 -6 -r "$web2" -m -w 50
on ours ipvsadm -D -t '[fd00::100]:81'
wait_until 20 "what another hand took away is there again" in_table "-a $site -r $web1 -g -w 1"
wait_until 20 "a weight as well" in_table "-a -f 7 -6 -r $web2 -m -w 4"
wait_until 20 "and a service" in_table "-a -t [fd00::100]:81 -r $web1 -m -w 1"
expect "stop" run_on ours stop
wait_until 30 "nothing is left of either" tables_are ''
