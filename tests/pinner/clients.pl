#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# clients.pl - pairs of Debian's NGCP::Rtpengine::Test clients talk through the
# relay: every packet of one has to reach the other, byte for byte
#
# Run by with_relay.py.  The pairs run at the same time, a process each.
use strict;
use warnings;
use Socket;
use NGCP::Rtpengine::Test;

my $SECONDS = 2.6;    # RTCP comes after 2 s
my $ENOUGH = 50;      # packets

my @v4 = (sockdomain => AF_INET);
my @v6 = (sockdomain => AF_INET6);

# name, caller, callee, keys of the offer, keys of the answer
my @pairs = (
	['IPv4', {@v4}, {@v4}, {}, {}],
	['IPv6', {@v6}, {@v6}, {}, {}],
	['IPv4 to IPv6', {@v4}, {@v6},
		{'address-family' => 'IP6'}, {'address-family' => 'IP4'}],
	['IPv6 to IPv4', {@v6}, {@v4},
		{'address-family' => 'IP4'}, {'address-family' => 'IP6'}],
	['usual flags', {@v4}, {@v4},
		{ICE => 'remove', flags => ['trust-address', 'symmetric']},
		{ICE => 'remove', flags => ['trust-address', 'symmetric']}],
	['strict source', {@v4}, {@v4},
		{flags => ['strict-source']}, {flags => ['strict-source']}],
	['other codecs', {@v4, codecs => ['PCMA']}, {@v4, codecs => ['PCMA']},
		{}, {}],
	# keys are the phones' own: SRTP goes through as it is
	['SRTP', {@v4, sdes => 1}, {@v4, sdes => 1},
		{'transport-protocol' => 'RTP/SAVP'},
		{'transport-protocol' => 'RTP/SAVP'}],
	['SRTP, IPv6', {@v6, sdes => 1}, {@v6, sdes => 1}, {}, {}],
);

sub counts {
	my ($client) = @_;
	my @sent = @{$client->{media_packets_sent}};
	my @got = @{$client->{media_packets_received}};
	return (\@sent, \@got);
}

sub is_heard {
	my ($a, $b) = @_;
	my ($sent_a, $got_a) = counts($a);
	my ($sent_b, $got_b) = counts($b);
	return "@$sent_a" eq "@$got_b" && "@$sent_b" eq "@$got_a";
}

# Ends the test when all is heard that was under way, at the latest in 10 s.
sub hear_out {
	my ($test, $a, $b, $looks) = @_;
	if (is_heard($a, $b) || $looks == 0) {
		$test->stop();
		return;
	}
	$test->timer_once(0.1, sub { hear_out($test, $a, $b, $looks - 1); });
}

# Nobody says more, as soon as both have said enough; a busy machine is slow.
sub hush {
	my ($test, $a, $b) = @_;
	for my $client ($a, $b) {
		my ($sent) = counts($client);
		next if $sent->[0] > $ENOUGH && $sent->[1];
		$test->timer_once(0.1, sub { hush($test, $a, $b); });
		return;
	}
	delete @{$_}{qw(rtp rtcp)} for ($a, $b);
	hear_out($test, $a, $b, 100);
}

sub talk {
	my ($number, $name, $caller, $callee, $offer, $answer) = @_;

	my $test = NGCP::Rtpengine::Test->new(
		media_port => 10000 + 100 * $number);
	my ($a, $b) = $test->client_pair($caller, $callee);
	$a->offer($b, %$offer);
	$b->answer($a, %$answer);
	for my $client ($a, $b) {
		my $to = $client->{remote_media}->connection()->{address};
		$to eq $ENV{RELAY_V4} || $to eq $ENV{RELAY_V6}
			or die("$name: media goes to $to, not to the relay");
		$client->start_rtp();
		$client->start_rtcp();
	}
	$test->timer_once($SECONDS, sub { hush($test, $a, $b); });
	$test->run();
	$a->teardown('to-tag' => $b->{tag});

	my ($sent_a, $got_a) = counts($a);
	my ($sent_b, $got_b) = counts($b);
	my $what = "$name: RTP and RTCP @$sent_a sent, @$got_b arrived; back "
		. "@$sent_b sent, @$got_a arrived";
	my $good = is_heard($a, $b);
	print(($good ? 'ok: ' : 'not ok: '), $what, "\n");
	return $good ? 0 : 1;
}

my %running;
for my $number (0 .. $#pairs) {
	my $pid = fork() // die "fork: $!";
	if ($pid == 0) {
		open(STDOUT, '>&', \*STDERR);
		exit(talk($number, @{$pairs[$number]}));
	}
	$running{$pid} = $pairs[$number][0];
}
my $bad = 0;
while ((my $pid = wait()) > 0) {
	next if $? == 0;
	print STDERR "not ok: $running{$pid}: exit ", $? >> 8, ", signal ",
		$? & 127, "\n";
	$bad = 1;
}
exit($bad);
