#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
n=0
for host in "$DOMAIN" "$ALIAS" SIP.Example.NET "$SERVICE4" "$SERVICE4:5060" \
	"[$SERVICE6]" "$DOMAIN:5060"; do
	request "own$((++n))" INVITE "sip:bob@$host"
	raw "own$n" "own$n"
	expect_redirect "own$n" fra1
done
for host in other.example "sub.$DOMAIN" 192.0.2.99 "$DOMAIN.other.example"; do
	request "foreign$((++n))" INVITE "sip:bob@$host"
	raw "foreign$n" "foreign$n"
	expect_served "foreign$n" 403
	expect_header "foreign$n" 'X-Served: fra1 serve foreign'
	expect_no_header "foreign$n" 'Contact:.*'
done
ok "bob@other.example does not become our bob"
