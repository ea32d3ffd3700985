#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 follow_grace 1
node_start fra1
sipp_uas uas uas.xml -m 5
sipp_run uac follow.xml "$CLIENT4:5070" "$SERVICE4:5060" -m 5 -l 1 -r 10
sipp_wait uas
expect_equal "302 replies" 5 "$(grep -c '^SIP/2.0 302' "$W/sipp/uac.msg")"
ok "five calls, five redirects"
