# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# relaylib.sh - sourced by bench/relay: the network, the relays, their memory
#
# Two network namespaces and a veth between them, gone at the end.  The relay's
# has the node's address, the generator's what asks it by ng.  The parties of
# the calls are behind a router that does not exist: the relay sends to its
# hardware address, which the generator reads off the wire past its own stack.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

RELAY_NET=brelay-r$$
LOAD_NET=brelay-g$$
NODE=10.199.0.1
NG=$NODE:2223
ECHO_PORT=9000
PORT_MIN=30000 PORT_MAX=59999
FDS_PER_CALL=4			# of rtpengine, and of --relay sockets
GROUP=				# of the memory controller; see memory_init
MEMORY_FILE=

in_net() { nsenter --net="/run/netns/$1" "${@:2}"; }

# sysfs is that of the namespace only where it is mounted there
write_sys() { # NAMESPACE VALUE FILE...
	# shellcheck disable=SC2016
	ip netns exec "$1" sh -c 'for f in "$@"; do echo "$0" >"$f"; done' "${@:2}"
}

net_init() {
	((EUID == 0)) || skip 'needs root, for network namespaces'
	need ip nsenter taskset
	ip netns add "$RELAY_NET" 2>"$DIR/netns.err" ||
		skip "no network namespace: $(<"$DIR/netns.err")"
	ip netns add "$LOAD_NET"
	ip link add node netns "$RELAY_NET" type veth peer name load netns "$LOAD_NET"
	ip -n "$RELAY_NET" addr add "$NODE/24" dev node
	ip -n "$LOAD_NET" addr add 10.199.0.2/24 dev load
	local pair
	for pair in "$RELAY_NET lo" "$RELAY_NET node" "$LOAD_NET lo" "$LOAD_NET load"; do
		# shellcheck disable=SC2086 # two words
		set -- $pair
		ip -n "$1" link set "$2" up
	done
	ip -n "$RELAY_NET" neigh add 10.199.0.3 lladdr 02:00:00:00:00:03 \
		dev node nud permanent
	ip -n "$RELAY_NET" route add 10.200.0.0/15 via 10.199.0.3
	in_net "$RELAY_NET" sh -c "echo $PORT_MIN-$PORT_MAX \
		>/proc/sys/net/ipv4/ip_local_reserved_ports"
}

# What comes in is worked on by the core of who gets it, not of who sent it.
net_steer() {
	write_sys "$RELAY_NET" "$((1 << SERVER_CORE))" \
		/sys/class/net/node/queues/rx-0/rps_cpus
	write_sys "$LOAD_NET" "$((1 << LOAD_CORE))" \
		/sys/class/net/load/queues/rx-0/rps_cpus
}

at_end() {
	[[ -z $GROUP ]] || rmdir "$GROUP" 2>/dev/null || :
	ip netns del "$RELAY_NET" 2>/dev/null || :
	ip netns del "$LOAD_NET" 2>/dev/null || :
}

# Says yes where the kernel keeps the time of interrupts apart from that of the
# threads they interrupt; nothing where it does not, or nobody knows.
irq_time_accounted() {
	{ zcat /proc/config.gz || cat "/boot/config-$(uname -r)"; } 2>/dev/null |
		sed -n 's/^CONFIG_IRQ_TIME_ACCOUNTING=y$/yes/p'
}

# ---- relays ----

have_peer() {
	case $1 in
	range | sockets) [[ -x $(pinner) ]] ;;
	rtpengine) command -v rtpengine >/dev/null ;;
	*) true ;;
	esac
}

pinner() { printf '%s' "${RTP_PINNER:-$BUILD/bin/rtp-pinner}"; }

# start_peer PEER [OPTION...]: fresh, and answering.
start_peer() {
	local peer=$1
	shift
	case $peer in
	range | sockets) start_pinner "$peer" "$@" ;;
	rtpengine) start_rtpengine "$@" ;;
	echo) start_echo echo ;;
	batch) start_echo batch --batch ;;
	esac
}

# A process that is to go before others; its session may be weighed as a whole.
# shellcheck disable=SC2016
ABOVE='[ -z "${BENCH_NICE:-}" ] || {
	renice -n "$BENCH_NICE" -p $$ >/dev/null
	echo "$BENCH_NICE" 2>/dev/null >/proc/self/autogroup || :
}'

# Into the memory group, when there is one, and the node's namespace.
start_inside() { # NAME COMMAND...
	local name=$1
	shift
	# shellcheck disable=SC2016
	start "$name" nsenter --net="/run/netns/$RELAY_NET" sh -c \
		"$ABOVE"'; [ -z "$0" ] || echo $$ >"$0/cgroup.procs"; exec "$@"' \
		"$GROUP" "$@"
}

start_echo() {
	start_inside "$1" "$BUILD/bin/udpecho" "${@:2}" "$NODE" "$ECHO_PORT"
	until_ok 10 grep -q listening "$DIR/$1.log" || die "no $1"
}

# As Debian ships it but for the kernel module, with less in its log, and one
# worker on the one core it has.
start_rtpengine() {
	start_inside rtpengine rtpengine --config-file=none --table=-1 --foreground \
		--interface="$NODE" --listen-ng="$NG" --port-min=$PORT_MIN \
		--port-max=$PORT_MAX --num-threads=1 --log-level=3 --log-stderr "$@"
	wait_ng rtpengine
}

start_pinner() {
	local kind=$1 state=$DIR/$1.state
	shift
	rm -rf "$state"
	mkdir -p "$state"
	write_site "$DIR/$kind.site" 192.0.2.53 "$NODE" 1
	printf '%s\n' "site = $DIR/$kind.site" 'node = n0' "listen = $NG" \
		'allow = 10.199.0.0/24' "port-min = $PORT_MIN" \
		"port-max = $PORT_MAX" "relay = $kind" 'threads = 1' \
		"state-dir = $state" >"$DIR/$kind.conf"
	start_inside "$kind" "$(pinner)" --config "$DIR/$kind.conf" "$@"
	wait_ng "$kind"
}

wait_ng() {
	until_ok 20 in_net "$LOAD_NET" "$BUILD/bin/ngload" --ng "$NG" --ping \
		--timeout 200 || {
		tail -n 20 "$DIR/$1.log" >&2
		die "$1 does not answer on $NG"
	}
}

# generate PROGRAM PEER OPTION...: run a generator; its figures are
# ${GOT[...]} after, and what went wrong with a call is shown.
generate() {
	local program=$1 peer=$2 key value
	shift 2
	# the exit status says that a packet or a call was not right; so do
	# the figures
	# shellcheck disable=SC2016
	in_net "$LOAD_NET" setsid -w taskset -c "$LOAD_CORE" \
		sh -c "$ABOVE"'; exec "$@"' sh "$BUILD/bin/$program" "$@" \
		--group "${GROUPS_STARTED[$peer]}" --core "$SERVER_CORE" \
		>"$DIR/$peer.out" 2>"$DIR/$peer.err" || :
	GOT=()
	while read -r key value; do
		GOT[$key]=$value
	done <"$DIR/$peer.out"
	[[ -n ${GOT[elapsed_ms]:-} ]] || {
		cat "$DIR/$peer.out" "$DIR/$peer.err" >&2
		tail -n 20 "$DIR/$peer.log" >&2
		die "$program failed against $peer"
	}
}

# Descriptors of all its processes.
descriptors() {
	local pid sum=0 fds
	for pid in $(pids "$1"); do
		fds=("/proc/$pid/fd"/*)
		sum=$((sum + ${#fds[@]}))
	done
	printf '%s' "$sum"
}

# The most calls a relay with FDS_PER_CALL can hold here.
calls_possible() {
	local limit
	limit=$(ulimit -Hn)
	[[ $limit != unlimited ]] || limit=1000000
	printf '%s' "$(((limit - 100) / FDS_PER_CALL))"
}

# ---- memory ----

# A control group of the memory controller, of cgroup v2 where that has it and
# of v1 otherwise: both count a process's pages and what the kernel allocates
# for it, sockets included.  Returns 1 where there is none.
memory_init() {
	local root
	for root in /sys/fs/cgroup /sys/fs/cgroup/unified; do
		grep -qsw memory "$root/cgroup.controllers" || continue
		echo +memory 2>/dev/null >"$root/cgroup.subtree_control" || continue
		mkdir "$root/brelay-$$" 2>/dev/null || continue
		GROUP=$root/brelay-$$ MEMORY_FILE=memory.current
		return
	done
	mkdir "/sys/fs/cgroup/memory/brelay-$$" 2>/dev/null || return 1
	GROUP=/sys/fs/cgroup/memory/brelay-$$ MEMORY_FILE=memory.usage_in_bytes
}

memory_used() { cat "$GROUP/$MEMORY_FILE"; }

# Pages the last one has left behind would be the next one's.
memory_reset() {
	rmdir "$GROUP"
	mkdir "$GROUP"
}

# Resident bytes of its own, without the kernel's share.
memory_resident() {
	local pid
	for pid in $(pids "$1"); do
		awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup"
	done | awk '{ sum += $1 } END { printf "%d", sum * 1024 }'
}
