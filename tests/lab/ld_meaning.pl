# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the original ldirectord makes of configuration files: for each its verdict and, if it takes
# the file, what it read in it, in the same words as lab/ld_meaning has for ours. The original's own
# reader is used; compiled once and asked in a process per file, because starting it takes longer
# than reading. Its verdict is the exit status of "ldirectord FILE status": 3 taken, 2 refused.
#
# usage: perl ld_meaning.pl ORIGINAL DIR     (each DIR/*.cf gives a DIR/*.theirs)
use strict;
use warnings;
no warnings 'once';
use POSIX ();

my ($original, $dir) = @ARGV;
open(my $in, '<', $original) or die "$original: $!\n";
my $text = do { local $/; <$in> };
close($in);
# Its declarations are wanted here, its life is not.
$text =~ s/^ld_init\(\);$/return 1;/m or die "$original: not the ldirectord this is for\n";

# Blanks at the end and quotes around a text are no part of what is meant.
sub plain { my ($text) = @_; $text //= ''; $text =~ s/\s+$//; $text =~ s/^"(.*)"$/$1/; $text eq '' ? '-' : $text }
sub trimmed { my ($text) = @_; $text //= ''; $text =~ s/\s+$//; $text eq '' ? '-' : $text }
sub say_or { defined $_[0] && $_[0] ne '' ? $_[0] : '-' }
sub number { 0 + $_[0] } # without zeros in front
sub first { for (@_) { return number($_) if defined $_ && $_ > 0 } }
sub own { my ($v, $key, $global) = @_; defined $v->{$key} ? $v->{$key} : $global }

sub fallback_of
{
	my ($v) = @_;
	my $six = $v->{addressfamily} != Socket::AF_INET();
	my $global = $six ? $main::FALLBACK6 : $main::FALLBACK;
	my $f = $v->{fallback};
	# of a mark it loses the address: as it is meant, then
	my $protocol = $v->{protocol} eq 'fwm' ? 'tcp' : $v->{protocol};
	$f = $global->{$protocol} if !$f && $global;
	return '-' unless $f;
	my $port = defined $f->{port} ? $f->{port} : $v->{port};
	return "$f->{server}:" . (0 + $port) . "/$f->{forward}";
}

# A port with zeros in front is no port of a well-known service to it.
sub service_of
{
	my ($v) = @_;
	return $v->{service} unless $v->{service} eq 'none' && $v->{port} =~ /^0+[1-9]/;
	return main::ld_port_to_service(number($v->{port}), $v->{protocol}) // 'none';
}

sub virtual_of
{
	my ($v) = @_;
	my ($ct, $nt) = ($v->{checktimeout}, $v->{negotiatetimeout});
	my $combined = $v->{checktype} eq 'combined' ? ':' . number($v->{num_connects}) : '';
	my $persistent = $v->{persistent};
	# what it fills in itself is not said in the file
	my $given_login = say_or($v->{login});
	my $given_passwd = say_or($v->{passwd});
	$given_login = '-' if $given_login =~ /^(anonymous|ldirectord\@\Q$main::HOSTNAME\E)$/;
	$given_passwd = '-' if $given_passwd eq "ldirectord\@$main::HOSTNAME";
	(my $id = main::get_virtual_id_str($v)) =~ s/:0+(\d+)$/:$1/;
	return "virtual $id"
		. ' ' . join(' ', map { "$_->[0]=$_->[1]" }
		[scheduler => $v->{scheduler}],
		[schedflags => say_or($v->{schedflags})],
		[persistent => $persistent && $persistent > 0 ? number($persistent) . '/' . ($v->{netmask} // 'whole') : '-'],
		[ops => $v->{protocol} eq 'udp' ? $v->{ops} : 'no'],
		[check => $v->{checktype} . $combined],
		[service => service_of($v)],
		[checkport => $v->{checkport} ? number($v->{checkport}) : '-'],
		[checktimeout => first($ct, $nt, $main::CHECKTIMEOUT, $main::NEGOTIATETIMEOUT, 5)],
		[negotiatetimeout => first($nt, $ct, $main::NEGOTIATETIMEOUT, $main::CHECKTIMEOUT, 30)],
		[checkinterval => first($main::FORKING eq 'yes' ? $v->{checkinterval} : 0, $main::CHECKINTERVAL)],
		[checkcount => first($v->{checkcount}, $main::CHECKCOUNT)],
		[failurecount => first($v->{failurecount}, $main::FAILURECOUNT)],
		[quiescent => own($v, 'quiescent', $main::QUIESCENT)],
		[cleanstop => own($v, 'cleanstop', $main::CLEANSTOP)],
		[method => $v->{httpmethod}],
		[fallback => fallback_of($v)],
		[command => plain($v->{checkcommand})],
		[virtualhost => trimmed($v->{virtualhost})],
		[login => $given_login],
		[passwd => $given_passwd],
		[database => say_or($v->{database})],
		[secret => say_or($v->{secret})],
		[fallbackcommand => plain(own($v, 'fallbackcommand', $main::FALLBACKCOMMAND))],
		[emailalert => plain(own($v, 'emailalert', $main::EMAILALERT))],
		[emailalertfreq => number(own($v, 'emailalertfreq', $main::EMAILALERTFREQ))],
		[emailalertstatus => own($v, 'emailalertstatus', $main::EMAILALERTSTATUS)],
		[smtp => plain(own($v, 'smtp', $main::SMTP))],
		[servicename => trimmed($v->{servicename})],
		[comment => trimmed($v->{comment})],
		[monitorfile => plain($v->{monitorfile})]) . "\n";
}

sub real_of
{
	my ($r, $v) = @_;
	return "  real $r->{server}:" . number($r->{port}) . " $r->{forward} " . number($r->{weight})
		. ' l=' . ($r->{'u-threshold'} ? number($r->{'l-threshold'} // 0) : 0) . ' u=' . number($r->{'u-threshold'} // 0)
		. ' request=' . ($r->{request} // $v->{request})
		. ' receive=' . say_or($r->{receive} // $v->{receive}) . "\n";
}

sub meaning
{
	my $out = "global autoreload=$main::AUTOCHECK supervised=$main::SUPERVISED fork=$main::FORKING "
		. "readdquiescent=$main::READDQUIESCENT logfile=" . say_or($main::LDIRLOG)
		. ' emailalertfrom=' . trimmed($main::EMAILALERTFROM)
		. ' maintenancedir=' . plain($main::MAINTDIR) . ' callback=' . say_or($main::CALLBACK)
		. ' execute=' . join(',', sort keys %{{ map { plain($_) => 1 } keys %main::LD_INSTANCE }}) . "\n";
	for my $v (@main::VIRTUAL) {
		$out .= virtual_of($v);
		$out .= real_of($_, $v) for @{$v->{real}};
	}
	return $out;
}

@ARGV = ('none', 'status');
$ENV{PERLIO} = 'perlio';
{
	no strict;
	no warnings;
	eval "package main;\n$text";
	die $@ if $@;
}
my $answer;
END {
	if ($answer) {
		print $answer $? == 3 ? meaning() : "refused $?\n";
		$? = 0;
	}
}
for my $file (sort glob("$dir/*.cf")) {
	(my $theirs = $file) =~ s/cf$/theirs/;
	my $pid = fork();
	if (!$pid) {
		open($answer, '>', $theirs) or POSIX::_exit(1);
		open(STDOUT, '>', '/dev/null') or POSIX::_exit(1);
		open(STDERR, '>', "$theirs.err") or POSIX::_exit(1);
		@ARGV = ($file, 'status');
		no warnings;
		$main::DAEMON_STATUS = $main::DAEMON_STATUS_STARTING;
		main::ld_init();
		exit 99; # it always leaves from within
	}
	waitpid($pid, 0);
}
