/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Offers and answers. */
#include <errno.h>
#include <stdlib.h>

#include "rtp-pinner/call/calls_priv.h"
#include "rtp-pinner/call/exchange.h"

static bool is_too_long(const struct ng_command *command)
{
	const struct slice texts[] = {
		command->call_id, command->from_tag, command->to_tag,
		command->via_branch, command->label,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].len > CALL_TEXT_MAX)
			return true;
	return false;
}

static enum calls_result check(const struct ng_command *command, bool offer)
{
	if (!command->sdp.text)
		return CALLS_NO_SDP;
	if (!command->call_id.len)
		return CALLS_NO_CALL_ID;
	if (!command->from_tag.len)
		return CALLS_NO_FROM_TAG;
	if (!offer && !command->to_tag.len)
		return CALLS_NO_TO_TAG;
	return is_too_long(command) ? CALLS_TOO_LONG : CALLS_OK;
}

/* May a new call begin?  A probe may always: a node that takes no calls has to
 * show that it could.
 */
static enum calls_result admit(const struct calls *calls,
			       const struct ng_command *command)
{
	if (command->is_probe)
		return CALLS_OK;
	if (calls->draining && !(command->flags & NG_F(NG_NO_OTHER_RELAY)))
		return CALLS_DRAINING;
	if (calls->conf.max_sessions &&
	    calls->sessions - calls->probes >= calls->conf.max_sessions)
		return CALLS_SESSIONS;
	return CALLS_OK;
}

static enum calls_result begin(struct call **out, struct calls *calls,
			       const struct ng_command *command,
			       uint64_t now_ms)
{
	enum calls_result result = admit(calls, command);
	struct call *call;

	if (result)
		return result;
	call = call_new(command->call_id);
	if (!call)
		return CALLS_MEMORY;
	call->created_ms = now_ms;
	call->last_signal_ms = now_ms;
	call->deadline_ms = UINT64_MAX;
	call->thread = (uint8_t)(calls->thread_next++ % calls->conf.threads);
	call->dscp = calls->conf.dscp & 63;
	call->is_probe = command->is_probe;
	if (calls_add(calls, call, NULL)) {
		call_free(call);
		return CALLS_MEMORY;
	}
	*out = call;
	return CALLS_OK;
}

/* Who made this SDP: o= but for its version (RFC 8866 5.2).  0: there is no
 * such line.
 */
static uint32_t origin_hash(struct slice sdp)
{
	struct cursor c = cursor_of(sdp.text, sdp.len);

	while (cursor_left(&c)) {
		struct slice line = slice_trim(cursor_until(&c, "\n"));
		struct cursor words = cursor_of(line.text, line.len);
		struct slice rest;
		uint64_t hash;

		cursor_byte(&c);
		if (line.len < 2 || line.text[0] != 'o' || line.text[1] != '=')
			continue;
		cursor_until(&words, " ");
		cursor_skip_blanks(&words);
		cursor_until(&words, " ");
		hash = text_hash(slice_of(line.text, words.pos));
		cursor_skip_blanks(&words);
		cursor_until(&words, " ");
		rest = cursor_take(&words, cursor_left(&words));
		return (uint32_t)(hash + 31 * text_hash(rest)) | 1;
	}
	return 0;
}

static void count_refusal(struct calls *calls, enum calls_result result)
{
	switch (result) {
	case CALLS_SESSIONS:
		calls_count(calls, CALLS_C_REFUSED_SESSIONS);
		break;
	case CALLS_DRAINING:
		calls_count(calls, CALLS_C_REFUSED_DRAINING);
		break;
	case CALLS_PORTS:
		calls_count(calls, CALLS_C_REFUSED_PORTS);
		break;
	case CALLS_MEMORY:
		calls_count(calls, CALLS_C_REFUSED_MEMORY);
		break;
	case CALLS_SERVICE_ADDRESS:
		calls_count(calls, CALLS_C_REFUSED_SERVICE_ADDRESS);
		break;
	case CALLS_MEDIA_ADDRESS:
		calls_count(calls, CALLS_C_REFUSED_MEDIA_ADDRESS);
		break;
	case CALLS_HAIRPIN:
		calls_count(calls, CALLS_C_REFUSED_HAIRPIN);
		break;
	default:
		break;
	}
}

static bool is_load(enum calls_result result)
{
	return result == CALLS_SESSIONS || result == CALLS_DRAINING ||
	       result == CALLS_PORTS || result == CALLS_MEMORY;
}

/* A call that is not known here can go to another node; one that is cannot. */
static void refuse(struct calls *calls, struct calls_reply *out,
		   enum calls_result result, bool is_new)
{
	out->result = result;
	out->text = calls_result_text(result);
	out->load_limit = is_new && is_load(result);
	count_refusal(calls, result);
}

static void choose(struct exchange *x)
{
	if (x->offer)
		choice_of_offer(&x->choice, x->call, x->command);
	else
		choice_of_answer(&x->choice, x->call, x->command, x->sdp,
				 x->origin_hash);
}

static void run(struct exchange *x, struct calls_reply *out)
{
	struct calls *calls = x->calls;
	enum calls_result result;

	x->origin_hash = origin_hash(x->command->sdp);
	choose(x);
	result = exchange_prepare(x);
	if (result) {
		exchange_fini(x);
		refuse(calls, out, result, x->first);
		if (x->first) {
			calls_remove(calls, x->call);
			call_free(x->call);
		}
		return;
	}
	exchange_commit(x);
	out->sdp = x->sdp_text;
	out->sdp_len = x->sdp_len;
	x->sdp_text = NULL;
	exchange_fini(x);
	if (x->first)
		calls_count(calls, x->call->is_probe ? CALLS_C_PROBES
						     : CALLS_C_CREATED);
	calls_changed(calls, x->call);
	out->call = x->call;
}

static void handle(struct calls *calls, struct calls_reply *out,
		   const struct ng_command *command, const struct sdp *sdp,
		   bool offer, uint64_t now_ms)
{
	struct exchange x = {
		.calls = calls,
		.command = command,
		.sdp = sdp,
		.now_ms = now_ms,
		.offer = offer,
		.call = calls_lookup(calls, command->call_id),
	};
	enum calls_result result = CALLS_OK;

	if (!sdp_media_cnt(sdp)) {
		refuse(calls, out, CALLS_NOT_REWRITTEN, false);
		return;
	}
	if (!x.call && offer) {
		x.first = true;
		result = begin(&x.call, calls, command, now_ms);
	} else if (!x.call) {
		result = CALLS_UNKNOWN;
	}
	if (result)
		refuse(calls, out, result, x.first);
	else
		run(&x, out);
}

static void take_sdp(struct calls *calls, struct calls_reply *out,
		     const struct ng_command *command, bool offer,
		     uint64_t now_ms)
{
	enum calls_result result = check(command, offer);
	const char *reason = NULL;
	struct sdp *sdp = NULL;
	int err;

	*out = (struct calls_reply){ .result = CALLS_OK };
	calls_tick(calls, now_ms);
	if (result) {
		refuse(calls, out, result, false);
		return;
	}
	err = sdp_parse(&sdp, &reason, command->sdp);
	if (err) {
		refuse(calls, out, err == ENOMEM ? CALLS_MEMORY : CALLS_BAD_SDP,
		       false);
		if (err != ENOMEM && reason)
			out->text = reason;
		return;
	}
	handle(calls, out, command, sdp, offer, now_ms);
	sdp_free(sdp);
}

void calls_offer(struct calls *calls, struct calls_reply *out,
		 const struct ng_command *command, uint64_t now_ms)
{
	take_sdp(calls, out, command, true, now_ms);
}

void calls_answer(struct calls *calls, struct calls_reply *out,
		  const struct ng_command *command, uint64_t now_ms)
{
	take_sdp(calls, out, command, false, now_ms);
}
