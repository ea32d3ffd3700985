#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

allow_log 'anycast'
node_start fra1
reloaded() { kcmd fra1 anycast.reload; }
handed_out() { # NAME NODE HOSTPORT
	request "$1" INVITE "sip:bob@$DOMAIN"
	raw "$1" "$1"
	expect_redirect "$1" "$2" bob "$3"
}
handed_out first fra1 "${NODE4[fra1]}:5060"

sed -i 's/^address = 198.51.100.12.*/&\nsip-port = 5070/' "$W/site.conf"
reloaded
node_state fra1 draining ams1 up
handed_out good ams1 "${NODE4[ams1]}:5070"

cp "$W/site.conf" "$W/good.conf"
sed -i 's/5070/99999/; s/^domain.*/domian = sip.example.org/' "$W/site.conf"
reloaded >"$W/errors" 2>&1 || :
grep -q 'domian' "$W/errors" || fail "no word of domian: $(<"$W/errors")"
grep -q '3 error' "$W/errors" || fail "not all errors: $(<"$W/errors")"
for word in domian 99999 'domain: is missing'; do
	grep -q "ERROR: anycast.*$word" "$W/fra1/log" ||
		fail "no word of $word in the log"
done
handed_out kept ams1 "${NODE4[ams1]}:5070"

rm "$W/site.conf"
reloaded >"$W/errors" 2>&1 || :
handed_out missing ams1 "${NODE4[ams1]}:5070"

cp "$W/good.conf" "$W/site.conf"
sed -i 's/5070/5080/' "$W/site.conf"
reloaded
handed_out again ams1 "${NODE4[ams1]}:5080"
expect_equal "reloads" 2 "$(statistic fra1 event_reloaded)"
expect_equal "failed reloads" 2 "$(statistic fra1 event_reload_failed)"
ok "the old one stays until a good one comes"
