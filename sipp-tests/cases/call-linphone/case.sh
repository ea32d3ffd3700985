#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
sipp_uas uas uas.xml
sipp_run uac back.xml "$CLIENT4:5070" "$SERVICE4:5060"
sipp_wait uas
expect_sipp_got uas 'X-Served: fra1 serve names-this-node'
expect_equal "302 replies" 1 "$(grep -c '^SIP/2.0 302' "$W/sipp/uac.msg")"
ok "one 302, then served"
