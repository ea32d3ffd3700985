#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
served() {
	local round name=$1
	shift
	for round in 1 2 3; do
		request invite INVITE "$@" "User-Agent: tester/loop"
		raw_served "$name-$round" invite
		expect_at_uas "$name-$round" INVITE \
			'X-Served: fra1 serve names-this-node'
	done
}
served uri "sip:bob@${NODE4[fra1]}:5060"
served uri-no-port "sip:bob@${NODE4[fra1]}"
served uri-transport "sip:bob@${NODE4[fra1]}:5060;transport=udp"
served uri-host "sip:bob@fra1.$DOMAIN"
served route "sip:bob@$DOMAIN" "Route: <sip:${NODE4[fra1]};lr>"
served route-after-service "sip:bob@$DOMAIN" \
	"Route: <sip:$SERVICE4;lr>" "Route: <sip:${NODE4[fra1]};lr>"
served service-route "sip:bob@${NODE4[fra1]}:5060" "Route: <sip:$SERVICE4;lr>"
served maddr "sip:bob@$DOMAIN;maddr=${NODE4[fra1]}"
expect_equal "redirects" 0 "$(statistic fra1 action_redirect)"
ok "served in every form"
