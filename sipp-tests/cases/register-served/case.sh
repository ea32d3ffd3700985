#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request register REGISTER "sip:$DOMAIN" "To: <sip:alice@$DOMAIN>"
raw r register
expect_served r 200
expect_header r 'X-Served: fra1 serve method' \
	"Service-Route: <sip:${NODE4[fra1]//./\\.}[:;].*lr.*>"
expect_equal "redirects" 0 "$(statistic fra1 action_redirect)"
ok "200 with Service-Route"
