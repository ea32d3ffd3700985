#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request forged INVITE "sip:bob@$DOMAIN" \
	"Via: SIP/2.0/UDP 10.1.2.3;received=203.0.113.9;branch=z9hG4bK-r1;rport=5099"
raw r -l 203.0.113.9:5060 -l 203.0.113.9:5099 -l "$CLIENT4:5099" -f fence forged
expect_messages r 2
expect_redirect r fra1
expect_between r "$SERVICE4:5060" "$SRC"
expect_header r "Via: .*received=$CLIENT4.*"
expect_no_header r 'Via:.*203\.0\.113\.9.*'
ok "the reply goes to the packet's source"
