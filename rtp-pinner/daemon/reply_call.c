/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/reply_call.h"

#include <inttypes.h>
#include <stdio.h>

#include "rtp-pinner/daemon/why.h"
#include "rtp-pinner/relay/flow_access.h"

struct sums {
	uint64_t packets, bytes, errors;
};

/* What the functions below share. */
struct writer {
	const struct pinner *p;
	struct ng_dict *d;
	const struct call *call;
	uint64_t now_ms;
	struct sums rtp;
	struct sums rtcp;
};

static void put_int(struct writer *w, struct ng_value *to, const char *key,
		    uint64_t n)
{
	ng_put_integer(w->d, to, key, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

static void put_word(struct writer *w, struct ng_value *list, const char *word)
{
	ng_put(w->d, list, NULL, slice_str(word));
}

static void put_addr(struct writer *w, struct ng_value *to, const char *key,
		     const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	addr_format(text, a);
	ng_put_text(w->d, to, key, "%s", text);
}

static const char *family_name(uint8_t family)
{
	return family == ADDR_IP6 ? "IPv6" : "IPv4";
}

static void put_endpoint(struct writer *w, struct ng_value *to, const char *key,
			 const struct addr *a, uint16_t port)
{
	struct ng_value *e = ng_put_dict(w->d, to, key);

	ng_put(w->d, e, "family", slice_str(family_name(a->family)));
	put_addr(w, e, "address", a);
	put_int(w, e, "port", port);
}

static void put_stats(struct writer *w, struct ng_value *to, const char *key,
		      const struct sums *s)
{
	struct ng_value *stats = ng_put_dict(w->d, to, key);

	put_int(w, stats, "packets", s->packets);
	put_int(w, stats, "bytes", s->bytes);
	put_int(w, stats, "errors", s->errors);
}

static void put_gate(struct writer *w, struct ng_value *to,
		     const struct flow_conf *conf)
{
	static const char *const modes[] = {
		[FLOW_GATE_STRICT] = "strict",
		[FLOW_GATE_LEARN] = "learn",
		[FLOW_GATE_OFF] = "off",
	};
	struct ng_value *gate = ng_put_list(w->d, to, "gate");

	put_word(w, gate,
		 conf->gate_mode <= FLOW_GATE_OFF ? modes[conf->gate_mode]
						  : "?");
	for (unsigned i = 0; i < conf->gate_cnt && i < FLOW_GATE_MAX; i++) {
		struct prefix prefix = {
			.addr = why_addr(&conf->gate[i]),
			.len = conf->gate[i].prefix_len,
		};
		char text[PREFIX_TEXT_MAX];

		prefix_format(text, &prefix);
		ng_put_text(w->d, gate, NULL, "%s", text);
	}
}

static void put_drops(struct writer *w, struct ng_value *to,
		      const struct flow_state *state,
		      const struct flow_steer *steer)
{
	struct ng_value *drops = ng_put_dict(w->d, to, "drops");

	for (unsigned i = 0; i < FLOW_DROPS; i++) {
		uint64_t n = state->drops[i];

		if (i == FLOW_DROP_STRANGER)
			n += steer->stopped;
		if (n)
			put_int(w, drops, flow_drop_name(i), n);
	}
}

/* The source that was heard last on this port. */
static bool last_ssrc(uint32_t *ssrc, const struct flow_state *state)
{
	bool found = false;
	uint32_t last_ms = 0;

	for (unsigned i = 0; i < FLOW_SOURCES_MAX; i++) {
		const struct flow_source *s = &state->sources[i];

		if (!s->valid ||
		    (found && (int32_t)(s->last_ms - last_ms) <= 0))
			continue;
		found = true;
		*ssrc = s->ssrc;
		last_ms = s->last_ms;
	}
	return found;
}

static void put_stream_flags(struct writer *w, struct ng_value *stream,
			     bool rtcp, const struct flow_conf *conf,
			     const struct flow_state *state)
{
	struct ng_value *flags = ng_put_list(w->d, stream, "flags");

	put_word(w, flags, rtcp ? "RTCP" : "RTP");
	if (!rtcp && (conf->flags & FLOW_F_RTCP_MUX))
		put_word(w, flags, "RTCP");
	if (conf->signalled.family)
		put_word(w, flags, "filled");
	if (state->latched)
		put_word(w, flags, "confirmed");
	if (conf->flags & FLOW_F_STRICT_SOURCE)
		put_word(w, flags, "strict source address");
	if (conf->flags & FLOW_F_HANDOVER)
		put_word(w, flags, "media handover");
	if (conf->flags & FLOW_F_ICE)
		put_word(w, flags, "ICE");
}

/* One port of a leg.  counted: its packets belong to the totals. */
static void put_stream(struct writer *w, struct ng_value *streams,
		       const struct call_leg *leg,
		       const struct call_endpoint *said, uint16_t port,
		       bool rtcp, bool counted)
{
	const struct flow_row *row = relay_row(w->p->relay, port);
	struct ng_value *s = ng_put_dict(w->d, streams, NULL);
	const struct addr *local = leg->family == ADDR_IP6
					   ? &w->p->conf->media6
					   : &w->p->conf->media4;
	struct flow_state state = { 0 };
	struct flow_endpoint target;
	struct addr remote;
	struct sums sums;
	char why[WHY_TEXT_MAX];
	size_t why_len;
	uint32_t ssrc;

	if (!row)
		return;
	flow_state_read(&state, row);
	target = state.latched && !(row->conf.flags & FLOW_F_ASYMMETRIC)
			 ? state.source
			 : row->conf.signalled;
	remote = why_addr(&target);

	put_int(w, s, "local port", port);
	put_addr(w, s, "local address", local);
	ng_put(w->d, s, "family", slice_str(family_name(leg->family)));
	put_endpoint(w, s, "endpoint", &remote, target.port);
	put_endpoint(w, s, "advertised endpoint", &said->addr, said->port);
	ng_put_integer(w->d, s, "last packet",
		       pinner_wall_ms(w->p, state.last_ms) / 1000);
	put_stream_flags(w, s, rtcp, &row->conf, &state);
	if (!rtcp && last_ssrc(&ssrc, &state))
		put_int(w, s, "SSRC", ssrc);

	sums = (struct sums){
		.packets = state.packets_in,
		.bytes = state.bytes_in,
		.errors = pinner_row_errors(&state),
	};
	put_stats(w, s, "stats", &sums);
	put_gate(w, s, &row->conf);
	put_drops(w, s, &state, &row->steer);
	put_int(w, s, "relatches", state.relatches);
	why_len = why_silent(why, &row->conf, &state, &row->steer, w->now_ms);
	if (why_len)
		ng_put(w->d, s, "why", ng_copy(w->d, slice_of(why, why_len)));

	if (counted) {
		struct sums *total = rtcp ? &w->rtcp : &w->rtp;

		total->packets += sums.packets;
		total->bytes += sums.bytes;
		total->errors += sums.errors;
	}
}

/* A port that is closed: the party's branch is over. */
static void put_closed_stream(struct writer *w, struct ng_value *streams,
			      const struct call_endpoint *said, bool rtcp)
{
	static const struct sums nothing;
	struct ng_value *s = ng_put_dict(w->d, streams, NULL);
	struct addr none = { 0 };
	struct ng_value *flags;

	put_endpoint(w, s, "endpoint", &none, 0);
	put_endpoint(w, s, "advertised endpoint", &said->addr, said->port);
	ng_put_integer(w->d, s, "last packet", 0);
	flags = ng_put_list(w->d, s, "flags");
	put_word(w, flags, rtcp ? "RTCP" : "RTP");
	put_stats(w, s, "stats", &nothing);
}

static void put_codec(struct writer *w, struct ng_value *to, size_t media,
		      uint16_t port)
{
	size_t cnt;
	const struct quality *q = meters_of(w->p->meters, w->call, &cnt);

	if (media >= cnt)
		return;
	for (size_t i = 0; i < QUALITY_SOURCES_MAX; i++) {
		const struct quality_source *s = &q[media].sources[i];

		if (!s->port || s->port != port)
			continue;
		ng_put(w->d, to, "codec", slice_str(mos_codec_name(s->codec)));
		put_int(w, to, "payload type", s->payload_type);
		return;
	}
}

static void put_media_flags(struct writer *w, struct ng_value *to,
			    const struct call_media *media)
{
	struct ng_value *flags = ng_put_list(w->d, to, "flags");

	put_word(w, flags, "initialized");
	if (media->direction == SDP_SENDRECV ||
	    media->direction == SDP_SENDONLY)
		put_word(w, flags, "send");
	if (media->direction == SDP_SENDRECV ||
	    media->direction == SDP_RECVONLY)
		put_word(w, flags, "recv");
	if (media->flags & CALL_M_MUX)
		put_word(w, flags, "rtcp-mux");
	if (media->flags & CALL_M_SRTP)
		put_word(w, flags, "passthrough");
	if (media->flags & CALL_M_ICE)
		put_word(w, flags, "ICE");
	if (media->flags & CALL_M_HELD)
		put_word(w, flags, "held");
	if (media->flags & CALL_M_REJECTED)
		put_word(w, flags, "rejected");
}

static void put_media(struct writer *w, struct ng_value *medias,
		      unsigned leg_at, unsigned i)
{
	const struct call_leg *leg = &w->call->legs[leg_at];
	const struct call_media *media = &leg->media[i];
	uint16_t port = call_media_port(w->call, leg_at, i);
	bool own = media->port && port == media->port;
	struct ng_value *m = ng_put_dict(w->d, medias, NULL);
	struct ng_value *streams;
	bool rtp = media->flags & CALL_M_RTP;

	put_int(w, m, "index", i + 1);
	ng_put(w->d, m, "type", slice_str(call_media_type_name(media->type)));
	ng_put(w->d, m, "protocol", slice_str(call_proto_text(media->proto)));
	put_codec(w, m, i, port);
	streams = ng_put_list(w->d, m, "streams");
	if (port)
		put_stream(w, streams, leg, &media->rtp, port, false, own);
	else
		put_closed_stream(w, streams, &media->rtp, false);
	if (rtp && port &&
	    (own ? media->flags & CALL_M_RTCP_OPEN
		 : !(media->flags & CALL_M_MUX)))
		put_stream(w, streams, leg, &media->rtcp, port + 1, true, own);
	put_media_flags(w, m, media);
}

static void put_tag_refs(struct writer *w, struct ng_value *to, const char *key,
			 unsigned leg_at)
{
	struct ng_value *list = ng_put_list(w->d, to, key);

	for (unsigned l = 0; l < w->call->leg_cnt; l++) {
		const struct call_leg *leg = &w->call->legs[l];
		struct ng_value *ref;

		if (l == leg_at || leg->ended ||
		    (leg->joined != leg_at &&
		     w->call->legs[leg_at].joined != l))
			continue;
		ref = ng_put_dict(w->d, list, NULL);
		ng_put(w->d, ref, "tag", call_leg_tag(leg));
		ng_put(w->d, ref, "type", slice_str("offer/answer"));
	}
}

/* Clients refuse a dict that has a key twice. */
static bool has_key(const struct ng_value *dict, struct slice key)
{
	for (const struct ng_value *v = dict ? dict->first : NULL; v;
	     v = v->next) {
		if (slice_equal(v->key, key))
			return true;
	}
	return false;
}

static void put_leg(struct writer *w, struct ng_value *tags, unsigned leg_at)
{
	const struct call_leg *leg = &w->call->legs[leg_at];
	struct slice tag = call_leg_tag(leg);
	struct ng_value *t, *medias;
	struct slice key = tag;
	char name[32];

	if (!tag.len || has_key(tags, tag)) {
		int len = snprintf(name, sizeof(name), "<%s %u>",
				   tag.len ? "leg" : "untagged", leg_at);

		key = ng_copy(w->d, slice_of(name, (size_t)len));
	}
	t = ng_add_dict(w->d, tags, key);
	ng_put(w->d, t, "tag", tag);
	if (leg->branch_len)
		ng_put(w->d, t, "via-branch", call_leg_branch(leg));
	if (leg->label_len)
		ng_put(w->d, t, "label", call_leg_label(leg));
	ng_put_integer(w->d, t, "created",
		       pinner_wall_ms(w->p, leg->created_ms) / 1000);
	put_tag_refs(w, t, "subscriptions", leg_at);
	put_tag_refs(w, t, "subscribers", leg_at);
	medias = ng_put_list(w->d, t, "medias");
	for (unsigned i = 0; i < leg->media_cnt; i++)
		put_media(w, medias, leg_at, i);
}

static void put_sample(struct writer *w, struct ng_value *to,
		       const struct quality_sample *s)
{
	put_int(w, to, "MOS", (s->mos_x100 + 5) / 10);
	put_int(w, to, "round-trip time", s->rtt_us);
	put_int(w, to, "round-trip time leg", s->rtt_leg_us);
	put_int(w, to, "jitter", (s->jitter_us + 500) / 1000);
	put_int(w, to, "packet loss", (s->loss_x100 + 50) / 100);
}

static void put_sample_at(struct writer *w, struct ng_value *to,
			  const char *key, const struct quality_sample *s)
{
	struct ng_value *sample = ng_put_dict(w->d, to, key);

	put_sample(w, sample, s);
	ng_put_integer(w->d, sample, "reported at",
		       pinner_wall_ms(w->p, s->at_ms) / 1000);
}

/* Both parties may have chosen the same SSRC: the first one is told. */
static void put_source(struct writer *w, struct ng_value *ssrcs,
		       const struct quality_source *s)
{
	struct quality_sample average;
	struct ng_value *source, *mean;
	char name[16];
	int len = snprintf(name, sizeof(name), "%" PRIu32, s->ssrc);

	if (has_key(ssrcs, slice_of(name, (size_t)len)))
		return;
	source = ng_add_dict(w->d, ssrcs,
			     ng_copy(w->d, slice_of(name, (size_t)len)));
	put_int(w, source, "cumulative loss", quality_lost(s));
	put_int(w, source, "packets", s->received);
	put_int(w, source, "jitter", (s->jitter_us + 500) / 1000);
	put_int(w, source, "jitter max", (s->jitter_max_us + 500) / 1000);
	if (!s->sample_cnt)
		return;
	quality_average(&average, s);
	mean = ng_put_dict(w->d, source, "average MOS");
	put_sample(w, mean, &average);
	put_int(w, mean, "samples", s->sample_cnt);
	put_sample_at(w, source, "lowest MOS", &s->lowest);
	put_sample_at(w, source, "highest MOS", &s->highest);
}

static void put_ssrcs(struct writer *w, struct ng_value *root)
{
	struct ng_value *ssrcs = ng_put_dict(w->d, root, "SSRC");
	size_t cnt;
	const struct quality *q = meters_of(w->p->meters, w->call, &cnt);

	for (size_t i = 0; i < cnt; i++) {
		for (size_t s = 0; s < QUALITY_SOURCES_MAX; s++) {
			if (q[i].sources[s].port)
				put_source(w, ssrcs, &q[i].sources[s]);
		}
	}
}

static bool is_wanted(const struct call *call, unsigned first, unsigned leg)
{
	return first == CALL_NONE || leg == first ||
	       call->legs[leg].joined == first ||
	       call->legs[first].joined == leg;
}

/* The totals without the rest. */
static void sum_leg(struct writer *w, unsigned leg_at)
{
	const struct call_leg *leg = &w->call->legs[leg_at];

	for (unsigned i = 0; i < leg->media_cnt; i++) {
		const struct call_media *media = &leg->media[i];
		bool pair = media->flags & CALL_M_RTCP_OPEN;

		for (unsigned n = 0; media->port && n < (pair ? 2u : 1u); n++) {
			const struct flow_row *row = relay_row(
				w->p->relay, (uint16_t)(media->port + n));
			struct sums *total = n ? &w->rtcp : &w->rtp;
			struct flow_state state;

			if (!row)
				continue;
			flow_state_read(&state, row);
			total->packets += state.packets_in;
			total->bytes += state.bytes_in;
			total->errors += pinner_row_errors(&state);
		}
	}
}

void reply_call(const struct pinner *p, struct ng_dict *reply,
		const struct call *call, unsigned first, bool brief,
		uint64_t now_ms)
{
	struct writer w = {
		.p = p,
		.d = reply,
		.call = call,
		.now_ms = now_ms,
	};
	struct ng_value *root = ng_root(reply);
	int64_t created = pinner_wall_ms(p, call->created_ms);
	struct ng_value *tags = NULL, *totals;

	ng_put_integer(reply, root, "created", created / 1000);
	ng_put_integer(reply, root, "created_us", created % 1000 * 1000);
	ng_put_integer(reply, root, "last signal",
		       pinner_wall_ms(p, call->last_signal_ms) / 1000);
	put_ssrcs(&w, root);
	tags = ng_put_dict(reply, root, "tags");
	if (brief) {
		for (unsigned l = 0; l < call->leg_cnt; l++)
			sum_leg(&w, l);
	} else {
		if (first != CALL_NONE)
			put_leg(&w, tags, first);
		for (unsigned l = 0; l < call->leg_cnt; l++) {
			if (l != first && is_wanted(call, first, l))
				put_leg(&w, tags, l);
		}
	}
	totals = ng_put_dict(reply, root, "totals");
	put_stats(&w, totals, "RTP", &w.rtp);
	put_stats(&w, totals, "RTCP", &w.rtcp);
}
