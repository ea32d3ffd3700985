#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1 ams1
n=0
# Also behind a Route to the service itself, which is the client's outbound
# proxy; and over each transport.
for route in "<sip:${NODE4[ams1]};lr>" "<sip:${NODE4[ams1]}:5060;transport=udp;lr>" \
	"<sip:$SERVICE4;lr>,<sip:${NODE4[ams1]};lr>" "<sip:ams1.$DOMAIN;lr>"; do
	sipp_uas "uas$((++n))" uas.xml
	sipp_run "uac$n" call-route.xml "$CLIENT4:5070" "$SERVICE4:5060" \
		-key route "$route"
	sipp_wait "uas$n"
	expect_sipp_got "uas$n" 'X-Served: ams1 serve not-service-address' \
		'Via: SIP/2.0/UDP 198\.51\.100\.12[:;].*' \
		'Via: SIP/2.0/UDP 198\.51\.100\.11[:;].*'
	expect_sipp_never "uas$n" 'Via: .*192\.0\.2\.53.*'
	ok "relayed along $route"
done
expect_equal "redirects" 0 "$(statistic fra1 action_redirect)"
