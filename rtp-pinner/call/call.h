/* SPDX-License-Identifier: GPL-3.0-or-later */
/* call.h - one call: its legs, and the media of each leg
 *
 * A leg is one party as signalling knows it (a tag), or a callee that has been
 * offered to and has not answered (no tag yet).  What a leg sends arrives at
 * the leg's own ports and leaves from the ports of the leg it is joined to:
 *
 *   caller --> caller's ports        callee's ports --> callee
 *              row.sink  ------------>
 *
 * A fork has one caller leg and a leg with ports of its own for each branch;
 * all branches are joined to the caller, the caller to the branch that
 * answered last.  A second callee that answers the same offer (a proxy forked
 * further on) was told the same port: its leg borrows the ports of the first.
 *
 * Everything here is read-only outside rtp-pinner/call.  Pointers into a call
 * live until the next calls_*() function that takes a time.  All times are
 * CLOCK_MONOTONIC milliseconds as given to calls_*(); 0 means never.
 */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/relay/flow.h"
#include "rtp-pinner/sdp/sdp.h"

enum {
	CALL_LEGS_MAX = 32,	/* more branches are refused */
	CALL_TEXT_MAX = 1024,	/* call-id, tag, branch, label: each */
	CALL_NONE = 255,	/* no leg, no media: for indices */
};

struct call_endpoint {
	struct addr addr;	/* unset: not known */
	uint16_t port;
};

/* One entry of a gate: an address, or a prefix of it. */
struct call_gate {
	struct addr addr;
	uint8_t prefix_len;
};

enum call_media_type {
	CALL_OTHER,
	CALL_AUDIO,
	CALL_VIDEO,
	CALL_IMAGE,
	CALL_TEXT,
	CALL_APPLICATION,
	CALL_MESSAGE,
	CALL_MEDIA_TYPES
};

enum call_media_flag {
	CALL_M_MUX = 1 << 0,	/* RTCP comes on the RTP port: agreed */
	CALL_M_MUX_OFFERED = 1 << 1,	/* we offered it to this party */
	CALL_M_MUX_ASKED = 1 << 2,	/* the party offered or accepted it */
	CALL_M_MUX_FORCE = 1 << 3,	/* we accept, whatever the other says */
	CALL_M_MUX_REFUSE = 1 << 4,	/* we refuse, whatever the other says */
	CALL_M_ICE = 1 << 5,	/* STUN passes to and from this party */
	CALL_M_HELD = 1 << 6,	/* by 0.0.0.0 or ::, nothing is sent there */
	CALL_M_REJECTED = 1 << 7,	/* port 0 */
	CALL_M_SRTP = 1 << 8,
	CALL_M_RTP = 1 << 9,	/* RTP or SRTP: a pair of ports */
	CALL_M_KNOWN = 1 << 10,	/* the party has told its side */
	CALL_M_RTCP_OPEN = 1 << 11,	/* port + 1 has a row */
	CALL_M_ICE_OFFERED = 1 << 12,	/* we passed an offer with ICE on */
	CALL_M_BUNDLE_ONLY = 1 << 13,	/* port 0, but alive (RFC 8843) */
	CALL_M_ALONE = 1 << 14,	/* not UDP: not ours to relay */
};

struct call_media {
	struct call_endpoint rtp;	/* where the party wants its media */
	struct call_endpoint rtcp;
	struct call_gate *gate;	/* gate_cnt of them; owned */
	uint32_t ufrag_hash;	/* 0: no ICE */
	uint16_t port;		/* ours, even; RTCP at port + 1.  0: none */
	uint16_t flags;		/* enum call_media_flag */
	uint16_t epoch;		/* of the row of port */
	uint16_t rtcp_epoch;	/* of the row of port + 1 */
	uint8_t gate_cnt;
	uint8_t type;		/* enum call_media_type */
	uint8_t proto;		/* for call_proto_text() */
	uint8_t direction;	/* enum sdp_direction, as the party said */
	uint8_t bundle_head;	/* media that carries this one, or CALL_NONE */
	uint8_t rate_cnt;
	struct flow_rate rates[FLOW_RATES_MAX];
};

struct call_leg {
	char *text;		/* tag, branch and label, one after the other */
	struct call_media *media;
	struct call_media *saved;	/* as before a pending re-offer, its own
					 * or one made to it; NULL: none */
	uint64_t created_ms;
	uint64_t answered_ms;	/* its last answer */
	uint64_t delete_at_ms;	/* this branch alone ends then */
	uint64_t pending_ms;	/* when it re-offered, still unanswered */
	uint64_t pending_branch;	/* hash of that via-branch; 0: none */
	uint32_t origin_hash;	/* of o= of its last SDP */
	uint32_t answer_seq;	/* the higher, the later; 0: never answered */
	uint16_t tag_len;	/* 0: has not answered yet */
	uint16_t branch_len;
	uint16_t label_len;
	uint16_t flow_flags;	/* STRICT_SOURCE, ASYMMETRIC, HANDOVER */
	uint8_t media_cnt;
	uint8_t saved_cnt;
	uint8_t joined;		/* where its media goes: index, or CALL_NONE */
	uint8_t borrows;	/* leg whose ports it uses, or CALL_NONE */
	uint8_t offered_by;	/* leg whose offer it has not answered */
	uint8_t gate_mode;	/* enum flow_gate_mode */
	uint8_t family;		/* of our address in what it gets: 4 or 6 */
	uint8_t saved_gate_mode;	/* with saved */
	uint8_t saved_family;
	uint16_t saved_flow_flags;
	bool callee;		/* came into the call by being offered to */
	bool ended;		/* its branch was deleted: no ports, no part */
	struct addr advertised;	/* media-address; unset: ours of family */
};

struct calls;

struct call {
	struct call_leg *legs;
	uint64_t created_ms;
	uint64_t last_signal_ms;
	uint64_t answered_ms;	/* the first answer */
	uint64_t delete_at_ms;	/* the whole call */
	uint64_t rolled_branch;	/* hash of the branch rolled back last */
	uint64_t deadline_ms;	/* next look of calls_tick() */
	struct call *newer;
	struct call *older;
	struct call *hash_next;
	uint64_t hash;
	uint32_t answer_cnt;
	uint32_t slot;		/* in the call store, and of its rows */
	uint32_t heap_at;
	uint16_t id_len;
	uint8_t leg_cnt;
	uint8_t thread;		/* of the relay, for all its ports */
	uint8_t dscp;		/* 0..63 */
	bool is_probe;		/* of this node's health agent */
	char id[];		/* id_len bytes, then NUL */
};

static inline struct slice call_id(const struct call *call)
{
	return slice_of(call->id, call->id_len);
}

static inline struct slice call_leg_tag(const struct call_leg *leg)
{
	return slice_of(leg->text, leg->tag_len);
}

static inline struct slice call_leg_branch(const struct call_leg *leg)
{
	return slice_of(leg->text ? leg->text + leg->tag_len : NULL,
			leg->branch_len);
}

static inline struct slice call_leg_label(const struct call_leg *leg)
{
	return slice_of(leg->text ? leg->text + leg->tag_len + leg->branch_len
				  : NULL,
			leg->label_len);
}

/* The port a leg sends media i to, be it its own, borrowed or bundled; 0 when
 * there is none.  RTCP goes to the next one unless CALL_M_MUX.
 */
uint16_t call_media_port(const struct call *call, unsigned leg, unsigned media);

/* A leg of the call has this port open, for RTP or RTCP: now, or to go back to
 * should its re-offer be refused.
 */
bool call_owns_port(const struct call *call, uint16_t port);

/* "audio", ... ; never NULL. */
const char *call_media_type_name(enum call_media_type type);

/* "RTP/AVP", ...; "" for one that is not in the table. */
const char *call_proto_text(uint8_t proto);

/* The leg of a tag; CALL_NONE when there is none. */
unsigned call_find_tag(const struct call *call, struct slice tag);

#endif
