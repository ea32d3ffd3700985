#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

allow_log '.'
declare -A NODE_PARAMS
refused() { # WANT-IN-LOG
	node_config fra1
	local rc=0
	ip netns exec fra1 kamailio -DD -E -m 64 -M 8 \
		-f "$W/fra1/kamailio.cfg" -P "$W/fra1/pid" -Y "$W/fra1" \
		>"$W/fra1/log" 2>&1 </dev/null || rc=$?
	((rc != 0)) || fail "it started"
	grep -qE "$1" "$W/fra1/log" || fail "no word of $1 in the log"
	NODE_PARAMS[fra1]=''
}
net_node fra1
anycast_to fra1
node_param fra1 site /nonexistent/site.conf
refused '/nonexistent/site.conf'
node_param fra1 node nobody1
refused 'nobody1'
node_param fra1 redirect_methods "INVITE,ACK"
refused 'ACK'
node_param fra1 redirect_methods "INVITE,DANCE"
refused 'DANCE'
node_param fra1 contact_style sideways
refused 'sideways'
node_param fra1 http_other '"200"'
refused '200'
node_param fra1 clients /nonexistent/clients.conf
refused '/nonexistent/clients.conf'
# And with a right one it does.
node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw r invite
expect_redirect r fra1
ok "seven refused, one started"
