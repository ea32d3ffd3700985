#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 follow_limit 3
node_param fra1 follow_grace 1
node_param fra1 follow_retry 3
node_start fra1
ua="User-Agent: tester/slow"
call() { # NAME
	request "$1" INVITE "sip:bob@$DOMAIN" "$ua"
	raw_served "$1" "$1"
}
for n in 1 2 3; do
	call "call$n"
	expect_redirect "call$n" fra1
done
call call4
expect_at_uas call4 INVITE 'X-Served: fra1 serve not-following'
call call5
expect_at_uas call5 INVITE 'X-Served: fra1 serve not-following'
let_pass 5 fra1
call later
expect_redirect later fra1
ok "three chances, then served, tried again after 3 s"
