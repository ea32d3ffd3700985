# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# lib.sh - sourced first by every cases/*/case.sh
#
# A case runs in network, mount and pid namespaces of its own, so every case
# may use the same documentation addresses and port 5060 and nothing it
# starts can outlive it:
#
#   world (the case itself)                      fra1 (a namespace)
#     203.0.113.5-9, 2001:db8:c::5-9  clients      192.0.2.53  2001:db8:53::53
#     203.0.113.80,  2001:db8:c::80   UAS          198.51.100.11  2001:db8:1::11
#        |  anycast_to NODE routes the           ams1 (a namespace)
#        |  service address, as BGP would          192.0.2.53  2001:db8:53::53
#        +-- veth to each node                     198.51.100.12  2001:db8:1::12
#
# Exit: 0 passed, 1 failed (the work folder is kept and named), 4 skipped.
# SIP_TEST_BUILD   build folder with bin/ and lib/ (default: the newest build/*)
# SIP_TEST_FAST=1  every node has the fast path
# SIP_TEST_KEEP=1  keep the work folder of a case that passed too
# SIP_TEST_SHELL=1 on failure, a shell inside the case's namespaces

set -eEuo pipefail
shopt -s inherit_errexit

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CASE_DIR=$(cd "$(dirname "$0")" && pwd)
CASE=$(basename "$CASE_DIR")
export LC_ALL=C TERM=xterm

die() { echo "$CASE: $*" >&2; exit 1; }
skip() { echo "SKIP $CASE: $*" >&2; exit 4; }

if [[ ! ${SIP_TEST_BUILD:-} ]]; then
	SIP_TEST_BUILD=
	for so in "$TESTS"/../build/*/lib/anycast.so; do
		[[ ! -e $so || $so -ot ${SIP_TEST_BUILD:-/}/lib/anycast.so ]] ||
			SIP_TEST_BUILD=${so%/lib/anycast.so}
	done
	[[ $SIP_TEST_BUILD ]] || die "no build with anycast.so; set SIP_TEST_BUILD"
	export SIP_TEST_BUILD
fi

if [[ ! ${SIP_TEST_INSIDE:-} ]]; then
	((EUID == 0)) || skip "needs root for its network namespaces"
	W=$(mktemp -d "${TMPDIR:-/tmp}/sip-$CASE.XXXXXX")
	SIP_TEST_INSIDE=$W exec unshare --net --mount --pid --fork \
		--kill-child --mount-proc bash "$0" "$@"
fi
W=$SIP_TEST_INSIDE

source "$TESTS/lib/net.sh"
source "$TESTS/lib/node.sh"
source "$TESTS/lib/message.sh"
source "$TESTS/lib/expect.sh"
source "$TESTS/lib/sipp.sh"
source "$TESTS/lib/tls.sh"

# until_ok SECONDS COMMAND...: poll the condition itself
until_ok() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >"$W/until.out" 2>&1; do
		((SECONDS <= end)) || fail "gave up waiting for: $*"
		read -rt 0.05 <> <(:) || :
	done
}

# fail TEXT: end the case; what the reader needs is printed by case_report
fail() {
	trap - ERR
	echo "FAIL $CASE: $*" >&3
	local i
	for ((i = 1; i < ${#FUNCNAME[@]}; i++)); do
		[[ ${BASH_SOURCE[i]} != "$CASE_DIR"/* ]] ||
			echo "  at ${BASH_SOURCE[i]##*/}:${BASH_LINENO[i - 1]}" >&3
	done
	[[ ! $CASE_ENDING || $BASHPID != "$$" ]] || case_report 1
	exit 1
}
CASE_ENDING=''

ok() { echo "ok: $*"; }

# The end of the script, or fail: what must hold after every case, whatever
# it was about, then the report.
case_end() {
	local rc=$?
	trap - EXIT
	if ((rc == 0)); then
		CASE_ENDING=1
		sipp_stop_all
		nodes_stop_all
		expect_clean_traces
		expect_clean_logs
	fi
	case_report "$rc"
}

case_report() {
	trap - ERR EXIT
	if (($1 != 0 && $1 != 4)); then
		{
			nodes_show_logs
			sipp_show_errors
			echo "messages and logs: $W"
		} >&3
		[[ ! ${SIP_TEST_SHELL:-} ]] || bash || :
	elif [[ ! ${SIP_TEST_KEEP:-} ]]; then
		rm -rf "$W"
	else
		echo "kept: $W"
	fi
	exit "$1"
}

exec 3>&2	# where a failure is told, also from within until_ok
trap case_end EXIT
trap 'fail "command failed: $BASH_COMMAND"' ERR
trap 'exit 1' INT TERM HUP

net_start
