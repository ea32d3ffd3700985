#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

allow_traces contacts
node_param fra1 fallback_contacts 1
node_start fra1
request invite INVITE "sip:bob@$DOMAIN" \
	"Subject: long enough for a reply with two contacts in it, over UDP"
raw r invite
expect_status r 302
contacts=$(header_of r Contact | tr ',' '\n' | sed 's/^ *//')
expect_equal "contacts" 2 "$(wc -l <<<"$contacts")"
q_of() {
	sed -n "/@${NODE4[$1]}:5060>/s/.*;q=\\([01][.0-9]*\\).*/\\1/p" \
		<<<"$contacts"
}
head -n 1 <<<"$contacts" | grep -q "<sip:bob@${NODE4[fra1]}:5060>" ||
	fail "not ours first: $contacts"
awk -v own="$(q_of fra1)" -v other="$(q_of ams1)" \
	'BEGIN { exit !((own == "" || own > other) && other != "") }' ||
	fail "q values do not order them: $contacts"
ok "two contacts, ordered"
