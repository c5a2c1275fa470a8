# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the original ldirectord does and ours must do as well (both pass this): exit codes, a server
# that is removed (quiescent=no), the fallback, a bad file, HUP, a crash and a restart that the
# client must not notice, cleanstop yes and no.
# needs: ipvs hearth
# bound: 120

vip=10.1.0.100:80
network wire
host director product=hearth eth0=wire:10.1.0.1/24,10.1.0.100/24
host web1 eth0=wire:10.1.0.11/24
host web2 eth0=wire:10.1.0.12/24
host client eth0=wire:10.1.0.9/24
for name in web1 web2; do
    page $name index.html <<<'here'
    real_server $name 10.1.0.100
    web_start $name
done
page director index.html <<<'here, instead'
web_start director

settings() { # WEIGHT [MORE]
    host_install director /etc/ha.d/ldirectord.cf <<END
checkinterval=1
checktimeout=2
logfile="/var/log/ldirectord.log"
quiescent=no
virtual=$vip
	real=10.1.0.11:80 gate $1
	real=10.1.0.12:80 gate 1
	fallback=127.0.0.1:80 gate
	service=http
	request="index.html"
	receive="here"
	scheduler=rr
	checktype=negotiate
${2:-}
END
}
reals_are() { weights_are director $vip 10.1.0.11:80="$1" 10.1.0.12:80="$2" 127.0.0.1:80="$3"; }
runs() { on director test -d "/proc/$pid"; }
learn_pid() { read -r pid <"$(host_root director)/run/ldirectord.ldirectord.cf.pid"; }
signal_it() { on director bash -c "kill -$1 $pid"; }
says() { file_says "$(host_log director)/ldirectord.log" "$1"; }

settings 1
expect "status of a stopped one is 3" exits 3 ldirectord director status
expect "start succeeds" ldirectord director start
settles 30 2 "both servers are in the table, the fallback is not" reals_are 1 1 ''
expect "with the scheduler of the file" scheduled director $vip rr
expect "status of a running one is 0" exits 0 ldirectord director status
learn_pid
expect "a second start is no error" ldirectord director start
client_start client 10.1.0.100 80 / 50 3000
wait_until 10 "both answer the client" answered_by client web1 web2

web_kill web2
wait_until 15 "a dead server is removed" reals_are 1 '' ''
web_kill web1
wait_until 15 "with no server left the fallback steps in" reals_are '' '' 1
client_mark client fallback
wait_until 10 "and answers the client" answered_by client director
expect "without an error" no_errors client fallback
web_start web1
wait_until 15 "a server that returns takes over from the fallback" reals_are 1 '' ''
web_start web2
wait_until 15 "so does the second" reals_are 1 1 ''

client_mark client reload
settings 1 $'\tchecktype=nonsense'
signal_it HUP
wait_until 15 "HUP with a bad file is complained about" says checktype
stays 3 "it changes nothing in the table" reals_are 1 1 ''
expect "nor does it stop the daemon" runs
settings 3
expect "reload of a mended file succeeds" ldirectord director reload
settles 20 2 "its new weight is in the table" reals_are 3 1 ''
expect "no request failed over it" no_errors client reload

client_mark client crash
signal_it KILL
wait_until 10 "a killed daemon is gone" not runs
expect "its table is not" reals_are 3 1 ''
expect "start after a crash succeeds" ldirectord director start
settles 20 2 "the entries are adopted" reals_are 3 1 ''
expect "no request failed over it" no_errors client crash

client_mark client stop
expect "stop succeeds" ldirectord director stop
wait_until 20 "nothing is left in the table" not has_service director $vip
wait_until 20 "it no longer runs" exits 3 ldirectord director status
expect "stop of a stopped one is no error" ldirectord director stop
expect "reload of a stopped one is" exits 1 ldirectord director reload

settings 1 'cleanstop=no'
expect "start succeeds" ldirectord director start
settles 30 2 "the table is back" reals_are 1 1 ''
expect "stop succeeds" ldirectord director stop
wait_until 20 "it no longer runs" exits 3 ldirectord director status
stays 1 "with cleanstop=no the table stays" reals_are 1 1 ''
