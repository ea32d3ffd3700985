#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 expires 60
node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw r invite
expect_status r 302
expect_header r "Contact: <sip:bob@${NODE4[fra1]}:5060>;expires=60"
ok "expires=60"
