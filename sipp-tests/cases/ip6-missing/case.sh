#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

site
sed -i "s/^address = ${NODE4[ams1]},.*/address = ${NODE4[ams1]}/" "$W/site.conf"
node_start fra1
node_state fra1 draining ams1 up
request four INVITE "sip:bob@$DOMAIN"
raw four four
expect_redirect four ams1
SRC="[$CLIENT6]:5060" DST="[$SERVICE6]:5060"
request six INVITE "sip:bob@$DOMAIN"
raw six six
expect_redirect six fra1 bob "[${NODE6[fra1]}]:5060"
ok "the other node for IPv4, the own one for IPv6"

request named INVITE "sip:bob@${NODE4[ams1]}"
raw named named
expect_status named 480
ok "over IPv6, for a node that has none: 480, not silence"
