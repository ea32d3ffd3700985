#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 follow_grace 1
node_start fra1
id=probe-1@agent.example
ua="User-Agent: agent"
for n in 1 2 3 4 5; do
	request probe INVITE "sip:bob@$DOMAIN" "$ua" "Call-ID: $id" \
		"$("$SIP_TEST_BUILD/bin/probehdr" "$W/site.conf" fra1 "$id")"
	raw "probe$n" probe
	expect_redirect "probe$n" fra1
done
let_pass 1 fra1
request invite INVITE "sip:bob@$DOMAIN" "$ua"
raw invite invite
expect_redirect invite fra1
ok "five probes, then a first call"
