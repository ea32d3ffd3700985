#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request invite INVITE "sip:bob@$DOMAIN" "User-Agent: Stubborn/2 (test)"
raw_served r invite
expect_at_uas r INVITE 'X-Served: fra1 serve client-never-follows' \
	"Record-Route: <sip:${NODE4[fra1]//./\\.}[:;].*"
expect_equal "redirects" 0 "$(statistic fra1 action_redirect)"
ok "served by its name"
