/* SPDX-License-Identifier: GPL-3.0-or-later */
/* calls_priv.h - what the files of this folder share: the table of calls */
#ifndef CALL_CALLS_PRIV_H
#define CALL_CALLS_PRIV_H

#include "rtp-pinner/call/call_priv.h"
#include "rtp-pinner/call/calls.h"
#include "rtp-pinner/call/keyed.h"
#include "rtp-pinner/call/pack.h"
#include "rtp-pinner/call/ports.h"

struct calls {
	struct calls_conf conf;
	struct calls_ops ops;
	struct keyed keyed;
	struct ports *ports;

	struct call **buckets;	/* by hash of the call-id */
	uint32_t bucket_cnt;	/* a power of two */
	struct call **slots;	/* slot_end of slot_cap are or were in use */
	uint32_t slot_cap;
	uint32_t slot_end;
	uint32_t *free_slots;	/* below slot_end */
	uint32_t free_slot_cnt;
	struct call **heap;	/* by deadline_ms; sessions of slot_cap */
	struct call *newest;
	uint32_t sessions;	/* with the probes */
	uint32_t probes;	/* of them */
	uint32_t answered;
	uint32_t ending;	/* without probes: a delete waits for them */
	uint32_t thread_next;
	bool draining;

	_Atomic uint64_t values[CALLS_COUNTERS];
	struct counters counters;
};

static inline void calls_count(struct calls *calls, enum calls_counter which)
{
	counter_add(&calls->counters, which, 1);
}

/* Put a call into table and heap, under a free slot, or under this one when
 * slot is not NULL (EEXIST if taken).  0, EEXIST, ENOMEM.
 */
int calls_add(struct calls *calls, struct call *call, const uint32_t *slot);

/* Take it out of both; it is not freed. */
void calls_remove(struct calls *calls, struct call *call);

struct call *calls_lookup(const struct calls *calls, struct slice id);

/* Tell of the change, unless it is a probe: nobody takes that up again. */
void calls_report(struct calls *calls, const struct call *call);

/* Move the call to its place after a change; also reports the change. */
void calls_changed(struct calls *calls, struct call *call);

/* heap.c */
void calls_heap_add(struct calls *calls, struct call *call);
void calls_heap_del(struct calls *calls, struct call *call);
void calls_heap_move(struct calls *calls, struct call *call);

/* endings.c: end a call, or one leg of it.  calls_end_leg() leaves rows to be
 * pushed by the caller.
 */
void calls_end(struct calls *calls, struct call *call, enum calls_end end,
	       uint64_t now_ms);
void calls_end_leg(struct calls *calls, struct call *call, unsigned leg,
		   uint64_t now_ms);

/* The call ends then, or sooner if it was to; and it does not, for it is
 * signalled.
 */
void calls_doom(struct calls *calls, struct call *call, uint64_t at_ms);
void calls_spare(struct calls *calls, struct call *call);

/* Close the ports of a media that has some, and let them rest. */
void calls_close_media(struct calls *calls, const struct call_media *m,
		       uint64_t now_ms);

/* Give back the ports of an array that neither leg->media nor leg->saved holds
 * at the same place, and free it.
 */
void calls_drop_media(struct calls *calls, struct call_leg *leg,
		      struct call_media *media, unsigned cnt, uint64_t now_ms);

/* A callee of leg, other than `but', that is not ended: the one that answered
 * last, else the newest.  CALL_NONE.
 */
unsigned calls_other_callee(const struct call *call, unsigned leg,
			    unsigned but);

#endif
