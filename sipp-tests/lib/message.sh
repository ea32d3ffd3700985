# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# message.sh - SIP messages built by the case and sent with sipraw
#
# SRC and DST are where messages come from and go to, PROTO is udp or tcp and
# VIA_PROTO what the Via says; a case may set them before each call.

SRC=$CLIENT4:5060
DST=$SERVICE4:5060
PROTO=udp
VIA_PROTO=UDP
REQUESTS=0

# request NAME METHOD R-URI [HEADER: VALUE]...: write $W/NAME.sip
# A header given replaces the default one of its name, with an empty value it
# is left out, and any other is added; BODY is the body.  Each request is
# a new transaction of a new call by a new User-Agent.
request() {
	local name=$1 method=$2 uri=$3 header key
	local id=$CASE-$((++REQUESTS))
	shift 3
	local -a order=(Via Max-Forwards From To Call-ID CSeq Contact
		User-Agent Content-Length)
	local -A value=(
		[Via]="SIP/2.0/$VIA_PROTO $SRC;branch=z9hG4bK-$id;rport"
		[Max-Forwards]=70
		[From]="<sip:alice@$DOMAIN>;tag=from-$id"
		[To]="<$uri>"
		[Call-ID]="call-$id@client.example"
		[CSeq]="$REQUESTS $method"
		[Contact]="<sip:alice@$SRC>"
		[User-Agent]="tester/$REQUESTS"
		[Content-Length]=${#BODY}
	)
	local -a more=()
	for header; do
		key=${header%%:*}
		if [[ -v value[$key] ]]; then
			value[$key]=${header#*:}
			value[$key]=${value[$key]# }
		else
			more+=("$header")
		fi
	done
	{
		printf '%s %s SIP/2.0\r\n' "$method" "$uri"
		for key in "${order[@]}"; do
			[[ ! ${value[$key]} ]] ||
				printf '%s: %s\r\n' "$key" "${value[$key]}"
		done
		((${#more[@]} == 0)) || printf '%s\r\n' "${more[@]}"
		printf '\r\n%s' "$BODY"
	} >"$W/$name.sip"
}
BODY=

# header NAME HEADER: the values of a header of $W/NAME.sip, one a line
header() {
	sed -n "s/\r\$//; /^\$/q; s/^$2: *//Ip" "$W/$1.sip"
}

# follow_up NAME METHOD OF [TO]: an ACK or CANCEL of the request OF: its
# R-URI, topmost Via, Route, From, Call-ID and CSeq number (RFC 3261 9.1,
# 17.1.1.3); To is the request's own unless given
follow_up() {
	local name=$1 method=$2 of=$3 uri route
	uri=$(awk 'NR == 1 { print $2 }' "$W/$of.sip")
	local to=${4:-$(header "$of" To)}
	{
		printf '%s %s SIP/2.0\r\n' "$method" "$uri"
		printf 'Via: %s\r\n' "$(header "$of" Via | head -n 1)"
		while read -r route; do
			printf 'Route: %s\r\n' "$route"
		done < <(header "$of" Route)
		printf 'Max-Forwards: 70\r\n'
		printf 'From: %s\r\n' "$(header "$of" From)"
		printf 'To: %s\r\n' "$to"
		printf 'Call-ID: %s\r\n' "$(header "$of" Call-ID)"
		printf 'CSeq: %s %s\r\n' \
			"$(header "$of" CSeq | cut -d ' ' -f 1)" "$method"
		printf 'Content-Length: 0\r\n\r\n'
	} >"$W/$name.sip"
}

# raw_served NAME MESSAGE...: as raw, but what the node relays to the UAS is
# received too, and nobody answers it
raw_served() {
	local name=$1
	shift
	raw "$name" -l "$UAS4:$UAS_PORT" -n 0 -f fence "$@"
}

# raw NAME [sipraw OPTION VALUE]... MESSAGE...: send $W/MESSAGE.sip from SRC
# to DST; what comes back is in $W/raw/NAME.  RAW_RC is sipraw's exit code,
# which must be RAW_WANT.
RAW_WANT=0
raw() {
	local name=$1 dir=$W/raw/$1 source=$SRC file
	shift
	local -a options=() files=()
	while [[ ${1:-} == -* ]]; do
		options+=("$1")
		if [[ $1 == -f ]]; then
			[[ $2 != fence ]] || fence
			options+=("$W/$2.sip")
		else
			options+=("$2")
		fi
		shift 2
	done
	for file; do
		files+=("$W/$file.sip")
	done
	rm -rf "$dir"
	mkdir -p "$dir"
	# A TCP source port cannot be used again at once, nor does it matter.
	[[ $PROTO == udp ]] || source=${SRC%:*}:0
	RAW_RC=0
	"$SIP_TEST_BUILD/bin/sipraw" -t "$PROTO" -s "$source" \
		${options[@]+"${options[@]}"} -o "$dir" "$DST" \
		${files[@]+"${files[@]}"} || RAW_RC=$?
	((RAW_RC == RAW_WANT)) || {
		cat "$dir/index" >&2
		fail "raw $name: sipraw ended with $RAW_RC, not $RAW_WANT"
	}
}

# fence: an OPTIONS to the service, whose answer shows that all before it has
# been handled (a test node has one process per UDP socket); `raw -f fence`
# makes a new one each time
fence() {
	request fence OPTIONS "sip:$DOMAIN"
}

# The size of $W/NAME.sip in bytes.
request_size() { wc -c <"$W/$1.sip"; }
