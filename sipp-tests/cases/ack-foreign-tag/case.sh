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
# Looks like ours, but is not: one digit of the tag is wrong.  Or is another
# call's, or no tag at all.  Nothing to route them by: the script drops them.
request invite INVITE "sip:bob@$DOMAIN"
raw i invite
expect_redirect i fra1
tag=$(to_tag i)
wrong=${tag%?}$([[ $tag == *0 ]] && echo 1 || echo 0)
follow_up forged ACK invite "<sip:bob@$DOMAIN>;tag=$wrong"
request other INVITE "sip:bob@$DOMAIN"
follow_up others ACK other "$(header_of i To)"
follow_up untagged ACK invite
raw strays -n 0 -f fence forged others untagged
expect_silence strays
expect_equal "ACKs absorbed" 0 "$(statistic fra1 action_absorb)"
expect_equal "ACKs served by their To-tag" 2 "$(statistic fra1 reason_in_dialog)"
expect_equal "ACKs served without one" 1 "$(statistic fra1 reason_ack_stray)"
ok "routed by its Route, or left to the script"
