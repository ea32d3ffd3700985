#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
sipp_start uas uas.xml "[$UAS6]:$UAS_PORT"
until_ok 10 sipp_listens uas "[$UAS6]:$UAS_PORT"
sipp_run uac follow.xml "[$CLIENT6]:5070" "[$SERVICE6]:5060"
sipp_wait uas
expect_sipp_got uas 'X-Served: fra1 serve not-service-address'
ok "INVITE, 302, ACK, INVITE at the node over IPv6"
