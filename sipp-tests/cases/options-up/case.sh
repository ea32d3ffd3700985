#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request service OPTIONS "sip:$DOMAIN"
request address OPTIONS "sip:$SERVICE4:5060"
for name in service address; do
	raw "$name" "$name"
	expect_status "$name" 200
	expect_header "$name" 'CSeq: [0-9]+ OPTIONS'
	expect_no_header "$name" 'X-Served:.*'
done
ok 200
