# SPDX-License-Identifier: GPL-2.0-or-later
#
# What ldirectord does beside the table, ours and the original side by side on two directors with the
# same real servers: mails through a real MTA (by SMTP and by sendmail), the fallback command, the
# maintenance folder, monitor files, the callback and other instances. Where the original is right
# both do the same; where it is not, the scenario says so.
# needs: ipvs hearth peer app-servers
# bound: 500

network wire
host mail product="$LAB_PEERS/app-servers" uname=mail.lab.test eth0=wire:10.0.0.25/24
host ours product=hearth eth0=wire:10.0.0.1/24
host theirs product=peer eth0=wire:10.0.0.2/24
web_pair

# A real MTA that keeps each mail it gets in a file of its own.
on mail bash -c 'cat >>/etc/passwd; printf "%s\n" mailers:x:880: opensmtpq:x:884: >>/etc/group
    mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd /srv/mail; chmod 711 /var/spool/smtpd
    chown 885:880 /srv/mail' <<'END'
opensmtpd:x:883:880::/var/lib/opensmtpd/empty:/usr/sbin/nologin
opensmtpq:x:884:880::/var/lib/opensmtpd/empty:/usr/sbin/nologin
keeper:x:885:880::/srv/mail:/bin/sh
END
host_install mail /etc/lab/smtpd.conf <<'END'
listen on 0.0.0.0 port 25
table keepers { "@" = keeper }
action "keep" maildir "/srv/mail/%{rcpt.user}" virtual <keepers>
match from any for any action "keep"
END
on mail bash -c 'exec smtpd -d -f /etc/lab/smtpd.conf </dev/null &>/var/log/smtpd.out &'
# A program of that name that hands its input to the MTA, as nullmailer and msmtp do.
sendmail() {
    cat <<'END'
#!/bin/bash
echo "sendmail $*" >>/var/log/sendmail
text=$(cat; echo .)
exec 3<>/dev/tcp/10.0.0.25/25
hear() { local line; while read -r line <&3; do [[ ${line:3:1} == - ]] || break; done; }
say() { printf '%s\r\n' "$1" >&3; hear; }
hear
say "HELO $HOSTNAME"
say "MAIL FROM:<sendmail@$HOSTNAME>"
say "RCPT TO:<piped@lab.test>"
say DATA
while IFS= read -r line; do printf '%s\r\n' "$line"; done <<<"$text" >&3
hear
say QUIT
END
}
for name in ours theirs; do
    sendmail | host_install $name /usr/sbin/sendmail 755
    for program in fallback callback; do
        host_install $name /etc/ha.d/$program 755 <<<"#!/bin/sh"$'\n'"echo \"\$@\" >>/var/log/$program"
    done
    on $name mkdir -p /etc/ha.d/maintenance
    on $name bash -c 'echo "10.0.0.12 web2.lab.test web2" >>/etc/hosts'
    host_install $name /etc/ha.d/second.cf <<END
checkinterval=1
logfile="/var/log/second.log"
virtual=10.0.0.101:80
	real=10.0.0.11:80 masq
	checktype=connect
END
done

config() { # [LINE]
    cat <<END
checkinterval=1
checktimeout=2
negotiatetimeout=2
autoreload=yes
logfile="/var/log/ldirectord.log"
callback="/etc/ha.d/callback"
execute=second.cf
maintenancedir=/etc/ha.d/maintenance
emailalertfrom="ldirectord" <alert@lab.test>
emailalertfreq=3
emailalertstatus=running,stopping
${1:-}

virtual=10.0.0.100:80
	smtp=10.0.0.25
	real=10.0.0.11:80 masq
	real=10.0.0.12:80 masq 2
	service=http
	request="test.html"
	receive="fake"
	virtualhost="www.lab.test"
	emailalert="ops@lab.test"
	servicename=shop
	comment=call Ann
	monitorfile=/var/log/monitor
	fallbackcommand="/etc/ha.d/fallback -x"
virtual=10.0.0.100:81
	real=10.0.0.11:80 masq
	checktype=connect
	smtp=10.0.0.25
	emailalert=both1@lab.test, both2@lab.test
	emailalertfreq=0
	emailalertstatus=running
virtual=10.0.0.100:82
	real=10.0.0.11:80 masq
	checktype=connect
	emailalert="ops2@lab.test, ops3@lab.test"
	emailalertfreq=0
END
}

# ldirectord_on HOST STATUS WORD...
ldirectord_on() {
    local name=$1 expected=$2 status=0
    shift 2
    said=$(on "$name" ldirectord "$@" 2>&1) || status=$?
    note "$name# ldirectord $*: $status: $said"
    ((status == expected))
}
has_file() { [[ -e $(host_root "$1")$2 ]]; }
both() { local name; for name in ours theirs; do "$1" $name "${@:2}" || return 1; done; }
log_of() { file_says "$(host_log "$1")/$2" "$3"; }
table_of() { # HOST TEXT: a line of its table has it
    [[ $(on "$1" ipvsadm -Sn) == *"$2"* ]]
}
table_empty() { [[ -z $(on "$1" ipvsadm -Sn) ]]; }
table_without() { ! table_of "$@"; }
last_line() { # HOST FILE TEXT: of its log folder
    local line last=''
    while IFS= read -r line; do last=$line; done <"$(host_log "$1")/$2" || return 1
    [[ $last == "$3" ]]
}
# mail_says HOST USER TEXT: one of its mails to that user has it.
mail_says() {
    local file dir
    dir=$(host_root mail)/srv/mail/$2/new
    for file in "$dir"/*; do
        [[ -r $file && $(<"$file") == *"ldirectord host: $1"* && $(<"$file") == *"$3"* ]] || continue
        return 0
    done
    return 1
}
web1=10.0.0.11:80 web2=10.0.0.12:80 shop=10.0.0.100:80

for name in ours theirs; do config | host_install $name /etc/ha.d/ldirectord.cf; done
expect "both start" both ldirectord_on 0 start
wait_until 60 "both have all servers in service" both table_of "-a -t $shop -r $web2 -m -w 2"
wait_until 60 "and no server left of the first one" both table_of "-a -t $shop -r $web1 -m -w 1"
wait_until 60 "the fallback command says stop, with the same words" both last_line fallback "-x stop $shop tcp"
wait_until 60 "the other instance runs, too" both table_of "-a -t 10.0.0.101:80 -r $web1 -m -w 1"
expect "known by its own pid file" both has_file /run/ldirectord.second.cf.pid
expect "ours says its status with the first one's" ldirectord_on ours 0 status
expect "with both names" test "$(grep -c 'is running with pid' <<<"$said")" = 2
expect "the original likewise" ldirectord_on theirs 0 status
expect "with both names" test "$(grep -c 'is running with pid' <<<"$said")" = 2

tell "a server dies, and comes back"
web_kill web2
wait_until 60 "both take it out" both table_without "$web2"
wait_until 60 "and say so by mail" both mail_says ops "Subject: [shop] Deleted real server: $web2 ($shop)"
wait_until 60 "and again" both mail_says ops "Subject: [shop] Inaccessible real server: $web2 ($shop)"
for name in ours theirs; do
    expect "$name: from whom it should be" mail_says $name ops 'From: "ldirectord" <alert@lab.test>'
    expect "to whom it should be" mail_says $name ops "To: ops@lab.test"
    expect "with the words of the original" mail_says $name ops "ldirectord host: $name
Log-Message: [shop] Deleted real server: $web2 ($shop)
Daemon-Status: running

Service name: shop
Comment: call Ann"
    expect "and a line in the log" log_of $name ldirectord.log "emailalert: Deleted real server: $web2 ($shop)"
done
expect "ours has a date" mail_says ours ops "Auto-Submitted: auto-generated"
expect "no mail from its start" not both mail_says ops "Added real server: $web1 ($shop)"
web_start web2
wait_until 60 "both take it in" both table_of "-a -t $shop -r $web2 -m -w 2"
wait_until 60 "and say so" both mail_says ops "Subject: [shop] Added real server: $web2 ($shop) (Weight set to 2)"
monitor='negotiate http tcp 10.0.0.12 80 www.lab.test 2 masq /test.html fake'
wait_until 60 "a good check is a line of the monitor file" both log_of monitor "$monitor [up] 200 OK"
expect "a bad one, too" both log_of monitor "$monitor [down] "

tell "the last one dies, too"
web_kill web2
web_kill web1
wait_until 60 "the fallback command says start, with the same words" both last_line fallback "-x start $shop tcp"
wait_until 60 "two addresses get the mail by sendmail" both mail_says piped "To: ops2@lab.test, ops3@lab.test"
expect "sendmail is told to read them there" both log_of sendmail -t
expect "by SMTP likewise" both mail_says ops "Deleted real server: $web1 ($shop)"
wait_until 60 "with ours also two" mail_says ours both1 "Deleted real server: $web1 (10.0.0.100:81)"
wait_until 60 "each of them" mail_says ours both2 "Deleted real server: $web1 (10.0.0.100:81)"
expect "with the original neither" not mail_says theirs both1 Deleted
web_start web1
web_start web2
wait_until 60 "and stop when the first is back" both last_line fallback "-x stop $shop tcp"
wait_until 60 "all are back" both table_of "-a -t $shop -r $web2 -m -w 2"
wait_until 60 "all are back" both table_of "-a -t $shop -r $web1 -m -w 1"

tell "maintenance"
for file in 10.0.0.12:80 web2; do
    for name in ours theirs; do host_install $name /etc/ha.d/maintenance/$file </dev/null; done
    wait_until 60 "$file takes the server out" both table_without "$web2"
    wait_until 60 "the monitor file says why" both log_of monitor "[down] Server in maintenance"
    for name in ours theirs; do on $name rm /etc/ha.d/maintenance/$file; done
    wait_until 60 "and back it comes" both table_of "-a -t $shop -r $web2 -m -w 2"
done

tell "an edit"
for name in ours theirs; do config "# edited" | host_install $name /etc/ha.d/ldirectord.cf; done
wait_until 60 "the callback is run with the file" both last_line callback /etc/ha.d/ldirectord.cf
lines() { local n=0; while read -r _; do n=$((n + 1)); done <"$(host_log "$1")/$2"; REPLY=$n; }
lines ours fallback
before=$REPLY
expect "ours does not run the fallback command again for that" test "$before" = 3
config "nonsense" | host_install ours /etc/ha.d/ldirectord.cf
wait_until 60 "a bad edit" log_of ours ldirectord.log "has errors: nothing is changed"
lines ours callback
expect "is not passed on" test "$REPLY" = 1
config | sed /execute/d | host_install ours /etc/ha.d/ldirectord.cf
config | sed /execute/d | host_install theirs /etc/ha.d/ldirectord.cf
wait_until 60 "an instance that is named no more is stopped" both table_without 10.0.0.101
for name in ours theirs; do config | host_install $name /etc/ha.d/ldirectord.cf; done
wait_until 60 "and started again" both table_of "-a -t 10.0.0.101:80 -r $web1 -m -w 1"

tell "a relay that is silent, and one that is not there"
on mail bash -c 'kill -STOP $(pidof smtpd)'
web_kill web2
wait_until 15 "ours takes a dead server out meanwhile" table_without ours "$web2"
web_start web2
wait_until 15 "and in again" table_of ours "-a -t $shop -r $web2 -m -w 2"
on mail bash -c 'kill -CONT $(pidof smtpd)'

tell "the stop"
wait_until 60 "the original is as far" table_of theirs "-a -t $shop -r $web2 -m -w 2"
expect "both stop" both ldirectord_on 0 stop
wait_until 60 "and say which servers go" both mail_says ops "Subject: [shop] Purged real server (stop): $web1 ($shop)"
expect "in that phase" both mail_says ops "Daemon-Status: stopping"
wait_until 60 "with the other instance" both table_without 10.0.0.101
for name in ours theirs; do
    wait_until 60 "$name: nothing is left" table_empty $name
done
