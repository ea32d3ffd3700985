# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# expect.sh - what came back, against what should have
#
# A message is named NAME or NAME/N: the first or N-th that `raw NAME` got.

message_path() {
	local name=$1
	[[ $name == */* ]] || name+=/1
	[[ -e $W/raw/$name.sip ]] || {
		cat "$W/raw/${name%/*}/index" >&2
		fail "no message $name came"
	}
	echo "$W/raw/$name.sip"
}

# The message's head with compact line ends.
message_head() {
	local path
	path=$(message_path "$1")
	sed 's/\r$//; /^$/q' "$path"
}

# header_of MESSAGE HEADER: its values, one a line
header_of() { message_head "$1" | sed -n "s/^$2: *//Ip"; }

expect_status() {
	local line
	line=$(message_head "$1" | head -n 1)
	[[ $line == "SIP/2.0 $2 "* ]] || {
		message_head "$1" >&2
		fail "$1: want status $2, got: $line"
	}
}

# expect_header MESSAGE REGEX...: a whole header line matches (Perl syntax)
expect_header() {
	local message=$1 head regex
	shift
	head=$(message_head "$message")
	for regex; do
		grep -Pqx -- "$regex" <<<"$head" || {
			echo "$head" >&2
			fail "$message: no header matches: $regex"
		}
	done
}

# expect_no_header MESSAGE REGEX...
expect_no_header() {
	local message=$1 head regex
	shift
	head=$(message_head "$message")
	for regex; do
		! grep -Pqix -- "$regex" <<<"$head" || {
			echo "$head" >&2
			fail "$message: must not have: $regex"
		}
	done
}

# expect_messages NAME COUNT: so many messages came, on all sockets
expect_messages() {
	local got
	got=$(grep -cv '^closed' "$W/raw/$1/index" || :)
	((got == $2)) || {
		cat "$W/raw/$1/index" >&2
		fail "$1: want $2 messages, got $got"
	}
}

# expect_silence NAME: nothing but the fence's reply came
expect_silence() {
	expect_messages "$1" 1
	expect_header "$1" 'CSeq: .* OPTIONS'
}

# expect_between MESSAGE PEER LOCAL: where it came from and arrived
expect_between() {
	local name=$1 line
	[[ $name == */* ]] || name+=/1
	line=$(grep "^${name#*/} " "$W/raw/${name%/*}/index")
	[[ $line == "${name#*/} $3 $2 "* ]] ||
		fail "$1: want from $2 at $3, got: $line"
}

# at_uas NAME METHOD: the name of the first such request that the UAS got
at_uas() {
	local n
	n=$(awk -v uas="$UAS4:$UAS_PORT" -v method="$2" \
		'$2 == uas && $6 == method { print $1; exit }' \
		"$W/raw/$1/index")
	[[ $n ]] || {
		cat "$W/raw/$1/index" >&2
		fail "$1: no $2 arrived at the UAS"
	}
	echo "$1/$n"
}

# expect_at_uas NAME METHOD [REGEX...]: the node relayed it to the UAS
expect_at_uas() {
	local message
	message=$(at_uas "$1" "$2")
	shift 2
	expect_header "$message" "$@"
}

expect_not_at_uas() {
	! grep -q "^[0-9]* $UAS4:$UAS_PORT " "$W/raw/$1/index" ||
		fail "$1: $(cat "$W/raw/$1/index")"
}

expect_same_bytes() {
	cmp "$(message_path "$1")" "$(message_path "$2")" >&2 ||
		fail "$1 and $2 differ"
}

# The To-tag of a message.
to_tag() { message_head "$1" | sed -n 's/^To: .*;tag=\([^;]*\).*/\1/p'; }

OURS='a1-[0-9a-f]{16}'

# expect_redirect MESSAGE NODE [USER] [HOSTPORT] [PARAMS]: a 302 to this node
expect_redirect() {
	local hostport=${4:-${NODE4[$2]}:5060}
	expect_status "$1" 302
	expect_header "$1" "To: .*;tag=$OURS" \
		"Contact: <sip:${3:-bob}@\\Q$hostport\\E${5:-}>"
}

# expect_served MESSAGE STATUS: a reply of the node's own routes (routes.cfg)
expect_served() {
	expect_status "$1" "$2"
	expect_header "$1" 'X-Served: .*'
}

# expect_equal WHAT WANT GOT
expect_equal() { [[ $2 == "$3" ]] || fail "$1: want $2, got $3"; }

# allow_traces WHAT: this case is about several Contacts in one 302
# allow_log REGEX: such a line in a node's log belongs to the case
ALLOW_TRACES=() ALLOW_LOG=()
allow_traces() { ALLOW_TRACES+=("$1"); }
allow_log() { ALLOW_LOG+=("$1"); }

# No message of a node, in any trace of the case, has <null>, a bare CR or
# LF, or two Contacts in a 3xx.
expect_clean_traces() {
	local path out
	local -a paths=()
	for path in "$W"/raw/*/[0-9]*.sip "$W"/sipp/*.msg; do
		[[ ! -e $path ]] || paths+=("$path")
	done
	((${#paths[@]})) || fail "the case has received nothing"
	out=$(awk -v several="${ALLOW_TRACES[*]:-}" \
		-f "$TESTS/lib/traces.awk" "${paths[@]}")
	[[ ! $out ]] || fail "forbidden in the traces:"$'\n'"$out"
}

# A node's log has no complaint the case does not expect.
expect_clean_logs() {
	local log out regex
	local -a allow=(-e 'nothing is allowed by this line')
	for regex in ${ALLOW_LOG[@]+"${ALLOW_LOG[@]}"}; do
		allow+=(-e "$regex")
	done
	for log in "$W"/*/log; do
		[[ -e $log ]] || continue
		out=$(node_log_running "$log" |
			grep -aE ' (WARNING|ERROR|CRITICAL|ALERT|BUG): |BUG:|signal' |
			grep -avE "${allow[@]}" || :)
		[[ ! $out ]] || fail "$log complains:"$'\n'"$out"
	done
}

# A log without what a Kamailio says while it ends.
node_log_running() {
	awk '/Thank you for flying/ { ending = 1 }
		/^Listening on/ { ending = 0 }
		!ending' "$1"
}
