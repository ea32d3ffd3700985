/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nodestate.h - what each node of the site is doing right now
 *
 * A small text file on the node, by default /run/sip-anycast/node.state,
 * replaced by an atomic rename.  Written by the health agent, or by
 * `anycastctl drain` and `resume` where no agent runs; read by the Kamailio
 * module, the pinner and anycastctl.
 *
 *	sip-anycast-state 1
 *	self fra1 draining
 *	node ams1 up 912345
 *	until 918345
 *
 * The numbers are CLOCK_BOOTTIME milliseconds of the writing machine, so a
 * stepped wall clock changes nothing: after `node`, when that state was last
 * heard; `until`, when the whole file stops being true (absent: never, which
 * is what an operator's drain without an agent writes).  A file of an earlier
 * boot lies in the future or has no meaning; /run is empty after a boot.
 */
#ifndef COMMON_NODESTATE_H
#define COMMON_NODESTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/site.h"

#define NODESTATE_PATH "/run/sip-anycast/node.state"

enum node_state {
	NODE_UNKNOWN,		/* not heard of: fine until proven otherwise */
	NODE_UP,
	NODE_DEGRADED,		/* serves, but another node is better */
	NODE_DRAINING,		/* finishes what runs, takes nothing new */
	NODE_DOWN,
	NODE_DISABLED,		/* an operator said so */
	NODE_STATES
};

struct nodestate_peer {
	char name[SITE_NAME_MAX];
	enum node_state state;
	uint64_t heard_ms;
};

struct nodestate {
	char self[SITE_NAME_MAX];
	enum node_state state;
	bool has_until;
	uint64_t until_ms;
	struct nodestate_peer *peers;	/* owned; nodestate_fini frees */
	size_t peer_cnt;
};

/* "up", "draining", ...; never NULL. */
const char *node_state_name(enum node_state state);

/* EINVAL for an unknown word. */
int node_state_parse(enum node_state *out, struct slice word);

/* Parse the file's text.  0, EBADMSG (with *bad_line set, from 1) or ENOMEM.
 * On error *out is zeroed.
 */
int nodestate_parse(struct nodestate *out, unsigned *bad_line,
		    struct slice text);

/* ENOENT when there is no file: no agent and no operator has said anything.
 * Otherwise as nodestate_parse, or an errno of reading.
 */
int nodestate_read(struct nodestate *out, const char *path);

/* Write to PATH.tmp.PID, readable for everybody, then rename over path.  0 or
 * errno.
 */
int nodestate_write(const struct nodestate *state, const char *path);

void nodestate_fini(struct nodestate *state);

#endif
