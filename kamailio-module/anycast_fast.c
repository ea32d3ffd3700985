/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/events.h"
#include "core/ip_addr.h"
#include "core/sr_module.h"

#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_fast.h"
#include "kamailio-module/anycast_send.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/plain.h"

/* What the host's hook returns: below 0, the datagram is done with. */
enum
{
	PASS = 1,
	DONE = -1,
};

static struct anycast_env _env;

/* One datagram on its way. */
struct fast
{
	const struct receive_info *rcv;
	const struct anycast_view *view;
	const struct siphead *head;
	struct plain plain;
	struct facts_in in;
	struct facts_tags tags;
	struct redirect_req req;
};

/* The facts that read_facts() of anycast_sip.c finds; what is plain has no
 * maddr, Route or probe header.
 */
static bool read_facts(struct fast *f)
{
	const struct entry *bucket = anycast_tm_bucket(
			_env.tm, f->plain.call_id, f->plain.cseq_number);
	const struct anycast_view *view = f->view;

	facts_read_keys(&f->req, &f->tags, &f->in, view->site);
	follow_prefetch(_env.follow, f->req.source_key, f->req.transaction_key);
	facts_read(&f->req, &f->tags, &f->in, view->site);
	facts_read_call_key(&f->req, &f->tags, view->nodes, view->site,
			_env.conf->answer.fallback_contacts > 0);
	return anycast_tm_bucket_empty(bucket);
}

static int send_answer(const struct fast *f, struct redirect_answer *answer)
{
	static struct answer_text text;
	const struct reply_request request = {
			.bytes = f->in.message_len,
			.head = f->head,
			.source = f->in.source,
			.source_port = f->rcv->src_port,
	};
	const struct answer_in in = {
			.req = &f->req,
			.tags = &f->tags,
			.head = f->head,
			.nodes = f->view->nodes,
			.site = f->view->site,
			.conf = &_env.conf->answer,
	};
	uint16_t port = f->plain.port ? f->plain.port : SIP_PORT;
	struct reply r;

	answer_fill(&r, &text, answer, &in);
	if(answer->action != REDIRECT_TO_NODE)
		return PASS;
	switch(anycast_send_datagram(
			f->rcv, f->plain.has_rport ? 0 : port, &r, &request)) {
		case ANYCAST_SENT:
			break;
		case ANYCAST_SEND_FAILED:
			anycast_count(EVENT_SEND_FAILED);
			break;
		default:
			return PASS;
	}
	anycast_count_decision(&f->req, answer);
	anycast_count(EVENT_FAST_ANSWERED);
	return DONE;
}

static int answer(struct slice message, const struct receive_info *rcv)
{
	static struct siphead head;
	struct fast f = {.rcv = rcv, .view = anycast_site_view(), .head = &head};
	struct addr local = addr_of_ip(&rcv->dst_ip);
	struct redirect_env env;
	struct redirect_answer decided;

	if(f.view == NULL || rcv->proto != PROTO_UDP || rcv->src_port == 0
			|| !nodes_is_service(f.view->nodes, &local)
			|| !siphead_scan(&head, message)
			|| !plain_read(&f.plain, message, &head))
		return PASS;
	f.req.method = SIP_METHOD_INVITE;
	f.req.transport = SIP_UDP;
	f.req.family = local.family;
	f.req.on_service = true;
	f.in = (struct facts_in){
			.head = &head,
			.message_len = message.len,
			.datagram = true,
			.source = addr_of_ip(&rcv->src_ip),
			.method = slice_of("INVITE", 6),
			.uri = f.plain.uri,
			.call_id = f.plain.call_id,
			.cseq_number = f.plain.cseq_number,
			.cseq_method = slice_of("INVITE", 6),
	};
	if(!read_facts(&f))
		return PASS;
	env = anycast_redirect_env(&_env, f.view);
	env.tentative = true;
	decided = redirect_decide(&f.req, &env);
	return decided.action == REDIRECT_TO_NODE ? send_answer(&f, &decided)
											  : PASS;
}

/* data: the datagram, its length and where it came from. */
static int take_datagram(sr_event_param_t *event)
{
	void **data = event->data;
	const char *text = data[0];
	int len = *(int *)data[1];

	if(len < 7 || memcmp(text, "INVITE ", 7))
		return PASS;
	cfg_update();
	return answer(slice_of(text, (size_t)len), data[2]);
}

int anycast_fast_init(const struct anycast_env *env)
{
	_env = *env;
	if(sr_event_register_cb(SREV_NET_DGRAM_IN, take_datagram) == 0)
		return 0;
	LM_ERR("modparam fast_path: %s has the host's hook for datagrams "
		   "already, which takes one module; leave that out, or fast_path\n",
			module_loaded("sipcapture") ? "sipcapture" : "another module");
	return -1;
}
