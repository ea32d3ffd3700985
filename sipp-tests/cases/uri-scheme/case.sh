#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
n=0
for uri in urn:service:sos mailto:bob@example.net http://example.net/; do
	request "u$((++n))" INVITE "$uri" "To: <sip:bob@$DOMAIN>"
	raw "r$n" "u$n"
	expect_status "r$n" 416
	expect_header "r$n" "To: .*;tag=$OURS"
	expect_no_header "r$n" 'Contact:.*'
done
ok 416
