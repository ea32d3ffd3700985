/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules, in order.  Each is one function that either settles the request
 * (returns true) or passes it on; the numbers are those of the design and of
 * the table in docs/rfc-conformance.md.
 */
#include "kamailio-module/redirect.h"

#include <assert.h>

struct rule_ctx {
	const struct redirect_req *req;
	const struct redirect_env *env;
	struct redirect_answer *answer;
};

static bool settle(const struct rule_ctx *ctx, enum redirect_action action,
		   enum redirect_reason reason, unsigned status, uint32_t node)
{
	*ctx->answer = (struct redirect_answer){
		.action = action,
		.reason = reason,
		.status = status,
		.node = node,
	};
	return true;
}

static bool serve(const struct rule_ctx *ctx, enum redirect_reason reason)
{
	return settle(ctx, REDIRECT_SERVE, reason, 0, NODES_NONE);
}

static bool refuse(const struct rule_ctx *ctx, enum redirect_reason reason,
		   unsigned status)
{
	/* RFC 3261 17.1.1.3: nobody answers an ACK */
	if (ctx->req->method == SIP_METHOD_ACK)
		return settle(ctx, REDIRECT_ABSORB, reason, 0, NODES_NONE);
	return settle(ctx, REDIRECT_REFUSE, reason, status, NODES_NONE);
}

static bool has_uri(const struct redirect_req *req)
{
	return req->defect != DEFECT_URI && req->defect != DEFECT_URI_TOO_LONG;
}

static bool is_websocket(const struct redirect_req *req)
{
	return req->transport == SIP_WS || req->transport == SIP_WSS;
}

static bool is_redirect_method(const struct rule_ctx *ctx,
			       enum sip_method method)
{
	return ctx->env->conf->methods >> method & 1;
}

/* What a memo says: served, or redirected to this node of this site file. */
enum {
	MEMO_SERVED = UINT32_MAX,
	MEMO_NODE_BITS = 16,
	MEMO_VERSION_MASK = 0x7fff,	/* never all ones with the node */
};
static_assert(SITE_NODES_MAX <= 1 << MEMO_NODE_BITS, "a node fits a memo");

static uint32_t memo_of(const struct redirect_env *env, uint32_t node)
{
	return (env->site_version & MEMO_VERSION_MASK) << MEMO_NODE_BITS |
	       node;
}

/* NODES_NONE: of another site file than today's. */
static uint32_t memo_node(const struct redirect_env *env, uint32_t memo)
{
	uint32_t node = memo & ((1U << MEMO_NODE_BITS) - 1);

	return memo_of(env, node) == memo ? node : NODES_NONE;
}

static void remember(const struct rule_ctx *ctx, uint32_t memo)
{
	if (memo != MEMO_SERVED || !ctx->env->tentative)
		follow_remember(ctx->env->follow, ctx->req->transaction_key,
				ctx->env->now_ms, memo);
}

/* 1: only what comes to a service address, and is nobody's already.  An INVITE
 * at the node address is what a client does that follows.
 */
static bool rule_not_ours(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;

	if (!req->on_service) {
		serve(ctx, REASON_NOT_SERVICE);
		ctx->answer->followed =
			req->method == SIP_METHOD_INVITE && !req->has_to_tag &&
			follow_mark(ctx->env->follow, req->source_key,
				    ctx->env->now_ms);
		return true;
	}
	if (req->known_transaction)
		return serve(ctx, REASON_TRANSACTION);
	if (req->unreadable)
		return serve(ctx, REASON_UNREADABLE);
	/* what is claimed has been judged before, and is to be served */
	if (req->verdict == STRAY_YOURS)
		return serve(ctx, REASON_CLAIMED);
	return false;
}

/* maddr names where the request goes, whatever its host says (19.1.1); a
 * Contact in maddr style comes back so.  Of a foreign maddr nothing is kept.
 */
static bool maddr_node(const struct rule_ctx *ctx, const struct sipuri *uri,
		       enum host_kind *kind, uint32_t *node)
{
	struct sipuri_item item;
	struct addr addr;

	if (!uri->params.len ||
	    !sipuri_find_param(uri, slice_str("maddr"), &item))
		return false;
	if (addr_parse_host(&addr, item.value.text, item.value.len))
		addr_parse(&addr, item.value.text, item.value.len);
	*kind = nodes_host_kind(ctx->env->nodes, item.value, &addr, uri->port,
				node);
	return *kind == HOST_SELF || *kind == HOST_NODE;
}

static enum host_kind kind_of(const struct rule_ctx *ctx,
			      const struct sipuri *uri, uint32_t *node)
{
	enum host_kind kind;

	*node = NODES_NONE;
	if (uri->scheme != SIPURI_SIP && uri->scheme != SIPURI_SIPS)
		return HOST_FOREIGN;
	if (maddr_node(ctx, uri, &kind, node))
		return kind;
	return nodes_host_kind(ctx->env->nodes, uri->host, &uri->addr,
			       uri->port, node);
}

static bool rule_refuse(const struct rule_ctx *ctx);

/* 3: of a node that is down nothing will come: say so at once, as whoever waits
 * for it would have to in the end (RFC 3261 12.2.1.2, 9.2 and 21.4.18).
 */
static bool refuse_down(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	bool gone = req->has_to_tag || req->method == SIP_METHOD_CANCEL;

	return refuse(ctx, REASON_LOOP_DOWN, gone ? 481 : 480);
}

/* 3: may it go to that node as it is?  Over UDP only: the node answers from the
 * service address, which is right for any packet, but not for a connection that
 * ends here.  Not for what has been passed once.  A disabled node has its own
 * calls, and nothing that is new.
 */
static bool may_pass(const struct rule_ctx *ctx, uint32_t node)
{
	const struct redirect_req *req = ctx->req;
	const struct nodes *nodes = ctx->env->nodes;
	bool its_own = req->has_to_tag || req->method == SIP_METHOD_ACK ||
		       req->method == SIP_METHOD_CANCEL;

	return ctx->env->conf->can_pass && req->transport == SIP_UDP &&
	       req->verdict != STRAY_DELIVERED &&
	       (its_own ? nodes_hears_own(nodes, node) :
			  nodes_hears(nodes, node));
}

/* 3: the loop guard.  Clients with an outbound proxy send the redirected
 * request to the service address again (RFC 3261 8.3 warns of it): whoever
 * asks for a node by name has been redirected already.
 */
static bool rule_loop(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	enum host_kind kind = HOST_FOREIGN;
	uint32_t node = NODES_NONE;

	if (req->has_route)
		kind = kind_of(ctx, &req->route, &node);
	else if (has_uri(req))
		kind = kind_of(ctx, &req->uri, &node);

	if (kind == HOST_SELF)
		return serve(ctx, REASON_LOOP_SELF);
	if (kind != HOST_NODE)
		return false;
	/* what is refused here is not passed on either */
	if (rule_refuse(ctx))
		return true;
	/* the way back to a phone begins where its connection ends: through us the
	 * node would find none
	 */
	if (req->method == SIP_METHOD_REGISTER && !may_pass(ctx, node) &&
	    ctx->env->conf->can_register)
		return serve(ctx, REASON_LOOP_OTHER);
	if (nodes_state(ctx->env->nodes, node) == NODE_DOWN)
		return refuse_down(ctx);
	if (!nodes_reachable(ctx->env->nodes, node, req->family))
		return refuse(ctx, REASON_NO_ADDRESS, 480);
	if (may_pass(ctx, node))
		return settle(ctx, REDIRECT_PASS, REASON_LOOP_OTHER, 0, node);
	/* 8.3: what may not be redirected and cannot be relayed gets 404 */
	if (!ctx->env->conf->can_relay)
		return refuse(ctx, REASON_LOOP_OTHER, 404);
	/* a relay is a proxy: RFC 3261 16.3 step 3, for OPTIONS as well */
	if (req->has_max_forwards && !req->max_forwards)
		return refuse(ctx, REASON_MAX_FORWARDS, 483);
	return settle(ctx, REDIRECT_RELAY, REASON_LOOP_OTHER, 0, node);
}

/* Is this of a transaction that only its owner knows: does it carry nothing by
 * which we could tell whose it is?
 */
static bool is_stray(const struct redirect_req *req)
{
	if (req->method == SIP_METHOD_ACK)
		return !req->to_tag_is_ours;
	return req->method == SIP_METHOD_CANCEL && !req->has_to_tag;
}

/* To the node that has it; a stream's CANCEL is answered here, where its
 * connection is (RFC 3261 9.2: 200 says no more than that it was found).
 */
static bool pass_to_owner(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	bool answer = req->method == SIP_METHOD_CANCEL &&
		      req->transport != SIP_UDP;

	return settle(ctx, REDIRECT_PASS, REASON_OWNED, answer ? 200 : 0,
		      req->owner);
}

/* 5 and 6, before anything else is said: the INVITE of a CANCEL, or of the ACK
 * to a served call's 4xx, may be with another node.
 */
static bool rule_stray(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	const struct nodes *nodes = ctx->env->nodes;

	/* it was claimed by this node, but its transaction is new or over */
	if (req->verdict == STRAY_DELIVERED && !req->has_to_tag &&
	    req->method != SIP_METHOD_ACK && req->method != SIP_METHOD_CANCEL)
		return serve(ctx, REASON_DELIVERED);
	if (!is_stray(req))
		return false;
	if (req->verdict == STRAY_OWNED && nodes_hears_own(nodes, req->owner))
		return pass_to_owner(ctx);
	if (req->verdict != STRAY_NONE || !ctx->env->conf->can_pass ||
	    !nodes_any_hears_own(nodes) || req->is_probe || req->via_maddr ||
	    req->defect != DEFECT_NONE)
		return false;
	return settle(ctx, REDIRECT_ASK, REASON_STRAY, 0, NODES_NONE);
}

/* 4: what is for somebody else is not redirected here, or bob@other.example
 * would become our bob.  tel: has no host and is ours to redirect.
 */
static bool rule_foreign(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	uint32_t node;

	if (req->has_route)
		return serve(ctx, REASON_FOREIGN);
	if (!has_uri(req) || (req->uri.scheme != SIPURI_SIP &&
			      req->uri.scheme != SIPURI_SIPS))
		return false;
	if (kind_of(ctx, &req->uri, &node) != HOST_SERVICE)
		return serve(ctx, REASON_FOREIGN);
	return false;
}

/* 5: in a dialog, or the end of a transaction of ours. */
static bool rule_dialog(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;

	if (req->method == SIP_METHOD_ACK) {
		if (req->to_tag_is_ours)
			return settle(ctx, REDIRECT_ABSORB, REASON_ACK_OURS, 0,
				      NODES_NONE);
		/* whoever was asked knows of no transaction it could end */
		if (req->verdict != STRAY_NONE)
			return settle(ctx, REDIRECT_ABSORB,
				      REASON_OWNER_UNKNOWN, 0, NODES_NONE);
		return serve(ctx, req->has_to_tag ? REASON_IN_DIALOG :
						    REASON_ACK_STRAY);
	}
	/* A CANCEL carries the To of its INVITE (RFC 3261 9.1). */
	if (req->has_to_tag)
		return serve(ctx, REASON_IN_DIALOG);
	return false;
}

/* 6: a redirected INVITE is over before its CANCEL arrives: 200 without any
 * effect (RFC 3261 8.3, 9.2), on whichever node it lands.
 */
static bool rule_cancel(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	const struct client *client;
	uint32_t memo;

	if (req->method != SIP_METHOD_CANCEL)
		return false;
	if (is_websocket(req) || !is_redirect_method(ctx, SIP_METHOD_INVITE))
		return serve(ctx, REASON_CANCEL_SERVED);
	/* it may lack a User-Agent, but where it has one its INVITE had it */
	client = clients_find(ctx->env->clients, req->user_agent);
	if (client && client->invite == CLIENT_NEVER)
		return serve(ctx, REASON_CANCEL_SERVED);
	if (follow_recall(ctx->env->follow, req->transaction_key,
			  ctx->env->now_ms, &memo) &&
	    memo == MEMO_SERVED)
		return serve(ctx, REASON_CANCEL_SERVED);
	return settle(ctx, REDIRECT_ANSWER, REASON_CANCEL_REDIRECTED, 200,
		      NODES_NONE);
}

/* 7: what cannot be answered in any other way. */
static bool rule_refuse(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;

	if (req->defect == DEFECT_URI_TOO_LONG)
		return refuse(ctx, REASON_URI_TOO_LONG, 414);
	if (req->defect != DEFECT_NONE)
		return refuse(ctx, REASON_MALFORMED, 400);
	if (req->via_maddr)	/* a reflector, RFC 3261 18.2.2 */
		return refuse(ctx, REASON_VIA_MADDR, 400);
	if (req->uri.scheme == SIPURI_OTHER)
		return refuse(ctx, REASON_SCHEME, 416);
	if (req->uri.scheme == SIPURI_SIPS && req->transport == SIP_UDP)
		return refuse(ctx, REASON_SIPS_OVER_UDP, 400);
	/* RFC 3261 8.2.2.3: ignored in these two */
	if (req->has_proxy_require && req->method != SIP_METHOD_ACK &&
	    req->method != SIP_METHOD_CANCEL)
		return refuse(ctx, REASON_PROXY_REQUIRE, 420);
	/* RFC 3261 16.3: OPTIONS may be answered at 0 */
	if (req->has_max_forwards && !req->max_forwards &&
	    req->method != SIP_METHOD_OPTIONS)
		return refuse(ctx, REASON_MAX_FORWARDS, 483);
	return false;
}

/* 8: trunks ping the service; it is there as long as anybody is. */
static bool rule_options(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;

	if (req->method != SIP_METHOD_OPTIONS)
		return false;
	if (req->is_probe || nodes_any(ctx->env->nodes, req->family))
		return settle(ctx, REDIRECT_ANSWER, REASON_OPTIONS, 200,
			      NODES_NONE);
	return settle(ctx, REDIRECT_ANSWER, REASON_OPTIONS_NO_NODE, 503,
		      NODES_NONE);
}

/* 9: which methods and which clients. */
static bool rule_policy(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	const struct client *client;
	bool listed = is_redirect_method(ctx, req->method);

	if (is_websocket(req))
		return serve(ctx, REASON_WEBSOCKET);
	if (req->is_probe)
		return listed ? false : serve(ctx, REASON_METHOD);

	client = clients_find(ctx->env->clients, req->user_agent);
	if (req->method == SIP_METHOD_REGISTER) {
		if (client && client->registration == CLIENT_FOLLOWS)
			return false;
		if (client && client->registration == CLIENT_NEVER)
			return serve(ctx, listed ? REASON_CLIENT_NEVER :
						   REASON_METHOD);
	} else if (listed && client && client->invite == CLIENT_NEVER) {
		/* for its CANCEL, should that come without a User-Agent */
		if (req->method == SIP_METHOD_INVITE)
			remember(ctx, MEMO_SERVED);
		return serve(ctx, REASON_CLIENT_NEVER);
	}
	return listed ? false : serve(ctx, REASON_METHOD);
}

/* 11: which node, as things stand now. */
static bool redirect_now(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	const struct nodes *nodes = ctx->env->nodes;
	uint32_t self = nodes_self(nodes);
	uint32_t node = nodes_pick(nodes, req->family, req->call_key);
	enum redirect_reason reason = REASON_OTHER_NODE;

	if (node == NODES_NONE)
		return refuse(ctx, REASON_NO_ADDRESS, 480);
	if (node == self)
		reason = nodes_takes_calls(nodes, self) ? REASON_OWN_NODE :
							  REASON_LAST_NODE;
	return settle(ctx, REDIRECT_TO_NODE, reason, 302, node);
}

/* 2: the node's own probe: as if it were up, and nobody learns from it. */
static bool rule_probe(const struct rule_ctx *ctx)
{
	const struct nodes *nodes = ctx->env->nodes;

	if (!ctx->req->is_probe)
		return false;
	if (!nodes_reachable(nodes, nodes_self(nodes), ctx->req->family))
		return refuse(ctx, REASON_NO_ADDRESS, 480);
	return settle(ctx, REDIRECT_TO_NODE, REASON_PROBE, 302,
		      nodes_self(nodes));
}

/* 10: as the first time while the client repeats itself; a source that keeps
 * coming back without following is served.
 */
static bool rule_follow(const struct rule_ctx *ctx)
{
	const struct redirect_req *req = ctx->req;
	const struct redirect_env *env = ctx->env;
	uint32_t memo, node;
	bool again = follow_recall(env->follow, req->transaction_key,
				   env->now_ms, &memo);

	if (again) {
		if (memo == MEMO_SERVED)
			return serve(ctx, REASON_FIRST_ANSWER);
		node = memo_node(env, memo);
		if (nodes_reachable(env->nodes, node, req->family))
			return settle(ctx, REDIRECT_TO_NODE,
				      REASON_FIRST_ANSWER, 302, node);
	}
	redirect_now(ctx);
	if (ctx->answer->action != REDIRECT_TO_NODE)
		return true;
	/* told to go to a node of another site file, it is no less a repetition */
	if (!again && ctx->answer->node == nodes_self(env->nodes) &&
	    req->method == SIP_METHOD_INVITE &&
	    !follow_judge(env->follow, req->source_key, env->now_ms))
		serve(ctx, REASON_NOT_FOLLOWING);
	remember(ctx, ctx->answer->action == REDIRECT_SERVE ?
			      MEMO_SERVED :
			      memo_of(env, ctx->answer->node));
	return true;
}

struct redirect_answer redirect_decide(const struct redirect_req *req,
				       const struct redirect_env *env)
{
	static bool (*const rules[])(const struct rule_ctx *ctx) = {
		rule_not_ours, rule_loop,    rule_stray,   rule_foreign,
		rule_dialog,   rule_cancel,  rule_refuse,  rule_options,
		rule_policy,   rule_probe,   rule_follow,
	};
	struct redirect_answer answer = { 0 };
	const struct rule_ctx ctx = {
		.req = req, .env = env, .answer = &answer,
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i](&ctx))
			break;
	return answer;
}
