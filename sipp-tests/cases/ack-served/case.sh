#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
sipp_uas uas uas-busy.xml
sipp_run uac uac-busy.xml "$CLIENT4:5070" "$SERVICE4:5060" -key ua stubborn/1
sipp_wait uas
expect_sipp_ended uac 486
expect_equal "ACKs absorbed by the module" 0 "$(statistic fra1 action_absorb)"
ok "486 once"
