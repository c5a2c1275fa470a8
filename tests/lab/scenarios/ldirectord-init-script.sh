# SPDX-License-Identifier: GPL-2.0-or-later
#
# /etc/init.d/ldirectord of the original and ours side by side: the file that /etc/default/ldirectord
# names is the one that is run, and each word says and returns the same. Then Debian's OCF agent, as a
# cluster manager calls it, with our daemon in the place of its own: it reads the exit statuses, looks
# for a sentence, and finds the process by its command line.
# needs: ipvs hearth peer
# bound: 300

network wire
host ours product=hearth eth0=wire:10.0.0.1/24
host theirs product=peer eth0=wire:10.0.0.2/24
init=/etc/init.d/ldirectord
for name in ours theirs; do
    for number in 100 101; do
        host_install $name /etc/ha.d/$number.cf <<END
checkinterval=1
virtual=10.0.0.$number:80
	real=10.0.0.11:80 masq
	checktype=on
END
    done
    host_install $name /etc/ha.d/ldirectord.cf <"$(host_root $name)/etc/ha.d/100.cf"
    host_install $name /etc/default/ldirectord <<<'CONFIG_FILE=/etc/ha.d/101.cf'
done

# says HOST WORD...: what the script says to that, and its status, in $said. One that writes no line is
# still in the line of the script, so blanks and process numbers do not count.
says() {
    local status=0
    said=$(on "$1" sh -c "$init ${*:2} 2>&1") || status=$?
    said=$(sed 's/pid: [0-9]*/pid: N/' <<<"$said")
    said="${said//[[:space:]]/ } (status $status)"
}
same() { # WORD...
    local theirs
    says theirs "$@"
    theirs=$said
    says ours "$@"
    note "$*: theirs: $theirs; ours: $said"
    [[ $said == "$theirs" ]]
}
each() { local name; for name in ours theirs; do "$1" $name "${@:2}" || return 1; done; }
serves() { # HOST NUMBER: it, and no other
    [[ $(on "$1" ipvsadm -Sn) == "-A -t 10.0.0.$2:80 -s wrr"*"-a -t 10.0.0.$2:80 -r 10.0.0.11:80 -m -w 1"* ]]
}
empty() { [[ -z $(on "$1" ipvsadm -Sn) ]]; }
running() { [[ -s $(host_root "$1")/run/ldirectord.101.cf.pid ]]; }
not_running() { ! running "$1"; }

tell "None runs"
expect "no word is answered with the words" same
expect "any other, too" same standby
expect "status" same status
expect "reload" same reload
expect "stop" same stop

tell "It runs"
expect "start" same start
wait_until 40 "both run the file that is named" each running
wait_until 40 "and serve it, not the default" each serves 101
expect "status" same status
expect "start once more" same start
expect "reload" same reload
expect "stop" same stop
wait_until 40 "both are gone" each not_running
wait_until 40 "with their tables" each empty

tell "Files that are not what they should be"
for name in ours theirs; do host_install $name /etc/ha.d/101.cf <<<bogus=1; done
says theirs start
expect "a bad file: theirs fails with 2" test "${said##*failed!}" = " (status 2)"
says ours start
expect "a bad file: ours fails with 2" test "${said##*failed!}" = " (status 2)"
for name in ours theirs; do on $name rm /etc/ha.d/101.cf; done
says theirs start
expect "without the file theirs does nothing" test "${said%%.*}" = "No configuration file found, doing nothing"
says ours start
expect "nor does ours" test "${said%%:*}" = "No configuration file found, doing nothing"
expect "nothing was started" each empty

tell "Without a name it is the default"
on ours rm /etc/default/ldirectord
says ours start
expect "ours starts" test "$said" = "Running ldirectord: start. (status 0)"
wait_until 20 "and serves it" serves ours 100
expect "as the instance of those who name no file" on ours ldirectord stop

tell "The OCF agent of the original with our daemon"
host_install theirs /opt/ldirectord 755 <"$LAB_STAGE/usr/sbin/ldirectord"
ocf() { # STATUS WORD
    local status=0
    said=$(on theirs env OCF_ROOT=/usr/lib/ocf OCF_RESOURCE_INSTANCE=x OCF_RESKEY_configfile=/etc/ha.d/100.cf \
        OCF_RESKEY_ldirectord=/opt/ldirectord sh /usr/lib/ocf/resource.d/heartbeat/ldirectord "$2" 2>&1) || status=$?
    note "$2: $status: $said"
    (($1 == status))
}
expect "it does not run" ocf 7 monitor
expect "start" ocf 0 start
expect "it serves" serves theirs 100
expect "it runs" ocf 0 monitor
read -r REPLY <"$(host_root theirs)/run/ldirectord.100.cf.pid"
on theirs busybox kill -9 "$REPLY"
expect "killed, it does not run" ocf 7 monitor
expect "start" ocf 0 start
host_install theirs /etc/ha.d/100.cf <<<bogus=1
expect "with a bad file it cannot be told" ocf 1 monitor
expect "but stopped, for its process is found" ocf 0 stop
host_install theirs /etc/ha.d/100.cf <"$(host_root ours)/etc/ha.d/100.cf"
expect "it does not run" ocf 7 monitor
expect "start" ocf 0 start
expect "stop" ocf 0 stop
expect "nothing is left" empty theirs
