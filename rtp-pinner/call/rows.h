/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.h - from a call to the rows of its ports */
#ifndef CALL_ROWS_H
#define CALL_ROWS_H

#include <stdbool.h>

#include "rtp-pinner/call/calls_priv.h"

/* The row of the port of this media, or of the RTCP port beside it.  The leg
 * must own the port: neither borrowed nor bundled.
 */
void rows_fill(struct flow_conf *out, const struct calls *calls,
	       const struct call *call, unsigned leg, unsigned media,
	       bool rtcp);

/* The row of a port that is taken and of no use yet: nothing passes. */
void rows_shut(struct flow_conf *out, const struct call *call,
	       enum flow_kind kind);

/* Bring the rows of all ports of the call in line with it; rows that are right
 * are not written.
 */
void rows_push(struct calls *calls, struct call *call);

/* Open the ports of the call with their rows, of a call that has none open.  0
 * or the errno of open; then none is open.
 */
int rows_open(struct calls *calls, struct call *call);

/* Take the pairs the call says it has, all or none (false: one is not free, or
 * named twice, or outside the range), and the reverse.
 */
bool rows_take(struct calls *calls, const struct call *call);
void rows_put_back(struct calls *calls, const struct call *call);

/* When the last packet passed on the ports of a media; 0: never. */
uint64_t rows_last_ms(const struct calls *calls, const struct call_media *m);

/* The leg whose party is heard at and reached from the ports of owner: itself,
 * or the one of those which borrow them that has answered last.
 */
unsigned rows_speaker(const struct call *call, unsigned owner);

#endif
