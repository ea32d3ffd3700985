#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

allow_log '.'
net_node fra1
node_param fra1 fast_path 1
node_config fra1
mkdir "$W/db"
rc=0
ip netns exec fra1 kamailio -DD -E -m 64 -M 8 \
	-A WITH_SIPCAPTURE -A "CAPTURE_DB=\"text://$W/db\"" \
	-f "$W/fra1/kamailio.cfg" -P "$W/fra1/pid" -Y "$W/fra1" \
	>"$W/fra1/log" 2>&1 </dev/null || rc=$?
((rc != 0)) || fail "it started"
grep -q 'ERROR: anycast .*fast_path: sipcapture has' "$W/fra1/log" ||
	fail "the log does not say who has the hook"
ok "refused beside sipcapture"

node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw r invite
expect_redirect r fra1
expect_equal 'fast answers' 1 "$(statistic fra1 event_fast_answered)"
ok "and started without it"
