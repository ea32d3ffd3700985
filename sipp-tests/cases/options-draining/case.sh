#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
for states in "draining ams1 up" "down ams1 up" "draining ams1 draining" \
	"draining"; do
	# shellcheck disable=SC2086
	node_state fra1 $states
	request options OPTIONS "sip:$DOMAIN"
	raw r options
	expect_status r 200
done
ok "200 as long as any node can be handed out"
