/* SPDX-License-Identifier: GPL-3.0-or-later */
/* uplink.h - the worker's end of the link to its guardian (guardian/link.h)
 *
 * A beat is only sent from the loop, so it says that the loop turns.  What is
 * wanted goes with each beat again, so that a dropped message costs 250 ms.
 */
#ifndef DAEMON_UPLINK_H
#define DAEMON_UPLINK_H

#include <uv.h>

#include "health-agent/guardian/link.h"

struct uplink_ops {
	/* was: the status before; NULL for the first */
	void (*status)(void *arg, const struct link_status *was,
		       const struct link_status *is);
	void (*gone)(void *arg);	/* the guardian has ended */
	void *arg;
};

struct uplink_stats {
	uint64_t sent, dropped;		/* dropped: the socket was full */
	uint64_t received, malformed;
};

struct uplink;

/* Takes fd.  EINVAL: it is no socket, nobody has started us as a worker. */
int uplink_new(struct uplink **out, uv_loop_t *loop, int fd,
	       const struct uplink_ops *ops);

/* Take what the guardian has said already; it speaks when it starts a worker.
 */
void uplink_hear(struct uplink *u);

/* Once, and with every beat from now on, under a generation of its own. */
void uplink_want(struct uplink *u, const struct route_set *set, bool drained);

/* As told last; NULL: nothing yet. */
const struct link_want *uplink_wanted(const struct uplink *u);

void uplink_beat(struct uplink *u);

/* With the next beats until it is sent. */
void uplink_restart(struct uplink *u);

/* NULL: not heard yet. */
const struct link_status *uplink_status(const struct uplink *u);

const struct uplink_stats *uplink_stats(const struct uplink *u);

/* Close what is in the loop, and when it has run out, free; NULL is fine. */
void uplink_stop(struct uplink *u);
void uplink_free(struct uplink *u);

#endif
