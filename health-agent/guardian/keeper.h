/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keeper.h - what systemd is told: ready, alive, and in words
 *
 * WATCHDOG=1 goes out only while all is well, so that a frozen worker, guardian
 * or ExaBGP ends in a kill of the whole service, which takes the routes back
 * in milliseconds.
 */
#ifndef GUARDIAN_KEEPER_H
#define GUARDIAN_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/notify.h"
#include "health-agent/guardian/link.h"

enum {
	KEEPER_TEXT_MAX = 256,
	KEEPER_TEXT_MS = 1000,	/* between two STATUS= */
	KEEPER_AGAIN_MS = 100,	/* not well, or the socket full */
};

struct keeper {
	struct notify notify;
	bool for_parent;
	bool ready, ending;
	uint64_t feed_ms;	/* when the next WATCHDOG=1 is due */
	uint64_t told_ms;
	char text[KEEPER_TEXT_MAX];	/* the last STATUS= */
};

/* for_parent: the service is ExaBGP's, not this process, and goes on when this
 * process ends: its successor takes over, and STOPPING=1 is not said.  (systemd
 * would wait for the end, and at its time make one.)
 */
void keeper_init(struct keeper *k, bool for_parent, uint64_t now_ms);
void keeper_fini(struct keeper *k);

/* To be called each turn; it says only what is new, or due. */
void keeper_tell(struct keeper *k, const struct link_status *status, bool well,
		 bool drained, uint64_t now_ms);
void keeper_end(struct keeper *k);

uint64_t keeper_due(const struct keeper *k);

#endif
