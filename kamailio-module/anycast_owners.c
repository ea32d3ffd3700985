/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdatomic.h>
#include <string.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_cseq.h"

#include "common/clock.h"
#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_owners.h"
#include "kamailio-module/anycast_pass.h"
#include "kamailio-module/anycast_sip.h"
#include "kamailio-module/anycast_socket.h"
#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/totag.h"

enum
{
	QUESTIONS = 4096, /* a power of two */
	QUESTION_AGAIN_MS = 40, /* sooner than T1 of any client; what comes
							 * sooner than that was doubled on its way */
	/* 481 ends nothing: better asked again, as the client repeats it */
	QUESTION_CANCEL_MS = 2000,
	QUESTION_KEEP_MS = 32000,
	SILENT_MS = 5000,
};

/* What was asked and not answered yet.  A client that repeats itself is then
 * handled here: a rendezvous that does not answer (a firewall, a node that died
 * a moment ago) must not make calls fail.  A slot taken by another question in
 * between only costs the client one more repetition.
 */
struct question
{
	_Atomic uint64_t key;
	_Atomic uint64_t asked_ms;
};

static void *_mem;
static struct owners *_owners;
static struct question *_questions;
/* By node: until when no claim waits for it, as it did not answer one. */
static _Atomic uint64_t *_silent_until_ms;

int anycast_owners_init(uint32_t entries)
{
	size_t size = owners_size(entries);
	uintptr_t aligned;

	_mem = shm_malloc(size + 64);
	_questions = shm_malloc(QUESTIONS * sizeof(*_questions));
	_silent_until_ms = shm_malloc(SITE_NODES_MAX * sizeof(*_silent_until_ms));
	if(_mem == NULL || _questions == NULL || _silent_until_ms == NULL) {
		LM_ERR("no shared memory for the owners of transactions: %zu bytes; "
			   "lower owners_size, or start with a larger -m\n",
				size);
		return -1;
	}
	memset(_questions, 0, QUESTIONS * sizeof(*_questions));
	memset(_silent_until_ms, 0, SITE_NODES_MAX * sizeof(*_silent_until_ms));
	aligned = ((uintptr_t)_mem + 63) & ~(uintptr_t)63;
	_owners = owners_init((void *)aligned, entries);
	return 0;
}

void anycast_owners_destroy(void)
{
	if(_mem)
		shm_free(_mem);
	if(_questions)
		shm_free(_questions);
	if(_silent_until_ms)
		shm_free((void *)_silent_until_ms);
	_mem = NULL;
	_owners = NULL;
	_questions = NULL;
	_silent_until_ms = NULL;
}

void anycast_owners_summarize(struct owners_summary *out)
{
	memset(out, 0, sizeof(*out));
	if(_owners)
		owners_summarize(_owners, clock_boot_ms(), out);
}

/* Was it asked so long ago or longer, and not answered since?  If it was not
 * asked before, it is now.
 */
static bool asked_in_vain(uint64_t key, uint64_t patience_ms)
{
	struct question *q = &_questions[key & (QUESTIONS - 1)];
	uint64_t now_ms = clock_boot_ms();
	uint64_t age_ms = now_ms - atomic_load(&q->asked_ms);

	if(atomic_load(&q->key) == key && age_ms < QUESTION_KEEP_MS)
		return age_ms >= patience_ms;
	atomic_store(&q->key, key);
	atomic_store(&q->asked_ms, now_ms);
	return false;
}

static void forget(uint64_t key)
{
	struct question *q = &_questions[key & (QUESTIONS - 1)];

	if(atomic_load(&q->key) == key)
		atomic_store(&q->key, 0);
}

/* Of the request with this key, and of its CANCEL, which asks by ~key. */
static void answered(uint64_t key)
{
	forget(key);
	forget(~key);
}

/* Shall this claim not wait for node, or wait no longer? */
static bool is_silent(uint32_t node, uint64_t key)
{
	uint64_t now_ms = clock_boot_ms();

	if(now_ms < atomic_load(&_silent_until_ms[node]))
		return true;
	if(!asked_in_vain(key, QUESTION_AGAIN_MS))
		return false;
	atomic_store(&_silent_until_ms[node], now_ms + SILENT_MS);
	return true;
}

void anycast_owners_heard(uint32_t node, const struct pass_head *head)
{
	if(_owners == NULL)
		return;
	atomic_store(&_silent_until_ms[node], 0);
	if(head->kind != PASS_ASK && head->kind != PASS_DELIVER)
		answered(head->key);
}

static struct claim_env env_of(const struct anycast_view *view)
{
	return (struct claim_env){
			.nodes = view->nodes,
			.owners = _owners,
			.now_ms = clock_boot_ms(),
	};
}

static struct slice own_name(const struct anycast_view *view)
{
	return slice_str(nodes_at(view->nodes, nodes_self(view->nodes))->name);
}

/* False where the message lacks what a transaction is known by. */
static bool read_claim(struct claim_req *req, struct sip_msg *msg,
		const struct anycast_view *view)
{
	struct slice from_tag, to_tag;
	uint32_t cseq, owner;

	if(parse_headers(msg, HDR_EOH_F, 0) < 0 || !msg->callid || !msg->to
			|| !msg->from || !msg->cseq || !get_cseq(msg)
			|| slice_u32(&cseq, slice_of_str(&get_cseq(msg)->number),
					   UINT32_MAX))
		return false;
	totag_find(slice_of_str(&msg->from->body), &from_tag);
	*req = (struct claim_req){
			.method = anycast_method(msg),
			.transport = anycast_transport(msg->rcv.proto),
			.on_service = anycast_on_service(msg, view),
			.has_to_tag = totag_find(slice_of_str(&msg->to->body), &to_tag),
			.verdict = anycast_pass_verdict(&owner, view),
			.id.call_id = slice_of_str(&msg->callid->body),
	};
	req->id.key = owners_key(req->id.call_id, from_tag, cseq);
	return true;
}

static void tell(const struct anycast_view *view,
		const struct claim_answer *answer, uint64_t key)
{
	struct pass_head head = anycast_pass_head(view, PASS_TELL, key);

	site_name_copy(head.owner, own_name(view));
	for(unsigned i = 0; i < answer->tell_cnt; i++)
		anycast_pass_send(view, answer->tell[i], &head, (struct slice){0});
}

/* Who asked need not wait: a repetition is asked about again. */
static void tell_origin(const struct anycast_view *view,
		const struct pass_head *asked, const struct claim_ruling *ruling)
{
	struct pass_head head = anycast_pass_head(view, PASS_TELL, asked->key);

	memcpy(head.owner, ruling->owner, sizeof(head.owner));
	anycast_pass_send(view, nodes_find(view->nodes, slice_str(asked->origin)),
			&head, (struct slice){0});
}

/* 1: it is handled here. */
static int handle(const struct anycast_view *view,
		const struct claim_answer *answer, const struct claim_req *req,
		enum anycast_claim_outcome outcome)
{
	tell(view, answer, req->id.key);
	anycast_count_claim(outcome);
	return 1;
}

/* Ask, or pass on; without an answer, and where it cannot be sent, the claim
 * counts as granted.
 */
static int send_claim(const struct sip_msg *msg,
		const struct anycast_view *view, struct claim_answer *answer,
		struct claim_req *req)
{
	struct claim_env env = env_of(view);
	bool ask = answer->action == CLAIM_ASK;

	if(!(ask && is_silent(answer->node, req->id.key))
			&& anycast_pass_message(msg, view, answer->node,
					ask ? PASS_ASK : PASS_DELIVER, ask, req->id.key)) {
		anycast_count_claim(ask ? CLAIM_ASKED : CLAIM_OTHERS);
		return -1;
	}
	req->verdict = STRAY_YOURS;
	*answer = claim_decide(req, &env);
	return handle(view, answer, req, CLAIM_UNANSWERED);
}

int anycast_claim(struct sip_msg *msg)
{
	const struct anycast_view *view = anycast_site_view();
	struct claim_answer answer;
	struct claim_req req;
	struct claim_env env;

	if(view == NULL || !anycast_pass_active()
			|| msg->first_line.type != SIP_REQUEST
			|| !read_claim(&req, msg, view) || !req.on_service
			|| req.has_to_tag)
		return 1;
	env = env_of(view);
	answer = claim_decide(&req, &env);
	if(answer.action != CLAIM_HANDLE)
		return send_claim(msg, view, &answer, &req);
	if(req.verdict == STRAY_NONE)
		return handle(view, &answer, &req,
				req.transport == SIP_UDP ? CLAIM_HERE : CLAIM_TOLD);
	return handle(view, &answer, &req, CLAIM_GRANTED);
}

enum stray_verdict anycast_ask(uint32_t *owner, const struct sip_msg *msg,
		const struct anycast_view *view, const struct claim_id *id)
{
	struct claim_env env = env_of(view);
	enum stray_verdict verdict;
	struct claim_answer answer = claim_ask(&verdict, owner, id, &env);

	if(answer.action != CLAIM_ASK)
		return verdict;
	/* an ACK is said once for each reply it hears; only a CANCEL waits */
	if(msg->REQ_METHOD == METHOD_CANCEL
			&& asked_in_vain(~id->key, QUESTION_CANCEL_MS)) {
		anycast_count(EVENT_ASK_UNANSWERED);
		return STRAY_NOBODY;
	}
	return anycast_pass_message(
				   msg, view, answer.node, PASS_ASK, false, id->key)
				   ? STRAY_NONE
				   : STRAY_NOBODY;
}

void anycast_owners_asked(const struct anycast_view *view,
		const struct pass_head *head, struct slice message)
{
	struct claim_env env = env_of(view);
	struct claim_ruling ruling;
	struct pass_head next;

	if(_owners == NULL)
		return;
	ruling = claim_rule(head, &env);
	if(ruling.tells)
		tell_origin(view, head, &ruling);
	next = pass_next(head, ruling.kind, own_name(view));
	switch(ruling.reply) {
		case CLAIM_SEND:
			if(ruling.kind == PASS_OWNED)
				memcpy(next.owner, ruling.owner, sizeof(next.owner));
			anycast_pass_send(view, ruling.node, &next, message);
			break;
		case CLAIM_KEEP:
			next.kind = PASS_DELIVER;
			anycast_pass_inject(&next, message);
			break;
		default:
			break;
	}
}
