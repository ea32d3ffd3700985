/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dialect.h - what ExaBGP is told and what it says: its text, and only here
 *
 * The text API of ExaBGP 4.2.21 to 5.0, the same lines in all of them.
 *
 * What differs is in what they answer.  A next hop `self' is listed as `self'
 * (4.2.21) or as the address it stands for; an AS path in brackets (4.2) or
 * parentheses (5.0); one community without, several with brackets, and the
 * well-known ones by name.  The summary has established sessions only (4.2) or
 * all (5.0).  Acks are a word or, where so configured, JSON; events are what
 * `encoder' says, and each text event has an empty line behind it.
 *
 * Commands are made of numbers and addresses alone, so they cannot carry a
 * character that would begin another command.  What comes back is untrusted:
 * a router can put words of its own into the reason of a `down', and with
 * ExaBGP 4.2 any lines behind them.  Pure.
 */
#ifndef EXABGP_DIALECT_H
#define EXABGP_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "health-agent/route/route.h"

enum {
	/* A command with its LF is written whole or not at all: PIPE_BUF. */
	DIALECT_COMMAND_MAX = 2048,
};

struct dialect_neighbor {
	struct addr addr;
	uint32_t remote_as, local_as;
};

/* Each writes one command with its LF and a NUL, and returns its length
 * without the NUL.  next-hop self; the AS path is given only with prepend, and
 * never to a neighbour of our own AS, which would take it for a loop.
 */
size_t dialect_announce(char out[static DIALECT_COMMAND_MAX],
			const struct dialect_neighbor *to,
			const struct route *r);
size_t dialect_withdraw(char out[static DIALECT_COMMAND_MAX],
			const struct addr *neighbor, const struct prefix *p);
size_t dialect_show_summary(char out[static DIALECT_COMMAND_MAX]);
size_t dialect_show_routes(char out[static DIALECT_COMMAND_MAX]);

enum dialect_kind {
	DIALECT_NOTHING,	/* an empty line */
	DIALECT_DONE,		/* the command's end: */
	DIALECT_ERROR,
	DIALECT_SHUTDOWN,	/* ExaBGP is about to end */
	DIALECT_HEADING,	/* of the summary */
	DIALECT_SESSION,	/* a line of the summary */
	DIALECT_ROUTE,		/* a line of the adj-rib-out */
	DIALECT_CONNECTED,	/* events: */
	DIALECT_UP,
	DIALECT_DOWN,
	DIALECT_EVENT,		/* another one */
	DIALECT_NONSENSE,
};

struct dialect_line {
	enum dialect_kind kind;
	struct addr neighbor;	/* SESSION, ROUTE, CONNECTED, UP, DOWN */
	bool established;	/* SESSION */
	struct slice reason;	/* DOWN: in the line; anything may stand there */
	uint32_t pid;		/* SHUTDOWN: of who is about to end */
	/* ROUTE: state is NODE_UNKNOWN.  exact: it has no attribute that ours
	 * have not, so that it is ours if the attributes are equal.
	 */
	struct route route;
	bool exact;
};

/* One line, without its LF.  local_as tells a prepended path from others. */
void dialect_parse(struct dialect_line *out, struct slice line,
		   uint32_t local_as);

#endif
