/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/claim.h"

#include <string.h>

/* Can it be handed what is its own, as the owner it is? */
static bool is_alive(void *arg, struct slice name)
{
	const struct nodes *nodes = arg;
	uint32_t node = nodes_find(nodes, name);

	return node == nodes_self(nodes) || nodes_hears_own(nodes, node);
}

static struct slice name_of(const struct nodes *nodes, uint32_t node)
{
	return slice_str(nodes_at(nodes, node)->name);
}

/* The callback's argument is not const; the picture stays as it is. */
static void *alive_arg(const struct claim_env *env)
{
	return (void *)(uintptr_t)env->nodes;
}

static struct claim_answer handle(void)
{
	return (struct claim_answer){
		.action = CLAIM_HANDLE, .node = NODES_NONE,
	};
}

static struct claim_answer send_to(enum claim_action action, uint32_t node)
{
	return (struct claim_answer){ .action = action, .node = node };
}

/* Claim for ourselves in our own table.  True when another node, *owner, has
 * it.
 */
static bool others_have(uint32_t *owner, const struct claim_id *id,
			const struct claim_env *env)
{
	char name[SITE_NAME_MAX];
	enum owners_claim claim = owners_claim(
		name, env->owners, id->key,
		name_of(env->nodes, nodes_self(env->nodes)), is_alive,
		alive_arg(env), env->now_ms);

	*owner = nodes_find(env->nodes, slice_str(name));
	return claim == OWNERS_OTHERS;
}

/* Tell whoever stands at place n; where we stand there ourselves, note it. */
static void tell(struct claim_answer *answer, const struct claim_id *id,
		 const struct claim_env *env, unsigned n)
{
	uint32_t node = nodes_rendezvous(env->nodes, id->call_id, n);
	uint32_t owner;

	if (node == nodes_self(env->nodes))
		others_have(&owner, id, env);
	else if (nodes_hears(env->nodes, node))
		answer->tell[answer->tell_cnt++] = node;
}

static bool is_claimable(const struct claim_req *req,
			 const struct claim_env *env)
{
	return req->on_service && !req->has_to_tag &&
	       req->method != SIP_METHOD_ACK &&
	       req->method != SIP_METHOD_CANCEL &&
	       nodes_any_hears_own(env->nodes);
}

struct claim_answer claim_decide(const struct claim_req *req,
				 const struct claim_env *env)
{
	struct claim_answer answer = handle();
	uint32_t self = nodes_self(env->nodes);
	uint32_t node, owner;

	if (!is_claimable(req, env))
		return answer;
	node = nodes_rendezvous(env->nodes, req->id.call_id, 0);
	switch (req->verdict) {
	case STRAY_NONE:
		break;
	case STRAY_YOURS:
	/* a repetition that came another way may be here before the answer */
	case STRAY_DELIVERED:
		tell(&answer, &req->id, env, 1);
		return answer;
	default:	/* asked: it stays here */
		return answer;
	}
	if (req->transport != SIP_UDP) {
		tell(&answer, &req->id, env, 0);
		tell(&answer, &req->id, env, 1);
		return answer;
	}
	if (node != self)
		return nodes_hears(env->nodes, node) ? send_to(CLAIM_ASK, node) :
						       answer;
	if (others_have(&owner, &req->id, env))
		return send_to(CLAIM_PASS, owner);
	tell(&answer, &req->id, env, 1);
	return answer;
}

struct claim_answer claim_ask(enum stray_verdict *verdict, uint32_t *owner,
			      const struct claim_id *id,
			      const struct claim_env *env)
{
	uint32_t node = nodes_rendezvous(env->nodes, id->call_id, 0);
	char name[SITE_NAME_MAX];

	*verdict = STRAY_NONE;
	*owner = NODES_NONE;
	if (nodes_hears(env->nodes, node))
		return send_to(CLAIM_ASK, node);
	*verdict = STRAY_NOBODY;
	if (node != nodes_self(env->nodes) ||
	    !owners_find(name, env->owners, id->key, is_alive, alive_arg(env),
			 env->now_ms))
		return handle();
	*owner = nodes_find(env->nodes, slice_str(name));
	/* our own transaction would have been found before: it is over */
	if (*owner == nodes_self(env->nodes))
		*owner = NODES_NONE;
	else
		*verdict = STRAY_OWNED;
	return handle();
}

static struct claim_ruling back(const struct pass_head *head,
				const struct claim_env *env,
				enum pass_kind kind)
{
	return (struct claim_ruling){
		.reply = CLAIM_SEND,
		.kind = kind,
		.node = nodes_find(env->nodes, slice_str(head->origin)),
	};
}

/* It has an owner that is alive and not the one who asks. */
static struct claim_ruling to_owner(const struct pass_head *head,
				    const struct claim_env *env,
				    const char owner[static SITE_NAME_MAX])
{
	uint32_t node = nodes_find(env->nodes, slice_str(owner));
	struct claim_ruling ruling = {
		.reply = CLAIM_SEND, .kind = PASS_DELIVER, .node = node,
		.tells = true,
	};

	/* a stream's origin must answer on it, and delivers by itself */
	if (head->transport != SIP_UDP) {
		ruling = back(head, env, PASS_OWNED);
	} else if (node == nodes_self(env->nodes)) {
		ruling.reply = CLAIM_KEEP;
		ruling.node = NODES_NONE;
	}
	memcpy(ruling.owner, owner, SITE_NAME_MAX);
	return ruling;
}

struct claim_ruling claim_rule(const struct pass_head *head,
				 const struct claim_env *env)
{
	struct slice origin = slice_str(head->origin);
	char owner[SITE_NAME_MAX];

	if (head->kind == PASS_TELL) {
		owners_claim(owner, env->owners, head->key,
			     slice_str(head->owner), is_alive, alive_arg(env),
			     env->now_ms);
		return (struct claim_ruling){
			.reply = CLAIM_DONE, .node = NODES_NONE,
		};
	}
	if (head->claim) {
		if (owners_claim(owner, env->owners, head->key, origin,
				 is_alive, alive_arg(env),
				 env->now_ms) != OWNERS_OTHERS)
			return back(head, env, PASS_YOURS);
		return to_owner(head, env, owner);
	}
	if (!owners_find(owner, env->owners, head->key, is_alive,
			 alive_arg(env), env->now_ms) ||
	    slice_equal(slice_str(owner), origin))
		return back(head, env, PASS_NOBODY);
	return to_owner(head, env, owner);
}
