/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "core/dprint.h"
#include "core/events.h"
#include "core/forward.h"
#include "core/nonsip_hooks.h"
#include "core/globals.h"
#include "core/parser/msg_parser.h"
#include "core/sr_module.h"
#include "core/tcp_conn.h"
#include "core/tcp_options.h"

#include "common/clock.h"
#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_http.h"
#include "kamailio-module/anycast_probe.h"
#include "kamailio-module/anycast_sip.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/httpreq.h"

enum
{
	RETRY_AFTER_S = 5,
	DRAIN_MAX = 1 << 20, /* bytes thrown away before closing */
	SWEEP_INTERVAL_MS = 250,
	OTHERS_MAX = 16, /* nodes asked for content before giving up */
	STALLED_MAX = 64, /* answered in one sweep; the others in the next */
};

/* The host's table of TCP connections, as its RPC core.tcp_list walks it; no
 * header declares these two.
 */
extern gen_lock_t *tcpconn_lock;
extern struct tcp_connection **tcpconn_id_hash;

static const struct anycast_conf *_conf;
static int _websocket; /* there is a module that shakes hands */

static struct slice base_of(const struct anycast_view *view, uint32_t node)
{
	return slice_str(nodes_at(view->nodes, node)->http);
}

/* The node this client is sent to, chosen as for SIP: by state, and by the
 * client's address so that all of its requests go to one node.  A node without
 * `http` has no content: the next best that has some, else this one.
 */
static struct slice choose_base(
		const struct receive_info *rcv, const struct anycast_view *view)
{
	struct addr source = addr_of_ip((struct ip_addr *)&rcv->src_ip);
	enum addr_family family = addr_of_ip(&rcv->dst_ip).family;
	uint32_t self = nodes_self(view->nodes);
	uint32_t first = nodes_pick(view->nodes, family, 0);
	uint64_t key;

	if(first == self && base_of(view, self).len)
		return base_of(view, self);
	key = facts_source_key(view->site, &source, (struct slice){0});
	first = nodes_pick(view->nodes, family, key);
	if(first != NODES_NONE && base_of(view, first).len)
		return base_of(view, first);
	for(unsigned n = 0; n < OTHERS_MAX; n++) {
		uint32_t node =
				nodes_alternative(view->nodes, family, key, first, n);

		if(node == NODES_NONE)
			break;
		if(base_of(view, node).len)
			return base_of(view, node);
	}
	return base_of(view, self);
}

static struct httpreq_facts facts_of(
		const struct receive_info *rcv, const struct anycast_view *view)
{
	return (struct httpreq_facts){
			.base = choose_base(rcv, view),
			.other_status = _conf->http_other_status,
			.retry_after_s = RETRY_AFTER_S,
			.wall_s = clock_wall_s(),
			.websocket = _websocket,
	};
}

static void send_answer(const struct receive_info *rcv, const char *buf,
		const struct httpreq_answer *answer)
{
	struct dest_info dst;

	init_dst_from_rcv(&dst, (struct receive_info *)rcv);
	dst.send_flags.f |= SND_F_FORCE_CON_REUSE;
	if(answer->close)
		dst.send_flags.f |= SND_F_CON_CLOSE;
	if(msg_send_buffer(&dst, (char *)buf, (int)answer->len, 1) < 0)
		anycast_count(EVENT_SEND_FAILED);
}

/* With a Via even a datagram gets here: an answer would go to its made-up
 * source, and past the flood limit of SIP.
 */
static bool is_stream(const struct receive_info *rcv)
{
	return rcv->proto == PROTO_TCP || rcv->proto == PROTO_TLS;
}

int anycast_http_answer(struct sip_msg *msg)
{
	static char buf[HTTPREQ_ANSWER_MAX];
	const struct anycast_view *view = anycast_site_view();
	enum httpreq_outcome outcome;
	struct httpreq_answer answer;
	struct httpreq_facts facts;
	struct httpreq req;

	if(!is_stream(&msg->rcv)) {
		anycast_count(EVENT_HTTP_NO_STREAM);
		return 1;
	}
	if(view == NULL || !anycast_on_service(msg, view))
		return -1;
	facts = facts_of(&msg->rcv, view);
	outcome = httpreq_parse(&req, slice_of(msg->buf, (size_t)msg->len));
	if(req.probe.len
			&& anycast_probe_valid(req.probe, view->site, req.target))
		facts.base = base_of(view, nodes_self(view->nodes));
	httpreq_write(&answer, buf, sizeof(buf), outcome, &req, &facts);
	anycast_count_http(answer.outcome);
	if(!answer.len)
		return -1;

	send_answer(&msg->rcv, buf, &answer);
	return 1;
}

static bool looks_like_http(struct slice bytes)
{
	struct cursor c = cursor_of(bytes.text, bytes.len);
	struct slice line = slice_trim(cursor_until(&c, "\n"));

	/* "GET / HTTP/1.1" */
	return cursor_left(&c) && line.len > 9
		   && !memcmp(line.text + line.len - 8, "HTTP/", 5);
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

/* The SIP parser, through which HTTP passes too, refuses a request without any
 * header, or with a From that is no SIP address, or a space in its target, and
 * closes without a word.  Ours reads what came over the wire.
 */
static int on_unparsed(sr_event_param_t *evp)
{
	struct sip_msg *msg = evp->data;

	if(!is_stream(&msg->rcv)
			|| !looks_like_http(slice_of(msg->buf, (size_t)msg->len)))
		return NONSIP_MSG_PASS;
	return anycast_http_answer(msg) > 0 ? NONSIP_MSG_DROP : NONSIP_MSG_PASS;
}

/* Without it the host's reader knows nothing of chunks. */
static bool tcp_accept_no_cl(void)
{
	return cfg_get(tcp, tcp_cfg, accept_no_cl) != 0;
}

/* Has the reader seen the head of a chunked request and not yet its end? */
static bool in_chunked_body(
		const struct tcp_connection *con, const struct anycast_view *view)
{
	struct addr local;

	if(con->state != S_CONN_OK || !(con->req.flags & F_TCP_REQ_BCHUNKED)
			|| (con->type != PROTO_TCP && con->type != PROTO_TLS))
		return false;
	local = addr_of_ip(&con->rcv.dst_ip);
	return nodes_is_service(view->nodes, &local);
}

static bool has_id(const int *ids, size_t cnt, int id)
{
	for(size_t i = 0; i < cnt; i++)
		if(ids[i] == id)
			return true;
	return false;
}

/* Kamailio's reader leaves its loop behind each chunk and goes on when more
 * bytes arrive (tcp_read.c, H_HTTP11_CHUNK_BODY; 5.6 to 6.0): a body that
 * came in one piece with its end, as curl sends it, is never completed.  We
 * answer any chunked request 411 and close, so whoever is found in two sweeps
 * is answered here.  In the state process, which may wait for the lock.
 */
void anycast_http_sweep(void)
{
	static int seen[STALLED_MAX];
	static size_t seen_cnt;
	static uint64_t next_ms;
	static char buf[HTTPREQ_ANSWER_MAX];
	const struct anycast_view *view = anycast_site_view();
	struct receive_info found[STALLED_MAX];
	uint64_t now_ms = clock_ms();
	size_t cnt = 0, still = 0;

	if(view == NULL || tcp_disable || tcpconn_lock == NULL
			|| now_ms < next_ms || !tcp_accept_no_cl())
		return;
	next_ms = now_ms + SWEEP_INTERVAL_MS;

	TCPCONN_LOCK;
	for(size_t i = 0; i < TCP_ID_HASH_SIZE; i++)
		for(struct tcp_connection *con = tcpconn_id_hash[i]; con;
				con = con->id_next) {
			if(cnt == STALLED_MAX || !in_chunked_body(con, view))
				continue;
			found[cnt] = con->rcv;
			found[cnt++].proto_reserved1 = con->id;
		}
	TCPCONN_UNLOCK;

	for(size_t i = 0; i < cnt; i++) {
		struct httpreq_facts facts = facts_of(&found[i], view);
		struct httpreq_answer answer;

		if(!has_id(seen, seen_cnt, found[i].proto_reserved1)) {
			/* not before the next sweep; kept in front of the others */
			found[still++] = found[i];
			continue;
		}
		httpreq_refuse(&answer, buf, sizeof(buf), HTTPREQ_CHUNKED, &facts);
		anycast_count_http(answer.outcome);
		send_answer(&found[i], buf, &answer);
	}
	for(seen_cnt = 0; seen_cnt < still; seen_cnt++)
		seen[seen_cnt] = found[seen_cnt].proto_reserved1;
}

/* Without xhttp: the message as it came, no faked Via, no second parsing. */
static int on_nonsip(struct sip_msg *msg)
{
	if(IS_HTTP(msg) && anycast_http_answer(msg) > 0)
		return NONSIP_MSG_DROP;
	return NONSIP_MSG_PASS;
}

int anycast_http_init(const struct anycast_conf *conf, int direct)
{
	struct nonsip_hook hook = {
			.name = "anycast",
			.on_nonsip_req = on_nonsip,
	};

	_conf = conf;
	_websocket = !direct && find_module_by_name("websocket") != NULL;
	if(sr_event_register_cb(SREV_TCP_CLOSED, on_tcp_closed) < 0)
		LM_INFO("another module watches closing TCP connections: HTTP "
				"requests larger than tcp_rd_buf_size are closed without "
				"413\n");
	if(sr_event_register_cb(SREV_RCV_NOSIP, on_unparsed) < 0)
		LM_INFO("another module takes what is not SIP: HTTP requests that "
				"the SIP parser refuses are closed without an answer\n");
	if(direct && find_module_by_name("xhttp")) {
		LM_ERR("modparam http: `direct' answers instead of xhttp, which is "
			   "loaded too: remove one of the two\n");
		return -1;
	}
	if(direct && register_nonsip_msg_hook(&hook) < 0) {
		LM_ERR("cannot register the hook for HTTP\n");
		return -1;
	}
	return 0;
}
