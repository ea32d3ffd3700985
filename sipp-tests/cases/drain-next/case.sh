#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_param fra1 follow_grace 1
node_start fra1
ctl() {
	"$SIP_TEST_BUILD/bin/anycastctl" "$1" --site "$W/site.conf" \
		--node fra1 --state "$W/fra1/node.state"
}
ua="User-Agent: tester/patient"
request before INVITE "sip:bob@$DOMAIN"
raw before before
expect_redirect before fra1

ctl drain
until_ok 10 node_knows fra1 fra1 draining
# It goes to ams1 each time, so that it never comes to fra1 proves nothing.
for n in 1 2 3; do
	request "drained$n" INVITE "sip:bob@$DOMAIN" "$ua"
	raw "drained$n" "drained$n"
	expect_redirect "drained$n" ams1
done
raw repeated before
expect_same_bytes before repeated

ctl resume
until_ok 10 node_knows fra1 fra1 up
request after INVITE "sip:bob@$DOMAIN" "$ua"
raw after after
expect_redirect after fra1
raw repeated2 drained1
expect_same_bytes drained1 repeated2
ok "drained and resumed"
