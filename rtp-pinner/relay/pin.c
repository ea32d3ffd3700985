/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/pin.h"

#include <string.h>

/* Control's clock may be read before the thread's. */
static uint64_t since(uint64_t then_ms, uint64_t now_ms)
{
	return now_ms > then_ms ? now_ms - then_ms : 0;
}

bool pin_same_address(const struct flow_endpoint *a,
		      const struct flow_endpoint *b)
{
	return a->family == b->family &&
	       !memcmp(a->bytes_be, b->bytes_be, sizeof(a->bytes_be));
}

bool pin_same_source(const struct flow_endpoint *a,
		     const struct flow_endpoint *b)
{
	return a->port == b->port && pin_same_address(a, b);
}

void pin_begin(struct flow_state *s, const struct flow_conf *c)
{
	if (s->generation != c->generation) {
		memset(s, 0, sizeof(*s));
		s->generation = c->generation;
		s->epoch = c->epoch;
	} else if (s->epoch != c->epoch) {
		s->epoch = c->epoch;
		s->latched = 0;
		s->ssrc_cnt = 0;
		s->stranger_rtp = 0;
		memset(&s->source, 0, sizeof(s->source));
		memset(&s->verified, 0, sizeof(s->verified));
		memset(&s->stranger, 0, sizeof(s->stranger));
		memset(s->checks, 0, sizeof(s->checks));
	}
}

static bool entry_has(const struct flow_endpoint *entry,
		      const struct flow_endpoint *from)
{
	size_t bits = entry->prefix_len;
	size_t whole = bits / 8;
	size_t max = entry->family == 4 ? 32 : 128;

	if (!entry->family || entry->family != from->family)
		return false;
	if (bits >= max)
		return pin_same_address(entry, from);
	if (memcmp(entry->bytes_be, from->bytes_be, whole) != 0)
		return false;
	return !(bits % 8) ||
	       !((entry->bytes_be[whole] ^ from->bytes_be[whole]) >>
		 (8 - bits % 8));
}

static bool names(const struct flow_conf *c, const struct flow_endpoint *from)
{
	for (size_t i = 0; i < c->gate_cnt && i < FLOW_GATE_MAX; i++)
		if (entry_has(&c->gate[i], from))
			return true;
	return false;
}

enum pin_standing pin_standing(const struct flow_state *s,
			       const struct flow_conf *c,
			       const struct flow_endpoint *from)
{
	if (c->gate_mode == FLOW_GATE_OFF || names(c, from))
		return PIN_NAMED;
	if (c->gate_mode != FLOW_GATE_LEARN)
		return PIN_OUTSIDE;
	if (s->latched)
		return pin_same_address(&s->source, from) ? PIN_LEARNED
							  : PIN_OUTSIDE;
	if (s->verified.family)
		return pin_same_address(&s->verified, from) ? PIN_LEARNED
							    : PIN_OUTSIDE;
	return PIN_UNKNOWN;
}

bool pin_in_rate(struct flow_state *s, const struct flow_conf *c, bool aside,
		 uint64_t now_ms)
{
	uint32_t *cnt = aside ? &s->aside_cnt : &s->second_cnt;

	if (since(s->second_ms, now_ms) >= 1000) {
		s->second_ms = now_ms;
		s->second_cnt = s->aside_cnt = 0;
		s->copies = 0;
	}
	if (!c->packet_rate_max)
		return true;
	if (*cnt >= c->packet_rate_max)
		return false;
	(*cnt)++;
	return true;
}

static bool ssrc_known(const struct flow_state *s, uint32_t ssrc)
{
	for (size_t i = 0; i < s->ssrc_cnt && i < FLOW_SSRC_MAX; i++)
		if (s->ssrcs[i] == ssrc)
			return true;
	return false;
}

/* The oldest gives way: a source that counts through SSRCs harms itself. */
static void ssrc_add(struct flow_state *s, uint32_t ssrc)
{
	if (ssrc_known(s, ssrc))
		return;
	if (s->ssrc_cnt >= FLOW_SSRC_MAX) {
		s->ssrc_cnt = FLOW_SSRC_MAX - 1;
		memmove(s->ssrcs, s->ssrcs + 1,
			s->ssrc_cnt * sizeof(s->ssrcs[0]));
	}
	s->ssrcs[s->ssrc_cnt++] = ssrc;
}

static void latch(struct flow_state *s, const struct flow_endpoint *from,
		  uint64_t now_ms)
{
	if (s->latched && !pin_same_source(&s->source, from) &&
	    s->relatches < UINT8_MAX)
		s->relatches++;
	s->latched = 1;
	s->source = *from;
	s->source.prefix_len = 0;
	s->latched_ms = now_ms;
}

static bool is_silent(const struct flow_state *s, uint64_t now_ms)
{
	return since(s->latched_ms, now_ms) >= PIN_SILENCE_MS;
}

static bool kind_latches(const struct flow_conf *c, enum pin_kind kind)
{
	switch (c->kind) {
	case FLOW_RTP:
		return kind != PIN_RTCP;
	case FLOW_RTCP:
		return kind != PIN_RTP;
	default:
		return true;
	}
}

/* A source whose nominating check has succeeded: agents may nominate several
 * pairs and use the best of them (RFC 5245 8.1.1.2).
 */
static bool is_nominated(const struct flow_state *s,
			 const struct flow_endpoint *from)
{
	for (size_t i = 0; i < FLOW_CHECKS_MAX; i++) {
		const struct flow_check *check = &s->checks[i];

		if (check->id && check->succeeded && check->use_candidate &&
		    pin_same_source(&check->from, from))
			return true;
	}
	return false;
}

static enum pin_verdict judge_ice(struct flow_state *s,
				  const struct flow_conf *c,
				  const struct pin_packet *p, uint64_t now_ms)
{
	if (p->standing == PIN_UNKNOWN)
		return PIN_STRANGER;
	if (!s->latched)
		return PIN_PASS;
	if (pin_same_source(&s->source, p->from)) {
		s->latched_ms = now_ms;
		return PIN_PASS;
	}
	if (c->flags & FLOW_F_STRICT_SOURCE)
		return PIN_OTHER_SOURCE;
	if (is_nominated(s, p->from)) {
		latch(s, p->from, now_ms);
		return PIN_PASS;
	}
	return is_silent(s, now_ms) ? PIN_PASS : PIN_OTHER_SOURCE;
}

/* RTCP on an RTP port. */
static enum pin_verdict judge_aside(const struct flow_state *s,
				    const struct flow_conf *c,
				    const struct pin_packet *p, uint64_t now_ms)
{
	if (p->standing == PIN_UNKNOWN)
		return PIN_STRANGER;
	if (!s->latched || pin_same_source(&s->source, p->from))
		return PIN_PASS;
	if (c->flags & FLOW_F_STRICT_SOURCE)
		return PIN_OTHER_SOURCE;
	return is_silent(s, now_ms) ? PIN_PASS : PIN_OTHER_SOURCE;
}

static bool takes_over(const struct flow_state *s, const struct flow_conf *c,
		       const struct pin_packet *p, uint64_t now_ms)
{
	if (c->flags & FLOW_F_STRICT_SOURCE)
		return false;
	if (c->flags & FLOW_F_HANDOVER || is_silent(s, now_ms))
		return true;
	if (p->kind != PIN_OTHER && ssrc_known(s, p->ssrc))
		return true;
	return c->gate_mode == FLOW_GATE_LEARN && p->standing == PIN_NAMED &&
	       !names(c, &s->source);
}

enum pin_verdict pin_judge(struct flow_state *s, const struct flow_conf *c,
			   const struct pin_packet *p, uint64_t now_ms)
{
	if (p->standing == PIN_OUTSIDE)
		return PIN_STRANGER;
	if (p->own && !pin_same_source(p->from, &c->signalled))
		return PIN_OTHER_SOURCE;
	if (c->flags & FLOW_F_ICE)
		return judge_ice(s, c, p, now_ms);
	if (!kind_latches(c, p->kind))
		return judge_aside(s, c, p, now_ms);

	if (!s->latched) {
		latch(s, p->from, now_ms);
	} else if (!pin_same_source(&s->source, p->from)) {
		if (!takes_over(s, c, p, now_ms))
			return PIN_OTHER_SOURCE;
		/* The SSRCs are those of one tuple, unless it is the stream
		 * that has moved.
		 */
		if (p->kind == PIN_OTHER || !ssrc_known(s, p->ssrc))
			s->ssrc_cnt = 0;
		latch(s, p->from, now_ms);
	}
	s->latched_ms = now_ms;
	if (p->kind != PIN_OTHER)
		ssrc_add(s, p->ssrc);
	return PIN_PASS;
}

void pin_stranger(struct flow_state *s, const struct flow_endpoint *from,
		  uint64_t now_ms)
{
	if (!pin_same_source(&s->stranger, from)) {
		if (s->stranger.family &&
		    since(s->stranger_ms, now_ms) < PIN_STRANGER_MS)
			return;
		s->stranger = *from;
		s->stranger_rtp = 0;
		s->stranger_since_ms = now_ms;
	}
	s->stranger_rtp++;
	s->stranger_ms = now_ms;
}

struct flow_check *pin_check_find(struct flow_state *s, uint64_t id,
				  uint64_t now_ms)
{
	for (size_t i = 0; i < FLOW_CHECKS_MAX; i++) {
		struct flow_check *check = &s->checks[i];

		if (check->id == id &&
		    since(check->at_ms, now_ms) < PIN_CHECK_MS)
			return check;
	}
	return NULL;
}

static bool is_latched_on(const struct flow_state *s,
			  const struct flow_endpoint *from)
{
	return s->latched && pin_same_source(&s->source, from);
}

/* A free entry, or the oldest: of its own kind (of the latched source, or of
 * another) when that has its half, so that neither can push out the other.
 */
static struct flow_check *check_entry(struct flow_state *s, bool latched)
{
	struct flow_check *oldest[2] = { NULL };
	unsigned cnt[2] = { 0 };

	for (size_t i = 0; i < FLOW_CHECKS_MAX; i++) {
		struct flow_check *check = &s->checks[i];
		bool kind = is_latched_on(s, &check->from);

		if (!check->id)
			return check;
		cnt[kind]++;
		if (!oldest[kind] || check->at_ms < oldest[kind]->at_ms)
			oldest[kind] = check;
	}
	return oldest[cnt[latched] >= FLOW_CHECKS_MAX / 2 ? latched : !latched];
}

void pin_check(struct flow_state *s, const struct flow_endpoint *from,
	       uint64_t id, bool use_candidate, uint64_t now_ms)
{
	struct flow_check *entry;

	/* Sent again, or by somebody who saw it: the first keeps it. */
	if (pin_check_find(s, id, now_ms))
		return;
	entry = check_entry(s, is_latched_on(s, from));
	memset(entry, 0, sizeof(*entry));
	entry->id = id;
	entry->at_ms = now_ms;
	entry->from = *from;
	entry->use_candidate = use_candidate;
}

void pin_check_succeeded(struct flow_state *s, struct flow_check *check,
			 struct flow_state *other_s,
			 const struct flow_endpoint *by, uint64_t now_ms)
{
	check->succeeded = 1;
	s->verified = check->from;
	other_s->verified = *by;
	if (!check->use_candidate)
		return;
	latch(s, &check->from, now_ms);
	latch(other_s, by, now_ms);
}

const struct flow_endpoint *pin_target(const struct flow_state *s,
				       const struct flow_conf *c)
{
	if (c->flags & FLOW_F_ASYMMETRIC)
		return &c->signalled;
	if (s->latched)
		return &s->source;
	return s->verified.family ? &s->verified : &c->signalled;
}

bool pin_complaint(struct flow_endpoint *who, const struct flow_conf *c,
		   const struct flow_state *s, uint64_t now_ms)
{
	if (!c->active || c->kind != FLOW_RTP ||
	    c->gate_mode != FLOW_GATE_STRICT || s->generation != c->generation)
		return false;
	if (s->last_ms && since(s->last_ms, now_ms) < PIN_COMPLAINT_MS)
		return false;
	if (s->stranger_rtp < PIN_COMPLAINT_PACKETS ||
	    since(s->stranger_since_ms, now_ms) < PIN_COMPLAINT_MS ||
	    since(s->stranger_ms, now_ms) >= PIN_STRANGER_MS)
		return false;
	*who = s->stranger;
	return true;
}
