/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.h - what happened to this node, when and why
 *
 * One JSON object a line: {"time":"2026-11-26T01:23:45.678Z","boot_ms":N,
 * "node":..,"what":..,"name":..,"group":..,"family":4,"from":..,"to":..,
 * "cause":..}; what is not known is "" or 0.  name is that of a probe or a
 * session.
 *
 * The last AUDIT_KEPT lines stay in memory (at the start: those of the file),
 * where `log' reads them, and from there a thread of the pool writes them; so a
 * slow or full disk costs lines in the file, counted, and nothing else.  Once
 * the disk takes lines again one of them says how many were lost.
 */
#ifndef DAEMON_AUDIT_H
#define DAEMON_AUDIT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum { AUDIT_KEPT = 256 };

enum audit_what {
	AUDIT_UNIT,		/* a group in a family changed its state */
	AUDIT_NODE,
	AUDIT_ORDER,
	AUDIT_PROBE,		/* another verdict */
	AUDIT_SESSION,		/* with a neighbour */
	AUDIT_RELOAD,
	AUDIT_START,
	AUDIT_WORKER,
	AUDIT_ROUTE,		/* announced or withdrawn, the state aside */
	AUDIT_DRAIN,		/* a drain, from its withdrawal on */
	AUDIT_AUDIT,		/* the log itself */
	AUDIT_WHATS
};

struct audit_entry {
	enum audit_what what;
	uint8_t family;		/* enum addr_family */
	const char *name, *group, *from, *to, *cause;	/* NULL: "" */
};

struct audit;

struct audit_stats {
	uint64_t written, lost;
	int err;		/* of the last line */
	uint64_t busy_ms;	/* CLOCK_BOOTTIME: since when lines are on their
				 * way to the disk; 0: none */
};

/* "unit", "node", ... */
const char *audit_what_name(enum audit_what what);

/* Reads the end of the file that is there. */
int audit_new(struct audit **out, uv_loop_t *loop, const char *path,
	      const char *node);

void audit_add(struct audit *a, const struct audit_entry *entry);

/* The last lines as objects, the oldest first; a new reference, NULL without
 * memory.
 */
json_t *audit_last(const struct audit *a, size_t lines);

void audit_reopen(struct audit *a);

const struct audit_stats *audit_stats(const struct audit *a);

/* After the loop has run out. */
void audit_free(struct audit *a);

/* ---- pure */

/* A line with its newline, malloc'ed; NULL without memory. */
char *audit_format(const struct audit_entry *entry, const char *node,
		   uint64_t wall_ms, uint64_t boot_ms);

#endif
