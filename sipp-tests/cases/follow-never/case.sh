#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 follow_grace 1000
node_start fra1
ua="User-Agent: tester/ignores"
request first INVITE "sip:bob@$DOMAIN" "$ua"
request soon INVITE "sip:bob@$DOMAIN" "$ua"
raw first first
expect_redirect first fra1
# Within the time a client has to follow nothing is held against it.
raw soon soon
expect_redirect soon fra1
let_pass 2 fra1
request back INVITE "sip:bob@$DOMAIN" "$ua"
raw_served back back
expect_at_uas back INVITE 'X-Served: fra1 serve not-following'
# The 302 was lost, the client repeats the INVITE: the same 302.
raw again first
expect_same_bytes again first
# Another client behind the same address is another source.
request other INVITE "sip:bob@$DOMAIN" "User-Agent: tester/other"
raw other other
expect_redirect other fra1
# And the same one from elsewhere.
request moved INVITE "sip:bob@$DOMAIN" "$ua"
SRC=203.0.113.6:5060
raw moved moved
expect_redirect moved fra1
ok "served from the second call on"
