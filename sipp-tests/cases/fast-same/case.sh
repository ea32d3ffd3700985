#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

allow_traces contacts
allow_log '.'	# the host tells what it throws away
# Names of requests: answered by the fast path, left alone, for nobody.
PLAIN=() OTHER=() DROPPED=()

# plain|other|dropped NAME [HEADER: VALUE]...: an INVITE as `request' makes it
plain() {
	request "$1" INVITE "${URI:-sip:bob@$DOMAIN}" "${@:2}"
	PLAIN+=("$1")
}
other() {
	request "$1" INVITE "${URI:-sip:bob@$DOMAIN}" "${@:2}"
	OTHER+=("$1")
}
dropped() {
	request "$1" INVITE "${URI:-sip:bob@$DOMAIN}" "${@:2}"
	DROPPED+=("$1")
}
# edit NAME SED-EXPRESSION: change a request
edit() { sed -i "$2" "$W/$1.sip"; }

BR='branch=z9hG4bK-same'
plain usual
plain no-rport "Via: SIP/2.0/UDP $SRC;$BR-1"
plain nat "Via: SIP/2.0/UDP 10.1.2.3:5062;$BR-2;rport"
plain no-port "Via: SIP/2.0/UDP ${SRC%:*};$BR-3"
plain name "Via: SIP/2.0/UDP client.example:5060;$BR-4"
plain ip6-sent-by "Via: SIP/2.0/UDP [2001:db8:c::5];$BR-5;RPORT"
plain unknown-params "Via: SIP/2.0/UDP $SRC;keep;$BR-6;x=y;rport;alias"
plain compact
edit compact 's/^Via:/v:/; s/^From:/f:/; s/^To:/t:/; s/^Call-ID:/i:/
	s/^Content-Length:/l:/'
plain lower-vias
edit lower-vias '2a Via: SIP/2.0/TCP p.example;branch=z9-7;received=10.0.0.1;rport=9\r\nv: SIP/2.0/UDP q.example:5070;branch=z9-8\r'
plain from-untagged "From: Alice <sip:alice@$DOMAIN>"
plain from-folded "From: Alice"$'\r\n'" <sip:alice@$DOMAIN>;tag=folded"
plain subject-folded "Subject: a"$'\r\n\t'"b"
plain to-quoted "To: \"Bob, <b>\" <sip:bob@$DOMAIN>"
plain call-id-folded "Call-ID:"$'\r\n'" folded@client.example"
plain to-bare "To: sip:bob@$DOMAIN"
plain no-hops-said "Max-Forwards:"
plain cseq-zeros "CSeq: 0004 INVITE"
BODY=$'v=0\r\n' plain body
URI="sip:b%20b:pw@$DOMAIN;user=phone;x=1" plain uri-params
URI="tel:+15551234" plain uri-tel
URI="sip:$ALIAS" plain uri-no-user

other via-folded "Via: SIP/2.0/UDP $SRC;"$'\r\n'" $BR-20;rport"
other via-spaces "Via: SIP / 2.0 / UDP $SRC ;$BR-21;rport"
other via-two "Via: SIP/2.0/UDP $SRC;$BR-22;rport, SIP/2.0/UDP p.example;branch=z9"
other via-received "Via: SIP/2.0/UDP $SRC;$BR-23;received=10.0.0.1;rport"
other via-rport-said "Via: SIP/2.0/UDP $SRC;$BR-24;rport=77"
other via-maddr "Via: SIP/2.0/UDP $SRC;$BR-25;maddr=203.0.113.9"
dropped cseq-folded "CSeq: 1"$'\r\n'" INVITE"
other cseq-other "CSeq: 1 ACK"
other call-id-spaces "Call-ID: two words"
other to-params "To: <sip:bob@$DOMAIN>;x=y"
other to-tag "To: <sip:bob@$DOMAIN>;tag=somebody"
other proxy-require "Proxy-Require: x-nothing"
other no-hops "Max-Forwards: 0"
other hops-wrong "Max-Forwards: many"
other route "Route: <sip:$DOMAIN;lr>"
other never "User-Agent: stubborn//1.0"
other cut-body "Content-Length: 99"
other later-twice "CSeq: 9 INVITE" "X-Some: thing"
edit later-twice '$!b; s/^\r$/CSeq: 10 INVITE\r\n\r/'
URI="sip:bob@elsewhere.example" other foreign
URI="http://$DOMAIN" other scheme
URI="sip:bob@$DOMAIN:99999" other uri-wrong
URI="sip:bob@${NODE4[fra1]}" other loop-self

# What the host's parser throws away is not answered by the fast path either.
dropped via-comment "Via: SIP/2.0/UDP $SRC;$BR-30;rport (a comment)"
dropped via-below
edit via-below '2a Via: garbage\r'
dropped name-of-two
edit name-of-two '2a Two words: x\r'
dropped no-colon
edit no-colon '2a Word\r'
dropped to-open "To: \"Bob <sip:bob@$DOMAIN>"
dropped to-twice
edit to-twice '2a To: <sip:bob@x>\r'

# count ROUND NAME HOW-MANY: what the fast path has answered so far
ANSWERED=0
count() {
	[[ $1 != slow ]] || return 0
	((ANSWERED += $3)) || :
	expect_equal "fast answers after $2" "$ANSWERED" \
		"$(statistic fra1 event_fast_answered)"
}

# ask ROUND: every request, in the same order, from both families
ask() {
	local name
	for name in "${PLAIN[@]}"; do
		raw "$1-$name" -l "$CLIENT4:5062" "$name"
		count "$1" "$name" 1
	done
	for name in "${OTHER[@]}"; do
		raw "$1-$name" -l "$CLIENT4:5062" "$name"
		count "$1" "$name" 0
	done
	for name in "${DROPPED[@]}"; do
		raw "$1-$name" -n 0 -f fence "$name"
		expect_silence "$1-$name"
		count "$1" "$name" 0
	done
	SRC="[$CLIENT6]:5060" DST="[$SERVICE6]:5060"
	for name in usual no-rport compact lower-vias; do
		raw "$1-6-$name" -l "[$CLIENT6]:5062" "$name"
		count "$1" "$name" 1
	done
	raw "$1-6-via-two" via-two
	SRC=$CLIENT4:5060 DST=$SERVICE4:5060
}

# same NAME: but for the tag sl gives, which is another after each start
same() {
	local round
	for round in slow fast; do
		sed -E '/^(To|t):/{ /;tag=a1-/!s/;tag=[^;\r]*// }' \
			"$(message_path "$round-$1")" >"$W/$round.reply"
	done
	cmp "$W/slow.reply" "$W/fast.reply" >&2 ||
		fail "$1: another reply with fast_path"
}

counters() {
	kcmd fra1 stats.get_statistics anycast: |
		grep -v 'fast_answered\|= 0$' | sort
}

node_param fra1 fallback_contacts 1
node_param fra1 expires 60
node_param fra1 server_header sip-anycast
node_param fra1 fast_path 0
node_start fra1
ask slow
counters >"$W/slow.counters"
expect_equal 'fast answers without fast_path' 0 \
	"$(statistic fra1 event_fast_answered)"
node_stop fra1

node_param fra1 fast_path 1
node_start fra1
ask fast
counters >"$W/fast.counters"

for name in "${PLAIN[@]}"; do
	expect_status "fast-$name" 302
	expect_same_bytes "slow-$name" "fast-$name"
done
for name in "${PLAIN[@]}" "${OTHER[@]}" \
	6-usual 6-no-rport 6-compact 6-lower-vias 6-via-two; do
	same "$name"
	diff "$W/raw/slow-$name/index" "$W/raw/fast-$name/index" >&2 ||
		fail "$name: another number of messages, or another way"
done
diff "$W/slow.counters" "$W/fast.counters" >&2 || fail "other counters"
ok "$((${#PLAIN[@]} + ${#OTHER[@]} + ${#DROPPED[@]} + 5)) requests, the same replies and counters"
