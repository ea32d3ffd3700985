/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp_osip.h - what libosip2 thinks of a session description
 *
 * Advice only, for a counter: it rejects some of what phones send (facts in
 * sdp_osip.c), so it never decides.
 */
#ifndef SDP_SDP_OSIP_H
#define SDP_SDP_OSIP_H

#include <stdbool.h>

#include "common/cursor.h"

enum {
	SDP_OSIP_MAX = 16 * 1024,	/* bytes */
	SDP_OSIP_LINES_MAX = 512,
	SDP_OSIP_BLANKS_MAX = 256,	/* fewer in a line */
};

/* True: accepted.  A text that is empty, goes beyond one of these or has a NUL
 * in it is not even shown to it; without memory the answer is false.
 */
bool sdp_osip_check(struct slice text);

#endif
