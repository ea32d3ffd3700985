#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 options_retry_after 7
node_start fra1
node_state fra1 down ams1 down
request options OPTIONS "sip:$DOMAIN" "Subject: so that a long reply may be sent"
raw down options
expect_status down 503
expect_header down 'Retry-After: 7'
node_state fra1 up ams1 down
request options OPTIONS "sip:$DOMAIN"
raw up options
expect_status up 200
ok "503, then 200"
