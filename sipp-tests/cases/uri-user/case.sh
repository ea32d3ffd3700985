#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
n=0
# R-URI | user part | parameters of the Contact
while IFS='|' read -r uri user params; do
	request "u$((++n))" INVITE "$uri" "To: <sip:bob@$DOMAIN>"
	raw "r$n" "u$n"
	expect_redirect "r$n" fra1 "\\Q$user\\E" '' "\\Q$params\\E"
done <<EOF
sip:b%6Fb%40home@$DOMAIN|b%6Fb%40home|
sip:bob:secret@$DOMAIN|bob:secret|
sip:+1-212-555;isub=3@$DOMAIN;user=phone|+1-212-555;isub=3|;user=phone
sip:bob@$DOMAIN;lr|bob|
sip:bob@$DOMAIN;method=INVITE;x-keep=1|bob|;x-keep=1
sip:bob@$DOMAIN;transport=udp|bob|
sip:a&=+\$,;?/b@$DOMAIN|a&=+\$,;?/b|
EOF
request nouser INVITE "sip:$DOMAIN"
raw nouser nouser
expect_status nouser 302
expect_header nouser "Contact: <sip:${NODE4[fra1]}:5060>"
ok "kept where it may be kept"
