#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

NODE_CHILDREN=4
node_param fra1 follow_grace 1
node_start fra1
ua="User-Agent: tester/ignores"
request first INVITE "sip:bob@$DOMAIN" "$ua"
raw first first
expect_redirect first fra1
let_pass 1 fra1
node_state fra1 draining ams1 up
# shellcheck disable=SC2046
raw repeated $(printf 'first %.0s' {1..40})
expect_messages repeated 40
for n in {1..40}; do
	expect_same_bytes first "repeated/$n"
done
ok "the same 302 from each"
