#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request sips INVITE "sips:bob@$DOMAIN"
raw r sips
expect_status r 400
expect_header r "To: .*;tag=$OURS"
expect_no_header r 'Contact:.*' 'X-Served:.*'
ok 400
