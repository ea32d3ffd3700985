# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh - sourced by every program of bench/
#
# Servers run on core 0 and the load on core 1, each server as a process group
# of its own, on addresses of 127/8 made from our pid, out of a folder that is
# gone at the end.  What a program has started it stops, however it ends.
set -euo pipefail

BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$BENCH")
BUILD=${BENCH_BUILD:-$ROOT/build/release}
SERVER_CORE=0
LOAD_CORE=1
PORT=5060
HTTP_PORT=8080
BASE_URL=http://node.bench.test:8080
SKIP=4			# ctest: skipped

declare -A GROUPS_STARTED=()	# name -> process group

# What a comparison gathers, by variant; see summary and compare.
variants=()
declare -A rates=() cpu=()	# one number per round
declare -A median=() cost=()	# of the rates; of the CPU time
missed=''			# a target was
export missed
DIR=
NET=

say() { printf '%s\n' "$*"; }

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

skip() {
	printf '%s: skipped: %s\n' "${0##*/}" "$*" >&2
	exit "$SKIP"
}

# A moment of a polling loop; not a wait for anything by itself.
pause() { read -rt 0.05 <> <(:) || :; }

# until_ok SECONDS COMMAND...: poll until it succeeds.
until_ok() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		pause
	done
}

bench_cleanup() {
	local rc=$? name

	trap - EXIT INT TERM
	for name in "${!GROUPS_STARTED[@]}"; do
		stop "$name"
	done
	! declare -F at_end >/dev/null || at_end
	if [[ -n ${BENCH_KEEP:-} ]]; then
		say "kept: $DIR"
	else
		rm -rf "$DIR"
	fi
	exit "$rc"
}

# Call first (a program that has an at_end() gets it called when all servers
# are stopped): makes the folder and the addresses, takes the cores.
bench_init() {
	DIR=$(mktemp -d "${TMPDIR:-/tmp}/bench-anycast.XXXXXX")
	trap bench_cleanup EXIT
	trap 'exit 130' INT TERM
	# pid_max is 4194304: three octets of address space, 127.64/10 excluded
	# (there the generator's own sources begin).
	NET=127.$((130 + $$ / 65536 % 120)).$(($$ / 256 % 256))
	HOST=$(($$ % 8 * 30 + 5))
	(($(nproc) > 1)) || LOAD_CORE=0
	[[ -x $BUILD/bin/sipload ]] ||
		die "no $BUILD/bin/sipload: cmake --workflow --preset release, or set BENCH_BUILD"
}

# address N: the N-th (0..29) address of this run.
address() { printf '%s.%s' "$NET" "$((HOST + $1))"; }

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

module_path() { printf '%s' "${ANYCAST_SO:-$BUILD/lib/anycast.so}"; }

have_module() { [[ -f $(module_path) ]]; }

# Where Debian keeps Kamailio's own modules.
kamailio_mpath() {
	local path
	for path in /usr/lib/*/kamailio/modules /usr/lib64/kamailio/modules; do
		[[ -d $path ]] && printf '%s' "$path" && return
	done
	skip "Kamailio's modules are not installed"
}

# fill TEMPLATE OUT [WORD=VALUE ...]
fill() {
	local text word
	text=$(<"$1")
	for word in MPATH="$(kamailio_mpath)" MODULE="$(module_path)" \
		CLIENTS="$ROOT/kamailio-module/clients.conf" PORT="$PORT" \
		HTTP_PORT="$HTTP_PORT" BASE_URL="$BASE_URL" "${@:3}"; do
		text=${text//@"${word%%=*}"@/${word#*=}}
	done
	printf '%s\n' "$text" >"$2"
}

# write_site FILE SERVICE NODE COUNT: a site of COUNT nodes; we are n0.
write_site() {
	local i
	{
		printf '[service]\ndomain = sip.bench.test\naddress = %s\n' "$2"
		printf 'secret = bench-secret-of-no-value\n'
		printf '[node n0]\naddress = %s\nhttp = %s\n' "$3" "$BASE_URL"
		for ((i = 1; i < $4; i++)); do
			printf '[node n%d]\naddress = 10.%d.%d.1\n' \
				"$i" $((i / 256)) $((i % 256))
			printf 'http = http://n%d.bench.test\n' "$i"
		done
	} >"$1"
}

group_lives() { kill -0 -- "-$1" 2>/dev/null; }

# start NAME COMMAND...: on the server's core, in a group of its own.
start() {
	local name=$1
	shift
	setsid taskset -c "$SERVER_CORE" "$@" >"$DIR/$name.log" 2>&1 &
	GROUPS_STARTED[$name]=$!
	disown
}

stop() {
	local group=${GROUPS_STARTED[$1]:-}

	[[ -n $group ]] || return 0
	unset "GROUPS_STARTED[$1]"
	kill -TERM -- "$group" 2>/dev/null || :
	local end=$((SECONDS + 10))
	while group_lives "$group"; do
		((SECONDS < end)) || kill -KILL -- "-$group" 2>/dev/null || :
		pause
	done
}

# start_kamailio NAME CFG [SHM_MB]
start_kamailio() {
	mkdir -p "$DIR/$1.run"
	start "$1" kamailio -DD -E -x fm -X fm -m "${3:-256}" -M 16 \
		-f "$2" -w "$DIR/$1.run" -Y "$DIR/$1.run"
}

# wait_sip NAME ADDRESS: until it gives final answers to OPTIONS.
wait_sip() {
	until_ok 20 "$BUILD/bin/sipload" --target "$2:$PORT" --count 1 \
		--method OPTIONS --status 0 --timeout 200 || {
		cat "$DIR/$1.log" >&2
		die "$1 does not answer on $2"
	}
}

# load NAME OPTION...: run the generator; its figures are ${GOT[...]} after.
declare -A GOT=()
load() {
	local name=$1 key value
	shift
	taskset -c "$LOAD_CORE" "$BUILD/bin/sipload" "$@" \
		>"$DIR/$name.out" 2>"$DIR/$name.err" || :
	GOT=()
	while read -r key value; do
		GOT[$key]=$value
	done <"$DIR/$name.out"
	[[ -n ${GOT[right]:-} ]] || {
		cat "$DIR/$name.err" >&2
		die "the generator failed against $name"
	}
}

# What was not a right answer in the last load; empty when all were.
load_faults() {
	local key faults=
	for key in "${!GOT[@]}"; do
		case $key in
		wrong_* | timeouts | send_errors)
			((GOT[$key] == 0)) || faults+=" $key=${GOT[$key]}"
			;;
		esac
	done
	printf '%s' "$faults"
}

# pids NAME: the processes of that group.
pids() {
	local group=${GROUPS_STARTED[$1]} dir stat pgrp
	for dir in /proc/[0-9]*; do
		read -r stat 2>/dev/null <"$dir/stat" || continue
		read -r _ _ pgrp _ <<<"${stat##*) }"	# state ppid pgrp ...
		[[ $pgrp == "$group" ]] && printf '%s\n' "${dir#/proc/}"
	done
	return 0
}

# cpu_ns NAME: time on a CPU of all processes of that group so far.
cpu_ns() {
	local pid file ns sum=0
	for pid in $(pids "$1"); do
		for file in "/proc/$pid/task"/*/schedstat; do
			read -r ns _ 2>/dev/null <"$file" || continue
			sum=$((sum + ns))
		done
	done
	printf '%s' "$sum"
}

# calc EXPRESSION: awk arithmetic, printed by FORMAT (default %.2f).
calc() { awk "BEGIN { printf \"${2:-%.2f}\", $1 }"; }

# at_least A B: is A >= B?
at_least() { awk "BEGIN { exit !($1 >= $2) }"; }

# median_min_max NUMBER...: three words.
median_min_max() {
	printf '%s\n' "$@" | sort -g | awk '
		{ v[NR] = $1 }
		END {
			m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2
			print m, v[1], v[NR]
		}'
}

# summary TITLE: the table of a comparison; sets median and cost.
summary() {
	local variant m
	printf '\n%s\n%-8s %9s %9s %9s   %s\n' "$1" '' median min max \
		'CPU ns (min..max)'
	for variant in "${variants[@]}"; do
		# shellcheck disable=SC2086 # a list of numbers
		read -ra m <<<"$(median_min_max ${rates[$variant]})"
		median["$variant"]=${m[0]}
		printf '%-8s %9.0f %9.0f %9.0f' "$variant" "${m[@]}"
		# shellcheck disable=SC2086
		read -ra m <<<"$(median_min_max ${cpu[$variant]})"
		cost["$variant"]=${m[0]}
		printf '   %.0f (%.0f..%.0f)\n' "${m[@]}"
	done
	say ''
}

# compare A B [TARGET]: by rate, and by what each costs the server.  Where
# something else ran on our cores, or the load was the limit, rates say little;
# so it is the CPU time that is held against the target.  Sets missed.
compare() {
	local by_rate by_cpu verdict=
	[[ -n ${median[$1]:-} && -n ${median[$2]:-} ]] || return 0
	by_rate=$(calc "${median[$1]} / ${median[$2]}")
	by_cpu=$(calc "${cost[$2]} / ${cost[$1]}")
	if [[ -n ${3:-} ]]; then
		verdict="target >= $3: met"
		at_least "$by_cpu" "$3" || verdict="target >= $3: missed" missed=1
	fi
	printf '%-16s %5s by CPU time, %5s by rate   %s\n' "$1 / $2" \
		"$by_cpu" "$by_rate" "$verdict"
}

# kamailio_rpc NAME COMMAND...: through the control socket of that Kamailio.
kamailio_rpc() {
	local name=$1
	shift
	kamcmd -s "unix:$DIR/$name.ctl/ctl" "$@"
}

# number_option NAME VALUE: a plain number, or the end.
number_option() {
	[[ $2 =~ ^[0-9]+$ ]] || die "$1 wants a number, not \`$2'"
}
