#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
follow=("Via: SIP/2.0/UDP $SRC;branch=z9hG4bK-ack;rport" "CSeq: 1 ACK"
	"Route: <sip:${NODE4[fra1]};lr>" "Contact:")
request ack ACK "sip:bob@$UAS4:$UAS_PORT" "${follow[@]}" \
	"To: <sip:bob@$DOMAIN>;tag=uas-1"
raw_served r ack
expect_at_uas r ACK 'To: .*;tag=uas-1'
# Looks like ours, but is not: one digit of the tag is wrong.
request invite INVITE "sip:bob@$DOMAIN"
raw i invite
tag=$(to_tag i)
wrong=${tag%?}$([[ $tag == *0 ]] && echo 1 || echo 0)
request forged ACK "sip:bob@$UAS4:$UAS_PORT" "${follow[@]}" \
	"From: $(header invite From)" "Call-ID: $(header invite Call-ID)" \
	"To: <sip:bob@$DOMAIN>;tag=$wrong"
raw_served f forged
expect_at_uas f ACK
expect_equal "ACKs absorbed" 0 "$(statistic fra1 action_absorb)"
ok "routed by its Route"
