#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

node_start fra1
node_state fra1 down ams1 up
# Site files as agents have read them before, during and after.
cp "$W/secret" "$W/old"
echo 'an entirely different secret, also 32+' >"$W/new"
for stage in old both new; do
	secret=${stage/both/new}
	sed "s/^secret = .*/secret = file:$secret/" "$W/site.conf" \
		>"$W/site.$stage"
done
sed -i 's/^secret = .*/&\nprevious-secret = file:old/' "$W/site.both"

asked=0
ask() { # STAGE-OF-AGENT NODE
	local id=probe-$((asked += 1))@agent.example
	request "probe$asked" INVITE "sip:bob@$DOMAIN" "Call-ID: $id" \
		"User-Agent: agent" \
		"$("$SIP_TEST_BUILD/bin/probehdr" "$W/site.$1" fra1 "$id")"
	raw "probe$asked" "probe$asked"
	expect_redirect "probe$asked" "$2"
}

# Its own probe it answers as if it were up, all else is sent to ams1.
ask old fra1
ask both fra1
ask new ams1
cp "$W/site.both" "$W/site.conf"
kcmd fra1 anycast.reload >"$W/reload.txt"
ask old fra1
ask both fra1
ask new fra1
cp "$W/site.new" "$W/site.conf"
kcmd fra1 anycast.reload >"$W/reload.txt"
ask old ams1
ask both fra1
ask new fra1
expect_equal "valid probes" 7 "$(statistic fra1 event_probe_valid)"
expect_equal "forged probes" 2 "$(statistic fra1 event_probe_forged)"
ok "known in any order, not with a secret that is gone"
