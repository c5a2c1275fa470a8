# SPDX-License-Identifier: GPL-2.0-or-later
#
# Servers that are none, on a host with the addresses 10.6.0.2 to 10.6.0.6 on eth0: one that refuses, says
# something else, closes early (or answers with an empty datagram), stays silent, or says a byte a second,
# also when the other side has nothing more to say. None of them answers a ping. At 10.6.0.7 there is nobody
# for those hosts that were told so by bad_servers_deaf: nothing comes back, not even a refusal.

declare -A bad_at=([refuses]=10.6.0.2 [wrong]=10.6.0.3 [early]=10.6.0.4 [silent]=10.6.0.5 [slow]=10.6.0.6
    [deaf]=10.6.0.7)

# bad_servers_start HOST tcp:PORT|udp:PORT...
bad_servers_start() {
    local name=$1
    shift
    host_install "$name" /etc/lab/bad.pl <<'END'
use strict;
use IO::Socket::INET;
use IO::Select;
$SIG{PIPE} = "IGNORE";
my ($all, %listening, %datagrams, %manner, %asked, @half) = (IO::Select->new);
my %at = (wrong => "10.6.0.3", early => "10.6.0.4", silent => "10.6.0.5", slow => "10.6.0.6");
my $refusal = "no, this is not it\r\n";
for my $manner (keys %at) {
    for (@ARGV) {
        my ($protocol, $port) = split /:/;
        my $socket = IO::Socket::INET->new(LocalAddr => $at{$manner}, LocalPort => $port, Proto => $protocol,
                                           ReuseAddr => 1, $protocol eq "tcp" ? (Listen => 50) : ())
            or die "$manner $_: $!";
        $listening{$socket} = $manner;
        $datagrams{$socket} = $protocol eq "udp";
        $all->add($socket);
    }
}
$| = 1;
print "ready\n";
my $last = 0;
while (1) {
    for my $socket ($all->can_read(0.2)) {
        my $manner = $listening{$socket};
        if ($datagrams{$socket}) {
            my $from = recv $socket, my $text, 65536, 0;
            next unless defined $from;
            send $socket, $refusal, 0, $from if $manner eq "wrong";
            send $socket, "", 0, $from if $manner eq "early";
            $asked{$from} = [$socket, $from, time + 10] if $manner eq "slow";
        } elsif ($manner) {
            my $client = $socket->accept or next;
            if ($manner eq "early") { close $client; next; }
            syswrite $client, $refusal if $manner eq "wrong";
            $manner{$client} = $manner;
            $all->add($client);
        } elsif (!sysread $socket, my $text, 65536) {
            $all->remove($socket);
            push @half, [$socket, time + 10] if $manner{$socket} ne "wrong";
        }
    }
    next if time == $last;
    $last = time;
    @half = grep { $_->[1] > $last } @half;
    for my $client ($all->handles, map { $_->[0] } @half) {
        syswrite $client, "2" if ($manner{$client} // "") eq "slow";
    }
    for (keys %asked) {
        send $asked{$_}[0], "2", 0, $asked{$_}[1];
        delete $asked{$_} if $asked{$_}[2] < $last;
    }
}
END
    on "$name" bash -c "echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all
        exec perl /etc/lab/bad.pl $* </dev/null &>/var/log/bad &"
    wait_until 10 "the bad servers listen" file_says "$(host_log "$name")/bad" ready
}
bad_servers_deaf() { on "$1" ip neigh add "${bad_at[deaf]}" lladdr 02:00:00:00:99:99 dev eth0 nud permanent; }
