#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1 ams1
request invite INVITE "sip:bob@$DOMAIN"
raw a invite
expect_redirect a fra1
request refused INVITE "sip:bob@$DOMAIN" "Proxy-Require: gin"
raw b refused
expect_status b 420
expect_header b "To: .*;tag=$OURS"
follow_up ack ACK invite "$(header_of a To)"
follow_up ack420 ACK refused "$(header_of b To)"
anycast_to ams1
let_pass 4 ams1
raw strays -n 0 -f fence ack ack420
expect_silence strays
expect_equal "ACKs absorbed" 2 "$(statistic ams1 action_absorb)"
expect_equal "ACKs absorbed" 0 "$(statistic fra1 action_absorb)"
ok "absorbed 4 s later"
