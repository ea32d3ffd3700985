#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1 ams1
SRC="[$CLIENT6]:5060" DST="[$SERVICE6]:5060"
request udp INVITE "sip:bob@$DOMAIN"
raw udp udp
expect_redirect udp fra1 bob "[${NODE6[fra1]}]:5060"
expect_between udp "[$SERVICE6]:5060" "[$CLIENT6]:5060"
PROTO=tcp VIA_PROTO=TCP
request tcp INVITE "sip:bob@[$SERVICE6]"
raw tcp tcp
expect_redirect tcp fra1 bob "[${NODE6[fra1]}]:5060" ';transport=tcp'
# The other node, which has its IPv6 sockets first, and IPv4 from there.
anycast_to ams1
PROTO=udp VIA_PROTO=UDP
raw ams6 udp
expect_redirect ams6 ams1 bob "[${NODE6[ams1]}]:5060"
expect_equal "To-tag" "$(to_tag udp)" "$(to_tag ams6)"
SRC=$CLIENT4:5060 DST=$SERVICE4:5060
request ams4 INVITE "sip:bob@$DOMAIN"
raw ams4 ams4
expect_redirect ams4 ams1
ok "each family its own address"
