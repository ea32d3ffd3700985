#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The load generator counts right answers and nothing else: an echo, a right
# server, and a server that lies in one way at a time.
# usage: sipload.sh FOLDER-OF-THE-BINARIES
set -euo pipefail

bin=$1
tmp=$(mktemp -d)
port=5070
ip=127.$((70 + $$ % 50)).$(($$ / 50 % 250)).$((1 + $$ / 12500 % 250))
server=
failed=0

stop_server() {
	[[ -z $server ]] && return
	kill "$server" 2>/dev/null || :
	wait "$server" 2>/dev/null || :
	server=
}

# shellcheck disable=SC2317 # the trap below calls it
cleanup() {
	local rc=$?

	stop_server
	rm -rf "$tmp"
	exit "$rc"
}
trap cleanup EXIT

start_server() {
	local end=$((SECONDS + 10))

	stop_server
	: >"$tmp/server"
	"$@" >"$tmp/server" 2>&1 &
	server=$!
	until [[ -s $tmp/server ]]; do
		if ((SECONDS > end)) || ! kill -0 "$server" 2>/dev/null; then
			echo "not ok: $* does not start: $(<"$tmp/server")"
			exit 1
		fi
		read -rt 0.02 <> <(:) || :
	done
}

# load OPTION...: run the generator; its figures are in ${got[name]} after.
declare -A got
load() {
	local name value rc=0

	# A busy machine may hold an answer up for long: a generous time-out,
	# which the tests that wait for it make shorter.
	"$bin/sipload" --target "$ip:$port" --timeout 2000 "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	got=([rc]=$rc)
	while read -r name value; do
		got[$name]=$value
	done <"$tmp/out"
}

# want WHAT NAME VALUE [NAME VALUE ...]
want() {
	local what=$1 name
	shift
	while (($#)); do
		name=${got[$1]:-0}
		if [[ $name != "$2" ]]; then
			echo "not ok: $what: $1 is $name instead of $2"
			cat "$tmp/out" "$tmp/err"
			failed=1
			return
		fi
		shift 2
	done
	echo "ok: $what"
}

start_server "$bin/udpecho" "$ip" "$port"
load --echo --count 5000
want "an echo is right when an echo is wanted" rc 0 right 5000 wrong 0 timeouts 0
load --echo --count 5000 --sources 300 --agents 2
want "also with many sources" rc 0 right 5000 wrong 0
load --count 1000 --contact 192.0.2.1:5060
want "an echo is never a right 302" rc 1 right 0 wrong 1000 wrong_not_a_reply 1000
load --count 1000 --status 200 --method OPTIONS
want "an echo is never a right 200" rc 1 right 0 wrong_not_a_reply 1000

start_server "$bin/liar" "$ip" "$port" truth
load --count 2000 --contact 192.0.2.1:5060
want "a right 302 is right" rc 0 right 2000 wrong 0 timeouts 0
load --count 2000 --contact 192.0.2.1:5060 --sources 50
want "also with many sources" rc 0 right 2000 wrong 0 timeouts 0
load --count 100 --echo
want "a 302 is no echo" rc 1 right 0 wrong_echo_differs 100
load --count 100
want "a Contact is wrong where none is expected" rc 1 right 0 wrong_many_contacts 100
load --count 100 --contact 192.0.2.1:5060 --status 200
want "302 is wrong where 200 is expected" rc 1 right 0 wrong_wrong_status 100

while read -r kind verdict; do
	start_server "$bin/liar" "$ip" "$port" "$kind"
	load --count 50 --contact 192.0.2.1:5060
	want "$kind is $verdict" rc 1 right 0 wrong 50 "wrong_$verdict" 50
done <<'LIES'
status wrong_status
branch wrong_branch
callid no_request
fromtag wrong_from_tag
cseq wrong_cseq
nototag no_to_tag
nocontact no_contact
contacts many_contacts
comma many_contacts
contact wrong_contact
port wrong_contact
garbage malformed
cut malformed
LIES

start_server "$bin/liar" "$ip" "$port" stranger
load --count 50 --contact 192.0.2.1:5060 --timeout 100
want "an answer from another port is not even received" rc 1 right 0 timeouts 50
load --count 50 --contact 192.0.2.1:5060 --timeout 100 --sources 2
want "nor taken by a wildcard socket" rc 1 right 0 wrong_wrong_peer 50 timeouts 50

start_server "$bin/liar" "$ip" "$port" twice
load --count 50 --contact 192.0.2.1:5060 --window 1
want "a second answer is not counted as right" rc 1 right 50
((${got[wrong_no_request]:-0} >= 49)) || {
	echo "not ok: second answers are not counted: ${got[wrong_no_request]:-0}"
	failed=1
}

start_server "$bin/liar" "$ip" "$port" late
load --count 10 --contact 192.0.2.1:5060 --window 1 --timeout 20
want "a late answer is not counted as right" rc 1 right 0 timeouts 10
((${got[wrong_no_request]:-0} > 0)) || {
	echo "not ok: no late answer was counted"
	failed=1
}

stop_server
load --count 3 --contact 192.0.2.1:5060 --timeout 50
want "nobody there: only timeouts" rc 1 right 0 wrong 0 timeouts 3

exit "$failed"
