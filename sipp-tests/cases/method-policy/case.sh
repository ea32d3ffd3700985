#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param ams1 redirect_methods "INVITE, MESSAGE,SUBSCRIBE"
node_start fra1 ams1
for method in MESSAGE SUBSCRIBE PUBLISH; do
	request "$method" "$method" "sip:bob@$DOMAIN"
	raw "fra1-$method" "$method"
	expect_served "fra1-$method" 405
	expect_header "fra1-$method" 'X-Served: fra1 serve method'
done
anycast_to ams1
for method in INVITE MESSAGE SUBSCRIBE; do
	request "$method" "$method" "sip:bob@$DOMAIN"
	raw "ams1-$method" "$method"
	expect_status "ams1-$method" 302
	expect_header "ams1-$method" "Contact: <sip:bob@${NODE4[ams1]}:5060>"
done
raw ams1-PUBLISH PUBLISH
expect_served ams1-PUBLISH 405
ok "by the list"
