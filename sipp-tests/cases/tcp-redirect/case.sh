#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
PROTO=tcp VIA_PROTO=TCP
for n in 1 2 3; do
	request "invite$n" INVITE "sip:bob@$DOMAIN"
done
raw seq invite1 invite2 invite3
expect_messages seq 3
for n in 1 2 3; do
	expect_redirect "seq/$n" fra1 bob '' ';transport=tcp'
	expect_header "seq/$n" "Call-ID: $(header "invite$n" Call-ID)"
done
follow_up ack ACK invite1 "$(header_of seq/1 To)"
cat "$W"/{invite1,ack,invite2,invite3}.sip >"$W/together.sip"
raw pipelined -n 3 together
expect_messages pipelined 3
for n in 1 2 3; do
	expect_header "pipelined/$n" "Call-ID: $(header "invite$n" Call-ID)"
done
# The Via's sent-by names another port: a reply still takes the connection.
request elsewhere INVITE "sip:bob@$DOMAIN" \
	"Via: SIP/2.0/TCP $CLIENT4:5099;branch=z9hG4bK-elsewhere"
raw elsewhere elsewhere
expect_redirect elsewhere fra1 bob '' ';transport=tcp'
ok "on its own connection"
