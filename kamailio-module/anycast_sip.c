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
#include "kamailio-module/anycast_owners.h"
#include "kamailio-module/anycast_pass.h"
#include "kamailio-module/anycast_pin.h"
#include "kamailio-module/anycast_probe.h"
#include "kamailio-module/anycast_send.h"
#include "kamailio-module/anycast_sip.h"
#include "kamailio-module/anycast_socket.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/totag.h"

static struct anycast_env _env;

static struct
{
	unsigned int msg_id;
	int pid;
	struct redirect_answer answer;
} _last;

void anycast_sip_init(const struct anycast_env *env)
{
	_env = *env;
}

struct redirect_env anycast_redirect_env(
		const struct anycast_env *env, const struct anycast_view *view)
{
	return (struct redirect_env){
			.nodes = view->nodes,
			.clients = env->clients,
			.follow = env->follow,
			.conf = &env->conf->redirect,
			.site_version = view->site_version,
			.now_ms = clock_boot_ms(),
	};
}

int anycast_on_service(
		const struct sip_msg *msg, const struct anycast_view *view)
{
	struct addr local = addr_of_ip(&msg->rcv.dst_ip);

	return nodes_is_service(view->nodes, &local);
}

enum sip_method anycast_method(const struct sip_msg *msg)
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

const struct entry *anycast_tm_bucket(
		struct tm_binds *tm, struct slice call_id, struct slice cseq_number)
{
	str id = {(char *)call_id.text, (int)call_id.len};
	str number = {(char *)cseq_number.text, (int)cseq_number.len};
	const struct entry *bucket;

	if(tm == NULL)
		return NULL;
	bucket = &tm->get_table()->entries[hash(id, number)];
	__builtin_prefetch(bucket);
	return bucket;
}

bool anycast_tm_bucket_empty(const struct entry *bucket)
{
	return bucket == NULL
		   || (const void *)bucket->next_c == (const void *)bucket;
}

/* Does tm hold a transaction this belongs to? */
static int tm_knows(struct sip_msg *msg, const struct entry *bucket)
{
	struct cell *original;
	int branch = 0;

	if(anycast_tm_bucket_empty(bucket))
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

/* Everything the decision wants to know of a message on a service address. */
static int read_facts(struct redirect_req *req, struct facts_tags *tags,
		struct siphead *head, struct sip_msg *msg,
		const struct anycast_view *view)
{
	const struct entry *bucket;
	struct facts_in in;

	if(msg->callid == NULL || msg->cseq == NULL || get_cseq(msg) == NULL
			|| !siphead_scan(head, slice_of(msg->buf, (size_t)msg->len)))
		return -1;
	in = (struct facts_in){
			.head = head,
			.message_len = (size_t)msg->len,
			.datagram = msg->rcv.proto == PROTO_UDP,
			.source = addr_of_ip(&msg->rcv.src_ip),
			.method = slice_of_str(&msg->first_line.u.request.method),
			.uri = slice_of_str(GET_RURI(msg)),
			.call_id = slice_of_str(&msg->callid->body),
			.cseq_number = slice_of_str(&get_cseq(msg)->number),
			.cseq_method = slice_of_str(&get_cseq(msg)->method),
	};
	bucket = anycast_tm_bucket(_env.tm, in.call_id, in.cseq_number);
	/* keys first: what they lead to is on its way while the rest is read */
	facts_read_keys(req, tags, &in, view->site);
	follow_prefetch(_env.follow, req->source_key, req->transaction_key);

	facts_read(req, tags, &in, view->site);
	req->via_maddr = via_has_maddr(msg);
	if(head->has_route)
		find_route(req, msg, view);
	req->is_probe = is_probe(msg, head, view->site);
	req->known_transaction = tm_knows(msg, bucket);
	facts_read_call_key(req, tags, view->nodes, view->site,
			_env.conf->answer.fallback_contacts > 0);
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
			facts_source_key(view->site, &source, req->user_agent);
	return 0;
}

/* Answer with status; 1 when something was sent or deliberately not. */
static int answer_with(struct sip_msg *msg, const struct answer_in *in,
		struct redirect_answer *answer)
{
	static struct answer_text text;
	struct reply r;

	answer_fill(&r, &text, answer, in);
	switch(anycast_send_reply(msg, in->head, &r)) {
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

/* To the node that the request names, through tm, with our Via on the node
 * address, so that the answers come back to this node whatever BGP does (the
 * service address would not).  No Record-Route: the dialog is that node's, and
 * finds it by its own; with ours before it, its key would not be looked at.  0,
 * or -1 when nobody has said anything to the client; tm answers for its own
 * failures.
 */
static int relay(struct sip_msg *msg, const struct siphead *head,
		const struct redirect_req *req, const struct anycast_view *view,
		uint32_t to)
{
	const struct site_node *node = nodes_at(view->nodes, to);

	if(count_down(msg, head) < 0 || aim_at_node(msg, req, node) < 0
			|| anycast_socket_force(msg, view) < 0) {
		anycast_count(EVENT_RELAY_FAILED);
		return -1;
	}
	if(_env.tm->t_relay(msg, NULL, NULL) < 0)
		anycast_count(EVENT_RELAY_FAILED);
	return 0;
}

/* Decide; where that takes to know whose it is, find out and decide again.
 * REDIRECT_ASK is left where the message is on its way to who knows.
 */
static struct redirect_answer decide(struct redirect_req *req,
		const struct redirect_env *env, const struct facts_tags *tags,
		const struct sip_msg *msg, const struct anycast_view *view)
{
	struct redirect_answer answer = redirect_decide(req, env);
	struct claim_id id;

	if(answer.action != REDIRECT_ASK)
		return answer;
	id = (struct claim_id){
			.call_id = tags->call_id,
			.key = owners_key(tags->call_id, tags->from, tags->cseq),
	};
	req->verdict = anycast_ask(&req->owner, msg, view, &id);
	return req->verdict == STRAY_NONE ? answer : redirect_decide(req, env);
}

/* To the node that has it; where it cannot be sent, as if nobody had. */
static struct redirect_answer pass(struct redirect_req *req,
		const struct redirect_env *env, struct redirect_answer answer,
		const struct sip_msg *msg, const struct anycast_view *view)
{
	struct redirect_conf conf = *env->conf;
	struct redirect_env alone = *env;

	if(anycast_pass_message(msg, view, answer.node, PASS_DELIVER, false, 0))
		return answer;
	conf.can_pass = false;
	alone.conf = &conf;
	req->verdict = STRAY_NOBODY;
	return redirect_decide(req, &alone);
}

/* What anycast_claim() may have to send, as it came; and from where it goes. */
static void prepare_serving(struct sip_msg *msg,
		const struct redirect_req *req, const struct anycast_view *view)
{
	if(!req->on_service)
		return;
	if(msg->force_send_socket == NULL)
		anycast_socket_force(msg, view);
	if(req->transport == SIP_UDP && !req->has_to_tag)
		anycast_pass_keep(msg);
}

/* A request as it is being decided. */
struct deciding
{
	struct sip_msg *msg;
	const struct anycast_view *view;
	struct redirect_req *req;
	const struct answer_in *in;
};

/* No 503: trunks would take the shared address for dead.  What has tried to
 * relay may have looked at a site that was read anew: the old one is gone.
 */
static void say_not_relayed(
		const struct deciding *d, struct redirect_answer *answer)
{
	struct answer_in in = *d->in;

	in.nodes = d->view->nodes;
	in.site = d->view->site;
	answer->status = 480;
	answer_with(d->msg, &in, answer);
}

/* What a script function returns. */
static int carry_out(
		const struct deciding *d, struct redirect_answer *answer)
{
	switch(answer->action) {
		case REDIRECT_TO_NODE:
		case REDIRECT_ANSWER:
		case REDIRECT_REFUSE:
			return answer_with(d->msg, d->in, answer);
		case REDIRECT_PASS:
			return answer->status ? answer_with(d->msg, d->in, answer) : 1;
		case REDIRECT_RELAY:
			if(relay(d->msg, d->in->head, d->req, d->view, answer->node) < 0
					&& d->req->method != SIP_METHOD_ACK)
				say_not_relayed(d, answer);
			return 1;
		case REDIRECT_SERVE:
			prepare_serving(d->msg, d->req, d->view);
			return -1;
		default:
			return 1;
	}
}

int anycast_sip_redirect(struct sip_msg *msg)
{
	const struct anycast_view *view = anycast_site_view();
	struct redirect_req req = {.method = anycast_method(msg)};
	struct redirect_answer answer;
	struct redirect_env env;
	struct facts_tags tags = {0};
	static struct siphead head;
	struct answer_in in;
	struct deciding d = {.msg = msg, .view = view, .req = &req, .in = &in};
	int err, ret;

	if(view == NULL || msg->first_line.type != SIP_REQUEST)
		return -1;
	req.transport = anycast_transport(msg->rcv.proto);
	req.family = addr_of_ip(&msg->rcv.dst_ip).family;
	req.on_service = anycast_on_service(msg, view);
	req.verdict = anycast_pass_verdict(&req.owner, view);
	err = req.on_service ? read_facts(&req, &tags, &head, msg, view)
						 : read_node_facts(&req, msg, view);
	req.unreadable = err < 0;

	env = anycast_redirect_env(&_env, view);
	in = (struct answer_in){
			.req = &req,
			.tags = &tags,
			.head = &head,
			.nodes = view->nodes,
			.site = view->site,
			.conf = &_env.conf->answer,
	};
	answer = decide(&req, &env, &tags, msg, view);
	if(answer.action == REDIRECT_PASS)
		answer = pass(&req, &env, answer, msg, view);
	ret = carry_out(&d, &answer);
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
