#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1 ams1
request invite INVITE "sip:bob@$DOMAIN"
raw i invite
expect_redirect i fra1
follow_up cancel CANCEL invite
for node in fra1 ams1; do
	anycast_to "$node"
	raw "$node" cancel
	expect_status "$node" 200
	expect_header "$node" 'CSeq: 1 CANCEL'
	expect_no_header "$node" 'Contact:.*' 'X-Served:.*'
	expect_equal "To-tag at $node" "$(to_tag i)" "$(to_tag "$node")"
done
ok "200 with the tag of the 302"
