#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
via() { echo "Via: SIP/2.0/UDP $1;branch=z9hG4bK-via-$((RANDOM))$2"; }

request norport INVITE "sip:bob@$DOMAIN" "$(via "$CLIENT4:5099" "")"
raw norport -l "$CLIENT4:5099" norport
expect_redirect norport fra1
expect_between norport "$SERVICE4:5060" "$CLIENT4:5099"
expect_no_header norport 'Via:.*received.*'

request default INVITE "sip:bob@$DOMAIN" "$(via "$CLIENT4" "")"
SRC=$CLIENT4:5077
raw default -l "$CLIENT4:5060" default
expect_between default "$SERVICE4:5060" "$CLIENT4:5060"

request rport INVITE "sip:bob@$DOMAIN" "$(via "$CLIENT4:5099" ";rport")"
raw rport -l "$CLIENT4:5099" rport
expect_between rport "$SERVICE4:5060" "$CLIENT4:5077"
expect_header rport "Via: SIP/2\\.0/UDP $CLIENT4:5099;.*rport=5077.*" \
	"Via: .*received=$CLIENT4.*"

# Behind a NAT: another address in the sent-by.
request nat INVITE "sip:bob@$DOMAIN" "$(via 10.1.2.3:5060 ";rport")"
raw nat nat
expect_between nat "$SERVICE4:5060" "$CLIENT4:5077"
expect_header nat "Via: .*received=$CLIENT4.*" "Via: .*rport=5077.*"

request name INVITE "sip:bob@$DOMAIN" "$(via client.example:5088 "")"
raw name -l "$CLIENT4:5088" name
expect_between name "$SERVICE4:5060" "$CLIENT4:5088"
expect_header name "Via: .*;received=$CLIENT4.*"
ok "RFC 3261 18.2.2, case by case"
