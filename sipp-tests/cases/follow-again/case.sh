#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 follow_grace 1
node_start fra1
ua="User-Agent: tester/learns"
request first INVITE "sip:bob@$DOMAIN" "$ua"
raw first first
expect_redirect first fra1
let_pass 1 fra1
request back INVITE "sip:bob@$DOMAIN" "$ua"
raw_served back back
expect_at_uas back INVITE 'X-Served: fra1 serve not-following'
DST=${NODE4[fra1]}:5060
request at_node INVITE "sip:bob@${NODE4[fra1]}" "$ua"
raw_served at_node at_node
expect_at_uas at_node INVITE 'X-Served: fra1 serve not-service-address'
DST=$SERVICE4:5060
request again INVITE "sip:bob@$DOMAIN" "$ua"
raw again again
expect_redirect again fra1
kcmd fra1 anycast.follow "$CLIENT4" >"$W/follow"
ok "redirected again after an INVITE at the node"
