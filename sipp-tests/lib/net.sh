# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# net.sh - the namespaces of a case and the route of the service address

SERVICE4=192.0.2.53
SERVICE6=2001:db8:53::53
CLIENT4=203.0.113.5
CLIENT6=2001:db8:c::5
UAS4=203.0.113.80
UAS6=2001:db8:c::80
UAS_PORT=5080
declare -A NODE4=([fra1]=198.51.100.11 [ams1]=198.51.100.12)
declare -A NODE6=([fra1]=2001:db8:1::11 [ams1]=2001:db8:1::12)

net_start() {
	mount -t tmpfs tmpfs /run
	# Names are this case's own, and asking for others fails at once.
	echo "127.0.0.1 localhost $(uname -n)" >"$W/hosts"
	echo "nameserver 127.0.0.1" >"$W/resolv.conf"
	mount --bind "$W/hosts" /etc/hosts
	[[ ! -e /etc/resolv.conf ]] ||
		mount --bind "$W/resolv.conf" /etc/resolv.conf
	ip link set lo up
	local n
	for n in 5 6 7 8 9 80; do
		ip addr add "203.0.113.$n/32" dev lo
		ip addr add "2001:db8:c::$n/128" dev lo nodad
	done
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
}

# net_node NAME: a namespace with the service and the node's own addresses.
# The world is every node's router: it answers ARP for its own addresses, and
# for IPv6 both ends have fixed link-local ones.
net_node() {
	local node=$1
	ip netns add "$node"
	ip link add "$node" type veth peer name world netns "$node"
	ip link set "$node" addrgenmode none up
	ip addr add fe80::1/64 dev "$node" nodad
	ip -n "$node" link set lo up
	ip -n "$node" link set world addrgenmode none up
	ip -n "$node" addr add fe80::2/64 dev world nodad
	ip -n "$node" addr add "$SERVICE4/32" dev lo
	ip -n "$node" addr add "$SERVICE6/128" dev lo nodad
	ip -n "$node" addr add "${NODE4[$node]}/32" dev lo
	ip -n "$node" addr add "${NODE6[$node]}/128" dev lo nodad
	ip -n "$node" route add default via "$CLIENT4" dev world onlink \
		src "${NODE4[$node]}"
	ip -n "$node" -6 route add default via fe80::1 dev world \
		src "${NODE6[$node]}"
	ip route add "${NODE4[$node]}/32" dev "$node" src "$CLIENT4"
	ip -6 route add "${NODE6[$node]}/128" via fe80::2 dev "$node" \
		src "$CLIENT6"
}

# anycast_to NODE: from now on the service address is that node
anycast_to() {
	ip route replace "$SERVICE4/32" dev "$1" src "$CLIENT4"
	ip -6 route replace "$SERVICE6/128" via fe80::2 dev "$1" \
		src "$CLIENT6"
}
