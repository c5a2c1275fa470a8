# SPDX-License-Identifier: GPL-2.0-or-later
#
# ldirectord among what can go wrong around it: files that are none, scripts that hang, flood, fork
# away or cannot be run, servers that swallow packets. Each is named in a message; none costs
# anything to the rest.
# needs: ipvs hearth
# bound: 240

source "$LAB_SRC/stories/director.sh"

network wire
host director product=hearth eth0=wire:10.0.0.1/24
host web1 eth0=wire:10.0.0.11/24
page web1 test.html <<<'fake'
web_start web1
logfile='logfile="/var/log/ldirectord.log"'
file=/etc/ha.d/ldirectord.cf

bad_file() { # SENTENCE EXPECTED-TEXT <content
    director_configure
    expect "$1: start refuses it" ldirectord_says 2 start
    expect "$1: it is named" said_in "$2"
    expect "$1: stop works all the same" ldirectord_says 0 stop
    expect "$1: configtest names it, too" ldirectord_says 2 configtest
}
expect "without a file there is a message" ldirectord_says 1 start
expect "that names it" said_in "Config file ldirectord.cf not found"
on director mkdir -p $file
expect "a folder is no file" ldirectord_says 1 start
on director rmdir $file
bad_file "an unknown word" "at line 2: Unknown command" <<<"checkinterval=1"$'\n'"bogus=1"
bad_file "a binary file" "$file" < <(head -c 20000 /bin/busybox)
bad_file "an endless line" "$file" < <(head -c 3000000 /dev/zero | tr '\0' x)
bad_file "two faults" "at line 3: " <<<"bogus"$'\n'"$logfile"$'\n'"fork=maybe"
expect "both in one run" said_in "ldirectord.cf:1:"
printf 'autoreload=yes\r\nquiescent=no\r\n' | director_configure
expect "Windows line ends do no harm" ldirectord_says 0 configtest
echo "logfile=\"/nowhere/log\"" | director_configure
expect "a log that cannot be written is named" ldirectord_says 2 start
expect "with its reason" said_in "/nowhere/log"
expect "nothing of all this was started" test ! -e "$(host_root director)/run/ldirectord.ldirectord.pid"
expect "and no table was touched" test -z "$(table_text)"

for name in hang flood away; do
    case $name in
        hang) body='sleep 1000' ;;
        flood) body='while :; do echo flood; done' ;;
        away) body='setsid sleep 1000 & exit 0' ;;
    esac
    host_install director /etc/ha.d/$name 755 <<<"#!/bin/sh"$'\n'"$body"
done
host_install director /etc/ha.d/plain 644 <<<"not a program"
external() { # PORT SCRIPT
    printf 'virtual=10.0.0.100:%d\n\treal=10.0.0.11:80 masq\n\tchecktype=external\n\tcheckcommand="/etc/ha.d/%s"\n' "$1" "$2"
}
{
    printf 'checktimeout=2\ncheckinterval=1\n%s\n' "$logfile"
    external 1001 hang
    external 1002 flood
    external 1003 away
    external 1004 plain
    external 1005 missing
    printf 'virtual=10.0.0.100:1006\n\treal=10.0.0.77:80 masq\n\tservice=http\n'
    printf 'virtual=10.0.0.100:1007\n\treal=10.0.0.11:80 masq\n\tservice=http\n\trequest="test.html"\n'
    printf 'virtual=10.0.0.100:1008\n\treal=10.0.0.11:80 masq\n\tchecktype=on\n\tscheduler=nosuch\n'
} | director_configure
expect "it starts with all of them" ldirectord_says 0 start
wait_until 10 "the good server is in service" table_has "-a -t 10.0.0.100:1007 -r 10.0.0.11:80 -m -w 1"
wait_until 10 "a script that forks away counts by its exit status" table_has "-a -t 10.0.0.100:1003 -r 10.0.0.11:80 -m -w 1"
wait_until 10 "a script that hangs is named" log_says "EXTTOUT"
wait_until 10 "one that cannot be run, too" log_says "EXTRUN"
wait_until 10 "and a scheduler that the kernel does not have" log_says 'no scheduler "nosuch"'
wait_until 10 "a host that is not there" log_says "10.0.0.77:80"
expect "none of them is in service" table_lacks "10.0.0.100:1001 -r"
expect "nor that one" table_lacks "10.0.0.100:1002 -r"
web_kill web1
wait_until 5 "and none delays the others" table_lacks "10.0.0.100:1007 -r"
web_start web1
wait_until 5 "in either direction" table_has "-a -t 10.0.0.100:1007 -r 10.0.0.11:80 -m -w 1"

# A name server that takes questions and never answers.
host_install director /etc/resolv.conf 644 <<<"nameserver 10.0.0.11"$'\n'"options timeout:20 attempts:1"
on web1 perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 53, Proto => "udp"); sleep 300' &
takes_questions() { on web1 grep -q ":0035 " /proc/net/udp; }
wait_until 20 "a name server takes questions" takes_questions
host_install director /etc/ha.d/ldirectord.cf < <(
    cat "$(host_root director)$file"
    printf '\nvirtual=10.0.0.100:1009\n\treal=name.that.nobody.knows:80 masq\n'
)
daemon_pid
daemon=$REPLY
on director kill -HUP "$daemon"
wait_until 10 "a reload begins" log_says "Reloading Linux Director Daemon config on signal"
web_kill web1
wait_until 15 "while a name server does not answer, a server that dies is noticed" table_lacks "10.0.0.100:1007 -r"
expect "and the file is still being read" not log_says "name.that.nobody.knows"
web_start web1
wait_until 60 "in the end the name is named" log_says "name.that.nobody.knows"
wait_until 10 "and nothing has changed" table_has "-a -t 10.0.0.100:1007 -r 10.0.0.11:80 -m -w 1"

few_descriptors() {
    local count
    count=$(on director bash -c "ls /proc/$daemon/fd | wc -l")
    note "descriptors: $count"
    ((count > 3 && count < 40))
}
expect "descriptors do not pile up" few_descriptors
expect "it stops" ldirectord_says 0 stop
expect "and leaves nothing in the table" test -z "$(table_text)"
scripts_gone() { ! on director bash -c 'busybox ps' | grep -q 'ha.d/[hf]'; }
wait_until 10 "nor a script behind" scripts_gone
