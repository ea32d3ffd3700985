#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw first invite
expect_redirect first fra1
for n in 1 2; do
	node_stop fra1
	[[ ! $(ip netns exec fra1 ss -Hlntu) ]] || fail "a port is still held"
	node_start fra1
	raw "again$n" invite
	expect_same_bytes first "again$n"
done
ok "three lives, one answer"
