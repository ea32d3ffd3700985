#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request register REGISTER "sip:$DOMAIN" "To: <sip:alice@$DOMAIN>" \
	"User-Agent: follower/1.0"
raw r register
expect_status r 302
expect_header r "Contact: <sip:${NODE4[fra1]}:5060>" 'CSeq: 1 REGISTER'
expect_no_header r 'X-Served:.*'
ok 302
