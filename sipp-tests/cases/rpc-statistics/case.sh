#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw invite invite
follow_up ack ACK invite "$(header_of invite To)"
follow_up cancel CANCEL invite
raw ack -n 0 -f fence ack
raw cancel cancel
request refused INVITE "sip:bob@$DOMAIN" "Max-Forwards: 0"
raw refused refused
request foreign INVITE "sip:bob@other.example"
raw foreign foreign
PROTO=tcp VIA_PROTO=TCP
request tcp INVITE "sip:bob@$DOMAIN"
raw tcp tcp
while read -r name want; do
	expect_equal "$name" "$want" "$(statistic fra1 "$name")"
done <<EOF
action_redirect 2
action_absorb 1
action_answer 2
action_refuse 1
action_serve 1
reason_own_node 2
reason_ack_of_our_reply 1
reason_cancel_of_redirected 1
reason_options 1
reason_max_forwards 1
reason_foreign 1
method_INVITE 4
method_ACK 1
method_CANCEL 1
method_OPTIONS 1
transport_udp 6
transport_tcp 1
event_send_failed 0
EOF
kcmd fra1 anycast.status >"$W/status"
grep -qw fra1 "$W/status" || fail "status does not name the node"
kcmd fra1 anycast.nodes >"$W/nodes"
for word in fra1 ams1 "${NODE4[ams1]}" "${NODE6[ams1]}"; do
	grep -qwF "$word" "$W/nodes" || fail "nodes does not name $word"
done
kcmd fra1 anycast.follow >/dev/null
kcmd fra1 anycast.follow "$CLIENT4" >/dev/null
ok "counted"
