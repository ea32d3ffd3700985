/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe.h - the header by which a node's own health probe is known
 *
 *	X-Anycast-Probe: NODE TIME MAC [MAC]
 *
 * NODE is the probed node, TIME the sender's clock in seconds since 1970, MAC
 * the keyed hash of both and of the probe's Call-ID, in hex; for HTTP the
 * request-target stands in its place.  A valid header is answered as if the
 * node were up and is never counted in follow tracking; without it a node that
 * is down would fail its own probe and never rise.  A header of another node,
 * outside the window or with a wrong MAC changes nothing: the message is
 * treated like anybody's.
 *
 * While the secret is being changed there are two MACs, with the new secret
 * and with the previous one: whoever has read the new site file and whoever
 * has not yet know each other's, in any order.  One that is right is enough.
 */
#ifndef COMMON_PROBE_H
#define COMMON_PROBE_H

#include <stdint.h>

#include "common/cursor.h"
#include "common/secret.h"
#include "common/site.h"

#define PROBE_HEADER "X-Anycast-Probe"

enum {
	PROBE_VALUE_MAX = 128,	/* formatted value, with its NUL */
	PROBE_WINDOW_S = 10,	/* either side of our own clock */
};

enum probe_verdict {
	PROBE_VALID,
	PROBE_MALFORMED,
	PROBE_OTHER_NODE,
	PROBE_STALE,		/* outside the time window */
	PROBE_FORGED,		/* wrong MAC */
	PROBE_VERDICTS
};

/* Write the header's value, NUL-terminated.  Returns its length, or 0 when
 * node is not a valid node name.
 */
size_t probe_format(char out[static PROBE_VALUE_MAX], const struct site *site,
		    struct slice node, struct slice call_id, uint64_t wall_s);

/* Judge a header's value.  node is our own name. */
enum probe_verdict probe_check(struct slice value, const struct site *site,
			       struct slice node, struct slice call_id,
			       uint64_t wall_s);

const char *probe_verdict_name(enum probe_verdict verdict);

#endif
