#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

allow_log 'parse|PARSE|bad|BAD|invalid|receive_msg|tcp_read|sip_msg|ERROR: <core>|sanity|msg_parser'
node_start fra1
make() { printf '%b' "$2" >"$W/$1.sip"; }
make crlf '\r\n'
make crlf2 '\r\n\r\n'
make nul '\0\0\0\0'
make stun '\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl'
make line 'INVITE\r\n\r\n'
make startline 'INVITE sip:bob@sip.example.net SIP/2.0\r\n\r\n'
make noend 'INVITE sip:bob@sip.example.net SIP/2.0\r\nVia: '
make version 'INVITE sip:bob@sip.example.net SIP/7.0\r\nVia: SIP/7.0/UDP x\r\n\r\n'
make http 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'
make reply 'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n'
head -c 1400 /dev/zero | # the same random bytes each time
	openssl enc -aes-128-ctr -K 5346 -iv 0 2>/dev/null >"$W/random.sip"
head -c 60000 /dev/zero | tr '\0' 'A' >"$W/long.sip"
: >"$W/empty.sip"
all=(crlf crlf2 nul stun line startline noend version http reply random long empty)
for name in "${all[@]}"; do
	request after INVITE "sip:bob@$DOMAIN"
	# Small garbage must not be amplified either.
	raw "udp-$name" -n 0 -f after "$name"
	last=$(tail -n 1 "$W/raw/udp-$name/index" | cut -d ' ' -f 1)
	expect_redirect "udp-$name/$last" fra1
	while read -r number _ _ _ bytes _; do
		((number == last || bytes <= $(request_size "$name") * 3 / 2)) ||
			fail "$name: an answer of $bytes bytes"
	done <"$W/raw/udp-$name/index"
done
PROTO=tcp VIA_PROTO=TCP
for name in "${all[@]}"; do
	raw "tcp-$name" -n 0 "$name"
	request after INVITE "sip:bob@$DOMAIN"
	raw "tcp-$name-after" after
	expect_redirect "tcp-$name-after" fra1 bob '' ';transport=tcp'
done
# A keep-alive between two requests of one connection.
request one INVITE "sip:bob@$DOMAIN"
request two INVITE "sip:bob@$DOMAIN"
cat "$W"/{one,crlf2,two}.sip >"$W/kept.sip"
raw kept -n 2 kept
expect_messages kept 2
expect_redirect kept/2 fra1 bob '' ';transport=tcp'
ok "${#all[@]} kinds over UDP and TCP"
