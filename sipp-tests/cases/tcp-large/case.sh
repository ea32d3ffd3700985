#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
allow_log 'tcp_read_headers|tcp_read_req|overrun|message_too_large|tcp_rd_buf|too big|bad request|parse'
PROTO=tcp VIA_PROTO=TCP
filler() { head -c "$1" /dev/zero | tr '\0' x; }
BODY=$(filler 60000) request big INVITE "sip:bob@$DOMAIN" \
	"Content-Type: application/octet-stream"
raw big big
expect_redirect big fra1 bob '' ';transport=tcp'

# A neighbour's connection that lives before, during and after.
request before INVITE "sip:bob@$DOMAIN"
request after INVITE "sip:bob@$DOMAIN"
mkfifo "$W/hold"
socat -t 20 - "TCP4:$SERVICE4:5060,bind=203.0.113.7" \
	<"$W/hold" >"$W/neighbour" 2>&1 &
neighbour=$!
exec 9>"$W/hold"
has_replies() { (($(grep -c '^SIP/2.0 302' "$W/neighbour") >= $1)); }
cat "$W/before.sip" >&9
until_ok 10 has_replies 1

BODY=$(filler 90000) request huge INVITE "sip:bob@$DOMAIN" \
	"Content-Type: application/octet-stream"
RAW_WANT=2 raw huge huge
grep -q '^closed' "$W/raw/huge/index" || fail "the connection was not closed"
! grep -q ' 302 ' "$W/raw/huge/index" || fail "the huge message was redirected"

cat "$W/after.sip" >&9
until_ok 10 has_replies 2
exec 9>&-
wait "$neighbour"
RAW_WANT=0 raw again big
expect_redirect again fra1 bob '' ';transport=tcp'
ok "60 kB answered, 90 kB closed, the neighbour not disturbed"
