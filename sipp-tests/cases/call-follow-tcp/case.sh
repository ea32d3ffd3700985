#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
sipp_uas uas uas.xml
sipp_run uac follow-tcp.xml "$CLIENT4:5070" "$SERVICE4:5060" -t tn -max_socket 10
sipp_wait uas
expect_sipp_got uas 'X-Served: fra1 serve not-service-address'
ok "the same over TCP"
