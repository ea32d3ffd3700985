#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
node_state fra1 down ams1 up
probe() { "$SIP_TEST_BUILD/bin/probehdr" "$W/site.conf" "$@"; }
id=probe-1@agent.example
with() { # NAME HEADER [CALL-ID]
	request "$1" INVITE "sip:bob@$DOMAIN" "Call-ID: ${3:-$id}" "$2" \
		"User-Agent: agent"
	raw "$1" "$1"
}
with plain "Subject: no probe at all"
expect_redirect plain ams1
for n in 1 2 3 4; do
	with "true$n" "$(probe fra1 "$id")"
	expect_redirect "true$n" fra1
done
true=$(probe fra1 "$id")
digit=$([[ $true == *0 ]] && echo 1 || echo 0)
with forged "${true%?}$digit"
expect_redirect forged ams1
with old "$(probe fra1 "$id" -60)"
expect_redirect old ams1
with future "$(probe fra1 "$id" 60)"
expect_redirect future ams1
with foreign "$(probe ams1 "$id")"
expect_redirect foreign ams1
with replayed "$true" other-call@agent.example
expect_redirect replayed ams1
with broken "X-Anycast-Probe: fra1"
expect_redirect broken ams1

# OPTIONS, when no node is left at all.
node_state fra1 down ams1 down
request options OPTIONS "sip:$DOMAIN" "Call-ID: $id" "$(probe fra1 "$id")"
raw options options
expect_status options 200
request plain_options OPTIONS "sip:$DOMAIN" "Subject: no probe at all, longer"
raw plain_options plain_options
expect_status plain_options 503

expect_equal "valid probes" 5 "$(statistic fra1 event_probe_valid)"
for name in forged other_node malformed; do
	expect_equal "$name probes" $((1 + (${#name} == 6))) \
		"$(statistic fra1 "event_probe_$name")"
done
expect_equal "stale probes" 2 "$(statistic fra1 event_probe_stale)"
ok "true for the agent, ams1 for everybody else"
