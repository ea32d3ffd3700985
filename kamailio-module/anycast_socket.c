/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/dprint.h"
#include "core/globals.h"
#include "core/parser/parse_uri.h"
#include "core/socket_info.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_socket.h"

enum sip_transport anycast_transport(int proto)
{
	switch(proto) {
		case PROTO_UDP:
			return SIP_UDP;
		case PROTO_TCP:
			return SIP_TCP;
		case PROTO_TLS:
			return SIP_TLS;
		case PROTO_WS:
			return SIP_WS;
		case PROTO_WSS:
			return SIP_WSS;
		default:
			return SIP_OTHER_TRANSPORT;
	}
}

int anycast_proto(enum sip_transport transport)
{
	static const int protos[SIP_TRANSPORTS] = {
			[SIP_UDP] = PROTO_UDP,
			[SIP_TCP] = PROTO_TCP,
			[SIP_TLS] = PROTO_TLS,
			[SIP_WS] = PROTO_WS,
			[SIP_WSS] = PROTO_WSS,
			[SIP_OTHER_TRANSPORT] = PROTO_NONE,
	};

	return protos[transport];
}

struct socket_info *anycast_find_socket(
		const struct addr *addr, uint16_t port, enum sip_transport transport)
{
	struct ip_addr ip = ip_of_addr(addr);
	int proto = anycast_proto(transport);

	if(!addr_is_set(addr) || proto == PROTO_NONE)
		return NULL;
	/* a WebSocket's is the socket its connection was opened on */
	if(proto == PROTO_WS)
		proto = PROTO_TCP;
	else if(proto == PROTO_WSS)
		proto = PROTO_TLS;
	return find_si(&ip, port, (unsigned short)proto);
}

struct socket_info *anycast_node_socket(
		const struct anycast_view *view, int af, int proto)
{
	const struct site_node *node =
			nodes_at(view->nodes, nodes_self(view->nodes));

	return anycast_find_socket(af == AF_INET6 ? &node->ip6 : &node->ip4,
			proto == PROTO_TLS ? node->sips_port : node->sip_port,
			anycast_transport(proto));
}

static void replace(struct socket_info **slot, const struct anycast_view *view,
		int af, int proto)
{
	struct socket_info *own = anycast_node_socket(view, af, proto);
	struct addr now;

	if(*slot == NULL || own == NULL)
		return;
	now = addr_of_ip(&(*slot)->address);
	if(nodes_is_service(view->nodes, &now))
		*slot = own;
}

/* Does the host listen on this address at all? */
static int listens_on(const struct addr *addr)
{
	struct ip_addr ip = ip_of_addr(addr);

	return find_si(&ip, 0, PROTO_NONE) != NULL;
}

/* A service address without a listen line is a mistake; a node address
 * without one may be a pure front, whose node is another server.
 */
static void check_service(const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];

	if(!addr_is_set(addr) || listens_on(addr))
		return;
	addr_format(text, addr);
	LM_WARN("no listen line has the service address %s of the site file: "
			"nothing is redirected on it\n",
			text);
}

static void check_node(const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];

	if(!addr_is_set(addr) || listens_on(addr))
		return;
	addr_format(text, addr);
	LM_INFO("no listen line has the node address %s of the site file: "
			"another server must answer who is sent there\n",
			text);
}

void anycast_socket_defaults(void)
{
	const struct anycast_view *view = anycast_site_view();
	const struct site_node *node;

	if(view == NULL)
		return;
	node = nodes_at(view->nodes, nodes_self(view->nodes));
	check_service(&view->site->ip4);
	check_service(&view->site->ip6);
	check_node(&node->ip4);
	check_node(&node->ip6);
	replace(&sendipv4, view, AF_INET, PROTO_UDP);
	replace(&sendipv6, view, AF_INET6, PROTO_UDP);
	replace(&sendipv4_tcp, view, AF_INET, PROTO_TCP);
	replace(&sendipv6_tcp, view, AF_INET6, PROTO_TCP);
	replace(&sendipv4_tls, view, AF_INET, PROTO_TLS);
	replace(&sendipv6_tls, view, AF_INET6, PROTO_TLS);
}

int anycast_next_proto(struct sip_msg *msg)
{
	const str *uri = msg->dst_uri.len > 0 ? &msg->dst_uri : GET_RURI(msg);
	struct sip_uri parsed;

	if(parse_uri(uri->s, uri->len, &parsed) < 0)
		return PROTO_UDP;
	if(parsed.type == SIPS_URI_T || parsed.proto == PROTO_TLS)
		return PROTO_TLS;
	return parsed.proto == PROTO_TCP ? PROTO_TCP : PROTO_UDP;
}

int anycast_socket_force(
		struct sip_msg *msg, const struct anycast_view *view)
{
	struct socket_info *own = anycast_node_socket(
			view, msg->rcv.dst_ip.af, anycast_next_proto(msg));

	if(own == NULL)
		return -1;
	msg->force_send_socket = own;
	return 0;
}
