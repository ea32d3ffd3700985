#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

for node in fra1 ams1; do
	node_param "$node" redirect_methods \
		"INVITE,REGISTER,SUBSCRIBE,MESSAGE,PUBLISH,NOTIFY"
done
allow_log 'anycast.*tm|Cannot import load_tm'	# sl can do without it too
node_start fra1 ams1
for method in INVITE REGISTER SUBSCRIBE MESSAGE PUBLISH NOTIFY; do
	request "$method" "$method" "sip:bob@$DOMAIN"
	raw "$method" "$method"
	expect_status "$method" 302
	expect_header "$method" "Contact: <sip:bob@${NODE4[fra1]}:5060>"
done
follow_up ack ACK INVITE "$(header_of INVITE To)"
follow_up cancel CANCEL INVITE
anycast_to ams1
raw ack -n 0 -f fence ack
expect_silence ack
raw cancel cancel
expect_status cancel 200
request bye BYE "sip:bob@$DOMAIN" "To: <sip:bob@$DOMAIN>;tag=other"
raw bye bye
expect_status bye 404
ok "redirects, absorbs and answers"
