#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
request invite INVITE "sip:bob@$DOMAIN"
raw old invite
expect_redirect old fra1
follow_up ack ACK invite "$(header_of old To)"

cp "$W/secret" "$W/previous"
echo 'an entirely different secret, also 32+' >"$W/secret"
sed -i 's/^secret = .*/&\nprevious-secret = file:previous/' "$W/site.conf"
kcmd fra1 anycast.reload
raw during -n 0 -f fence ack
expect_silence during
expect_equal "absorbed with the previous secret" 1 "$(statistic fra1 action_absorb)"

sed -i '/^previous-secret/d' "$W/site.conf"
kcmd fra1 anycast.reload
raw after -n 0 -f fence ack
expect_silence after
expect_equal "absorbed without it" 1 "$(statistic fra1 action_absorb)"
request new INVITE "sip:bob@$DOMAIN"
raw new new
expect_redirect new fra1
ok "rotated"
