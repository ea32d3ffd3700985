#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1 ams1
sipp_uas uas uas-cancel.xml
sipp_run uac uac-cancel.xml "$CLIENT4:5070" "$SERVICE4:5060" \
	-key host "${NODE4[ams1]}"
sipp_wait uas
expect_sipp_got uas 'X-Served: ams1 serve not-service-address' \
	'Via: SIP/2.0/UDP 198\.51\.100\.11[:;].*'
expect_sipp_ended uac 487
ok "cancelled through both nodes"
