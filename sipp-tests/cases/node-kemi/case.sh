#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

need_module app_jsdt
node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw invite invite
expect_redirect invite fra1
follow_up ack ACK invite "$(header_of invite To)"
raw ack -n 0 -f fence ack
expect_silence ack
request served INVITE "sip:bob@$DOMAIN" "User-Agent: stubborn/1"
raw_served served served
expect_at_uas served INVITE "Record-Route: <sip:${NODE4[fra1]//./\\.}[:;].*" \
	'X-Served: fra1 serve client-never-follows' 'X-Strays: 1 1 -1 none' \
	'X-Peers: -1 1' 'Anycast-Peer: node=fra1;time=[0-9]*;mac=.*'
request message MESSAGE "sip:bob@$DOMAIN"
raw message message
expect_status message 404
location=$(printf 'GET /a?b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' |
	socat -t 10 - "TCP4:$SERVICE4:5060" | tr -d '\r' | sed -n 's/^Location: //p')
expect_equal Location http://fra1.www.example.net/a?b "$location"
ok "redirect, pin, http_redirect"
