/* SPDX-License-Identifier: GPL-3.0-or-later */
/* why_priv.h - what the files of why share: a line that is put together
 *
 *   why.c         the node, its units, their probes and what holds them
 *   why_around.c  routes, sessions, output, other nodes
 */
#ifndef DAEMON_WHY_PRIV_H
#define DAEMON_WHY_PRIV_H

#include "health-agent/daemon/why.h"
#include "health-agent/policy/words.h"

struct why {
	const struct status_view *view;
	why_line_h *line;
	void *arg;
	struct words w;		/* the line begun */
	char text[WHY_LINE_MAX];
};

/* Begin a line, add to it with words_add(&y->w, ...), and end it. */
void why_begin(struct why *y);
void why_end(struct why *y);

/* A whole line. */
void why_say(struct why *y, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* " for 12 s" */
void why_add_age(struct why *y, uint64_t since_ms);

/* What the guardian knows of the unit's prefixes and of its family's sessions:
 * in lines what is amiss; behind "fine" what is not.
 */
void why_routes(struct why *y, const struct health_unit *unit);
void why_sessions(struct why *y, const struct health_unit *unit);
void why_add_fine_routes(struct why *y, const struct health_unit *unit,
			 const char **separator);
void why_add_fine_sessions(struct why *y, const struct health_unit *unit,
			   const char **separator);

/* Guardian, output, other nodes, reload, warnings. */
void why_all(struct why *y);

#endif
