/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/forward.h"
#include "core/nonsip_hooks.h"
#include "core/parser/msg_parser.h"
#include "core/tcp_conn.h"

#include "common/clock.h"
#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_http.h"
#include "kamailio-module/anycast_sip.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/httpreq.h"

enum
{
	RETRY_AFTER_S = 5,
	DRAIN_MAX = 1 << 20, /* bytes thrown away before closing */
};

static const struct anycast_conf *_conf;

/* The node this client is sent to, chosen as for SIP: by state, and by the
 * client's address so that all of its requests go to one node.
 */
static struct slice choose_base(
		const struct receive_info *rcv, const struct anycast_view *view)
{
	struct addr source = addr_of_ip((struct ip_addr *)&rcv->src_ip);
	enum addr_family family = addr_of_ip(&rcv->dst_ip).family;
	uint32_t node = nodes_pick(view->nodes, family, 0);

	if(node != nodes_self(view->nodes))
		node = nodes_pick(view->nodes, family,
				anycast_source_key(
						view->site, &source, (struct slice){0}));
	if(node == NODES_NONE)
		return (struct slice){0};
	return slice_str(nodes_at(view->nodes, node)->http);
}

static struct httpreq_facts facts_of(
		const struct receive_info *rcv, const struct anycast_view *view)
{
	return (struct httpreq_facts){
			.base = choose_base(rcv, view),
			.other_status = _conf->http_other_status,
			.retry_after_s = RETRY_AFTER_S,
			.wall_s = clock_wall_s(),
	};
}

int anycast_http_answer(struct sip_msg *msg)
{
	static char buf[HTTPREQ_ANSWER_MAX];
	const struct anycast_view *view = anycast_site_view();
	struct httpreq_answer answer;
	struct httpreq_facts facts;
	struct dest_info dst;

	if(view == NULL || !anycast_on_service(msg, view))
		return -1;
	facts = facts_of(&msg->rcv, view);
	httpreq_answer(&answer, buf, sizeof(buf),
			slice_of(msg->buf, (size_t)msg->len), &facts);
	anycast_count_http(answer.outcome);
	if(!answer.len)
		return -1;

	init_dst_from_rcv(&dst, &msg->rcv);
	dst.send_flags.f |= SND_F_FORCE_CON_REUSE;
	if(answer.close)
		dst.send_flags.f |= SND_F_CON_CLOSE;
	if(msg_send_buffer(&dst, buf, (int)answer.len, 1) < 0)
		anycast_count(EVENT_SEND_FAILED);
	return 1;
}

static bool looks_like_http(struct slice bytes)
{
	struct cursor c = cursor_of(bytes.text, bytes.len);
	struct slice line = cursor_until(&c, "\r\n");

	/* "GET / HTTP/1.1" */
	return cursor_left(&c) && line.len > 9
		   && !memcmp(line.text + line.len - 8, "HTTP/1.", 7);
}

/* What the TCP reader choked on: NULL-terminated cases of its request state. */
static enum httpreq_outcome why_closed(const struct tcp_req *req)
{
	if(req->error == TCP_REQ_OVERRUN)
		return req->body ? HTTPREQ_BODY_TOO_LARGE : HTTPREQ_HEAD_TOO_LARGE;
	return HTTPREQ_BAD_FRAMING;
}

/* Runs in Kamailio's TCP main process, which owns the socket and must not
 * wait: what cannot be sent at once is not sent.
 */
static int on_tcp_closed(sr_event_param_t *evp)
{
	const tcp_closed_event_info_t *tev = evp->data;
	const struct anycast_view *view;
	static char buf[HTTPREQ_ANSWER_MAX];
	static char thrown_away[1 << 16];
	struct tcp_connection *con = tev ? tev->con : NULL;
	struct httpreq_answer answer;
	struct httpreq_facts facts;
	struct addr local;
	size_t drained = 0;
	ssize_t n;

	if(con == NULL || con->req.error == TCP_REQ_OK
			|| con->req.error == TCP_READ_ERROR || con->s < 0
			|| con->type != PROTO_TCP || con->req.start == NULL
			|| con->req.pos <= con->req.start)
		return 0;
	if(!looks_like_http(slice_of(con->req.start,
			   (size_t)(con->req.pos - con->req.start))))
		return 0;
	view = anycast_site_view();
	local = addr_of_ip(&con->rcv.dst_ip);
	if(view == NULL || !nodes_is_service(view->nodes, &local))
		return 0;

	facts = facts_of(&con->rcv, view);
	httpreq_refuse(&answer, buf, sizeof(buf), why_closed(&con->req), &facts);
	anycast_count_http(answer.outcome);
	if(send(con->s, buf, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		anycast_count(EVENT_SEND_FAILED);
		return 0;
	}
	/* unread bytes would turn the close into a reset that overtakes the
	 * answer */
	shutdown(con->s, SHUT_WR);
	do {
		n = recv(con->s, thrown_away, sizeof(thrown_away), MSG_DONTWAIT);
		drained += n > 0 ? (size_t)n : 0;
	} while(n > 0 && drained < DRAIN_MAX);
	return 0;
}

/* Without xhttp: the message as it came, no faked Via, no second parsing. */
static int on_nonsip(struct sip_msg *msg)
{
	if(!IS_HTTP(msg))
		return NONSIP_MSG_PASS;
	return anycast_http_answer(msg) > 0 ? NONSIP_MSG_DROP : NONSIP_MSG_ERROR;
}

int anycast_http_init(const struct anycast_conf *conf, int direct)
{
	struct nonsip_hook hook = {
			.name = "anycast",
			.on_nonsip_req = on_nonsip,
	};

	_conf = conf;
	if(sr_event_register_cb(SREV_TCP_CLOSED, on_tcp_closed) < 0)
		LM_INFO("another module watches closing TCP connections: HTTP "
				"requests larger than tcp_rd_buf_size are closed without "
				"413\n");
	if(direct && register_nonsip_msg_hook(&hook) < 0) {
		LM_ERR("modparam http: `direct' needs the host's only hook for HTTP, "
			   "which another module has (is xhttp loaded?)\n");
		return -1;
	}
	return 0;
}
