/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/data_lump.h"
#include "core/dprint.h"
#include "core/dset.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_rr.h"
#include "core/route.h"
#include "core/socket_info.h"
#include "core/tcp_conn.h"

#include "common/clock.h"
#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_flow.h"
#include "kamailio-module/anycast_socket.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/sipuri.h"

static uint32_t _lifetime_s = TOKEN_LIFETIME_S;

void anycast_flow_init(uint32_t lifetime_s)
{
	_lifetime_s = lifetime_s;
}

static const struct site_node *own_node(const struct anycast_view *view)
{
	return nodes_at(view->nodes, nodes_self(view->nodes));
}

/* The flow msg came over; false where its socket is nobody's we know. */
static bool read_flow(struct flow *flow, const struct sip_msg *msg,
		const struct anycast_view *view)
{
	const struct site_node *node = own_node(view);
	struct addr local = addr_of_ip(&msg->rcv.dst_ip);

	*flow = (struct flow){
			.transport = anycast_transport(msg->rcv.proto),
			.on_service = nodes_is_service(view->nodes, &local),
			.local_port = msg->rcv.dst_port,
			.remote_port = msg->rcv.src_port,
			.remote = addr_of_ip(&msg->rcv.src_ip),
	};
	return flow->transport != SIP_OTHER_TRANSPORT
		   && (flow->on_service || addr_equal(&local, &node->ip4)
				   || addr_equal(&local, &node->ip6));
}

size_t anycast_flow_token(char out[static TOKEN_FLOW_MAX],
		const struct sip_msg *msg, const struct anycast_view *view)
{
	struct flow flow;

	out[0] = '\0';
	if(!read_flow(&flow, msg, view))
		return 0;
	return token_format_flow(out, view->site, slice_str(own_node(view)->name),
			&flow, clock_wall_s());
}

/* Does this URI name this node?  *user is its user. */
static bool is_own_uri(struct slice *user, struct slice text,
		const struct anycast_view *view)
{
	struct sipuri uri;
	uint32_t node;

	if(sipuri_parse(&uri, text)
			|| nodes_host_kind(view->nodes, uri.host, &uri.addr, uri.port,
					   &node)
					   != HOST_SELF)
		return false;
	*user = uri.user;
	return true;
}

/* The topmost Route where it is this node's, else NULL; *user is its user. */
static rr_t *own_route(struct slice *user, struct sip_msg *msg,
		const struct anycast_view *view)
{
	rr_t *rr;

	if(parse_headers(msg, HDR_EOH_F, 0) < 0 || msg->route == NULL
			|| parse_rr(msg->route) < 0)
		return NULL;
	rr = msg->route->parsed;
	return is_own_uri(user, slice_of_str(&rr->nameaddr.uri), view) ? rr : NULL;
}

static int take_route_off(struct sip_msg *msg, const rr_t *rr)
{
	const struct hdr_field *hdr = msg->route;
	const char *from = rr->next ? hdr->body.s : hdr->name.s;
	int len = rr->next ? (int)(rr->next->nameaddr.name.s - from) : hdr->len;

	return del_lump(msg, (int)(from - msg->buf), len, HDR_ROUTE_T) ? 0 : -1;
}

static struct socket_info *socket_of(
		const struct flow *flow, const struct anycast_view *view)
{
	const struct site_node *node = own_node(view);
	bool ip6 = flow->remote.family == ADDR_IP6;
	const struct addr *addr = ip6 ? &node->ip6 : &node->ip4;

	if(flow->on_service)
		addr = ip6 ? &view->site->ip6 : &view->site->ip4;
	return anycast_find_socket(addr, flow->local_port, flow->transport);
}

/* Is there a connection from the flow's remote to this socket? */
static bool is_connected(
		const struct flow *flow, const struct socket_info *socket)
{
	union sockaddr_union local = socket->su;
	struct ip_addr remote = ip_of_addr(&flow->remote);
	struct tcp_connection *con;

	su_setport(&local, socket->port_no);
	con = tcpconn_get(0, &remote, flow->remote_port, &local, 0);
	if(con == NULL)
		return false;
	tcpconn_put(con);
	return true;
}

static int send_over(struct sip_msg *msg, const struct flow *flow,
		struct socket_info *socket)
{
	char literal[ADDR_TEXT_MAX];
	char text[ADDR_TEXT_MAX + 32];
	str uri = {text, 0};
	/* the host knows no transport=wss: it is ws over a TLS socket */
	enum sip_transport transport =
			flow->transport == SIP_WSS ? SIP_WS : flow->transport;

	addr_format_host(literal, &flow->remote);
	uri.len = snprintf(text, sizeof(text), "sip:%s:%u;transport=%s", literal,
			(unsigned)flow->remote_port, sip_transport_name(transport));
	if(set_dst_uri(msg, &uri) < 0)
		return -1;
	if(get_route_type() != BRANCH_ROUTE)
		ruri_mark_new();
	set_force_socket(msg, socket);
	msg->fwd_send_flags.f |= SND_F_FORCE_CON_REUSE;
	return 0;
}

static int gone(const char *why)
{
	anycast_count(EVENT_FLOW_GONE);
	LM_DBG("flow token: %s\n", why);
	return -3;
}

/* 0; or -1 no token of ours, -2 a bad one. */
static int read_token(struct flow *flow, struct slice user,
		const struct anycast_view *view)
{
	enum token_verdict verdict = token_parse_flow(flow, user, view->site,
			slice_str(own_node(view)->name), clock_wall_s(), _lifetime_s);

	anycast_count_flow(verdict);
	if(verdict == TOKEN_NONE)
		return -1;
	return verdict == TOKEN_VALID ? 0 : -2;
}

/* 1, or -3: it cannot be reached that way any more. */
static int follow(struct sip_msg *msg, const struct flow *flow,
		const struct anycast_view *view)
{
	struct socket_info *socket = socket_of(flow, view);

	if(socket == NULL)
		return gone("no listen line has its socket any more");
	if(flow->transport != SIP_UDP && !is_connected(flow, socket))
		return gone("the connection is closed");
	return send_over(msg, flow, socket) < 0 ? -3 : 1;
}

/* In a branch: the Path of the binding it goes to.  It has one hop, as nobody's
 * but the node's own Path is ever saved.
 */
static int branch_flow(struct sip_msg *msg, const struct anycast_view *view)
{
	struct slice path = slice_of_str(&msg->path_vec), user;
	struct cursor c = cursor_of(path.text, path.len);
	struct slice text;
	struct flow flow;
	int ret;

	cursor_expect(&c, slice_str("<"));
	text = cursor_until(&c, ">");
	cursor_expect(&c, slice_str(">"));
	if(!cursor_ok(&c) || !is_own_uri(&user, text, view))
		return -1;
	ret = read_token(&flow, user, view);
	if(ret < 0)
		return ret;
	ret = follow(msg, &flow, view);
	if(ret > 0)
		reset_path_vector(msg);
	return ret;
}

int anycast_route_flow(struct sip_msg *msg)
{
	const struct anycast_view *view = anycast_site_view();
	struct flow flow, came;
	struct slice user;
	rr_t *rr;
	int ret;

	if(view == NULL || msg->first_line.type != SIP_REQUEST)
		return -1;
	if(get_route_type() == BRANCH_ROUTE)
		return branch_flow(msg, view);
	rr = own_route(&user, msg, view);
	if(rr == NULL)
		return -1;
	ret = read_token(&flow, user, view);
	if(ret < 0)
		return ret;
	/* over its own flow: not for the phone, but from it (RFC 5626 5.3) */
	if(read_flow(&came, msg, view) && token_flow_equal(&flow, &came))
		return -1;
	ret = follow(msg, &flow, view);
	return ret > 0 && take_route_off(msg, rr) < 0 ? -3 : ret;
}

int anycast_next_alive(struct sip_msg *msg)
{
	const struct anycast_view *view = anycast_site_view();
	const str *next = msg->dst_uri.len > 0 ? &msg->dst_uri : GET_RURI(msg);
	enum node_state state;
	struct sipuri uri;
	uint32_t node;

	if(view == NULL || sipuri_parse(&uri, slice_of_str(next)))
		return 1;
	nodes_host_kind(view->nodes, uri.host, &uri.addr, uri.port, &node);
	if(node == NODES_NONE || node == nodes_self(view->nodes))
		return 1;
	state = nodes_state(view->nodes, node);
	if(state != NODE_DOWN || anycast_site_was_heard(node))
		return 1;
	anycast_count(EVENT_NEXT_DEAD);
	LM_DBG("next hop %.*s is node %s: %s\n", next->len, next->s,
			nodes_at(view->nodes, node)->name, node_state_name(state));
	return -1;
}
