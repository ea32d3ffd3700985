#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
n=0
for route in "<sip:$DOMAIN;lr>" "<sip:$SERVICE4;lr>" "<sip:$SERVICE4:5060;lr>"; do
	request "own$((++n))" INVITE "sip:bob@$DOMAIN" "Route: $route"
	raw "own$n" "own$n"
	expect_redirect "own$n" fra1
done
request foreign INVITE "sip:bob@$DOMAIN" "Route: <sip:203.0.113.9:5060;lr>"
raw foreign -l 203.0.113.9:5060 -f fence foreign
expect_served foreign 403
expect_messages foreign 2
request behind INVITE "sip:bob@$DOMAIN" \
	"Route: <sip:$SERVICE4;lr>,<sip:203.0.113.9:5060;lr>"
raw behind -l 203.0.113.9:5060 -f fence behind
expect_served behind 403
expect_messages behind 2
ok "ours is taken off, another's is left to the script"
