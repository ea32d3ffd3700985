#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rendered.sh ANYCASTCTL: every rendering for another program is read by it
#
# ExaBGP, BIRD and FRR only check what they are given; nothing is started. What
# the renderings do is told by tests/health/. The copies in configs/ are those of
# the sample site; with UPDATE=1 they are written instead of compared, but for
# their first lines.
set -euo pipefail

ctl=$(readlink -f "$1")
top=$(readlink -f "$(dirname "$0")/../..")
site=$top/ctl/test/bgp.conf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cases=0 failures=0 skipped=()

has() { # PROGRAM
	[[ -x $(command -v "$1") ]] || [[ " ${skipped[*]} " == *" $1 "* ]] ||
		skipped+=("$1")
	[[ -x $(command -v "$1") ]]
}

render() { # TARGET ARGUMENT...
	"$ctl" render "$@" --site "$site" >"$1.conf"
}

frr_check() { # FILE: vtysh's exit status is that of the last line alone
	vtysh -C -f "$1" >frr.said 2>&1 || return 1
	[[ ! -s frr.said ]] || {
		cat frr.said
		return 1
	}
}

reads() { # WHAT COMMAND...: reads TARGET.conf without a word of complaint
	local what=$1
	shift
	cases=$((cases + 1))
	if ! "$@" >said 2>&1; then
		echo "not ok: $what: $*"
		cat said
		failures=$((failures + 1))
	fi
}

refuses() { # COMMAND...: it would have noticed
	cases=$((cases + 1))
	if "$@" >said 2>&1; then
		echo "not ok: $* reads what is broken"
		failures=$((failures + 1))
	fi
}

broken() { # FILE: with a word changed that must be known
	sed 's/neighbor/nieghbor/; s/interface/intrefaec/' "$1" >broken.conf
}

router() { # FILE: what its comment says the router has besides
	printf 'router id 198.51.100.1;\nprotocol device { }\nprotocol bfd { }\n'
	printf 'include "%s";\n' "$work/$1"
}

shipped() { # FILE TARGET ARGUMENT...: as rendered, below its own first lines
	local file=$top/configs/$1 head
	shift
	cases=$((cases + 1))
	"$ctl" render "$@" --site "$work/site.conf" --node fra1 |
		sed "s|$work/site.conf|/etc/sip-anycast/site.conf|" >fresh
	head=$(grep -nE -m 1 ' Node fra1 of | a zone of the service ' "$file" |
		cut -d: -f1)
	head -n $((head - 1)) "$file" | cat - fresh >whole
	if [[ ${UPDATE:-} ]]; then
		cp whole "$file"
	elif ! diff -u "$file" whole; then
		echo "not ok: $file is not what is rendered"
		failures=$((failures + 1))
	fi
}

cp "$top/configs/site.conf" .
echo 'a secret of this test only' >secret
shipped exabgp/exabgp.conf exabgp
shipped bird/router.conf bird
shipped bird/bfd.conf bird-bfd
shipped bird/kernel.conf bird-kernel
shipped bird/ospf.conf bird-igp --interface eth0
shipped knot/knot.conf knot
shipped nginx/content.conf nginx
shipped knot/sip.example.net.zone zone
shipped frr/router.conf frr
shipped frr/ospf.conf frr-igp --interface eth0

if has bird; then
	for node in fra1 ams1; do
		render bird --node $node
		router bird.conf >router.conf
		reads "bird of $node" bird -p -c router.conf
		broken bird.conf
		router broken.conf >router.conf
		refuses bird -p -c router.conf
		render bird-kernel --node $node
		reads "bird-kernel of $node" bird -p -c bird-kernel.conf
		render bird-igp --node $node --interface eth0
		reads "bird-igp of $node" bird -p -c bird-igp.conf
	done
	render bird-bfd --node fra1
	reads "bird-bfd of fra1" bird -p -c bird-bfd.conf
	broken bird-bfd.conf
	refuses bird -p -c broken.conf
fi

if has exabgp; then
	export exabgp_api_cli=false exabgp_log_destination=stdout
	exabgp_daemon_user=$(id -un)
	export exabgp_daemon_user
	for node in fra1 ams1; do
		render exabgp --node $node --agent-program /bin/true
		reads "exabgp of $node" exabgp --validate exabgp.conf
		broken exabgp.conf
		refuses exabgp --validate broken.conf
	done
fi

if has vtysh; then
	render frr --node fra1 --neighbor core1
	reads "frr of fra1, core1" frr_check frr.conf
	broken frr.conf
	refuses frr_check broken.conf
	render frr --node fra1 --neighbor core2
	reads "frr of fra1, core2" frr_check frr.conf
	render frr --node ams1
	reads "frr of ams1" frr_check frr.conf
	for node in fra1 ams1; do
		render frr-igp --node $node --interface eth0
		reads "frr-igp of $node" frr_check frr-igp.conf
		broken frr-igp.conf
		refuses frr_check broken.conf
	done
fi

if has knotc; then
	for options in '' --node-local; do
		mkdir -p knot
		# shellcheck disable=SC2086	# no word, or one
		render knot --node fra1 --output knot $options
		reads "knot.conf of fra1 $options" knotc -c knot/knot.conf conf-check
	done
	sed -i 's/zonefile-sync/zonefile-snyc/' knot/knot.conf
	refuses knotc -c knot/knot.conf conf-check
	# a name that Knot would read as a number
	sed 's/\[node fra1\]/[node 0xfra1]/' "$site" >numbers.conf
	site=numbers.conf render knot --node 0xfra1 --output knot
	reads 'knot.conf of 0xfra1' knotc -c knot/knot.conf conf-check
fi

if has kzonecheck; then
	for options in '' --node-local; do
		# shellcheck disable=SC2086
		render zone --node fra1 $options
		reads "zone of fra1 $options" kzonecheck -o sip.example.net zone.conf
	done
	grep -v SOA zone.conf >broken.zone
	refuses kzonecheck -o sip.example.net broken.zone
fi

echo "$cases cases, $failures failures"
((failures == 0)) || exit 1
if ((${#skipped[@]})); then
	echo "skipped: not installed: ${skipped[*]} (scripts/setup test)"
	exit 4
fi
