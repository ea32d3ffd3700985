#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck source=/dev/null
source "${BASH_SOURCE%/*}/../../lib.sh"

allow_traces contacts
node_param fra1 fallback_contacts 3
node_param fra1 expires 3600
node_param fra1 server_header "a server header of some considerable length/1.0"
node_start fra1
n=0
# As short as a legal request can be, and longer by each header.
small() { # METHOD URI [HEADER...]
	local method=$1 uri=$2
	shift 2
	{
		printf '%s %s SIP/2.0\r\n' "$method" "$uri"
		printf 'v:SIP/2.0/UDP a;branch=z9hG4bK%d\r\n' "$n"
		printf 'f:<sip:a@b>;tag=1\r\nt:<sip:a@b>\r\ni:%d\r\n' "$n"
		printf 'CSeq:1 %s\r\n' "$method"
		(($# == 0)) || printf '%s\r\n' "$@"
		printf '\r\n'
	} >"$W/small$n.sip"
}
replies=0
for method in INVITE OPTIONS REGISTER CANCEL BYE; do
	for uri in "sip:$SERVICE4" "sip:b@$SERVICE4" "sip:b@$DOMAIN" tel:1 \
		sips:b@a urn:a:b "sip:b@$ALIAS;transport=udp"; do
		for extra in "" "Proxy-Require:a" "Max-Forwards:0" \
			"User-Agent:follower/1" "Max-Forwards:70"; do
			((++n))
			small "$method" "$uri" ${extra:+"$extra"}
			raw "r$n" -n 0 -f fence "small$n"
			limit=$(($(request_size "small$n") * 3 / 2))
			while read -r number _ _ _ bytes line; do
				[[ $(header_of "r$n/$number" Call-ID) != call-* ]] ||
					continue
				((++replies))
				# What the script answers is not the module's.
				! header_of "r$n/$number" X-Served | grep . >/dev/null ||
					continue
				((bytes <= limit)) || fail \
					"$method $uri $extra: $bytes > $limit: $line"
			done <"$W/raw/r$n/index"
		done
	done
done
((replies > n / 2)) || fail "only $replies replies to $n requests"
ok "$n requests, $replies replies"
