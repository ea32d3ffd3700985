/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/handlers.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/probe.h"
#include "rtp-pinner/daemon/reply_call.h"
#include "rtp-pinner/daemon/reply_stats.h"
#include "rtp-pinner/sdp/sdp_osip.h"

enum {
	LIST_DEFAULT = 32,
	/* of names in a list that was too long: even where each byte takes six
	 * (\u001b), they fit into a datagram
	 */
	LIST_SHORT_BYTES = 8192,
};

static bool ok(struct ng_dict *reply)
{
	ng_put(reply, ng_root(reply), "result", slice_str("ok"));
	return true;
}

void handlers_error(struct ng_dict *reply, const char *text)
{
	ng_put(reply, ng_root(reply), "result", slice_str("error"));
	ng_put(reply, ng_root(reply), "error-reason", slice_str(text));
}

static bool error(struct ng_dict *reply, const char *text)
{
	handlers_error(reply, text);
	return false;
}

static bool reply_signal(struct pinner *p, struct ng_dict *reply,
			 const struct ng_command *command,
			 const struct calls_reply *done)
{
	struct ng_value *root = ng_root(reply);

	if (done->load_limit) {
		counter_add(&p->counters, PINNER_C_LOAD_LIMITS, 1);
		if (!(command->flags & NG_F(NG_LOAD_LIMIT)))
			return error(reply, done->text);
		ng_put(reply, root, "result", slice_str("load limit"));
		ng_put(reply, root, "message", slice_str(done->text));
		return true;
	}
	if (done->result != CALLS_OK)
		return error(reply, done->text);
	ng_put(reply, root, "sdp",
	       ng_copy(reply, slice_of(done->sdp, done->sdp_len)));
	return ok(reply);
}

/* Is it this node's own health agent that asks? */
static bool is_probe(struct pinner *p, const struct ng_command *command)
{
	if (!command->probe.text)
		return false;
	if (probe_check(command->probe, p->conf->site,
			slice_str(p->conf->node->name), command->call_id,
			clock_wall_s()) == PROBE_VALID)
		return true;
	counter_add(&p->counters, PINNER_C_PROBES_REFUSED, 1);
	return false;
}

static bool run_signal(struct pinner *p, struct ng_dict *reply,
		       const struct ng_command *asked, uint64_t now_ms)
{
	struct ng_command own = *asked;
	const struct ng_command *command = &own;
	struct calls_reply done = { 0 };
	bool fine;

	if (!command->sdp.len) /* as rtpengine: nothing to do */
		return ok(reply);
	if (!sdp_osip_check(command->sdp))
		counter_add(&p->counters, PINNER_C_OSIP_REFUSED, 1);
	own.is_probe = is_probe(p, command);
	if (command->verb == NG_OFFER)
		calls_offer(p->calls, &done, command, now_ms);
	else
		calls_answer(p->calls, &done, command, now_ms);
	fine = reply_signal(p, reply, command, &done);
	free(done.sdp);
	return fine;
}

static bool run_delete(struct pinner *p, struct ng_dict *reply,
		       const struct ng_command *command, uint64_t now_ms)
{
	struct calls_deleted done = { 0 };

	calls_delete(p->calls, &done, command, now_ms);
	if (done.result != CALLS_OK)
		return error(reply, done.text);
	if (done.warning)
		ng_put(reply, ng_root(reply), "warning",
		       slice_str(done.warning));
	if (done.call) {
		meters_refresh(p->meters, done.call, now_ms);
		reply_call(p, reply, done.call, done.leg, false, now_ms);
	}
	return ok(reply);
}

/* The leg a query asks about: that of the to-tag, else of the from-tag. */
static unsigned asked_leg(const struct call *call,
			  const struct ng_command *command)
{
	unsigned leg = CALL_NONE;

	if (command->to_tag.len)
		leg = call_find_tag(call, command->to_tag);
	if (leg == CALL_NONE && command->from_tag.len)
		leg = call_find_tag(call, command->from_tag);
	return leg;
}

static bool run_query(struct pinner *p, struct ng_dict *reply,
		      const struct ng_command *command, uint64_t now_ms)
{
	const struct call *call = calls_find(p->calls, command->call_id);

	if (!call)
		return error(reply, calls_result_text(CALLS_UNKNOWN));
	meters_refresh(p->meters, call, now_ms);
	reply_call(p, reply, call, asked_leg(call, command), false, now_ms);
	return ok(reply);
}

/* The newest calls, as far as their names have no more bytes than that.
 * Probes are none of anybody's.
 */
static bool run_list(struct pinner *p, struct ng_dict *reply,
		     const struct ng_command *command, size_t bytes)
{
	struct ng_value *calls = ng_put_list(reply, ng_root(reply), "calls");
	uint32_t left = command->limit ? command->limit : LIST_DEFAULT;

	for (const struct call *call = calls_newest(p->calls); call && left;
	     call = call->older) {
		struct slice id = call_id(call);

		if (call->is_probe)
			continue;
		if (id.len > bytes)
			break;
		bytes -= id.len;
		left--;
		ng_put(reply, calls, NULL, id);
	}
	return ok(reply);
}

static bool run_drain(struct pinner *p, struct ng_dict *reply, bool on)
{
	struct calls_gauges g;

	pinner_set_drain(p, on);
	calls_gauges(p->calls, &g);
	ng_put_integer(reply, ng_root(reply), "sessions", g.sessions);
	ng_put_integer(reply, ng_root(reply), "draining",
		       calls_draining(p->calls));
	return ok(reply);
}

bool handlers_run(struct pinner *p, struct ng_dict *reply,
		  const struct ng_command *command, uint64_t now_ms)
{
	p->now_ms = now_ms;
	counter_add(&p->counters, PINNER_C_UNKNOWN_WORDS, command->unknown_cnt);
	counter_add(&p->counters, PINNER_C_REFUSED_WORDS, command->refused_cnt);

	switch (command->verb) {
	case NG_PING:
		ng_put(reply, ng_root(reply), "result", slice_str("pong"));
		return true;
	case NG_OFFER:
	case NG_ANSWER:
		return run_signal(p, reply, command, now_ms);
	case NG_DELETE:
		return run_delete(p, reply, command, now_ms);
	case NG_QUERY:
		return run_query(p, reply, command, now_ms);
	case NG_LIST:
		return run_list(p, reply, command, SIZE_MAX);
	case NG_STATISTICS:
		reply_statistics(p, reply, now_ms);
		return ok(reply);
	case NG_DRAIN:
	case NG_UNDRAIN:
		return run_drain(p, reply, command->verb == NG_DRAIN);
	case NG_NODE_INFO:
		reply_node_info(p, reply, now_ms);
		return ok(reply);
	case NG_VERBS:
		break;
	}
	return error(reply, "Unrecognized command");
}

void handlers_shorten(struct pinner *p, struct ng_dict *reply,
		      const struct ng_command *command, uint64_t now_ms)
{
	const struct call *call = calls_find(p->calls, command->call_id);

	ng_dict_reset(reply);
	if (call && command->verb == NG_QUERY) {
		reply_call(p, reply, call, CALL_NONE, true, now_ms);
		ng_put(reply, ng_root(reply), "warning",
		       slice_str("Reply too long, tags left out"));
		ok(reply);
	} else if (command->verb == NG_LIST) {
		run_list(p, reply, command, LIST_SHORT_BYTES);
	} else if (command->verb == NG_DELETE) {
		ok(reply); /* it is done, whatever can be told of it */
	} else {
		handlers_error(reply, "Reply too long");
	}
}
