#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 follow_grace 100
node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw twice invite invite
expect_redirect twice/1 fra1
expect_same_bytes twice/1 twice/2
let_pass 2 fra1
raw later invite
expect_same_bytes twice/1 later
ok "three times the same 302"
