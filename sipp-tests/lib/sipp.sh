# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# sipp.sh - SIPp scenarios, in the foreground and in the background
#
# A scenario is looked for in the case's folder, then in scenarios/.  Its
# files are in $W/sipp: NAME.msg (message trace), NAME.err, NAME.out.

declare -A SIPP_PID=()

# sipp_start NAME SCENARIO LOCAL:PORT [REMOTE:PORT | -] [OPTION...]
# One call (-m 1) within 30 s unless the options say otherwise.
sipp_start() {
	local name=$1 scenario=$CASE_DIR/$2 local=$3 remote=${4:--}
	shift 3
	(($# == 0)) || shift
	[[ -e $scenario ]] || scenario=$TESTS/scenarios/${scenario##*/}
	mkdir -p "$W/sipp"
	[[ $remote != - ]] || remote=
	# Of two equal keys SIPp 3.6 takes the first and 3.7 the last.
	[[ " $* " == *' -key domain '* ]] || set -- "$@" -key domain "$DOMAIN"
	[[ " $* " == *' -key host '* ]] || set -- "$@" -key host "$DOMAIN"
	[[ " $* " == *' -key ua '* ]] || set -- "$@" -key ua "$CASE-$name"
	(
		cd "$W/sipp" || exit
		exec sipp ${remote:+"$remote"} -sf "$scenario" \
			-i "$(tr -d '[]' <<<"${local%:*}")" -p "${local##*:}" \
			-m 1 -timeout 30 -timeout_error -recv_timeout 15000 \
			-nostdin -s bob \
			-trace_msg -message_file "$W/sipp/$name.msg" \
			-trace_err -error_file "$W/sipp/$name.err" "$@" \
			>"$W/sipp/$name.out" 2>&1 </dev/null
	) &
	SIPP_PID[$name]=$!
}

# sipp_uas NAME SCENARIO [OPTION...]: on the UAS address, ready on return
sipp_uas() {
	local name=$1 scenario=$2
	shift 2
	sipp_start "$name" "$scenario" "$UAS4:$UAS_PORT" - "$@"
	until_ok 10 sipp_listens "$name" "$UAS4:$UAS_PORT"
}

sipp_listens() {
	kill -0 "${SIPP_PID[$1]}" 2>/dev/null || fail "sipp $1 has ended"
	ss -Hlun "src = $2" | grep . >/dev/null
}

# sipp_wait NAME: the scenario must have succeeded
sipp_wait() {
	local rc=0
	wait "${SIPP_PID[$1]}" || rc=$?
	unset "SIPP_PID[$1]"
	((rc == 0)) || fail "sipp $1 ended with code $rc"
}

sipp_run() {
	sipp_start "$@"
	sipp_wait "$1"
}

# A scenario still running when the case is over: it waits for nothing more.
sipp_stop_all() {
	local name
	for name in "${!SIPP_PID[@]}"; do
		kill -KILL "${SIPP_PID[$name]}" 2>/dev/null || :
		wait "${SIPP_PID[$name]}" 2>/dev/null || :
	done
	SIPP_PID=()
}

sipp_show_errors() {
	local file
	for file in "$W"/sipp/*.err; do
		[[ ! -s $file ]] || {
			echo "--- $file"
			head -n 30 "$file"
		}
	done
}

# The lines that NAME received, compact line ends.
sipp_received() {
	awk '/^-----------/ { on = 0 }
		/ message received \[[0-9]+\] bytes/ { on = 1; next }
		on { sub(/\r$/, ""); print }' "$W/sipp/$1.msg"
}

# expect_sipp_got NAME REGEX...: a whole line of what it received matches
expect_sipp_got() {
	local name=$1 regex
	shift
	for regex; do
		sipp_received "$name" | grep -Px -- "$regex" >/dev/null ||
			fail "sipp $name received no line like: $regex"
	done
}

expect_sipp_never() {
	local name=$1 regex
	shift
	for regex; do
		! sipp_received "$name" | grep -Px -- "$regex" >&2 ||
			fail "sipp $name must not receive: $regex"
	done
}

# expect_sipp_ended NAME STATUS: no such reply came more than 0.4 s after the
# first ACK was sent, so the ACK has ended its retransmission (RFC 3261 timer G
# runs at 0.5, 1.5 s); one that crossed the ACK on a slow machine is fine
expect_sipp_ended() {
	local late
	grep -q "^ACK " "$W/sipp/$1.msg" || fail "sipp $1 sent no ACK"
	late=$(awk -v status="SIP/2.0 $2 " '
		/^-----------/ {
			split($3, t, ":")
			now = t[1] * 3600 + t[2] * 60 + t[3]
		}
		/^ACK / && !acked { acked = now }
		index($0, status) == 1 && acked && now > acked + 0.4
		' "$W/sipp/$1.msg")
	[[ ! $late ]] || fail "sipp $1: after its ACK again: $late"
}
