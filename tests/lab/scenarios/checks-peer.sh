# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bad servers of every kind, asked by the original ldirectord and by ours with the same files: one that
# refuses, says something else, closes early, stays silent, or says a byte a second. What the original
# takes for up, or never comes back from, is listed; there, too, ours says down, and in time.
# needs: peer
# bound: 150

network wire
host bad uname=bad eth0=wire:10.6.0.1/24,10.6.0.2/24,10.6.0.3/24,10.6.0.4/24,10.6.0.5/24,10.6.0.6/24
host old uname=old product=peer eth0=wire:10.6.0.254/24

host_install bad /etc/lab/bad.pl <<'END'
use strict;
use IO::Socket::INET;
use IO::Select;
$SIG{PIPE} = "IGNORE";
my ($all, %manner, %kind, @slow) = (IO::Select->new);
my %at = (wrong => "10.6.0.3", early => "10.6.0.4", silent => "10.6.0.5", slow => "10.6.0.6");
for my $kind (keys %at) {
    for my $port (@ARGV) {
        my $socket = IO::Socket::INET->new(LocalAddr => $at{$kind}, LocalPort => $port, Listen => 50,
                                           ReuseAddr => 1) or die "$kind $port: $!";
        $manner{$socket} = $kind;
        $all->add($socket);
    }
}
$| = 1;
print "ready\n";
my $last = 0;
while (1) {
    for my $socket ($all->can_read(0.2)) {
        if ($manner{$socket}) {
            my $client = $socket->accept or next;
            my $kind = $manner{$socket};
            if ($kind eq "early") { close $client; next; }
            if ($kind eq "wrong") { syswrite $client, "no, this is not it\r\n"; }
            $kind{$client} = $kind;
            $all->add($client);
        } elsif (!sysread $socket, my $asked, 65536) {
            $all->remove($socket);
            @slow = grep { $_ != $socket } @slow;
            close $socket;
        } elsif ($kind{$socket} eq "slow") {
            push @slow, $socket unless grep { $_ == $socket } @slow;
        }
    }
    next if time == $last;
    $last = time;
    # those that listen first, too
    for my $client ($all->handles) {
        syswrite $client, "2" if ($kind{$client} // "") eq "slow";
    }
}
END
host_install old /usr/sbin/ipvsadm 755 <<'END'
#!/bin/sh
# A kernel table that takes everything and keeps nothing: here only the checks matter.
[ "$1" != -L ] || printf '%s\n' 'IP Virtual Server version 1.2.1 (size=4096)' \
    'Prot LocalAddress:Port Scheduler Flags' '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn'
END

declare -A port=([http]=80 [https]=443 [http_proxy]=3128 [ftp]=21 [smtp]=25 [submission]=587 [pop]=110
    [pops]=995 [imap]=143 [imaps]=993 [ldap]=389 [ldaps]=636 [nntp]=119 [dns]=53 [sip]=5060 [simpletcp]=7777)
declare -A address=([refuses]=10.6.0.2 [wrong]=10.6.0.3 [early]=10.6.0.4 [silent]=10.6.0.5 [slow]=10.6.0.6)
kinds="refuses wrong early silent slow"

# A virtual service for each kind of server, in one file: the original asks one after the other.
for service in "${!port[@]}"; do
    {
        printf 'negotiatetimeout=2\nchecktimeout=2\ncheckinterval=60\nlogfile="/var/log/%s.log"\n' $service
        number=0
        for kind in $kinds; do
            printf 'virtual=10.9.0.%s:80\n' $((++number))
            printf '\t%s\n' "real=${address[$kind]}:${port[$service]} masq" "service=$service" protocol=tcp \
                scheduler=rr 'login="joe"' 'passwd="geheim"' 'request="www.lab.test"' 'receive="well"' \
                "monitorfile=/var/log/$service-$kind.checks"
        done
    } >"$LAB_DIR/$service.cf"
    host_install old "/etc/ha.d/$service.cf" <"$LAB_DIR/$service.cf"
done
on bad bash -c "exec perl /etc/lab/bad.pl ${port[*]} </dev/null >/var/log/ready 2>&1 &"
wait_until 10 "the bad servers listen" file_says "$(host_log bad)/ready" ready
on old bash -c "for service in ${!port[*]}; do ldirectord /etc/ha.d/\$service.cf start </dev/null &>/dev/null & done; wait"

declare -A ours
for service in "${!port[@]}"; do
    sed -i '/^logfile\|monitorfile/d' "$LAB_DIR/$service.cf"
    while read -r where verdict code took rest; do
        for kind in $kinds; do
            [[ $where != "${address[$kind]}":* ]] || ours[$service-$kind]="$verdict $code $took"
        done
    done < <(nsenter -t "${host_pid[old]}" -n "$LAB_PROGRAMS/check_config" "$LAB_DIR/$service.cf")
done
# The first verdict of the original; nothing: it has not come to one.
theirs() { # SERVICE KIND
    local line
    REPLY=nothing
    [[ ! -r $(host_log old)/$1-$2.checks ]] || while read -r line; do
        if [[ $line =~ \ \[(up|down)\]\  ]]; then
            REPLY=${BASH_REMATCH[1]}
            return
        fi
    done <"$(host_log old)/$1-$2.checks"
}
# What it never comes back from, or not within these minutes: its timeouts are for each step anew, and
# that of pop for none.
endless=" pop-silent pop-slow imap-slow smtp-slow submission-slow ftp-slow "
# A byte is enough for it.
too_good=" nntp-slow "

verdicts_agree() { # KIND
    local service key good=yes
    for service in "${!port[@]}"; do
        key=$service-$1
        theirs "$service" "$1"
        [[ $endless == *" $key "* ]] && continue
        [[ $REPLY == down || ($REPLY == up && $too_good == *" $key "*) ]] || good=
    done
    [[ $good ]]
}
all_down_in_time() { # KIND
    local service good=yes verdict code took
    for service in "${!port[@]}"; do
        read -r verdict code took <<<"${ours[$service-$1]:-nothing}"
        note "$service, $1: ours $verdict $code $took"
        [[ $verdict == down && $took -lt 4000 ]] || good= # 2000, and what a busy machine takes
    done
    [[ $good ]]
}
for kind in $kinds; do
    expect "ours takes none for up that is bad: $kind" all_down_in_time $kind
    wait_until 60 "nor does the original, but for what is listed" verdicts_agree $kind
done
