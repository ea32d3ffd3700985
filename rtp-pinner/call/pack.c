/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/call/call_priv.h"

enum leg_bit {
	LEG_CALLEE = 1 << 0,
	LEG_ENDED = 1 << 1,
	LEG_SAVED = 1 << 2,
};

/* Counts only while bytes is NULL. */
struct packer {
	uint8_t *bytes;
	size_t max;
	size_t len;
};

static void put_bytes(struct packer *p, const void *bytes, size_t len)
{
	if (p->bytes && len && p->len + len <= p->max)
		memcpy(p->bytes + p->len, bytes, len);
	p->len += len;
}

static void put(struct packer *p, uint64_t value, unsigned width)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < width; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put_bytes(p, bytes, width);
}

static void put_addr(struct packer *p, const struct addr *a)
{
	put(p, a->family, 1);
	if (a->family)
		put_bytes(p, a->bytes_be, a->family == ADDR_IP4 ? 4 : 16);
}

static void put_endpoint(struct packer *p, const struct call_endpoint *e)
{
	put_addr(p, &e->addr);
	put(p, e->port, 2);
}

static void put_media(struct packer *p, const struct call_media *m)
{
	put_endpoint(p, &m->rtp);
	put_endpoint(p, &m->rtcp);
	put(p, m->ufrag_hash, 4);
	put(p, m->port, 2);
	put(p, m->flags, 2);
	put(p, m->epoch, 2);
	put(p, m->rtcp_epoch, 2);
	put(p, m->type, 1);
	put(p, m->proto, 1);
	put(p, m->direction, 1);
	put(p, m->bundle_head, 1);
	put(p, m->gate_cnt, 1);
	for (unsigned i = 0; i < m->gate_cnt; i++) {
		put_addr(p, &m->gate[i].addr);
		put(p, m->gate[i].prefix_len, 1);
	}
	put(p, m->rate_cnt, 1);
	for (unsigned i = 0; i < m->rate_cnt; i++) {
		put(p, m->rates[i].payload_type, 1);
		put(p, m->rates[i].rate_khz, 1);
	}
}

static void put_media_list(struct packer *p, const struct call_media *media,
			   unsigned cnt)
{
	put(p, cnt, 1);
	for (unsigned i = 0; i < cnt; i++)
		put_media(p, &media[i]);
}

static void put_leg(struct packer *p, const struct call_leg *leg)
{
	unsigned bits = 0;

	bits |= leg->callee ? LEG_CALLEE : 0;
	bits |= leg->ended ? LEG_ENDED : 0;
	bits |= leg->saved ? LEG_SAVED : 0;
	put(p, bits, 1);
	put(p, leg->tag_len, 2);
	put(p, leg->branch_len, 2);
	put(p, leg->label_len, 2);
	put_bytes(p, leg->text,
		  (size_t)leg->tag_len + leg->branch_len + leg->label_len);
	put(p, leg->created_ms, 8);
	put(p, leg->answered_ms, 8);
	put(p, leg->delete_at_ms, 8);
	put(p, leg->pending_ms, 8);
	put(p, leg->pending_branch, 8);
	put(p, leg->origin_hash, 4);
	put(p, leg->answer_seq, 4);
	put(p, leg->flow_flags, 2);
	put(p, leg->joined, 1);
	put(p, leg->borrows, 1);
	put(p, leg->offered_by, 1);
	put(p, leg->gate_mode, 1);
	put(p, leg->family, 1);
	put_addr(p, &leg->advertised);
	put_media_list(p, leg->media, leg->media_cnt);
	if (!leg->saved)
		return;
	put(p, leg->saved_gate_mode, 1);
	put(p, leg->saved_family, 1);
	put(p, leg->saved_flow_flags, 2);
	put_media_list(p, leg->saved, leg->saved_cnt);
}

static void put_call(struct packer *p, const struct call *call)
{
	put(p, CALL_PACK_LAYOUT, 1);
	put(p, call->id_len, 2);
	put_bytes(p, call->id, call->id_len);
	put(p, call->created_ms, 8);
	put(p, call->last_signal_ms, 8);
	put(p, call->answered_ms, 8);
	put(p, call->delete_at_ms, 8);
	put(p, call->rolled_branch, 8);
	put(p, call->answer_cnt, 4);
	put(p, call->thread, 1);
	put(p, call->dscp, 1);
	put(p, call->leg_cnt, 1);
	for (unsigned i = 0; i < call->leg_cnt; i++)
		put_leg(p, &call->legs[i]);
}

size_t call_pack_size(const struct call *call)
{
	struct packer p = { 0 };

	put_call(&p, call);
	return p.len;
}

size_t call_pack(const struct call *call, uint8_t *out, size_t max)
{
	struct packer p = { .bytes = out, .max = max };

	put_call(&p, call);
	return p.len <= max ? p.len : 0;
}

/* ---- reading: every check fails the cursor ---- */

static void require(struct cursor *c, bool ok)
{
	if (!ok)
		cursor_fail(c);
}

static uint64_t get(struct cursor *c, unsigned width)
{
	struct slice s = cursor_take(c, width);
	uint64_t value = 0;

	for (size_t i = 0; i < s.len; i++)
		value |= (uint64_t)(uint8_t)s.text[i] << (8 * i);
	return value;
}

/* At most max. */
static uint8_t get_small(struct cursor *c, unsigned max)
{
	uint8_t value = (uint8_t)get(c, 1);

	require(c, value <= max);
	return cursor_ok(c) ? value : 0;
}

/* Below cnt, or CALL_NONE. */
static uint8_t get_index(struct cursor *c, unsigned cnt)
{
	uint8_t value = (uint8_t)get(c, 1);

	require(c, value < cnt || value == CALL_NONE);
	return cursor_ok(c) ? value : CALL_NONE;
}

static uint8_t get_family(struct cursor *c)
{
	uint8_t family = (uint8_t)get(c, 1);

	require(c, family == ADDR_NONE || family == ADDR_IP4 ||
			   family == ADDR_IP6);
	return cursor_ok(c) ? family : ADDR_NONE;
}

static void get_addr(struct cursor *c, struct addr *a)
{
	uint8_t family = get_family(c);
	struct slice s;

	if (family == ADDR_NONE)
		return;
	s = cursor_take(c, family == ADDR_IP4 ? 4 : 16);
	if (!s.len)
		return;
	a->family = family;
	memcpy(a->bytes_be, s.text, s.len);
}

static void get_endpoint(struct cursor *c, struct call_endpoint *e)
{
	get_addr(c, &e->addr);
	e->port = (uint16_t)get(c, 2);
}

static void get_gate(struct cursor *c, struct call_media *m)
{
	struct call_gate entries[FLOW_GATE_MAX] = { 0 };
	unsigned cnt = get_small(c, FLOW_GATE_MAX);

	for (unsigned i = 0; i < cnt && cursor_ok(c); i++) {
		get_addr(c, &entries[i].addr);
		require(c, addr_is_set(&entries[i].addr));
		entries[i].prefix_len = get_small(
			c, entries[i].addr.family == ADDR_IP4 ? 32 : 128);
	}
	if (cursor_ok(c) && call_media_set_gate(m, entries, cnt))
		cursor_fail(c);
}

static void get_media(struct cursor *c, struct call_media *m, unsigned cnt)
{
	get_endpoint(c, &m->rtp);
	get_endpoint(c, &m->rtcp);
	m->ufrag_hash = (uint32_t)get(c, 4);
	m->port = (uint16_t)get(c, 2);
	require(c, !(m->port % 2));
	m->flags = (uint16_t)get(c, 2);
	/* Whether that row is open is for who opens rows to say. */
	m->flags &= (uint16_t)~CALL_M_RTCP_OPEN;
	m->epoch = (uint16_t)get(c, 2);
	m->rtcp_epoch = (uint16_t)get(c, 2);
	m->type = get_small(c, CALL_MEDIA_TYPES - 1);
	m->proto = (uint8_t)get(c, 1);
	m->direction = get_small(c, SDP_INACTIVE);
	m->bundle_head = get_index(c, cnt);
	get_gate(c, m);
	m->rate_cnt = get_small(c, FLOW_RATES_MAX);
	for (unsigned i = 0; i < m->rate_cnt; i++) {
		m->rates[i].payload_type = (uint8_t)get(c, 1);
		m->rates[i].rate_khz = (uint8_t)get(c, 1);
	}
}

static struct call_media *get_media_list(struct cursor *c, uint8_t *cnt)
{
	struct call_media *media;

	*cnt = get_small(c, SDP_MEDIA_MAX);
	media = call_media_clone(NULL, 0, *cnt);
	if (!media) {
		cursor_fail(c);
		*cnt = 0;
		return NULL;
	}
	for (unsigned i = 0; i < *cnt && cursor_ok(c); i++)
		get_media(c, &media[i], *cnt);
	return media;
}

static uint16_t get_text_len(struct cursor *c)
{
	uint16_t len = (uint16_t)get(c, 2);

	require(c, len <= CALL_TEXT_MAX);
	return cursor_ok(c) ? len : 0;
}

static void get_text(struct cursor *c, struct call_leg *leg)
{
	uint16_t tag_len = get_text_len(c);
	uint16_t branch_len = get_text_len(c);
	uint16_t label_len = get_text_len(c);
	struct slice tag = cursor_take(c, tag_len);
	struct slice branch = cursor_take(c, branch_len);
	struct slice label = cursor_take(c, label_len);

	if (!cursor_ok(c))
		return;
	leg->text = call_text_new(tag, branch, label);
	if (!leg->text) {
		cursor_fail(c);
		return;
	}
	leg->tag_len = tag_len;
	leg->branch_len = branch_len;
	leg->label_len = label_len;
}

static bool has_ports(const struct call_leg *leg)
{
	for (unsigned i = 0; i < leg->media_cnt; i++)
		if (leg->media[i].port)
			return true;
	return leg->saved != NULL;
}

static void get_leg(struct cursor *c, struct call_leg *leg, unsigned leg_cnt)
{
	unsigned bits = get_small(c, LEG_CALLEE | LEG_ENDED | LEG_SAVED);

	leg->callee = bits & LEG_CALLEE;
	leg->ended = bits & LEG_ENDED;
	get_text(c, leg);
	leg->created_ms = get(c, 8);
	leg->answered_ms = get(c, 8);
	leg->delete_at_ms = get(c, 8);
	leg->pending_ms = get(c, 8);
	leg->pending_branch = get(c, 8);
	leg->origin_hash = (uint32_t)get(c, 4);
	leg->answer_seq = (uint32_t)get(c, 4);
	leg->flow_flags = (uint16_t)get(c, 2);
	leg->joined = get_index(c, leg_cnt);
	leg->borrows = get_index(c, leg_cnt);
	leg->offered_by = get_index(c, leg_cnt);
	leg->gate_mode = get_small(c, FLOW_GATE_OFF);
	leg->family = get_family(c);
	get_addr(c, &leg->advertised);
	leg->media = get_media_list(c, &leg->media_cnt);
	if (bits & LEG_SAVED) {
		leg->saved_gate_mode = get_small(c, FLOW_GATE_OFF);
		leg->saved_family = get_family(c);
		leg->saved_flow_flags = (uint16_t)get(c, 2);
		leg->saved = get_media_list(c, &leg->saved_cnt);
	}
	require(c, !leg->ended || !has_ports(leg));
}

/* Who lends does not borrow. */
static bool borrows_soundly(const struct call *call)
{
	for (unsigned i = 0; i < call->leg_cnt; i++) {
		unsigned from = call->legs[i].borrows;

		if (from == CALL_NONE)
			continue;
		if (from == i || call->legs[from].borrows != CALL_NONE)
			return false;
	}
	return true;
}

static void get_call(struct cursor *c, struct call *call)
{
	unsigned leg_cnt;

	call->created_ms = get(c, 8);
	call->last_signal_ms = get(c, 8);
	call->answered_ms = get(c, 8);
	call->delete_at_ms = get(c, 8);
	call->rolled_branch = get(c, 8);
	call->answer_cnt = (uint32_t)get(c, 4);
	call->thread = (uint8_t)get(c, 1);
	call->dscp = get_small(c, 63);
	leg_cnt = get_small(c, CALL_LEGS_MAX);
	require(c, leg_cnt >= 2);
	if (!cursor_ok(c))
		return;
	if (call_reserve_legs(call, leg_cnt)) {
		cursor_fail(c);
		return;
	}
	for (; call->leg_cnt < leg_cnt && cursor_ok(c); call->leg_cnt++)
		get_leg(c, &call->legs[call->leg_cnt], leg_cnt);
	require(c, cursor_ok(c) && borrows_soundly(call));
}

int call_unpack(struct call **out, const uint8_t *bytes, size_t len)
{
	struct cursor c = cursor_of((const char *)bytes, len);
	struct call *call;
	struct slice id;

	*out = NULL;
	require(&c, get(&c, 1) == CALL_PACK_LAYOUT);
	id = cursor_take(&c, get_text_len(&c));
	require(&c, id.len > 0);
	if (!cursor_ok(&c))
		return EBADMSG;
	call = call_new(id);
	if (!call)
		return ENOMEM;
	get_call(&c, call);
	require(&c, !cursor_left(&c));
	if (!cursor_ok(&c)) {
		call_free(call);
		return EBADMSG;
	}
	*out = call;
	return 0;
}
