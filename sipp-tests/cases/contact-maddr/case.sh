#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 contact_style maddr
node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw r invite
expect_status r 302
expect_header r \
	"Contact: <sip:bob@$DOMAIN(:5060)?;maddr=${NODE4[fra1]//./\\.}>"
uri=$(header_of r Contact | tr -d '<>')
request back INVITE "$uri"
raw_served back back
expect_at_uas back INVITE 'X-Served: fra1 serve names-this-node'
DST=${NODE4[fra1]}:5060
request node INVITE "$uri"
raw_served node node
expect_at_uas node INVITE 'X-Served: fra1 serve not-service-address'
SRC="[$CLIENT6]:5060" DST="[$SERVICE6]:5060"
request ip6 INVITE "sip:bob@$DOMAIN"
raw ip6 ip6
expect_header ip6 \
	"Contact: <sip:bob@$DOMAIN(:5060)?;maddr=\\[?${NODE6[fra1]}\\]?>"
ok "domain kept, node in maddr"
