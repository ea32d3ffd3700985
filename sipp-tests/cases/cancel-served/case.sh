#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
sipp_uas uas uas-cancel.xml
sipp_run uac uac-cancel.xml "$CLIENT4:5070" "$SERVICE4:5060" -key ua stubborn/1
sipp_wait uas
expect_sipp_got uas 'X-Served: fra1 serve client-never-follows'
expect_sipp_ended uac 487
expect_equal "ACKs absorbed by the module" 0 "$(statistic fra1 action_absorb)"
ok "200 to CANCEL, 487 to INVITE, no retransmission"
