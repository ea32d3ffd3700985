#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1 ams1
request invite INVITE "sip:bob@$DOMAIN"
raw a invite
expect_redirect a fra1
anycast_to ams1
raw b invite
expect_redirect b ams1
expect_equal "To-tag at ams1" "$(to_tag a)" "$(to_tag b)"
request other INVITE "sip:bob@$DOMAIN"
raw c other
[[ $(to_tag c) != "$(to_tag a)" ]] || fail "another call has the same tag"
ok "one tag, two nodes"
