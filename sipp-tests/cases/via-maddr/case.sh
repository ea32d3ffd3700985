#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request maddr INVITE "sip:bob@$DOMAIN" \
	"Via: SIP/2.0/UDP $SRC;branch=z9hG4bK-m;maddr=203.0.113.9;rport"
raw r -l 203.0.113.9:5060 -f fence maddr
expect_messages r 2
expect_status r/1 400
expect_between r/1 "$SERVICE4:5060" "$SRC"
ok "400 to the source, nothing to the maddr"
