#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# anycastctl.sh ANYCASTCTL: calls it the way an operator does
#
# Each case compares exit status, stdout and stderr with expected/NAME.out and
# expected/NAME.err (no file: nothing may be printed). What differs from run to
# run is replaced first: the test's folder by @DIR@, a span of time by @N@. With
# UPDATE=1 the files are written instead, to be read before they are committed.
set -euo pipefail

ctl=$(readlink -f "$1")
data=$(dirname "$(readlink -f "$0")")
expected=$data/expected
work=$(mktemp -d)
pinner_pid='' agent_pid=''
trap 'rm -rf "$work"; [[ ! $pinner_pid ]] || kill "$pinner_pid"; end_agent' EXIT
cd "$work"
failures=0 cases=0

end_agent() {
	[[ ! $agent_pid ]] || kill "$agent_pid"
	agent_pid=
}

fail() {
	echo "not ok: $*"
	failures=$((failures + 1))
}

mask() {
	sed -E -e "s|$work|@DIR@|g" -e "s|$data|@DATA@|g" -e "s/[0-9]+ ms/@N@ ms/" \
		-e "s/STALE for [0-9]+ s/STALE for @N@ s/" \
		-e "s/[0-9]+ s, last signalled [0-9]+ s/@N@ s, last signalled @N@ s/" \
		-e "s/^ +[0-9]+( +[0-9]+ +[0-9]+ +[0-9.-]+  .*@)/@N@\1/" \
		-e "s/127.0.0.1:${port:-none}/@PINNER@/" \
		-e "s/\"(created|last signal|last packet)\": [0-9]+/\"\1\": @N@/"
}

compare() { # FILE: what was printed against expected/FILE
	local want=/dev/null

	if [[ ${UPDATE:-} ]]; then
		rm -f "$expected/$1"
		[[ ! -s $1 ]] || cp "$1" "$expected/$1"
		return
	fi
	[[ ! -e $expected/$1 ]] || want=$expected/$1
	diff -u "$want" "$1" || fail "$1 differs"
}

t() { # NAME STATUS ARGUMENT...
	local name=$1 want=$2 status=0
	shift 2

	cases=$((cases + 1))
	"$ctl" "$@" >raw.out 2>raw.err || status=$?
	((status == want)) || fail "$name: exit status $status, want $want"
	mask <raw.out >"$name.out"
	mask <raw.err >"$name.err"
	compare "$name.out"
	compare "$name.err"
}

holds() { # NAME FILE TEXT: the file is this text and nothing else
	cases=$((cases + 1))
	diff -u <(printf '%s' "$3") "$2" || fail "$1: $2 differs"
}

# ---- a call

t no-command 64
t unknown-command 64 drian
t unknown-option 64 --nodename=fra1 status
t missing-value 64 status --site
t missing-operand 64 render
t extra-operand 64 check one.conf two.conf
t foreign-option 64 check --node fra1
t unknown-target 64 render asterisk
t help 0 --help
t help-of-a-command 0 drain --help
"$ctl" --version >version
grep -Eqx 'anycastctl [0-9]+\.[0-9]+\.[0-9]+( \([0-9a-z-]+\))?' version ||
	fail "--version says $(<version)"

# ---- check

cat >site.conf <<'SITE'
[service]
domain          = sip.example.net
alias           = voip.example.net, 3.example.net
address         = 192.0.2.53, 2001:db8:53::53
http-port       = 8080
https-port      = 8443
tls             = yes
secret          = file:secret
previous-secret = fedcba9876543210
[node fra1]
address         = 198.51.100.11, 2001:db8:1::11
host            = fra1.sip.example.net
http            = https://fra1.www.example.net
[node ams1]
address         = 198.51.100.75
sip-port        = 5070
SITE
printf '0123456789abcdef\n' >secret
cat >small.conf <<'SITE'
[service]
domain  = sip.example.net
address = 2001:db8:53::53
secret  = 0123456789abcdef
[node fra1]
address = 2001:db8:1::11
SITE
cat >bad.conf <<'SITE'
[service]
domian  = sip.example.net
address = 192.0.2.53
secret  = hunter2
[node fra1]
address = 192.0.2.53
http    = http://fra1.example.net/?q
[nod ams1]
SITE

t check-good 0 check site.conf
t check-by-option 0 --site site.conf check
t check-bad 78 check bad.conf
t check-missing 78 check none.conf
t check-folder 78 check .
t reference 0 check --reference

# ---- render

t render-both-families 0 render kamailio --site site.conf --node fra1
t render-one-family 0 --node ams1 render --site "$work/./site.conf" kamailio
t render-plain 0 --site=small.conf --node=fra1 render kamailio
sed 's/^tls .*/&\ncluster-tls = yes/' site.conf >cluster.conf
t render-cluster-tls 0 render kamailio --site cluster.conf --node fra1
t render-tls 0 render tls --site cluster.conf --node fra1
t render-tls-off 78 render tls --site site.conf --node fra1
t render-unknown-node 78 render kamailio --site site.conf --node fra2
t render-bad-site 78 render kamailio --site bad.conf --node fra1
mkdir 'quo"te'
cp small.conf 'quo"te/site.conf'
t render-odd-path 1 render kamailio --site 'quo"te/site.conf' --node fra1

# ---- render: DNS (rendered.sh has Knot's programs read it, tests/dns.py asks it)

cat >dns.conf <<'SITE'
[service]
domain        = sip.example.net
alias         = voip.sip.example.net, tel.example, fax.tel.example
address       = 192.0.2.53, 2001:db8:53::53
tls           = yes
dns           = yes
dns-port      = 5353
dns-server    = ns1.sip.example.net, fra1.sip.example.net, ns.elsewhere.example
dns-transport = tls, udp
dns-ttl       = 1h
secret        = 0123456789abcdef
[node fra1]
address       = 198.51.100.11, 2001:db8:1::11
host          = fra1.sip.example.net
http          = http://WWW.fra1.sip.example.net:8080/base
[node ams1]
address       = 198.51.100.75
host          = ams1.tel.example
http          = https://ams1.tel.example
sip-port      = 5070
[node lon1]
address       = 2001:db8:3::20
host          = lon1.elsewhere.example
http          = http://[2001:db8:3::20]:8080
SITE
mkdir knot 'knot"2'
t render-zone 0 render zone --site dns.conf --node fra1
t render-zone-anywhere 0 render zone --site dns.conf
t render-zone-local-nowhere 78 render zone --node-local --site dns.conf --node fra9
t render-zone-alias 0 render zone --zone tel.example --site dns.conf --node fra1
t render-zone-no-such 78 render zone --zone voip.sip.example.net \
	--site dns.conf --node fra1
t render-zone-local 0 render zone --node-local --site dns.conf --node ams1
t render-zone-no-dns 78 render zone --site site.conf --node fra1
t render-knot 0 render knot --site dns.conf --node fra1
t render-knot-no-dns 78 render knot --site site.conf --node fra1
t render-knot-into 0 render knot --output knot --site dns.conf --node fra1
cp knot/knot.conf render-knot-into.conf
sed -i "s|$work|@DIR@|g" render-knot-into.conf
compare render-knot-into.conf
t render-knot-nowhere 1 render knot --output none --site dns.conf --node fra1
t render-knot-odd-folder 1 render knot --output 'knot"2' --site dns.conf --node fra1
t render-output-foreign 64 render bird --output knot --site dns.conf --node fra1

cat >web.conf <<'SITE'
[service]
domain  = sip.example.net
address = 192.0.2.53, 2001:db8:53::53
tls     = yes
secret  = 0123456789abcdef
[node fra1]
address = 198.51.100.11, 2001:db8:1::11
http    = https://fra1.sip.example.net:8443
[node ams1]
address = 198.51.100.75
host    = ams1.sip.example.net
http    = https://ams1.sip.example.net/base
[node lon1]
address = 2001:db8:3::20
http    = HTTP://[2001:DB8:3::20]:8080/a%20b/
[node par1]
address = 198.51.100.99
[node ath1]
address = 198.51.100.98
http    = http://198.51.100.98:8080/a%22%3B
[node rom1]
address = 198.51.100.97
http    = http://198.51.100.97:8080/a/%2e./b
[node dot1]
address = 198.51.100.96
http    = http://198.51.100.96:8080/..a/.b
SITE
t render-nginx-odd-base 78 render nginx --site web.conf --node ath1
t render-nginx-unclean-base 78 render nginx --site web.conf --node rom1
t render-nginx-dot-base 0 render nginx --site web.conf --node dot1
t render-nginx 0 render nginx --site web.conf --node fra1
t render-nginx-base 0 render nginx --site web.conf --node lon1 --root /srv/b
t render-nginx-taken-port 78 render nginx --site web.conf --node ams1
t render-nginx-no-http 78 render nginx --site web.conf --node par1
# shellcheck disable=SC2016	# as it is
t render-nginx-odd-root 64 render nginx --site web.conf --node fra1 --root '/a$b'
t render-nginx-relative-root 64 render nginx --site web.conf --node fra1 --root a

zone_is() { # WHAT = OPTION...: the zone is (=) or is not (!) that of fra1
	local what=$1 how=$2 same=!
	shift 2

	cases=$((cases + 1))
	"$ctl" render zone --node fra1 --site dns.conf >zone.one
	"$ctl" render zone "$@" >zone.two || fail "$what: exit status $?"
	! cmp -s zone.one zone.two || same='='
	[[ $same == "$how" ]] || fail "zone: $what"
}

serial() {
	awk '$2 == "SOA" { print $5 }' "$1"
}

ls -A knot >files
holds 'knot and its zones, and nothing else' files \
	$'knot.conf\nsip.example.net.zone\ntel.example.zone\n'
cmp knot/sip.example.net.zone render-zone.out || fail "--output: another zone"
cmp render-zone{,-anywhere}.out || fail "another zone where no node is"
zone_is 'the same on every node' = --node lon1 --site dns.conf
zone_is 'and another one when it is local' ! --node lon1 --site dns.conf --node-local
sed '/^secret/s/0/1/; s/^domain/; a comment\ndomain/' dns.conf >dns2.conf
zone_is 'the same when nothing changed that is in it' = --node fra1 --site dns2.conf
sed 's/198.51.100.11/198.51.100.12/' dns.conf >dns2.conf
zone_is 'another one when an address has changed' ! --node fra1 --site dns2.conf
[[ $(serial zone.one) != "$(serial zone.two)" ]] ||
	fail "zone: it has changed, and its serial has not"
sed 's/^dns-ttl.*/dns-serial = 2026010100/' dns.conf >dns2.conf
zone_is 'another one with a serial of the operator' ! --node fra1 --site dns2.conf
[[ $(serial zone.two) == 2026010100 ]] || fail "zone: serial $(serial zone.two)"

# ---- render: what is announced to whom (rendered.sh has programs read it)

t render-no-neighbor 78 render exabgp --site site.conf --node fra1
t render-exabgp 0 render exabgp --site "$data/bgp.conf" --node fra1
t render-exabgp-agent 0 render exabgp --site "$data/bgp.conf" --node ams1 \
	--agent-program bin/agent --agent-conf 'a b.conf'
t render-exabgp-odd-path 1 render exabgp --site "$data/bgp.conf" --node ams1 \
	--agent-program /bin/o\'agent
t render-bird 0 render bird --site "$data/bgp.conf" --node fra1
t render-bird-one-router 0 render bird --site "$data/bgp.conf" --node fra1 \
	--neighbor core1
t render-bird-one-session 0 render bird --site "$data/bgp.conf" --node fra1 \
	--neighbor 2001:db8:1::1
t render-bird-no-such 78 render bird --site "$data/bgp.conf" --node fra1 \
	--neighbor core3
t render-bird-internal 0 render bird --site "$data/bgp.conf" --node ams1
t render-bird-bfd 0 render bird-bfd --site "$data/bgp.conf" --node fra1
t render-bird-bfd-none 78 render bird-bfd --site "$data/bgp.conf" --node ams1
t render-bird-kernel 0 render bird-kernel --site "$data/bgp.conf" --node fra1
t render-bird-kernel-local 0 render bird-kernel --site "$data/bgp.conf" \
	--node ams1
t render-bird-igp 0 render bird-igp --site "$data/bgp.conf" --node fra1 \
	--interface eth0
t render-igp-no-interface 64 render bird-igp --site "$data/bgp.conf" \
	--node fra1
t render-igp-odd-interface 64 render frr-igp --site "$data/bgp.conf" \
	--node fra1 --interface 'eth0"'
t render-igp-no-id 78 render bird-igp --site "$data/bgp.conf" --node v6only \
	--interface eth0
t render-frr 0 render frr --site "$data/bgp.conf" --node fra1 --neighbor core1
# what comes and goes elsewhere gives no session another name
grep 'name core2' "$data/bgp.conf" >core2
sed -e '/name core2/d' -e '/^local-as = 64511/r core2' "$data/bgp.conf" \
	>moved.conf
for target in bird frr; do
	[[ $("$ctl" render $target --site moved.conf --node fra1 --neighbor core1) == \
		"$("$ctl" render $target --site "$data/bgp.conf" --node fra1 \
			--neighbor core1)" ]] || fail "$target: names move"
done
t render-frr-two-as 64 render frr --site "$data/bgp.conf" --node fra1
t render-frr-internal 0 render frr --site "$data/bgp.conf" --node ams1
t render-frr-igp 0 render frr-igp --site "$data/bgp.conf" --node fra1 \
	--interface eth0

# ---- status, drain, resume

me=(--site site.conf --node fra1 --state run/node.state --agent nobody)
t status-no-file 0 status "${me[@]}"
t drain 0 "${me[@]}" drain
holds drained run/node.state 'sip-anycast-state 1
self fra1 draining
'
t status-drained 0 status "${me[@]}"
t resume 0 resume "${me[@]}"
holds resumed run/node.state 'sip-anycast-state 1
self fra1 up
'
[[ $(ls -A run) == node.state ]] || fail "run holds more: $(ls -A run)"

# whatever the operator's umask, Kamailio's user can read it
(umask 077 && "$ctl" drain --site site.conf --node fra1 --state made/state \
	--agent nobody >/dev/null)
cases=$((cases + 1))
[[ $(stat -c %a made) == 755 && $(stat -c %a made/state) == 644 ]] ||
	fail "modes $(stat -c %a made made/state)"

# what stands of peers in a file without a deadline stays
printf '%s\n' 'sip-anycast-state 1' 'self fra1 degraded' 'node ams1 down 1' \
	'node gone1 up 18446744073709551615' >run/node.state
t drain-with-peers 0 drain "${me[@]}"
holds peers-kept run/node.state 'sip-anycast-state 1
self fra1 draining
node ams1 down 1
node gone1 up 18446744073709551615
'
t status-of-another-node 0 status --site site.conf --state run/node.state \
	--node ams1 --agent nobody
t drain-another-node 0 drain --site site.conf --state run/node.state \
	--node ams1 --agent nobody
holds not-ones-own-peer run/node.state 'sip-anycast-state 1
self ams1 draining
node gone1 up 18446744073709551615
'
# an agent has written it and should be listening: nobody else writes it
read -r up _ </proc/uptime
soon=$((${up%.*} * 1000 + 50000))
printf '%s\n' 'sip-anycast-state 1' 'self fra1 up' 'node ams1 up 1' \
	"until $soon" >run/node.state
t status-good-for-a-while 1 status "${me[@]}"
t drain-silent-agent 1 drain "${me[@]}"
t resume-silent-agent 1 resume "${me[@]}"
holds not-overwritten run/node.state "sip-anycast-state 1
self fra1 up
node ams1 up 1
until $soon
"
# of an agent that has gone silent nothing stays
printf '%s\n' 'sip-anycast-state 1' 'self fra1 degraded' 'node ams1 down 1' \
	'node gone1 up 18446744073709551615' 'until 2' >run/node.state
t status-stale 0 status "${me[@]}"
sed -i 's/^until 2/until 18446744073709551615/' run/node.state
t status-of-another-boot 0 status "${me[@]}"
t drain-stale 0 drain "${me[@]}"
holds stale-peers-gone run/node.state 'sip-anycast-state 1
self fra1 draining
'
echo 'sip-anycast-state 9' >run/node.state
t status-bad-file 1 status "${me[@]}"
t drain-over-bad-file 0 drain "${me[@]}"
t drain-unknown-node 78 drain --site site.conf --node fra9 --state never \
	--agent nobody
t drain-odd-node 78 drain --site site.conf --node 'a b' --state never \
	--agent nobody
t drain-bad-site 78 drain --site bad.conf --node fra1 --state never \
	--agent nobody
[[ ! -e never ]] || fail "a state was written for an unknown node"
t drain-nowhere 1 drain --site site.conf --node fra1 --state secret/state \
	--agent nobody
t drain-deep 1 drain --site site.conf --node fra1 --state no/such/state \
	--agent nobody

# without --node, the host name is the node's
host=$(hostname)
host=${host%%.*}
sed "s/ams1/${host,,}/" site.conf >host.conf
if "$ctl" check host.conf >/dev/null 2>&1; then
	"$ctl" drain --site host.conf --state host.state --agent nobody \
		>/dev/null ||
		fail "drain of the node named after the host"
	grep -qx "self ${host,,} draining" host.state ||
		fail "host.state: $(<host.state)"
else
	echo "skipped: the host name $host is no node name"
fi

# nowhere to print to
if [[ -c /dev/full ]]; then
	status=0
	"$ctl" --help >/dev/full 2>full.err || status=$?
	((status == 1)) || fail "--help to a full disk: exit status $status"
	status=0
	"$ctl" render kamailio --site site.conf --node fra1 >/dev/full \
		2>full.err || status=$?
	((status == 1)) || fail "render to a full disk: exit status $status"
fi

# ---- calls, told by a pinner that is a script

t pinner-bad-address 64 calls --pinner localhost
t pinner-gone 1 calls --pinner 127.0.0.1:9
t call-without-id 64 call
exec 3< <(exec "$data/pinner.py")
pinner_pid=$!
read -r port <&3
t calls 0 calls --pinner "127.0.0.1:$port"
t calls-json 0 calls --json --pinner "127.0.0.1:$port"
t call 0 call one@example.net --pinner "127.0.0.1:$port"
t call-silent 0 call silent@example.net --pinner "127.0.0.1:$port"
t call-json 0 call --json silent@example.net --pinner "127.0.0.1:$port"
t call-unknown 1 call nobody@example.net --pinner "127.0.0.1:$port"
t call-no-text 1 call $'x\xff' --pinner "127.0.0.1:$port"
t status-with-pinner 0 status --site small.conf --node fra1 \
	--agent nobody --state nothing --pinner "127.0.0.1:$port"

# ---- the health agent, a script as well

agent() { # STORY: one listens at agent.sock
	end_agent
	rm -f agent.sock
	exec 4< <(exec "$data/agent.py" agent.sock "$1")
	agent_pid=$!
	read -r _ <&4
}

there=(--agent agent.sock)

interrupted() { # NAME CONDITION ARGUMENT...: Ctrl-C once the condition holds
	local name=$1 condition=$2 status=0 waiter
	shift 2

	cases=$((cases + 1))
	"$ctl" "$@" "${there[@]}" >"$name.out" 2>"$name.err" &
	waiter=$!
	until eval "$condition" || ! kill -0 $waiter; do
		read -rt 0.05 <> <(:) || :
	done
	kill -INT $waiter
	wait $waiter || status=$?
	((status == 1)) || fail "$name: exit status $status, want 1"
	compare "$name.out"
	compare "$name.err"
}

t agent-none 1 why --agent nobody
t agent-none-log 1 log 5 --agent nobody
t agent-none-json 1 status --json --site site.conf --node fra1 --state none \
	--agent nobody
t agent-no-path 1 why --agent "$(printf '%0200d' 0)"
t agent-log-no-number 64 log many "${there[@]}"
t agent-timeout-no-number 64 drain --timeout soon "${there[@]}"

agent up
t agent-status 0 status "${there[@]}"
t agent-status-json 0 status --json "${there[@]}"
t agent-status-pinner 0 status "${there[@]}" --pinner "127.0.0.1:$port"
t agent-why 0 why "${there[@]}"
t agent-why-json 0 why --json "${there[@]}"
t agent-log 0 log "${there[@]}"
t agent-log-one 0 log 1 "${there[@]}"
t agent-nodes 0 nodes "${there[@]}"
t agent-disable 0 disable "${there[@]}"
t agent-status-disabled 0 status "${there[@]}"
t agent-resume 0 resume "${there[@]}"
t agent-reload 0 reload "${there[@]}"
t agent-restart 0 restart "${there[@]}"
t agent-other-node 1 drain --node ams1 "${there[@]}"
t agent-own-node 0 drain --node fra1 "${there[@]}"
t agent-status-draining 0 status "${there[@]}"

agent drain
t agent-drain-wait 0 drain --wait --timeout 60 "${there[@]}"
agent calls
t agent-drain-calls 0 drain --wait "${there[@]}"
agent calls
t agent-drain-withdrawn 0 drain --withdrawn --deadline 60 --phones 30 \
	"${there[@]}"
holds agent-drain-withdrawn deadline '60000 30000'
t agent-status-calls 0 status "${there[@]}"
agent left
t agent-drain-left 2 drain --wait "${there[@]}"
t agent-resume-wait 0 resume --wait "${there[@]}"
agent mute
t agent-drain-mute 0 drain --wait "${there[@]}"
t agent-deadline-no-number 64 drain --deadline 2h "${there[@]}"
agent taken
t agent-drain-taken 1 drain --wait "${there[@]}"
agent pending
t agent-resume-pending 1 resume --wait --timeout 1 "${there[@]}"
# without --timeout it would end by itself, after minutes; 0 is for ever
interrupted forever 'sed -n 2p forever.out | grep -q .' resume --wait --timeout 0
agent alone
t agent-drain-alone 1 drain --wait --timeout 1 "${there[@]}"
"$ctl" resume "${there[@]}" >/dev/null
t agent-drain-forced 0 drain --wait --force "${there[@]}"

# Ctrl-C leaves the drain on
agent alone
interrupted interrupted 'grep -q "still announced" interrupted.out' drain --wait

# also while the agent is asked
agent busy
interrupted interrupted-busy '[[ -e asked ]]' drain --wait

# who was in service before a stop is so after the start, and nobody else
agent drain
mark=(--mark in-service)
t mark-drain 0 drain --withdrawn "${mark[@]}" "${there[@]}"
[[ -e in-service ]] || fail "no mark was left"
t mark-resume 0 resume "${mark[@]}" "${there[@]}"
[[ ! -e in-service ]] || fail "the mark was left"
t mark-none 0 resume "${mark[@]}" "${there[@]}"
"$ctl" disable "${there[@]}" >/dev/null
t mark-disabled 0 drain --wait "${mark[@]}" "${there[@]}"
[[ ! -e in-service ]] || fail "a disabled node was marked"
t agent-status-disabled 0 status "${there[@]}"
"$ctl" drain "${there[@]}" >/dev/null
t mark-not-in-service 0 drain "${mark[@]}" "${there[@]}"
[[ ! -e in-service ]] || fail "a draining node was marked"
# the only node's stop waits for no other one, the last node's does
agent only
t mark-only-node 0 drain --wait "${mark[@]}" "${there[@]}"
agent alone
t mark-last-node 1 drain --wait --timeout 1 "${mark[@]}" "${there[@]}"
rm in-service
t mark-nowhere 1 resume --mark . --timeout 1 --agent nobody
# the agent of a unit that is just started may not be listening yet
end_agent
rm agent.sock
touch in-service
cases=$((cases + 1))
"$ctl" resume "${mark[@]}" "${there[@]}" >early.out &
waiter=$!
agent drain
wait $waiter || fail "an early resume: exit status $?"
compare early.out
t mark-no-agent 0 drain --wait "${mark[@]}" --agent nobody --state none
[[ ! -e none ]] || fail "a stop without an agent wrote a state"

agent garbage
t agent-garbage 1 status --site site.conf --node fra1 --state none "${there[@]}"
agent rude
t agent-rude 1 why "${there[@]}"
agent silent
t agent-silent 1 why "${there[@]}"

echo "$cases cases, $failures failures"
((failures == 0))
