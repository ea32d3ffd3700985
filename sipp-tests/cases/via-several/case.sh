#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request invite INVITE "sip:bob@$DOMAIN" \
	"v: SIP/2.0/UDP proxy2.example;branch=z9hG4bK-2,"$'\r\n'" SIP/2.0/TCP proxy1.example;branch=z9hG4bK-1" \
	"VIA: SIP / 2.0 / UDP first.example:5070 ;branch=z9hG4bK-0"
raw r invite
expect_redirect r fra1
tr -d '\r\n' <"$W/raw/r/1.sip" >"$W/line"
grep -q \
	'z9hG4bK-via-several-1.*z9hG4bK-2.*z9hG4bK-1.*z9hG4bK-0.*From:' "$W/line" ||
	fail "Via fields lost or out of order"
ok "four hops"
