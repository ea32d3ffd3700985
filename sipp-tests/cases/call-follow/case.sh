#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
sipp_uas uas uas.xml
sipp_run uac follow.xml "$CLIENT4:5070" "$SERVICE4:5060"
sipp_wait uas
expect_sipp_got uas 'X-Served: fra1 serve not-service-address'
expect_sipp_got uac 'Record-Route: <sip:198\.51\.100\.11.*'
ok "INVITE, 302, ACK, INVITE at the node, 200, ACK, BYE"
