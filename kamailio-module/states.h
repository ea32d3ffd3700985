/* SPDX-License-Identifier: GPL-2.0-or-later */
/* states.h - what a node.state file means for each node of the site
 *
 * Pure.  No file: nobody has said anything, every configured node counts as
 * up.  A file of an agent (it has an `until`) is believed until then, its
 * peers for 3 s after they were last heard; past `until` this node keeps
 * serving and the others are unknown.  An `until` more than a minute ahead, or
 * a peer heard in the future, is of an earlier boot's clock and not believed.
 * A file without `until` is an
 * operator's word and stands until it is replaced.
 */
#ifndef KAMAILIO_MODULE_STATES_H
#define KAMAILIO_MODULE_STATES_H

#include <stdint.h>

#include "common/nodestate.h"
#include "common/site.h"

enum {
	STATES_PEER_MS = 3000,
	STATES_UNTIL_MS = 60000,	/* no writer promises more than this */
};

enum states_verdict {
	STATES_NO_FILE,
	STATES_FRESH,
	STATES_STALE,		/* past its `until` */
	STATES_FOREIGN,		/* its self is another node: not believed */
	STATES_UNREADABLE,	/* there, but broken: what was known stays */
	STATES_VERDICTS
};

const char *states_verdict_name(enum states_verdict verdict);

/* Fill states, one enum node_state per node of the site.  file is NULL when
 * there is none; now_ms is CLOCK_BOOTTIME.
 */
enum states_verdict states_judge(uint8_t *states, const struct site *site,
				 uint32_t self, const struct nodestate *file,
				 uint64_t now_ms);

#endif
