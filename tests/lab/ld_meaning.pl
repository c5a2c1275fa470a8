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

sub say_or { defined $_[0] && $_[0] ne '' ? $_[0] : '-' }
sub first { for (@_) { return $_ if defined $_ && $_ > 0 } }
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

sub virtual_of
{
	my ($v) = @_;
	my ($ct, $nt) = ($v->{checktimeout}, $v->{negotiatetimeout});
	my $combined = $v->{checktype} eq 'combined' ? ":$v->{num_connects}" : '';
	my $persistent = $v->{persistent};
	return 'virtual ' . main::get_virtual_id_str($v)
		. ' ' . join(' ', map { "$_->[0]=$_->[1]" }
		[scheduler => $v->{scheduler}],
		[schedflags => say_or($v->{schedflags})],
		[persistent => $persistent ? $persistent . '/' . ($v->{netmask} // 'whole') : '-'],
		[ops => $v->{protocol} eq 'udp' ? $v->{ops} : 'no'],
		[check => $v->{checktype} . $combined],
		[service => $v->{service}],
		[checkport => say_or($v->{checkport})],
		[checktimeout => first($ct, $nt, $main::CHECKTIMEOUT, $main::NEGOTIATETIMEOUT, 5)],
		[negotiatetimeout => first($nt, $ct, $main::NEGOTIATETIMEOUT, $main::CHECKTIMEOUT, 30)],
		[checkinterval => first($main::FORKING eq 'yes' ? $v->{checkinterval} : 0, $main::CHECKINTERVAL)],
		[checkcount => first($v->{checkcount}, $main::CHECKCOUNT)],
		[failurecount => first($v->{failurecount}, $main::FAILURECOUNT)],
		[quiescent => own($v, 'quiescent', $main::QUIESCENT)],
		[cleanstop => own($v, 'cleanstop', $main::CLEANSTOP)],
		[method => $v->{httpmethod}],
		[fallback => fallback_of($v)],
		[command => $v->{checkcommand}],
		[virtualhost => say_or($v->{virtualhost})],
		[login => say_or($v->{login})],
		[passwd => say_or($v->{passwd})],
		[database => say_or($v->{database})],
		[secret => say_or($v->{secret})]) . "\n";
}

sub real_of
{
	my ($r, $v) = @_;
	return "  real $r->{server}:$r->{port} $r->{forward} $r->{weight}"
		. ' l=' . ($r->{'l-threshold'} // 0) . ' u=' . ($r->{'u-threshold'} // 0)
		. ' request=' . ($r->{request} // $v->{request})
		. ' receive=' . say_or($r->{receive} // $v->{receive}) . "\n";
}

sub meaning
{
	my $out = "global autoreload=$main::AUTOCHECK supervised=$main::SUPERVISED fork=$main::FORKING "
		. "readdquiescent=$main::READDQUIESCENT\n";
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
