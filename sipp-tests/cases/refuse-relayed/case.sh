#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1 ams1
request zero INVITE "sip:bob@${NODE4[ams1]}" "Max-Forwards: 0"
raw zero zero
expect_status zero 483
sipp_uas uas uas.xml
sipp_run uac call.xml "$CLIENT4:5070" "$SERVICE4:5060" -key host "${NODE4[ams1]}"
sipp_wait uas
expect_equal "Max-Forwards of the INVITE" 69 "$(sipp_received uas |
	awk '/^INVITE /, /^$/' | sed -n 's/^Max-Forwards: //p' | head -n 1)"
ok "483 at 0, else 69"
# Broken messages are refused as well, and nothing of ours is written into
# them: a Max-Forwards of 200 bytes once took the bytes behind a buffer along.
for broken in "CSeq: 1 OPTIONS" "CSeq: 99999999999 INVITE"; do
	request broken INVITE "sip:bob@${NODE4[ams1]}" "$broken" \
		"Max-Forwards: 7$(printf 'x%.0s' {1..200})"
	raw b broken
	expect_status b 400
done
ok "refused when broken"
