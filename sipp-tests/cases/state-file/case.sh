#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

allow_log 'anycast.*(state|node\.state)'
node_start fra1
file=$W/fra1/node.state
now_ms=$(awk '{ printf "%d", $1 * 1000 }' /proc/uptime)
put() { # shown by the loads of the state that the module makes
	cat >"$file.new"
	mv "$file.new" "$file"
}
answers() { # NODE
	request i INVITE "sip:bob@$DOMAIN"
	raw r i
	[[ $(header_of r Contact) == *"@${NODE4[$1]}:"* ]]
}
put <<EOF
sip-anycast-state 1
self fra1 draining
node ams1 up $now_ms
until $((now_ms + 50000))
EOF
until_ok 5 answers ams1
# The agent has died long ago.
put <<EOF
sip-anycast-state 1
self fra1 draining
node ams1 up $now_ms
until $((now_ms - 1000))
EOF
until_ok 5 answers fra1
put <<EOF
sip-anycast-state 1
self fra1 draining
node ams1 up $now_ms
EOF
until_ok 5 answers ams1
# Somebody else's file says nothing about this node.
put <<EOF
sip-anycast-state 1
self ams1 draining
node fra1 down $now_ms
EOF
until_ok 5 answers fra1
put <<EOF
sip-anycast-state 1
self fra1 draining
node ams1 up $now_ms
EOF
until_ok 5 answers ams1
rm "$file"
until_ok 5 answers fra1
for garbage in "" "sip-anycast-state 9" "self fra1 draining" "$(head -c 100000 /dev/zero | tr '\0' x)"; do
	put <<<"$garbage"
	for n in 1 2 3 4; do
		request "g$n" INVITE "sip:bob@$DOMAIN"
		raw "g$n" "g$n"
		expect_status "g$n" 302
	done
done
put <<EOF
sip-anycast-state 1
self fra1 draining
node ams1 up $now_ms
EOF
until_ok 5 answers ams1
ok "old, gone, foreign and broken files"
