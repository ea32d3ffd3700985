#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-or-later
# autotest.pl - dialogues driven by Debian's NGCP::Rtpengine::AutoTest
#
# Run by with_relay.py, on real sockets.  Its own offer() and answer() compare
# whole bodies as rtpengine writes them; signal() here asks for lines instead,
# so that a relay which keeps a body as it is passes too.
use strict;
use warnings;
use Test::More;
use NGCP::Rtpengine::Test;
use NGCP::Rtpclient::SRTP;
use NGCP::Rtpengine::AutoTest;

my $relay = $ENV{RELAY_V4};
my $ours = $ENV{RELAY} ne 'rtpengine';
my ($A, $B, $C, $X) = map {"198.51.100.$_"} (1 .. 4);

sub body {
	my ($address, @lines) = @_;
	return join("\r\n", 'v=0', "o=- 1 1 IN IP4 $address", 's=-',
		"c=IN IP4 $address", 't=0 0', @lines) . "\r\n";
}

sub audio {
	my ($address, $port, @lines) = @_;
	return body($address, "m=audio $port RTP/AVP 0 8", @lines);
}

# One command.  want: regexes of lines the body has to have, with ! of lines it
# must not have.  Returns the ports of the media.
sub signal {
	my ($command, $name, $sdp, $keys, @want) = @_;
	my $req = {'from-tag' => ft(), sdp => $sdp, %{$keys // {}}};
	$command eq 'answer' and $req->{'to-tag'} //= tt();
	my $out = crlf(rtpe_req($command, $name, $req)->{sdp});
	for my $want (@want) {
		if ($want =~ /^!(.*)/s) {
			unlike($out, qr/^$1$/m, "$name: no $1");
		}
		else {
			like($out, qr/^$want$/m, "$name: $want");
		}
	}
	return $out =~ /^m=\S+ (\d+) /mg;
}

sub here { return 'c=IN IP4 ' . quotemeta($relay); }

# A packet from one socket to a port, and it comes out at the other one
my $seq = 1000;
sub passes {
	my ($from, $port, $to, $name, $ssrc) = @_;
	$seq++;
	note($name);
	snd($from, $port, rtp(0, $seq, $seq * 160, $ssrc // 0x1234, "\x55" x 160),
		$relay);
	rcv($to, 0, rtpm(0, $seq, $seq * 160, $ssrc // 0x1234, "\x55" x 160));
}

sub passes_not {
	my ($from, $port, $to, $name) = @_;
	$seq++;
	note($name);
	snd($from, $port, rtp(0, $seq, $seq * 160, 0x6666, "\x66" x 160), $relay);
	rcv_no($to);
}

sub result {
	my ($command, $keys) = @_;
	my $client = NGCP::Rtpengine->new($ENV{RTPENGINE_HOST},
		$ENV{RTPENGINE_PORT});
	my $reply = eval { $client->req({command => $command, %$keys}); };
	return $reply ? $reply->{result} : $@;
}

sub hang_up {
	my (%keys) = @_;
	my $reply = rtpe_req('delete', 'delete', {'from-tag' => ft(),
		'delete-delay' => 0, %keys});
	return $reply;
}

autotest_init();

for my $json (0, 1) {
	my $how = $json ? 'JSON' : 'bencode';
	use_json($json);

	my ($a, $b) = new_call([$A, 2000], [$B, 3000]);
	my ($to_a) = signal('offer', "$how: offer", audio($A, 2000,
		'a=x-own:first', 'a=ptime:20'), {}, here(), 'a=x-own:first',
		'a=ptime:20', "o=- 1 1 IN IP4 $A", 'm=audio \d+ RTP/AVP 0 8');
	passes($b, $to_a, $a, 'early media') unless $ours;
	my ($to_b) = signal('answer', "$how: answer", audio($B, 3000), {},
		here());
	passes($a, $to_b, $b, 'caller to callee');
	passes($b, $to_a, $a, 'callee to caller');
	passes($a, $to_b, $b, 'and again');

	my ($again) = signal('offer', "$how: the same re-INVITE",
		audio($A, 2000), {'to-tag' => tt()}, here());
	is($again, $to_a, 'the port stays');
	($again) = signal('answer', "$how: its answer", audio($B, 3000), {},
		here());
	is($again, $to_b, 'the other port stays');
	passes($a, $to_b, $b, 'media goes on');

	my $reply = rtpe_req('query', "$how: query", {});
	is_deeply([sort(keys(%{$reply->{tags}}))], [sort(ft(), tt())],
		'both tags');
	is($reply->{totals}{RTP}{packets}, $ours ? 4 : 5, 'packets counted');
	is($reply->{totals}{RTCP}{packets}, 0, 'no RTCP');
	my $media = $reply->{tags}{ft()}{medias}[0];
	is($media->{streams}[0]{'local port'}, $to_b, 'port of the caller');
	is($media->{streams}[0]{endpoint}{address}, $A, 'the caller\'s address');
	is($media->{streams}[0]{endpoint}{port}, 2000, 'and port');
	$reply = hang_up();
	ok($reply->{totals}, 'the last reply has totals');
	passes_not($a, $to_b, $b, 'after the call');
}
use_json(0);

# hold and resume, with all its spellings
{
	my ($a, $b) = new_call([$A, 2000], [$B, 3000]);
	my ($to_a) = signal('offer', 'hold: offer', audio($A, 2000), {});
	my ($to_b) = signal('answer', 'hold: answer', audio($B, 3000), {});
	passes($a, $to_b, $b, 'before the hold');
	for my $pair (['sendonly', 'recvonly'], ['inactive', 'inactive'],
		['sendrecv', 'sendrecv']) {
		my ($offer, $answer) = @$pair;
		my ($p) = signal('offer', "hold: $offer", audio($A, 2000,
			"a=$offer"), {'to-tag' => tt()}, here(), "a=$offer");
		is($p, $to_a, 'the port stays');
		($p) = signal('answer', "hold: $answer", audio($B, 3000,
			"a=$answer"), {}, here(), "a=$answer");
		is($p, $to_b, 'the other port stays');
	}
	passes($a, $to_b, $b, 'after the hold');
	passes($b, $to_a, $a, 'and back');
	signal('offer', 'hold: 0.0.0.0', audio('0.0.0.0', 2000),
		{'to-tag' => tt()}, '!c=IN IP4 198\.51\..*');
	signal('answer', 'hold: its answer', audio($B, 3000), {}, here());
	passes_not($b, $to_a, $a, 'to one at 0.0.0.0');
	signal('offer', 'hold: back', audio($A, 2000), {'to-tag' => tt()},
		here());
	signal('answer', 'hold: back', audio($B, 3000), {}, here());
	passes($b, $to_a, $a, 'after 0.0.0.0');
	hang_up();
}

# the caller moves (a re-INVITE from another address)
{
	my ($a, $b, $c) = new_call([$A, 2000], [$B, 3000], [$C, 4000]);
	my ($to_a) = signal('offer', 'move: offer', audio($A, 2000), {});
	my ($to_b) = signal('answer', 'move: answer', audio($B, 3000), {});
	passes($a, $to_b, $b, 'before');
	passes($b, $to_a, $a, 'before');
	($to_a) = signal('offer', 'move: re-INVITE', audio($C, 4000),
		{'to-tag' => tt()}, here());
	($to_b) = signal('answer', 'move: its answer', audio($B, 3000), {},
		here());
	passes($c, $to_b, $b, 'from the new address', 0x77);
	passes($b, $to_a, $c, 'to the new address');
	# the callee moves too, tags reversed
	reverse_tags();
	my ($to_b2) = signal('offer', 'move: callee', audio($A, 2000),
		{'to-tag' => tt()}, here());
	my ($to_c) = signal('answer', 'move: its answer', audio($C, 4000), {},
		here());
	passes($a, $to_c, $c, 'from the callee\'s new address', 0x78);
	passes($c, $to_b2, $a, 'to the callee\'s new address', 0x77);
	hang_up();		# from the callee
}

# a fork: two branches, the second answers
{
	my ($a, $b, $c) = new_call([$A, 2000], [$B, 3000], [$C, 4000]);
	my @branch = map {{'via-branch' => "z9hG4bK$_"}} (1, 2);
	my ($to_a1) = signal('offer', 'fork: one', audio($A, 2000), $branch[0]);
	my ($to_a2) = signal('offer', 'fork: two', audio($A, 2000), $branch[1]);
	my ($to_b) = signal('answer', 'fork: 183 of one', audio($B, 3000),
		{%{$branch[0]}, 'to-tag' => tt() . '-1'}, here());
	passes($b, $to_a1, $a, 'early media of one', 0x71);
	passes($a, $to_b, $b, 'and to it');
	my ($to_c) = signal('answer', 'fork: 200 of two', audio($C, 4000),
		{%{$branch[1]}, 'to-tag' => tt() . '-2'}, here());
	passes($c, $to_a2, $a, 'media of two', 0x72);
	passes($a, $to_c, $c, 'and to it');
	hang_up(%{$branch[0]});			# the other branch is cancelled
	passes($c, $to_a2, $a, 'two goes on', 0x72);
	passes($a, $to_c, $c, 'and to it');
	# the BYE has a branch nobody knows
	hang_up('via-branch' => 'z9hG4bKbye', 'to-tag' => tt() . '-2');
	passes_not($c, $to_a2, $a, 'after the BYE');
}

# an answer that comes first with another tag, then the right one (183, 200)
{
	my ($a, $b, $c) = new_call([$A, 2000], [$B, 3000], [$C, 4000]);
	my ($to_a) = signal('offer', 'two answers: offer', audio($A, 2000), {});
	my ($to_b) = signal('answer', 'two answers: 183', audio($B, 3000),
		{'to-tag' => tt() . '-1'});
	passes($a, $to_b, $b, 'to the first');
	my ($to_c) = signal('answer', 'two answers: 200', audio($C, 4000),
		{'to-tag' => tt() . '-2'});
	passes($a, $to_c, $c, 'to the second');
	passes($c, $to_a, $a, 'from the second', 0x72);
	hang_up();
}

# offer without SDP: the 200 offers, the ACK answers, tags reversed
{
	my ($a, $b) = new_call([$A, 2000], [$B, 3000]);
	reverse_tags();
	my ($to_b) = signal('offer', '3PCC: 200', audio($B, 3000),
		{'to-tag' => tt()}, here());
	my ($to_a) = signal('answer', '3PCC: ACK', audio($A, 2000), {}, here());
	passes($a, $to_b, $b, 'caller to callee');
	passes($b, $to_a, $a, 'callee to caller');
	reverse_tags();
	hang_up();
}

# RTCP: on its own port, and on one port with RTP
{
	my $report = pack('CCnNNNNNN', 0x80, 200, 6, 0x1234, 1, 2, 3, 4, 5);
	my ($a, $ar, $b, $br) = new_call([$A, 2000], [$A, 2001], [$B, 3000],
		[$B, 3001]);
	my ($to_a) = signal('offer', 'RTCP: offer', audio($A, 2000), {},
		'!a=rtcp-mux');
	my ($to_b) = signal('answer', 'RTCP: answer', audio($B, 3000), {});
	snd($ar, $to_b + 1, $report, $relay);
	rcv($br, 0, qr/^\Q$report\E$/s);
	snd($br, $to_a + 1, $report, $relay);
	rcv($ar, 0, qr/^\Q$report\E$/s);
	is(hang_up()->{totals}{RTCP}{packets}, 2, 'RTCP counted');

	($a, $b) = new_call([$A, 2000], [$B, 3000]);
	($to_a) = signal('offer', 'mux: offer', audio($A, 2000, 'a=rtcp-mux'),
		{}, 'a=rtcp-mux');
	($to_b) = signal('answer', 'mux: answer', audio($B, 3000, 'a=rtcp-mux'),
		{}, 'a=rtcp-mux');
	passes($a, $to_b, $b, 'RTP with mux');
	snd($a, $to_b, $report, $relay);
	rcv($b, 0, qr/^\Q$report\E$/s);
	snd($b, $to_a, $report, $relay);
	rcv($a, 0, qr/^\Q$report\E$/s);
	hang_up();
}

# several media; one is rejected; T.38 goes through
{
	my ($a, $av, $b, $bv) = new_call([$A, 2000], [$A, 2010], [$B, 3000],
		[$B, 3010]);
	my @to_a = signal('offer', 'media: offer', body($A,
		'm=audio 2000 RTP/AVP 0', 'm=video 2010 RTP/AVP 31',
		'm=text 0 RTP/AVP 98', 'a=rtpmap:98 t140/1000'), {}, here());
	my @to_b = signal('answer', 'media: answer', body($B,
		'm=audio 3000 RTP/AVP 0', 'm=video 3010 RTP/AVP 31',
		'm=text 0 RTP/AVP 98'), {}, here());
	is($to_a[2], 0, 'rejected stays rejected');
	is($to_b[2], 0, 'in the answer too');
	passes($a, $to_b[0], $b, 'audio');
	passes($av, $to_b[1], $bv, 'video');
	passes($bv, $to_a[1], $av, 'video back');
	hang_up();

	($a, $b) = new_call([$A, 2000], [$B, 3000]);
	my ($to_a) = signal('offer', 'T.38: offer', body($A,
		'm=image 2000 udptl t38', 'a=T38FaxVersion:0'), {}, here(),
		'a=T38FaxVersion:0', 'm=image \d+ udptl t38');
	my ($to_b) = signal('answer', 'T.38: answer', body($B,
		'm=image 3000 udptl t38', 'a=T38FaxVersion:0'), {}, here());
	my $fax = pack('nC', 7, 6) . 'no RTP at all';
	snd($a, $to_b, $fax, $relay);
	rcv($b, 0, qr/^\Q$fax\E$/s);
	snd($b, $to_a, $fax, $relay);
	rcv($a, 0, qr/^\Q$fax\E$/s);
	hang_up();
}

# SRTP by SDES: keys and packets go through untouched
{
	my $suite = $NGCP::Rtpclient::SRTP::crypto_suites{AES_CM_128_HMAC_SHA1_80};
	my @key = ('d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj',
		'WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz');
	my @line = map {"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:$_"} @key;
	my ($a, $b) = new_call([$A, 2000], [$B, 3000]);
	my ($to_a) = signal('offer', 'SRTP: offer', body($A,
		'm=audio 2000 RTP/SAVP 0', $line[0]), {}, quotemeta($line[0]));
	my ($to_b) = signal('answer', 'SRTP: answer', body($B,
		'm=audio 3000 RTP/SAVP 0', $line[1]), {}, quotemeta($line[1]));
	my ($out, $in) = map {{cs => $suite, key => $key[0]}} (1, 2);
	srtp_snd($a, $to_b, rtp(0, 1, 160, 0x99, "\x11" x 160), $out, $relay);
	srtp_rcv($b, 0, rtpm(0, 1, 160, 0x99, "\x11" x 160), $in);
	($out, $in) = map {{cs => $suite, key => $key[1]}} (1, 2);
	srtp_snd($b, $to_a, rtp(0, 5, 160, 0x98, "\x22" x 160), $out, $relay);
	srtp_rcv($a, 0, rtpm(0, 5, 160, 0x98, "\x22" x 160), $in);
	hang_up();
}

# NAT: the SDP has a private address, the packets another port
{
	my ($a, $b) = new_call([$A, 2777], [$B, 3000]);
	my ($to_a) = signal('offer', 'NAT: offer', audio('10.0.0.1', 2000),
		{'received-from' => ['IP4', $A]}, here());
	my ($to_b) = signal('answer', 'NAT: answer', audio($B, 3000),
		{'received-from' => ['IP4', $B]}, here());
	passes($a, $to_b, $b, 'from behind NAT');
	passes($b, $to_a, $a, 'back to it');
	hang_up();
}

# a stranger, from an address nobody named
SKIP: {
	skip('rtpengine lets strangers in', 1) unless $ours;
	for my $flags ([], ['strict-source']) {
		my ($a, $b, $x) = new_call([$A, 2000], [$B, 3000], [$X, 2000]);
		my ($to_a) = signal('offer', 'stranger: offer', audio($A, 2000),
			{flags => $flags});
		passes_not($x, $to_a, $a, 'before the answer');
		my ($to_b) = signal('answer', 'stranger: answer',
			audio($B, 3000), {flags => $flags});
		passes_not($x, $to_a, $a, 'to the caller');
		passes_not($x, $to_b, $b, 'to the callee');
		passes($a, $to_b, $b, 'the caller');
		passes($b, $to_a, $a, 'the callee');
		passes_not($x, $to_a, $a, 'to the caller');
		passes_not($x, $to_b, $b, 'to the callee');
		passes($b, $to_a, $a, 'still to the caller');
		hang_up();
	}
}

# a delete that waits, and is taken back by a re-INVITE (the 488 of Kamailio)
{
	my ($a, $b) = new_call([$A, 2000], [$B, 3000]);
	my ($to_a) = signal('offer', '488: offer', audio($A, 2000), {});
	my ($to_b) = signal('answer', '488: answer', audio($B, 3000), {});
	signal('offer', '488: re-INVITE', audio($A, 2000), {'to-tag' => tt(),
		'via-branch' => 'z9hG4bKre'});
	rtpe_req('delete', '488: delete', {'from-tag' => ft(),
		'via-branch' => 'z9hG4bKre'});
	passes($a, $to_b, $b, 'the call goes on');
	passes($b, $to_a, $a, 'both ways');
	hang_up();
	like(result('query', {'call-id' => 'none'}), qr/Unknown call-id/,
		'what is not there');
}

# what is wrong is told, not swallowed
for my $case (
	['offer', {sdp => audio($A, 2000)}, 'No call-id in message'],
	['offer', {'call-id' => 'x', sdp => 'v=0'}, 'No from-tag in message'],
	['offer', {'call-id' => 'x', 'from-tag' => 'f'},
		'No SDP body in message'],
	['offer', {'call-id' => 'x', 'from-tag' => 'f', sdp => 'hello'},
		'Failed to parse SDP'],
	['answer', {'call-id' => 'x', 'from-tag' => 'f', 'to-tag' => 't',
		sdp => audio($A, 2000)}, 'Unknown call-id'],
	['nonsense', {}, 'Unrecognized command'],
) {
	my ($command, $keys, $text) = @$case;
	like(result($command, $keys), qr/"\Q$text\E"/, "$command: $text");
}

done_testing();
