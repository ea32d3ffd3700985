/* SPDX-License-Identifier: GPL-3.0-or-later */
/* call_priv.h - making and changing a call: for the files of this folder */
#ifndef CALL_CALL_PRIV_H
#define CALL_CALL_PRIV_H

#include "rtp-pinner/call/call.h"

/* A call without legs.  NULL: no memory. */
struct call *call_new(struct slice id);

/* Room for `more' legs behind leg_cnt, initialised; leg_cnt stays.  0 or
 * ENOMEM as 1.
 */
int call_reserve_legs(struct call *call, unsigned more);
void call_leg_init(struct call_leg *leg);

/* The text of a leg; NULL: no memory. */
char *call_text_new(struct slice tag, struct slice branch, struct slice label);

void call_media_init(struct call_media *media);

/* An array of cnt: a deep copy of media_cnt, then fresh ones.  NULL: no
 * memory.
 */
struct call_media *call_media_clone(const struct call_media *media,
				    unsigned media_cnt, unsigned cnt);

/* Replace the gate by a copy of entries, which may be its own.  0, or 1: no
 * memory, nothing changed.
 */
int call_media_set_gate(struct call_media *media,
			const struct call_gate *entries, unsigned cnt);
void call_media_free(struct call_media *media, unsigned cnt);

enum call_media_type call_media_type_of(struct slice text);
uint8_t call_proto_of(struct slice text);	/* 0: not in the table */

/* One can be renamed to the other: RTP/AVP and RTP/AVPF, ... */
bool call_protos_alike(uint8_t a, uint8_t b);

/* The first leg with this via-branch; CALL_NONE. */
unsigned call_find_branch(const struct call *call, struct slice branch);

/* One of the two legs has answered the other. */
bool call_have_talked(const struct call *call, unsigned a, unsigned b);

/* The media that has the port which carries this one, of this leg or of the
 * one it borrows from; NULL when the leg has no such media.
 */
const struct call_media *call_transport(const struct call *call, unsigned leg,
					unsigned media);

bool call_endpoint_equal(const struct call_endpoint *a,
			 const struct call_endpoint *b);

/* The party takes part with this media: neither rejected nor left alone. */
static inline bool call_media_alive(const struct call_media *m)
{
	return !(m->flags & (CALL_M_REJECTED | CALL_M_ALONE));
}

#endif
