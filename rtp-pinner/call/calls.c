/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/call/calls_priv.h"
#include "rtp-pinner/call/gate.h"
#include "rtp-pinner/call/rows.h"
#include "rtp-pinner/call/timers.h"

_Static_assert(sizeof(((struct calls_conf *)0)->seed) == KEYED_SEED_LEN,
	       "seed");

static const char *const end_names[CALLS_ENDS] = {
	[CALLS_END_DELETED] = "deleted",
	[CALLS_END_OFFER_TIMEOUT] = "offer-timeout",
	[CALLS_END_SILENCE] = "silence",
	[CALLS_END_HOLD] = "hold-timeout",
};

static const char *const result_texts[CALLS_RESULTS] = {
	[CALLS_OK] = NULL,
	[CALLS_NO_SDP] = "No SDP body in message",
	[CALLS_NO_CALL_ID] = "No call-id in message",
	[CALLS_NO_FROM_TAG] = "No from-tag in message",
	[CALLS_NO_TO_TAG] = "No to-tag in message",
	[CALLS_BAD_SDP] = "Failed to parse SDP",
	[CALLS_NOT_REWRITTEN] = "Error rewriting SDP",
	[CALLS_UNKNOWN] = "Unknown call-id",
	[CALLS_UNMATCHED] = "Call-ID not found or tags didn't match",
	[CALLS_SESSIONS] = "Parallel session limit reached",
	[CALLS_DRAINING] = "Parallel session limit reached",
	[CALLS_PORTS] = "Ran out of ports",
	[CALLS_MEMORY] = "Out of memory",
	[CALLS_LEGS] = "Too many branches in this call",
	[CALLS_TOO_LONG] = "Call-ID, tag, branch or label is too long",
	[CALLS_SERVICE_ADDRESS] =
		"SDP asks for media at an address of the anycast service",
	[CALLS_MEDIA_ADDRESS] =
		"media-address is no address to advertise: an address of the anycast service, or not unicast",
	[CALLS_HAIRPIN] = "SDP asks for media at a port of this same call",
};

const struct counter_desc calls_counter_desc[CALLS_COUNTERS] = {
	[CALLS_C_CREATED] = { "calls_created_total", "Calls begun by an offer." },
	[CALLS_C_PROBES] = { "calls_probes_total",
			     "Calls of the health agent, which no other figure "
			     "of calls has." },
	[CALLS_C_PROBES_LEFT] = { "calls_probes_left_total",
				  "Of them, those nobody has deleted." },
	[CALLS_C_RESTORED] = { "calls_restored_total",
			       "Calls taken back from the store after a restart." },
	[CALLS_C_RESTORE_FAILED] = {
		"calls_restore_failed_total",
		"Records of the store that were damaged or did not fit." },
	[CALLS_C_ENDED_DELETED] = { "calls_ended_deleted_total",
				    "Calls ended by delete." },
	[CALLS_C_ENDED_OFFER_TIMEOUT] = { "calls_ended_offer_timeout_total",
					  "Calls ended because nobody answered." },
	[CALLS_C_ENDED_SILENCE] = {
		"calls_ended_silence_total",
		"Calls ended for silence: a BYE was lost." },
	[CALLS_C_ENDED_HOLD] = { "calls_ended_hold_total",
				 "Calls ended for silence while on hold." },
	[CALLS_C_BRANCH_ENDED] = { "call_branches_ended_total",
				   "Branches ended while their call went on." },
	[CALLS_C_REFUSED_SESSIONS] = { "calls_refused_sessions_total",
				       "Offers refused: max-sessions." },
	[CALLS_C_REFUSED_DRAINING] = { "calls_refused_draining_total",
				       "Offers refused while draining." },
	[CALLS_C_REFUSED_PORTS] = { "calls_refused_ports_total",
				    "Offers refused: no port was free." },
	[CALLS_C_REFUSED_MEMORY] = { "calls_refused_memory_total",
				     "Commands refused: out of memory." },
	[CALLS_C_REFUSED_SERVICE_ADDRESS] = {
		"calls_refused_service_address_total",
		"SDPs refused that ask for media at a service address." },
	[CALLS_C_REFUSED_MEDIA_ADDRESS] = {
		"calls_refused_media_address_total",
		"Commands refused whose media-address must not be advertised." },
	[CALLS_C_REFUSED_HAIRPIN] = {
		"calls_refused_hairpin_total",
		"SDPs refused that ask for media at a port of the same call." },
	[CALLS_C_MEDIA_WITHOUT_PORT] = {
		"call_media_without_port_total",
		"Media disabled in a running call: no port was free." },
	[CALLS_C_DELETE_REVOKED] = {
		"call_deletes_revoked_total",
		"Pending deletes taken back by an offer or answer." },
	[CALLS_C_DELETE_UNMATCHED] = { "call_deletes_unmatched_total",
				       "Deletes that matched no call or leg." },
	[CALLS_C_ROLLED_BACK] = {
		"call_reoffers_rolled_back_total",
		"Re-offers undone because they were answered by a delete." },
	[CALLS_C_ANSWER_SWAPPED] = { "call_answers_swapped_total",
				     "Answers heard with their tags swapped." },
	[CALLS_C_GATE_EMPTY] = {
		"call_gates_empty_total",
		"SDPs of a strict media without any address: nothing passes." },
	[CALLS_C_GATE_PREFIX] = { "call_gates_prefix_total",
				  "SDPs of a media gated by a prefix." },
	[CALLS_C_GATE_LEARN] = { "call_gates_learn_total",
				 "SDPs of a media whose gate is learned." },
	[CALLS_C_GATE_OFF] = { "call_gates_off_total",
			       "SDPs of a media without a gate." },
	[CALLS_C_GATE_PROXY_LEFT_OUT] = {
		"call_gates_proxy_left_out_total",
		"Gates without their received-from: a trusted proxy." },
	[CALLS_C_GATE_TRUNCATED] = { "call_gates_truncated_total",
				     "Gates that had more addresses than fit." },
	[CALLS_C_TRANSPORT_KEPT] = {
		"call_transport_kept_total",
		"transport-protocol not obeyed: it needs encryption." },
	[CALLS_C_PORT_DOUBLE_FREE] = { "call_port_double_frees_total",
				       "Ports given back twice: a fault of ours." },
	[CALLS_C_PORT_OPEN_FAILED] = { "call_port_open_failures_total",
				       "Ports the relay could not open." },
};

const char *calls_end_name(enum calls_end end)
{
	return end < CALLS_ENDS ? end_names[end] : "unknown";
}

const char *calls_result_text(enum calls_result result)
{
	return result < CALLS_RESULTS ? result_texts[result] : NULL;
}

static bool conf_is_sound(const struct calls_conf *conf)
{
	const struct addr *const ours[] = {
		&conf->media4, &conf->media6,
		&conf->advertised4, &conf->advertised6,
	};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (addr_is_set(ours[i]) && (!addr_is_unicast(ours[i]) ||
					     gate_is_service(conf, ours[i])))
			return false;
	return addr_is_set(&conf->media4) || addr_is_set(&conf->media6);
}

int calls_new(struct calls **out, const struct calls_conf *conf,
	      const struct calls_ops *ops)
{
	struct calls *calls;
	int err;

	*out = NULL;
	if (conf->service_cnt > CALLS_SERVICE_MAX || !conf->threads ||
	    !conf_is_sound(conf))
		return EINVAL;
	calls = calloc(1, sizeof(*calls));
	if (!calls)
		return ENOMEM;
	calls->conf = *conf;
	calls->ops = *ops;
	if (!addr_is_set(&conf->advertised4))
		calls->conf.advertised4 = conf->media4;
	if (!addr_is_set(&conf->advertised6))
		calls->conf.advertised6 = conf->media6;
	memcpy(calls->keyed.seed, conf->seed, sizeof(calls->keyed.seed));
	calls->counters = (struct counters){
		.desc = calls_counter_desc,
		.cnt = CALLS_COUNTERS,
		.values = calls->values,
	};
	err = ports_new(&calls->ports, conf->port_min, conf->port_max,
			conf->quarantine_ms, &calls->keyed);
	if (err) {
		calls_free(calls);
		return err;
	}
	*out = calls;
	return 0;
}

void calls_free(struct calls *calls)
{
	struct call *next;

	if (!calls)
		return;
	for (struct call *c = calls->newest; c; c = next) {
		next = c->older;
		call_free(c);
	}
	ports_free(calls->ports);
	free(calls->buckets);
	free(calls->slots);
	free(calls->free_slots);
	free(calls->heap);
	free(calls);
}

void calls_set_site(struct calls *calls, const struct site *site,
		    const struct prefix *trusted_proxies,
		    size_t trusted_proxy_cnt)
{
	calls->conf.site = site;
	calls->conf.trusted_proxies = trusted_proxies;
	calls->conf.trusted_proxy_cnt = trusted_proxy_cnt;
}

void calls_report(struct calls *calls, const struct call *call)
{
	if (calls->ops.changed && !call->is_probe)
		calls->ops.changed(calls->ops.arg, call);
}

void calls_changed(struct calls *calls, struct call *call)
{
	rows_push(calls, call);
	timers_set(calls, call);
	calls_report(calls, call);
}

const struct call *calls_find(const struct calls *calls, struct slice call_id)
{
	return calls_lookup(calls, call_id);
}

const struct call *calls_at(const struct calls *calls, uint32_t slot)
{
	return slot < calls->slot_end ? calls->slots[slot] : NULL;
}

const struct call *calls_newest(const struct calls *calls)
{
	return calls->newest;
}

uint32_t calls_slots(const struct calls *calls)
{
	return calls->slot_end;
}

void calls_drain(struct calls *calls, bool drain)
{
	calls->draining = drain;
}

bool calls_draining(const struct calls *calls)
{
	return calls->draining;
}

void calls_gauges(const struct calls *calls, struct calls_gauges *out)
{
	struct ports_count ports = ports_count(calls->ports);

	*out = (struct calls_gauges){
		.sessions = calls->sessions - calls->probes,
		.probes = calls->probes,
		.answered = calls->answered,
		.ending = calls->ending,
		.ports_free = ports.free,
		.ports_used = ports.used,
		.ports_quarantined = ports.resting,
	};
}

const struct counters *calls_counters(const struct calls *calls)
{
	return &calls->counters;
}

void calls_quarantine(struct calls *calls, uint16_t port, uint64_t now_ms)
{
	ports_rest(calls->ports, port, now_ms);
}
