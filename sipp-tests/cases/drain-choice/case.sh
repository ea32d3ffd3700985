#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

declare -A NODE4
third_node() {
	site
	cat >>"$W/site.conf" <<EOF
[node par1]
address = 198.51.100.13, 2001:db8:1::13
host = par1.$DOMAIN
EOF
	NODE4[par1]=198.51.100.13
}
third_node
node_start fra1
n=0
# states of fra1, ams1 and par1 | who is handed out
while IFS='|' read -r states want; do
	# shellcheck disable=SC2086
	node_state fra1 $states
	request "i$((++n))" INVITE "sip:bob@$DOMAIN"
	raw "r$n" "i$n"
	expect_redirect "r$n" "$want"
done <<EOF
up ams1 up par1 up|fra1
draining ams1 down par1 up|par1
draining ams1 up par1 down|ams1
draining ams1 draining par1 up|par1
draining ams1 disabled par1 up|par1
draining ams1 degraded par1 up|par1
down ams1 down par1 degraded|par1
disabled ams1 up par1 down|ams1
draining ams1 down par1 unknown|fra1
down ams1 down par1 unknown|par1
degraded ams1 up par1 up|fra1
draining ams1 draining par1 draining|fra1
draining ams1 down par1 draining|fra1
down ams1 down par1 down|fra1
EOF
ok "$n mixes of states"
