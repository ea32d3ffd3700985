/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/data_lump.h"
#include "core/data_lump_rpl.h"
#include "core/dprint.h"
#include "core/mem/mem.h"
#include "core/msg_translator.h"
#include "core/parser/parse_to.h"
#include "core/socket_info.h"
#include "core/tcp_options.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_flow.h"
#include "kamailio-module/anycast_pin.h"
#include "kamailio-module/anycast_socket.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/totag.h"
#include "kamailio-module/writer.h"

enum
{
	ROUTE_MAX = 384,
};

/* <sip:198.51.100.11:5060;transport=tcp;lr> */
static size_t format_route(
		char *out, const struct sip_msg *msg, const struct site_node *node)
{
	struct writer w = writer_of(out, ROUTE_MAX);
	const struct addr *addr =
			msg->rcv.dst_ip.af == AF_INET6 ? &node->ip6 : &node->ip4;
	int tls = msg->rcv.proto == PROTO_TLS || msg->rcv.proto == PROTO_WSS;
	char literal[ADDR_TEXT_MAX];

	addr_format_host(literal, addr);
	writer_str(&w, "<sip:");
	writer_str(&w, tls && node->host[0] ? node->host : literal);
	writer_str(&w, ":");
	writer_u32(&w, tls ? node->sips_port : node->sip_port);
	if(tls)
		writer_str(&w, ";transport=tls");
	else if(msg->rcv.proto != PROTO_UDP)
		writer_str(&w, ";transport=tcp");
	writer_str(&w, ";lr>");
	return writer_len(&w);
}

/* <sip:TOKEN@198.51.100.11:5060;lr>: for the other nodes, in the family they
 * talk in.  They choose the transport; ;sips=7054 is where TLS is to be had.
 */
static size_t format_path(char *out, const char *token,
		const struct sip_msg *msg, const struct site *site,
		const struct site_node *node)
{
	enum addr_family family = site_nodes_family(site);
	struct writer w = writer_of(out, ROUTE_MAX);
	char literal[ADDR_TEXT_MAX];

	if(family == ADDR_NONE)
		family = msg->rcv.dst_ip.af == AF_INET6 ? ADDR_IP6 : ADDR_IP4;
	addr_format_host(literal, family == ADDR_IP6 ? &node->ip6 : &node->ip4);
	writer_str(&w, "<sip:");
	writer_str(&w, token);
	writer_str(&w, token[0] ? "@" : "");
	writer_str(&w, literal);
	writer_str(&w, ":");
	writer_u32(&w, node->sip_port);
	if(site->cluster_tls) {
		writer_str(&w, ";sips=");
		writer_u32(&w, site->stray_port);
	}
	writer_str(&w, ";lr>");
	return writer_len(&w);
}

int anycast_insert_header(
		struct sip_msg *msg, const char *name, struct slice value)
{
	struct lump *anchor = anchor_lump(
			msg, (int)(msg->headers->name.s - msg->buf), 0, HDR_OTHER_T);
	size_t size = strlen(name) + value.len + 4;
	char *text = pkg_malloc(size);
	struct writer w = writer_of(text, size);

	if(anchor == NULL || text == NULL) {
		PKG_MEM_ERROR;
		if(text)
			pkg_free(text);
		return -1;
	}
	writer_str(&w, name);
	writer_str(&w, ": ");
	writer_slice(&w, value);
	writer_str(&w, "\r\n");
	if(insert_new_lump_after(anchor, text, (int)w.len, HDR_OTHER_T)
			== NULL) {
		LM_ERR("cannot insert %s\n", name);
		pkg_free(text);
		return -1;
	}
	return 0;
}

static int add_service_route(struct sip_msg *msg, struct slice route)
{
	char text[ROUTE_MAX + 32];
	struct writer w = writer_of(text, sizeof(text));

	writer_str(&w, "Service-Route: ");
	writer_slice(&w, route);
	writer_str(&w, "\r\n");
	if(!writer_len(&w)
			|| add_lump_rpl(msg, text, (int)w.len, LUMP_RPL_HDR) == NULL) {
		LM_ERR("cannot add Service-Route to the reply\n");
		return -1;
	}
	return 0;
}

/* RFC 3261 16.6 step 4: only requests that may form a dialog. */
static int forms_dialog(const struct sip_msg *msg)
{
	return msg->REQ_METHOD == METHOD_INVITE
		   || msg->REQ_METHOD == METHOD_SUBSCRIBE
		   || msg->REQ_METHOD == METHOD_REFER;
}

/* What a client says of its own Path would have us send its calls, and with
 * them everybody's media and passwords, through whomever it names.
 */
static int remove_paths(struct sip_msg *msg)
{
	for(struct hdr_field *h = msg->path; h; h = next_sibling_hdr(h)) {
		if(del_lump(msg, (int)(h->name.s - msg->buf), h->len, HDR_PATH_T)
				== NULL)
			return -1;
		anycast_count(EVENT_PATH_REMOVED);
	}
	return 0;
}

/* Path with the flow this came over, so that any node may send a call back
 * through it.  The request is rebuilt, for save() looks at its bytes; where the
 * host is not set up for that nobody saves here, and it is for the next hop.
 */
static int pin_register(struct sip_msg *msg, const struct anycast_view *view,
		const struct site_node *node)
{
	char token[TOKEN_FLOW_MAX], text[ROUTE_MAX], service_text[ROUTE_MAX];
	struct slice path, service;
	int ret = 1;

	anycast_flow_token(token, msg, view);
	path = slice_of(text, format_path(text, token, msg, view->site, node));
	service = slice_of(
			service_text, format_route(service_text, msg, node));
	if(!path.len || !service.len || remove_paths(msg) < 0
			|| anycast_insert_header(msg, "Path", path) < 0)
		return -1;
	if(tcp_get_clone_rcvbuf())
		ret = sip_msg_apply_changes(msg);
	/* after that: it would be lost */
	if(ret > 0 && add_service_route(msg, service) < 0)
		return -1;
	return ret;
}

int anycast_pin(struct sip_msg *msg)
{
	const struct anycast_view *view = anycast_site_view();
	const struct site_node *node;
	char text[ROUTE_MAX];
	struct slice route;

	if(view == NULL || parse_headers(msg, HDR_EOH_F, 0) < 0)
		return -1;
	node = nodes_at(view->nodes, nodes_self(view->nodes));
	if(anycast_socket_force(msg, view) < 0) {
		/* what the next hop is may be a stranger's word: no error line */
		anycast_count(EVENT_PIN_FAILED);
		LM_DBG("node %s has no %s socket of the family this request came "
			   "with (check its listen lines)\n",
				node->name, get_valid_proto_name(anycast_next_proto(msg)));
		return -1;
	}
	if(msg->REQ_METHOD == METHOD_REGISTER)
		return pin_register(msg, view, node);
	if(!forms_dialog(msg))
		return 1;
	route = slice_of(text, format_route(text, msg, node));
	if(!route.len)
		return -1;
	return anycast_insert_header(msg, "Record-Route", route) < 0 ? -1 : 1;
}
