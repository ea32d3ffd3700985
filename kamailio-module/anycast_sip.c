/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/dprint.h"
#include "core/hash_func.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_rr.h"
#include "core/parser/parse_to.h"
#include "modules/tm/tm_load.h"

#include "common/clock.h"
#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_pin.h"
#include "kamailio-module/anycast_probe.h"
#include "kamailio-module/anycast_send.h"
#include "kamailio-module/anycast_sip.h"
#include "kamailio-module/anycast_socket.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/totag.h"
#include "kamailio-module/writer.h"

static struct
{
	const struct anycast_conf *conf;
	struct tm_binds *tm;
	struct follow *follow;
	const struct clients *clients;
} _env;

static struct
{
	unsigned int msg_id;
	int pid;
	struct redirect_answer answer;
} _last;

void anycast_sip_init(const struct anycast_conf *conf, struct tm_binds *tm,
		struct follow *follow, const struct clients *clients)
{
	_env.conf = conf;
	_env.tm = tm;
	_env.follow = follow;
	_env.clients = clients;
}

int anycast_on_service(
		const struct sip_msg *msg, const struct anycast_view *view)
{
	struct addr local = addr_of_ip(&msg->rcv.dst_ip);

	return nodes_is_service(view->nodes, &local);
}

uint64_t anycast_source_key(const struct site *site, const struct addr *addr,
		struct slice user_agent)
{
	uint8_t buf[sizeof(addr->bytes_be) + 256];
	size_t len = sizeof(addr->bytes_be);

	memcpy(buf, addr->bytes_be, len);
	if(user_agent.len > sizeof(buf) - len)
		user_agent.len = sizeof(buf) - len;
	if(user_agent.len)
		memcpy(buf + len, user_agent.text, user_agent.len);
	return secret_siphash(site->keys.table, buf, len + user_agent.len);
}

/* Not secret: what it is mixed with is. */
static uint64_t source_hash(const struct addr *addr)
{
	uint64_t half[2];

	memcpy(half, addr->bytes_be, sizeof(half));
	return half[0] * 0x9e3779b97f4a7c15 ^ half[1] * 0xc2b2ae3d27d4eb4f;
}

static enum sip_method method_of(const struct sip_msg *msg)
{
	switch(msg->first_line.u.request.method_value) {
		case METHOD_INVITE:
			return SIP_METHOD_INVITE;
		case METHOD_ACK:
			return SIP_METHOD_ACK;
		case METHOD_CANCEL:
			return SIP_METHOD_CANCEL;
		case METHOD_REGISTER:
			return SIP_METHOD_REGISTER;
		case METHOD_OPTIONS:
			return SIP_METHOD_OPTIONS;
		default:
			return sip_method_parse(
					slice_of_str(&msg->first_line.u.request.method));
	}
}

static enum sip_transport transport_of(const struct sip_msg *msg)
{
	switch(msg->rcv.proto) {
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

/* The bucket of tm's table this would be in, fetched into the cache. */
static const struct entry *tm_bucket(const struct sip_msg *msg)
{
	const struct entry *bucket;

	if(_env.tm == NULL)
		return NULL;
	bucket = &_env.tm->get_table()->entries[hash(
			msg->callid->body, get_cseq(msg)->number)];
	__builtin_prefetch(bucket);
	return bucket;
}

/* Does tm hold a transaction this belongs to?  An empty bucket of its table,
 * by far the most frequent case on a service address, is seen without its
 * lock: whoever races with a transaction being made would lose that race
 * behind the lock as well.
 */
static int tm_knows(struct sip_msg *msg, const struct entry *bucket)
{
	struct cell *original;
	int branch = 0;

	if(bucket == NULL || (const void *)bucket->next_c == (const void *)bucket)
		return 0;
	if(msg->REQ_METHOD == METHOD_CANCEL) {
		original = _env.tm->t_lookup_original(msg);
		if(original && original != T_UNDEFINED) {
			_env.tm->unref_cell(original);
			return 1;
		}
	}
	return _env.tm->t_check(msg, &branch) == 1;
}

/* The first Route that does not name the service itself: phones with the
 * service as outbound proxy write it on every request.
 */
static void find_route(struct redirect_req *req, struct sip_msg *msg,
		const struct anycast_view *view)
{
	if(parse_headers(msg, HDR_EOH_F, 0) < 0 || msg->route == NULL) {
		req->has_route = true; /* not ours, whatever it is */
		return;
	}
	for(struct hdr_field *h = msg->route; h; h = next_sibling_hdr(h)) {
		if(parse_rr(h) < 0) {
			req->has_route = true; /* not ours, whatever it is */
			return;
		}
		for(rr_t *rr = (rr_t *)h->parsed; rr; rr = rr->next) {
			struct sipuri uri;
			uint32_t node;

			struct sipuri_item maddr;

			if(sipuri_parse(&uri, slice_of_str(&rr->nameaddr.uri)) == 0
					&& nodes_host_kind(view->nodes, uri.host, &uri.addr,
							   uri.port, &node)
							   == HOST_SERVICE
					&& !sipuri_find_param(
							&uri, slice_str("maddr"), &maddr))
				continue;
			req->has_route = true;
			req->route = uri;
			return;
		}
	}
}

/* RFC 3261 18.3: over UDP a body shorter than it says is a broken message. */
static bool body_is_cut(const struct sip_msg *msg, const struct siphead *head)
{
	uint32_t says = 0;

	if(!head->has_content_length)
		return false;
	if(slice_u32(&says, head->content_length, UINT32_MAX))
		return true;
	return msg->rcv.proto == PROTO_UDP
		   && says > (size_t)msg->len - head->body_at;
}

static enum sip_defect find_defect(struct sip_msg *msg,
		const struct siphead *head, struct redirect_req *req)
{
	const str *ruri = GET_RURI(msg);
	struct cseq_body *cs = get_cseq(msg);
	struct slice number = slice_of_str(&cs->number);
	uint32_t cseq;
	int err = sipuri_parse(&req->uri, slice_of_str(ruri));

	if(head->has_max_forwards
			&& slice_u32(&req->max_forwards, head->max_forwards, 255))
		return DEFECT_MAX_FORWARDS;
	if(err == EMSGSIZE)
		return DEFECT_URI_TOO_LONG;
	if(err)
		return DEFECT_URI;
	if(slice_u32(&cseq, number, UINT32_MAX)
			|| !slice_equal(slice_of_str(&cs->method),
					slice_of_str(&msg->first_line.u.request.method)))
		return DEFECT_CSEQ;
	if(!slice_trim(slice_of_str(&msg->callid->body)).len)
		return DEFECT_CALL_ID;
	if(!head->from_value.len)
		return DEFECT_FROM;
	if(!head->to_value.len)
		return DEFECT_TO;
	return body_is_cut(msg, head) ? DEFECT_CONTENT_LENGTH : DEFECT_NONE;
}

static bool via_has_maddr(const struct sip_msg *msg)
{
	for(struct via_param *p = msg->via1->param_lst; p; p = p->next)
		if(slice_case_equal(slice_of_str(&p->name), slice_str("maddr")))
			return true;
	return false;
}

static bool is_probe(const struct sip_msg *msg, const struct siphead *head,
		const struct site *site)
{
	return head->has_probe
		   && anycast_probe_valid(
				   head->probe, site, slice_of_str(&msg->callid->body));
}

/* What a reply to this message would carry and the core's rules look at. */
struct tags
{
	uint64_t digest; /* of the tag we would give */
	struct slice call_id;
	struct slice from;
	struct slice to;
	uint32_t cseq;
};

static bool tag_is_ours(const struct tags *tags, const struct site *site)
{
	return totag_is_ours(tags->to, &site->keys, tags->call_id, tags->from,
				   tags->cseq)
		   || (site->has_previous
				   && totag_is_ours(tags->to, &site->previous_keys,
						   tags->call_id, tags->from, tags->cseq));
}

/* What the first answer of a transaction is remembered by: its To-tag's keyed
 * hash, which is made anyway, and the source.
 */
static uint64_t transaction_key(const struct tags *tags, uint64_t source_hash)
{
	uint64_t key = tags->digest ^ source_hash;

	/* splitmix64's finisher: every bit of both reaches every bit */
	key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9;
	key = (key ^ key >> 27) * 0x94d049bb133111eb;
	return key ^ key >> 31;
}

/* Everything the decision wants to know of a message on a service address. */
static int read_facts(struct redirect_req *req, struct tags *tags,
		struct siphead *head, struct sip_msg *msg,
		const struct anycast_view *view)
{
	struct addr source = addr_of_ip(&msg->rcv.src_ip);
	const struct entry *bucket;

	if(msg->callid == NULL || msg->cseq == NULL || get_cseq(msg) == NULL
			|| !siphead_scan(head, slice_of(msg->buf, (size_t)msg->len)))
		return -1;
	bucket = tm_bucket(msg);
	/* keys first: what they lead to is on its way while the rest is read */
	req->user_agent = head->user_agent;
	tags->call_id = slice_of_str(&msg->callid->body);
	totag_find(head->from_value, &tags->from);
	if(slice_u32(&tags->cseq, slice_of_str(&get_cseq(msg)->number), UINT32_MAX))
		tags->cseq = 0;
	tags->digest = totag_digest(
			&view->site->keys, tags->call_id, tags->from, tags->cseq);
	req->transaction_key = transaction_key(tags, source_hash(&source));
	req->source_key =
			anycast_source_key(view->site, &source, req->user_agent);
	follow_prefetch(_env.follow, req->source_key, req->transaction_key);

	req->has_max_forwards = head->has_max_forwards;
	req->defect = find_defect(msg, head, req);
	req->has_to_tag = totag_find(head->to_value, &tags->to);
	req->to_tag_is_ours = req->has_to_tag && tag_is_ours(tags, view->site);
	req->via_maddr = via_has_maddr(msg);
	req->has_proxy_require = head->proxy_require_cnt > 0;
	if(head->has_route)
		find_route(req, msg, view);
	req->is_probe = is_probe(msg, head, view->site);
	req->known_transaction = tm_knows(msg, bucket);
	/* asked for only when the choice is not simply this node */
	if(_env.conf->fallback_contacts
			|| nodes_pick(view->nodes, req->family, 0)
					   != nodes_self(view->nodes))
		req->call_key = secret_siphash(view->site->keys.table,
				tags->call_id.text, tags->call_id.len);
	return 0;
}

/* On a node address only an INVITE matters, and only its source. */
static int read_node_facts(struct redirect_req *req, struct sip_msg *msg,
		const struct anycast_view *view)
{
	struct addr source = addr_of_ip(&msg->rcv.src_ip);
	struct slice tag;

	if(req->method != SIP_METHOD_INVITE)
		return 0;
	if(parse_headers(msg, HDR_USERAGENT_F | HDR_TO_F, 0) < 0 || !msg->to)
		return -1;
	req->has_to_tag = totag_find(slice_of_str(&msg->to->body), &tag);
	if(msg->user_agent)
		req->user_agent = slice_of_str(&msg->user_agent->body);
	req->source_key =
			anycast_source_key(view->site, &source, req->user_agent);
	return 0;
}

static void fill_contacts(struct anycast_reply *r,
		const struct redirect_req *req, const struct redirect_answer *answer,
		const struct anycast_view *view)
{
	uint32_t node = answer->node;

	for(unsigned n = 0; n <= _env.conf->fallback_contacts
						&& r->contact_cnt < REPLY_CONTACTS_MAX;
			n++) {
		struct slice *contact = &r->contacts[r->contact_cnt];
		char *text = r->contact_text[r->contact_cnt];

		if(n)
			node = nodes_alternative(view->nodes, req->family, req->call_key,
					answer->node, n - 1);
		if(node == NODES_NONE)
			return;
		*contact = slice_of(text,
				contact_format(text, sizeof(r->contact_text[0]), &req->uri,
						req->transport, req->family, view->site,
						nodes_at(view->nodes, node),
						_env.conf->contact_style));
		if(!contact->len)
			return;
		r->contact_cnt++;
	}
}

/* Values of several fields of one name as one (RFC 3261 7.3.1); the first
 * alone when they do not fit.
 */
static struct slice join(
		char *out, size_t size, const struct slice *values, size_t cnt)
{
	struct writer w = writer_of(out, size);

	for(size_t i = 0; i < cnt; i++) {
		if(i)
			writer_str(&w, ", ");
		writer_slice(&w, values[i]);
	}
	return writer_len(&w) ? slice_of(out, w.len) : values[0];
}

/* Answer with status; 1 when something was sent or deliberately not. */
static int answer_with(struct sip_msg *msg, const struct siphead *head,
		const struct redirect_req *req, const struct tags *tags,
		struct redirect_answer *answer, const struct anycast_view *view)
{
	static struct anycast_reply r;
	char tag[TOTAG_LEN];
	char requires[512];

	r.contact_cnt = 0;
	r.expires_s = 0;
	r.retry_after_s = 0;
	r.allow = NULL;
	r.unsupported = (struct slice){0};
	r.to_tag = (struct slice){0};
	r.status = answer->status;
	r.phrase = req->defect && answer->status == 400
					   ? sip_defect_text(req->defect)
					   : sip_status_text(answer->status);
	r.server = _env.conf->server_header;
	if(!req->has_to_tag) {
		totag_format(tag, tags->digest);
		r.to_tag = slice_of(tag, sizeof(tag));
	}
	if(answer->action == REDIRECT_TO_NODE) {
		fill_contacts(&r, req, answer, view);
		r.expires_s = _env.conf->expires_s;
		if(!r.contact_cnt) {
			/* the node can be reached, so its URI got too long */
			answer->status = r.status = 414;
			answer->reason = REASON_URI_TOO_LONG;
			answer->action = REDIRECT_REFUSE;
			r.phrase = sip_status_text(414);
		}
	}
	if(answer->reason == REASON_OPTIONS_NO_NODE)
		r.retry_after_s = _env.conf->options_retry_after_s;
	if(answer->reason == REASON_OPTIONS)
		r.allow = "INVITE, ACK, CANCEL, OPTIONS, BYE, REGISTER";
	if(answer->reason == REASON_PROXY_REQUIRE)
		r.unsupported = join(requires, sizeof(requires), head->proxy_requires,
				head->proxy_require_cnt);

	switch(anycast_send_reply(msg, head, &r)) {
		case ANYCAST_SENT:
			break;
		case ANYCAST_TOO_LARGE:
			answer->action = REDIRECT_DROP;
			answer->reason = REASON_AMPLIFICATION;
			break;
		case ANYCAST_UNANSWERABLE:
			answer->action = REDIRECT_DROP;
			anycast_count(EVENT_UNANSWERABLE);
			break;
		case ANYCAST_SEND_FAILED:
			anycast_count(EVENT_SEND_FAILED);
			break;
	}
	return 1;
}

/* The node as next hop, whatever the R-URI says and DNS makes of it. */
static int aim_at_node(struct sip_msg *msg, const struct redirect_req *req,
		const struct site_node *node)
{
	const struct addr *addr =
			req->family == ADDR_IP6 ? &node->ip6 : &node->ip4;
	char literal[ADDR_TEXT_MAX];
	char uri[ADDR_TEXT_MAX + 32];
	bool tls = req->transport == SIP_TLS || req->transport == SIP_WSS;
	str text = {uri, 0};

	if(!addr_is_set(addr))
		return -1;
	addr_format_host(literal, addr);
	text.len = snprintf(uri, sizeof(uri), "sip:%s:%u;transport=%s", literal,
			(unsigned)(tls ? node->sips_port : node->sip_port),
			tls							? "tls"
			: req->transport == SIP_UDP ? "udp"
										: "tcp");
	return set_dst_uri(msg, &text);
}

/* RFC 3261 16.6 step 3.  Counted down where it stands, as maxfwd does it: a
 * number never gets longer.
 */
static int count_down(struct sip_msg *msg, const struct siphead *head)
{
	struct slice digits = head->max_forwards;

	if(!head->has_max_forwards)
		return anycast_insert_header(msg, "Max-Forwards", slice_str("70"));
	return siphead_count_down(
				   msg->buf + (digits.text - msg->buf), digits.len)
				   ? 0
				   : -1;
}

/* To the node that the request names, through tm, with our Via and
 * Record-Route on the node address, so that the answers come back to this
 * node whatever BGP does (the service address would not).  0, or -1 when
 * nobody has said anything to the client; tm answers for its own failures.
 */
static int relay(struct sip_msg *msg, const struct siphead *head,
		const struct redirect_req *req, const struct site_node *node)
{
	if(count_down(msg, head) < 0 || aim_at_node(msg, req, node) < 0
			|| anycast_pin(msg) < 0) {
		anycast_count(EVENT_RELAY_FAILED);
		return -1;
	}
	if(_env.tm->t_relay(msg, NULL, NULL) < 0)
		anycast_count(EVENT_RELAY_FAILED);
	return 0;
}

int anycast_sip_redirect(struct sip_msg *msg)
{
	const struct anycast_view *view = anycast_site_view();
	struct redirect_req req = {.method = method_of(msg)};
	struct redirect_answer answer;
	struct redirect_env env;
	struct tags tags = {0};
	static struct siphead head;
	int err, ret = 1;

	if(view == NULL || msg->first_line.type != SIP_REQUEST)
		return -1;
	req.transport = transport_of(msg);
	req.family = addr_of_ip(&msg->rcv.dst_ip).family;
	req.on_service = anycast_on_service(msg, view);
	err = req.on_service ? read_facts(&req, &tags, &head, msg, view)
						 : read_node_facts(&req, msg, view);
	req.unreadable = err < 0;

	env = (struct redirect_env){
			.nodes = view->nodes,
			.clients = _env.clients,
			.follow = _env.follow,
			.conf = &_env.conf->redirect,
			.site_version = view->site_version,
			.now_ms = clock_boot_ms(),
	};
	answer = redirect_decide(&req, &env);
	switch(answer.action) {
		case REDIRECT_TO_NODE:
		case REDIRECT_ANSWER:
		case REDIRECT_REFUSE:
			ret = answer_with(msg, &head, &req, &tags, &answer, view);
			break;
		case REDIRECT_RELAY:
			/* no 503: trunks would take the shared address for dead */
			if(relay(msg, &head, &req, nodes_at(view->nodes, answer.node))
							< 0
					&& req.method != SIP_METHOD_ACK) {
				answer.status = 480;
				answer_with(msg, &head, &req, &tags, &answer, view);
			}
			break;
		case REDIRECT_SERVE:
			if(req.on_service && msg->force_send_socket == NULL)
				anycast_socket_force(msg, view);
			ret = -1;
			break;
		default:
			break;
	}
	anycast_count_decision(&req, &answer);
	_last.msg_id = msg->id;
	_last.pid = msg->pid;
	_last.answer = answer;
	LM_DBG("%s %.*s: %s (%s)\n", sip_method_name(req.method),
			(int)tags.call_id.len, tags.call_id.len ? tags.call_id.text : "",
			redirect_action_name(answer.action),
			redirect_reason_name(answer.reason));
	return ret;
}

const struct redirect_answer *anycast_last_answer(const struct sip_msg *msg)
{
	if(_last.msg_id != msg->id || _last.pid != msg->pid)
		return NULL;
	return &_last.answer;
}
