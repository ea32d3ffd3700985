#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

need_module websocket
node_start fra1
request invite INVITE "sip:bob@$DOMAIN" \
	"Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-ws-1" \
	"Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>"
request register REGISTER "sip:$DOMAIN" "To: <sip:alice@$DOMAIN>" \
	"Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-ws-2" \
	"User-Agent: follower/1" \
	"Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>"
request options OPTIONS "sip:$DOMAIN" \
	"Via: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-ws-3"
mkdir -p "$W/raw/ws"
python3 "$CASE_DIR/ws.py" "$SERVICE4" 5060 "$W"/{invite,register,options}.sip \
	>"$W/ws.out"
csplit -sz -f "$W/raw/ws/" -b '%d.sip' "$W/ws.out" '/^SIP\/2.0 /' '{*}'
mv "$W/raw/ws/0.sip" "$W/raw/ws/3.sip"	# numbered from 0, told from 1
expect_served ws/3 404
expect_header ws/3 'X-Served: fra1 serve websocket' 'CSeq: .* INVITE'
expect_served ws/1 200
expect_header ws/1 'X-Served: fra1 serve websocket' 'CSeq: .* REGISTER'
expect_status ws/2 200
expect_header ws/2 'CSeq: .* OPTIONS'
expect_equal "redirects" 0 "$(statistic fra1 action_redirect)"
expect_equal "WebSocket requests" 3 "$(statistic fra1 transport_ws)"
ok "served over its own flow"
