#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
to="To: <sip:bob@$DOMAIN>;tag=someone-elses"
for method in BYE INVITE UPDATE; do
	request stray "$method" "sip:bob@$DOMAIN" "$to"
	raw "stray-$method" stray
	expect_served "stray-$method" 481
	expect_no_header "stray-$method" 'Contact:.*'

	# Loose routing knows the way: the Record-Route of the call's node.
	request routed "$method" "sip:bob@$UAS4:$UAS_PORT" "$to" \
		"Route: <sip:${NODE4[fra1]};lr>"
	raw_served "routed-$method" routed
	expect_at_uas "routed-$method" "$method" 'To: .*;tag=someone-elses'
done
expect_equal "redirects" 0 "$(statistic fra1 action_redirect)"
ok "481 without, relayed with a Route"
