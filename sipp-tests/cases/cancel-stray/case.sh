#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
# Its INVITE was, or would have been, for somebody else.
request foreign INVITE "sip:bob@other.example"
raw foreign foreign
expect_served foreign 403
follow_up cancel CANCEL foreign
raw stray cancel
expect_served stray 481
expect_header stray 'X-Served: fra1 serve foreign'
# On the node address nothing is redirected.
request unknown INVITE "sip:bob@$DOMAIN"
follow_up unknown_cancel CANCEL unknown
DST=${NODE4[fra1]}:5060
raw at_node unknown_cancel
expect_served at_node 481
ok 481
