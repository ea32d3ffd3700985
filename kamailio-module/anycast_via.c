/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/mem/mem.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_via.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_pass.h"
#include "kamailio-module/anycast_send.h"
#include "kamailio-module/anycast_sip.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/anycast_via.h"
#include "kamailio-module/ownvia.h"
#include "kamailio-module/token.h"
#include "kamailio-module/writer.h"

#define PARAM ";" TOKEN_VIA_PARAM "="

/* A copy of the message with the parameter in; NULL without memory. */
static char *copy_with(
		size_t *len, const str *message, size_t at, struct slice token)
{
	size_t size = (size_t)message->len + strlen(PARAM) + token.len + 1;
	char *text = pkg_malloc(size);
	struct writer w = writer_of(text, size);

	if(text == NULL)
		return NULL;
	writer_put(&w, message->s, at);
	writer_str(&w, PARAM);
	writer_slice(&w, token);
	writer_put(&w, message->s + at, (size_t)message->len - at);
	writer_put(&w, "", 1);
	*len = w.len - 1;
	return text;
}

/* data: the message as a str in pkg memory, which may be replaced. */
static int add_token(sr_event_param_t *event)
{
	const struct anycast_view *view;
	const struct dest_info *dst = event->dst;
	str *message = event->data;
	char token[TOKEN_VIA_MAX];
	struct ownvia via;
	struct addr local;
	size_t len;
	char *text;

	if(dst == NULL || dst->send_sock == NULL || message->len < 8
			|| !memcmp(message->s, "SIP/2.0 ", 8))
		return 0;
	view = anycast_site_view();
	local = addr_of_ip(&dst->send_sock->address);
	if(view == NULL || !nodes_is_service(view->nodes, &local)
			|| !ownvia_find(
					&via, slice_of(message->s, (size_t)message->len)))
		return 0;
	if(!token_format_via(token, view->site,
			   slice_str(nodes_at(view->nodes, nodes_self(view->nodes))->name),
			   via.branch))
		return 0;
	text = copy_with(&len, message, via.end, slice_str(token));
	if(text == NULL) {
		PKG_MEM_ERROR;
		return 0;
	}
	pkg_free(message->s);
	message->s = text;
	message->len = (int)len;
	return 0;
}

int anycast_via_init(void)
{
	if(!anycast_pass_active())
		return 0;
	/* our own replies need no copy made for us alone */
	if(!sr_event_enabled(SREV_NET_DATA_OUT)
			&& !sr_event_enabled(SREV_NET_DATA_SENT))
		anycast_send_unseen();
	if(sr_event_register_cb(SREV_NET_DATA_OUT, add_token) == 0)
		return 0;
	LM_ERR("too many modules want to see what is sent: no Via can be "
		   "marked, leave one out or set modparam strays to 0\n");
	return -1;
}

static struct slice token_of(const struct via_body *via)
{
	for(const struct via_param *p = via->param_lst; p; p = p->next)
		if(slice_case_equal(slice_of_str(&p->name), slice_str(TOKEN_VIA_PARAM)))
			return slice_of_str(&p->value);
	return (struct slice){0};
}

static enum anycast_reply_outcome pass_to(const struct sip_msg *msg,
		const struct anycast_view *view, struct slice name)
{
	uint32_t node = nodes_find(view->nodes, name);

	if(node == NODES_NONE)
		return REPLY_UNKNOWN_NODE;
	if(node == nodes_self(view->nodes))
		return REPLY_OWN;
	if(!nodes_keeps(view->nodes, node))
		return REPLY_DEAD_NODE;
	return anycast_pass_message(msg, view, node, PASS_DELIVER, false, 0)
				   ? REPLY_PASSED
				   : REPLY_NOT_SENT;
}

static enum anycast_reply_outcome pass_reply(
		const struct sip_msg *msg, const struct anycast_view *view)
{
	const struct via_body *via = msg->via1;
	struct slice node, branch = {0};

	if(anycast_pass_current())
		return REPLY_STILL_STRAY;
	if(via->branch)
		branch = slice_of_str(&via->branch->value);
	switch(token_parse_via(&node, token_of(via), view->site, branch)) {
		case TOKEN_VALID:
			return pass_to(msg, view, node);
		case TOKEN_NONE:
			return REPLY_NO_TOKEN;
		case TOKEN_MALFORMED:
			return REPLY_MALFORMED;
		default:
			return REPLY_FORGED;
	}
}

int anycast_pass_reply(struct sip_msg *msg)
{
	const struct anycast_view *view = anycast_site_view();
	enum anycast_reply_outcome outcome;

	if(view == NULL || !anycast_pass_active() || msg->via1 == NULL
			|| msg->first_line.type != SIP_REPLY
			|| !anycast_on_service(msg, view))
		return -1;
	outcome = pass_reply(msg, view);
	anycast_count_reply(outcome);
	return outcome == REPLY_PASSED ? 1 : -1;
}
