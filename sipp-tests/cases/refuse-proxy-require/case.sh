#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request proxy INVITE "sip:bob@$DOMAIN" "Proxy-Require: gin, x-more" \
	"Subject: enough bytes for the reply to be sent in full"
raw proxy proxy
expect_status proxy 420
expect_header proxy 'Unsupported: gin, ?x-more' "To: .*;tag=$OURS"
expect_no_header proxy 'Contact:.*'
request require INVITE "sip:bob@$DOMAIN" "Require: 100rel"
raw require require
expect_redirect require fra1
# Neither counts in ACK and CANCEL.
follow_up cancel CANCEL require
sed -i 's/^Max-Forwards.*/&\nProxy-Require: gin\r/' "$W/cancel.sip"
raw cancel cancel
expect_status cancel 200
ok "420 with Unsupported"
