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
