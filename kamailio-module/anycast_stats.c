/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/counters.h"
#include "core/dprint.h"

#include "kamailio-module/anycast_stats.h"
#include "kamailio-module/httpreq.h"

#define GROUP "anycast"

enum
{
	NAME_MAX_LEN = 48,
	COUNTERS_MAX = REDIRECT_ACTIONS + REDIRECT_REASONS + SIP_METHODS
				   + SIP_TRANSPORTS + HTTPREQ_OUTCOMES + ANYCAST_EVENTS
				   + TOKEN_VERDICTS + 2 * PASS_KINDS + PASS_VERDICTS
				   + ANYCAST_CLAIMS + ANYCAST_REPLIES,
};

static counter_handle_t _actions[REDIRECT_ACTIONS];
static counter_handle_t _reasons[REDIRECT_REASONS];
static counter_handle_t _methods[SIP_METHODS];
static counter_handle_t _transports[SIP_TRANSPORTS];
static counter_handle_t _http[HTTPREQ_OUTCOMES];
static counter_handle_t _flows[TOKEN_VERDICTS];
static counter_handle_t _pass_in[PASS_KINDS];
static counter_handle_t _pass_out[PASS_KINDS];
static counter_handle_t _pass_read[PASS_VERDICTS];
static counter_handle_t _claims[ANYCAST_CLAIMS];
static counter_handle_t _replies[ANYCAST_REPLIES];
static counter_handle_t _events[ANYCAST_EVENTS];

static const char *event_name(unsigned which)
{
	static const char *const names[ANYCAST_EVENTS] = {
			[EVENT_PROBE_VALID] = "probe-valid",
			[EVENT_PROBE_MALFORMED] = "probe-malformed",
			[EVENT_PROBE_OTHER_NODE] = "probe-other-node",
			[EVENT_PROBE_STALE] = "probe-stale",
			[EVENT_PROBE_FORGED] = "probe-forged",
			[EVENT_PEER_SIGNED] = "peer-signed",
			[EVENT_PEER_VALID] = "peer-valid",
			[EVENT_PEER_MISSING] = "peer-missing",
			[EVENT_PEER_MALFORMED] = "peer-malformed",
			[EVENT_PEER_OWN] = "peer-own",
			[EVENT_PEER_STALE] = "peer-stale",
			[EVENT_PEER_FORGED] = "peer-forged",
			[EVENT_PEER_ON_SERVICE] = "peer-on-service",
			[EVENT_FOLLOWED] = "followed",
			[EVENT_SEND_FAILED] = "send-failed",
			[EVENT_UNANSWERABLE] = "unanswerable",
			[EVENT_RELAY_FAILED] = "relay-failed",
			[EVENT_PIN_FAILED] = "pin-failed",
			[EVENT_PATH_REMOVED] = "path-removed",
			[EVENT_FLOW_GONE] = "flow-gone",
			[EVENT_NEXT_DEAD] = "next-dead",
			[EVENT_FAST_ANSWERED] = "fast-answered",
			[EVENT_PASS_OTHER_SOURCE] = "pass-other-source",
			[EVENT_PASS_NO_SOCKET] = "pass-no-socket",
			[EVENT_PASS_NO_FAMILY] = "pass-no-family",
			[EVENT_PASS_TOO_LARGE] = "pass-too-large",
			[EVENT_PASS_FAILED] = "pass-failed",
			[EVENT_ASK_UNANSWERED] = "ask-unanswered",
			[EVENT_HTTP_NO_STREAM] = "http-no-stream",
			[EVENT_RELOADED] = "reloaded",
			[EVENT_RELOAD_FAILED] = "reload-failed",
	};

	return names[which];
}

static const char *claim_name(unsigned which)
{
	static const char *const names[ANYCAST_CLAIMS] = {
			[CLAIM_HERE] = "here",
			[CLAIM_OTHERS] = "others",
			[CLAIM_ASKED] = "asked",
			[CLAIM_GRANTED] = "granted",
			[CLAIM_TOLD] = "told",
			[CLAIM_UNANSWERED] = "unanswered",
	};

	return names[which];
}

static const char *reply_name(unsigned which)
{
	static const char *const names[ANYCAST_REPLIES] = {
			[REPLY_PASSED] = "passed",
			[REPLY_NO_TOKEN] = "no-token",
			[REPLY_MALFORMED] = "malformed",
			[REPLY_FORGED] = "forged",
			[REPLY_OWN] = "own",
			[REPLY_UNKNOWN_NODE] = "unknown-node",
			[REPLY_DEAD_NODE] = "dead-node",
			[REPLY_STILL_STRAY] = "still-stray",
			[REPLY_NOT_SENT] = "not-sent",
	};

	return names[which];
}

/* The families of counters: a prefix, a name for each, what they count. */
struct family
{
	const char *prefix;
	counter_handle_t *handles;
	unsigned cnt;
	const char *(*name)(unsigned which);
	const char *descr;
};

static const char *action_name(unsigned which)
{
	return redirect_action_name((enum redirect_action)which);
}

static const char *reason_name(unsigned which)
{
	return redirect_reason_name((enum redirect_reason)which);
}

static const char *method_name(unsigned which)
{
	return sip_method_name((enum sip_method)which);
}

static const char *transport_name(unsigned which)
{
	return sip_transport_name((enum sip_transport)which);
}

static const char *http_name(unsigned which)
{
	return httpreq_outcome_name((enum httpreq_outcome)which);
}

static const char *flow_name(unsigned which)
{
	return token_verdict_name((enum token_verdict)which);
}

static const char *kind_name(unsigned which)
{
	return pass_kind_name((enum pass_kind)which);
}

static const char *read_name(unsigned which)
{
	return pass_verdict_name((enum pass_verdict)which);
}

static const struct family _families[] = {
		{"action_", _actions, REDIRECT_ACTIONS, action_name,
				"requests by what was done with them"},
		{"reason_", _reasons, REDIRECT_REASONS, reason_name,
				"requests by the reason of the decision"},
		{"method_", _methods, SIP_METHODS, method_name,
				"requests on a service address by method"},
		{"transport_", _transports, SIP_TRANSPORTS, transport_name,
				"requests on a service address by transport"},
		{"http_", _http, HTTPREQ_OUTCOMES, http_name,
				"HTTP requests by what became of them"},
		{"flow_", _flows, TOKEN_VERDICTS, flow_name,
				"flow tokens in a Route, by verdict"},
		{"pass_in_", _pass_in, PASS_KINDS, kind_name,
				"messages from other nodes, by kind"},
		{"pass_out_", _pass_out, PASS_KINDS, kind_name,
				"messages to other nodes, by kind"},
		{"pass_read_", _pass_read, PASS_VERDICTS, read_name,
				"datagrams on the stray-port, by verdict"},
		{"claim_", _claims, ANYCAST_CLAIMS, claim_name,
				"requests served statefully, by who has them"},
		{"reply_", _replies, ANYCAST_REPLIES, reply_name,
				"responses without a transaction, by what became of them"},
		{"event_", _events, ANYCAST_EVENTS, event_name,
				"probe and peer headers by verdict, and rare events"},
};

static const char *store_name(const char *prefix, const char *name)
{
	static char names[COUNTERS_MAX][NAME_MAX_LEN];
	static unsigned used;
	char *out = names[used++];

	snprintf(out, NAME_MAX_LEN, "%s%s", prefix, name);
	for(char *p = out; *p; p++)
		if(*p == '-')
			*p = '_';
	return out;
}

int anycast_stats_init(void)
{
	for(size_t f = 0; f < sizeof(_families) / sizeof(_families[0]); f++) {
		const struct family *fam = &_families[f];

		for(unsigned i = 0; i < fam->cnt; i++) {
			const char *name = store_name(fam->prefix, fam->name(i));

			if(counter_register(&fam->handles[i], GROUP, name, 0, NULL, NULL,
					   fam->descr, 0)
					< 0) {
				LM_ERR("cannot register the counter %s\n", name);
				return -1;
			}
		}
	}
	return 0;
}

void anycast_count(enum anycast_event event)
{
	counter_inc(_events[event]);
}

void anycast_count_decision(
		const struct redirect_req *req, const struct redirect_answer *answer)
{
	counter_inc(_actions[answer->action]);
	counter_inc(_reasons[answer->reason]);
	if(answer->followed)
		counter_inc(_events[EVENT_FOLLOWED]);
	if(!req->on_service)
		return;
	counter_inc(_methods[req->method]);
	counter_inc(_transports[req->transport]);
}

void anycast_count_flow(enum token_verdict verdict)
{
	counter_inc(_flows[verdict]);
}

void anycast_count_pass_in(enum pass_kind kind)
{
	counter_inc(_pass_in[kind]);
}

void anycast_count_pass_out(enum pass_kind kind)
{
	counter_inc(_pass_out[kind]);
}

void anycast_count_pass_read(enum pass_verdict verdict)
{
	counter_inc(_pass_read[verdict]);
}

void anycast_pass_totals(struct anycast_pass_totals *out)
{
	*out = (struct anycast_pass_totals){
			.refused = counter_get_val(_events[EVENT_PASS_OTHER_SOURCE]),
	};
	for(int i = 0; i < PASS_KINDS; i++) {
		out->in += counter_get_val(_pass_in[i]);
		out->out += counter_get_val(_pass_out[i]);
	}
	for(int i = 0; i < PASS_VERDICTS; i++)
		if(i != PASS_OK)
			out->refused += counter_get_val(_pass_read[i]);
}

void anycast_count_claim(enum anycast_claim_outcome outcome)
{
	counter_inc(_claims[outcome]);
}

void anycast_count_reply(enum anycast_reply_outcome outcome)
{
	counter_inc(_replies[outcome]);
}

void anycast_count_http(unsigned outcome)
{
	counter_inc(_http[outcome]);
}
