# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# node.sh - the site file and the Kamailios of a case
#
# A node's files are in $W/NODE: kamailio.cfg, log, pid, ctl (kamcmd's
# socket), node.state.

DOMAIN=sip.example.net
ALIAS=voice.example.net
declare -A NODE_PARAMS=() NODE_PID=()
NODE_SEEN=()

# site: write $W/site.conf with both nodes; a case may change or replace it
site() {
	printf '%s\n' 'the secret of the SIPp tests, 32+' >"$W/secret"
	{
		echo "[service]"
		echo "domain = $DOMAIN"
		echo "alias = $ALIAS"
		echo "address = $SERVICE4, $SERVICE6"
		echo "secret = file:secret"
		local node
		for node in fra1 ams1; do
			echo "[node $node]"
			echo "address = ${NODE4[$node]}, ${NODE6[$node]}"
			echo "host = $node.$DOMAIN"
			echo "http = http://$node.www.example.net"
		done
	} >"$W/site.conf"
}

# need_module NAME...: skip the case where Kamailio has no such module
need_module() {
	local name
	for name; do
		compgen -G "/usr/lib/*/kamailio/modules/$name.so" >/dev/null ||
			skip "Kamailio's module $name is not installed"
	done
}

# node_param NODE NAME VALUE: a module parameter for the next node_start; a
# number is a number unless it stands in double quotes
node_param() {
	local value=$3
	[[ $value =~ ^([0-9]+|\".*\")$ ]] || value="\"$value\""
	NODE_PARAMS[$1]+="modparam(\"anycast\", \"$2\", $value)"$'\n'
}

# Listen lines, service addresses first; ams1 has them in another order, so
# that nothing can depend on which socket is the first.
node_listen() {
	local node=$1 addr proto
	local -a service=("$SERVICE4" "[$SERVICE6]")
	local -a own=("${NODE4[$node]}" "[${NODE6[$node]}]")
	[[ $node == fra1 ]] || {
		service=("[$SERVICE6]" "$SERVICE4")
		own=("[${NODE6[$node]}]" "${NODE4[$node]}")
	}
	for addr in "${service[@]}" "${own[@]}"; do
		for proto in udp tcp; do
			echo "listen=$proto:$addr:5060"
		done
		[[ ! -e $W/tls.cfg ]] || echo "listen=tls:$addr:5061"
	done
}

# case_file NAME: the case's own one, or the common one
case_file() {
	if [[ -e $CASE_DIR/$1 ]]; then
		echo "$CASE_DIR/$1"
	else
		echo "$TESTS/$1"
	fi
}

# NODE_CHILDREN: processes per UDP socket; with one, messages to one socket are
# handled in their order, which is what a fence stands on
node_config() {
	local node=$1 dir=$W/$1
	mkdir -p "$dir"
	[[ -e $W/site.conf ]] || site
	{
		echo "#!KAMAILIO"
		echo "#!define NODE_NAME $node"
		echo "#!define ANYCAST_SO \"$SIP_TEST_BUILD/lib/anycast.so\""
		echo "#!define ROUTES_JS \"$CASE_DIR/routes.js\""
		echo "#!define NODE_CTL \"unix:$dir/ctl\""
		echo "#!define UAS4 \"sip:$UAS4:$UAS_PORT\""
		echo "#!define UAS6 \"sip:[$UAS6]:$UAS_PORT\""
		[[ ! -e $W/tls.cfg ]] || {
			echo "#!define WITH_TLS"
			echo "#!define TLS_CFG \"$W/tls.cfg\""
		}
		echo "alias=$DOMAIN"
		echo "alias=$ALIAS"
		echo "alias=$node.$DOMAIN"
		node_listen "$node"
		echo "#!define NODE_CHILDREN ${NODE_CHILDREN:-1}"
		echo "include_file \"$(case_file modules.cfg)\""
		echo "modparam(\"anycast\", \"site\", \"$W/site.conf\")"
		echo "modparam(\"anycast\", \"node\", \"$node\")"
		echo "modparam(\"anycast\", \"state_file\", \"$dir/node.state\")"
		echo "modparam(\"anycast\", \"state_interval\", 50)"
		echo "modparam(\"anycast\", \"clients\", \"$TESTS/clients.conf\")"
		[[ ! ${SIP_TEST_FAST:-} ]] ||
			echo "modparam(\"anycast\", \"fast_path\", 1)"
		printf '%s' "${NODE_PARAMS[$node]:-}"
		echo "include_file \"$(case_file routes.cfg)\""
	} >"$dir/kamailio.cfg"
}

# node_start NODE...: start and wait until the node answers; the first node
# of a case gets the service address
node_start() {
	local node
	for node; do
		[[ -e /run/netns/$node ]] || net_node "$node"
		node_config "$node"
		ip netns exec "$node" kamailio -DD -E -m 64 -M 8 \
			-f "$W/$node/kamailio.cfg" -P "$W/$node/pid" \
			-Y "$W/$node" -w "$W/$node" \
			>>"$W/$node/log" 2>&1 </dev/null &
		NODE_PID[$node]=$!
		[[ ${NODE_SEEN[*]:-} ]] || anycast_to "$node"
		NODE_SEEN+=("$node")
	done
	for node; do
		until_ok 20 node_answers "$node"
	done
}

node_answers() {
	kill -0 "${NODE_PID[$1]}" 2>/dev/null ||
		fail "the Kamailio of $1 has ended by itself"
	kcmd "$1" core.uptime
}

# kcmd NODE COMMAND...: an RPC command
kcmd() {
	local node=$1
	shift
	kamcmd -s "unix:$W/$node/ctl" "$@"
}

# statistic NODE NAME: the value of a statistic of group anycast
statistic() {
	local value
	value=$(kcmd "$1" stats.get_statistics anycast: |
		sed -n "s/^anycast:$2 = //p")
	[[ $value ]] || fail "$1 has no statistic $2"
	echo "$value"
}

# node_stop NODE: SIGTERM, then nothing of it may be left
node_stop() {
	local node=$1 rc=0 n
	kill -TERM "${NODE_PID[$node]}"
	for ((n = 0; n < 400; n++)); do
		! node_gone "$node" || break
		read -rt 0.05 <> <(:) || :
	done
	node_gone "$node" || node_stuck "$node"
	wait "${NODE_PID[$node]}" || rc=$?
	unset "NODE_PID[$node]"
	((rc == 0)) || fail "the Kamailio of $node ended with code $rc"
	[[ ! $(ip netns pids "$node") ]] ||
		fail "processes of $node are left: $(ip netns pids "$node")"
}

node_gone() { ! kill -0 "${NODE_PID[$1]}" 2>/dev/null; }

# node_stuck NODE: where the processes of a node that does not end are
node_stuck() {
	local pid
	for pid in $(ip netns pids "$1"); do
		echo "--- $(tr '\0' ' ' <"/proc/$pid/cmdline")($pid)"
		! command -v gdb >/dev/null ||
			gdb -p "$pid" -batch -ex bt 2>&1 | grep '^#' || :
	done >"$W/$1/stuck"
	fail "the Kamailio of $1 does not end, see $W/$1/stuck"
}

nodes_stop_all() {
	local node
	for node in "${!NODE_PID[@]}"; do
		node_stop "$node"
	done
}

nodes_show_logs() {
	local log
	for log in "$W"/*/log; do
		[[ ! -e $log ]] || {
			echo "--- the end of $log"
			node_log_running "$log" | tail -n 25 | cat -v
		}
	done
}

# node_state NODE SELF-STATE [PEER STATE]...: write the state file of NODE as
# an operator would, and wait until the module has seen it
node_state() {
	local node=$1 file=$W/$1/node.state now_ms
	now_ms=$(awk '{ printf "%d", $1 * 1000 }' /proc/uptime)
	shift
	set -- "$node" "$@"
	{
		echo "sip-anycast-state 1"
		echo "self $1 $2"
		((${#} == 2)) || printf "node %s %s $now_ms\n" "${@:3}"
	} >"$file.new"
	mv "$file.new" "$file"
	while (($#)); do
		until_ok 10 node_knows "$node" "$1" "$2"
		shift 2
	done
}

# node_knows NODE OTHER STATE: this is what NODE believes of OTHER
node_knows() {
	kcmd "$1" anycast.nodes | awk -v name="$2" -v state="$3" '
		$1 == "node:" { here = $2 == name }
		here && $1 == "state:" && $2 == state { found = 1 }
		END { exit !found }'
}

# let_pass SECONDS NODE: until the node itself has run this much longer
let_pass() {
	local until_s
	until_s=$(($(node_uptime_s "$2") + $1 + 1))
	until_ok $(($1 + 20)) node_is_older "$2" "$until_s"
}

node_uptime_s() {
	kcmd "$1" core.uptime | sed -n 's/.*uptime: *\([0-9]*\).*/\1/p'
}

node_is_older() { (($(node_uptime_s "$1") >= $2)); }
