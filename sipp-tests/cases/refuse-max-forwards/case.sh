#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request zero INVITE "sip:bob@$DOMAIN" "Max-Forwards: 0"
raw zero zero
expect_status zero 483
expect_header zero "To: .*;tag=$OURS"
request one INVITE "sip:bob@$DOMAIN" "Max-Forwards: 1"
raw one one
expect_redirect one fra1
request none INVITE "sip:bob@$DOMAIN" "Max-Forwards:"
raw none none
expect_redirect none fra1
request options OPTIONS "sip:$DOMAIN" "Max-Forwards: 0"
raw options options
expect_status options 200
ok "483 at 0"
