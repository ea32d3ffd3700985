/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/call.h"

#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/call/call_priv.h"
#include "rtp-pinner/call/pack.h"

static const char *const type_names[CALL_MEDIA_TYPES] = {
	[CALL_OTHER] = "other",
	[CALL_AUDIO] = "audio",
	[CALL_VIDEO] = "video",
	[CALL_IMAGE] = "image",
	[CALL_TEXT] = "text",
	[CALL_APPLICATION] = "application",
	[CALL_MESSAGE] = "message",
};

/* The first ones in twos that differ by feedback alone. */
static const char *const protos[] = {
	"",
	"RTP/AVP",
	"RTP/AVPF",
	"RTP/SAVP",
	"RTP/SAVPF",
	"UDP/TLS/RTP/SAVP",
	"UDP/TLS/RTP/SAVPF",
	"udptl",
	"UDP/BFCP",
	"UDP/DTLS/SCTP",
	"UDP/TLS/UDPTL",
	"UDP/TLS/BFCP",
	"DTLS/SCTP",
};

enum {
	PROTOS = sizeof(protos) / sizeof(protos[0]),
	PROTOS_RTP = 6,
};

const char *call_media_type_name(enum call_media_type type)
{
	return type < CALL_MEDIA_TYPES ? type_names[type] : "other";
}

enum call_media_type call_media_type_of(struct slice text)
{
	for (unsigned i = 1; i < CALL_MEDIA_TYPES; i++)
		if (slice_case_equal(text, slice_str(type_names[i])))
			return i;
	return CALL_OTHER;
}

const char *call_proto_text(uint8_t proto)
{
	return proto < PROTOS ? protos[proto] : "";
}

uint8_t call_proto_of(struct slice text)
{
	for (uint8_t i = 1; i < PROTOS; i++)
		if (slice_case_equal(text, slice_str(protos[i])))
			return i;
	return 0;
}

bool call_protos_alike(uint8_t a, uint8_t b)
{
	return a && b && (a + 1) / 2 == (b + 1) / 2 && a <= PROTOS_RTP &&
	       b <= PROTOS_RTP;
}

unsigned call_find_tag(const struct call *call, struct slice tag)
{
	if (!tag.len)
		return CALL_NONE;
	for (unsigned i = 0; i < call->leg_cnt; i++)
		if (!call->legs[i].ended &&
		    slice_equal(call_leg_tag(&call->legs[i]), tag))
			return i;
	return CALL_NONE;
}

unsigned call_find_branch(const struct call *call, struct slice branch)
{
	if (!branch.len)
		return CALL_NONE;
	for (unsigned i = 0; i < call->leg_cnt; i++)
		if (!call->legs[i].ended &&
		    slice_equal(call_leg_branch(&call->legs[i]), branch))
			return i;
	return CALL_NONE;
}

bool call_have_talked(const struct call *call, unsigned a, unsigned b)
{
	const struct call_leg *x = &call->legs[a];
	const struct call_leg *y = &call->legs[b];

	return (x->joined == b && x->answer_seq) ||
	       (y->joined == a && y->answer_seq);
}

const struct call_media *call_transport(const struct call *call, unsigned leg,
					unsigned media)
{
	const struct call_leg *l = &call->legs[leg];

	if (media >= l->media_cnt)
		return NULL;
	if (l->media[media].bundle_head < l->media_cnt)
		media = l->media[media].bundle_head;
	if (l->media[media].port || l->borrows == CALL_NONE)
		return &l->media[media];
	l = &call->legs[l->borrows];
	return media < l->media_cnt ? &l->media[media] : NULL;
}

uint16_t call_media_port(const struct call *call, unsigned leg, unsigned media)
{
	const struct call_media *m = call_transport(call, leg, media);

	return m ? m->port : 0;
}

static bool has_open(const struct call_media *media, unsigned cnt,
		     uint16_t port)
{
	for (unsigned i = 0; media && i < cnt; i++) {
		const struct call_media *m = &media[i];

		if (m->port && (m->port == port ||
				(m->flags & CALL_M_RTCP_OPEN &&
				 m->port + 1 == port)))
			return true;
	}
	return false;
}

bool call_owns_port(const struct call *call, uint16_t port)
{
	for (unsigned i = 0; i < call->leg_cnt; i++) {
		const struct call_leg *leg = &call->legs[i];

		if (has_open(leg->media, leg->media_cnt, port) ||
		    has_open(leg->saved, leg->saved_cnt, port))
			return true;
	}
	return false;
}

bool call_endpoint_equal(const struct call_endpoint *a,
			 const struct call_endpoint *b)
{
	return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

char *call_text_new(struct slice tag, struct slice branch, struct slice label)
{
	size_t len = tag.len + branch.len + label.len;
	char *text = malloc(len ? len : 1);
	char *at = text;
	const struct slice parts[] = { tag, branch, label };

	if (!text)
		return NULL;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i].len)
			memcpy(at, parts[i].text, parts[i].len);
		at += parts[i].len;
	}
	return text;
}

void call_leg_init(struct call_leg *leg)
{
	*leg = (struct call_leg){
		.joined = CALL_NONE,
		.borrows = CALL_NONE,
		.offered_by = CALL_NONE,
	};
}

void call_media_init(struct call_media *media)
{
	*media = (struct call_media){
		.epoch = 1,
		.rtcp_epoch = 1,
		.bundle_head = CALL_NONE,
	};
}

struct call_media *call_media_clone(const struct call_media *media,
				    unsigned media_cnt, unsigned cnt)
{
	struct call_media *copy = calloc(cnt ? cnt : 1, sizeof(*copy));

	if (!copy)
		return NULL;
	for (unsigned i = 0; i < cnt; i++) {
		if (i >= media_cnt) {
			call_media_init(&copy[i]);
			continue;
		}
		copy[i] = media[i];
		copy[i].gate = NULL;
		copy[i].gate_cnt = 0;
		if (call_media_set_gate(&copy[i], media[i].gate,
					media[i].gate_cnt)) {
			call_media_free(copy, cnt);
			return NULL;
		}
	}
	return copy;
}

int call_media_set_gate(struct call_media *media,
			const struct call_gate *entries, unsigned cnt)
{
	struct call_gate *gate = NULL;

	if (cnt) {
		gate = malloc(cnt * sizeof(*gate));
		if (!gate)
			return 1;
		memcpy(gate, entries, cnt * sizeof(*gate));
	}
	free(media->gate);
	media->gate = gate;
	media->gate_cnt = (uint8_t)cnt;
	return 0;
}

void call_media_free(struct call_media *media, unsigned cnt)
{
	for (unsigned i = 0; media && i < cnt; i++)
		free(media[i].gate);
	free(media);
}

struct call *call_new(struct slice id)
{
	struct call *call = calloc(1, sizeof(*call) + id.len + 1);

	if (!call)
		return NULL;
	if (id.len)
		memcpy(call->id, id.text, id.len);
	call->id_len = (uint16_t)id.len;
	return call;
}

int call_reserve_legs(struct call *call, unsigned more)
{
	unsigned cnt = call->leg_cnt + more;
	struct call_leg *legs;

	if (!more)
		return 0;
	legs = realloc(call->legs, cnt * sizeof(*legs));
	if (!legs)
		return 1;
	call->legs = legs;
	for (unsigned i = call->leg_cnt; i < cnt; i++)
		call_leg_init(&legs[i]);
	return 0;
}

void call_free(struct call *call)
{
	if (!call)
		return;
	for (unsigned i = 0; i < call->leg_cnt; i++) {
		struct call_leg *leg = &call->legs[i];

		call_media_free(leg->media, leg->media_cnt);
		call_media_free(leg->saved, leg->saved_cnt);
		free(leg->text);
	}
	free(call->legs);
	free(call);
}
