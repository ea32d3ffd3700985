/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output.h - how routes get out: ExaBGP, the kernel's table, or only the log
 *
 * Driven by the guardian's poll loop, so that a worker's death or hang needs
 * nothing but want() of the empty set to withdraw.  Nothing blocks.
 */
#ifndef GUARDIAN_OUTPUT_H
#define GUARDIAN_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "health-agent/guardian/link.h"
#include "health-agent/route/route.h"

enum { OUTPUT_FDS_MAX = 4 };

struct output;
struct agent_conf;	/* daemon/conf.h */

/* One of: exabgp (stdin/stdout), kernel, dry-run. */
struct output_type {
	const char *name;
	/* own: all prefixes this node may ever announce; nothing else is
	 * touched.  It begins to find out what is announced now.
	 */
	int (*new)(struct output **out, const struct agent_conf *conf,
		   const struct prefix *own, size_t own_cnt, uint64_t now_ms);
	/* Make exactly this true from now on, also when a session comes back. */
	void (*want)(struct output *o, const struct route_set *set,
		     uint64_t generation, uint64_t now_ms);
	/* What to poll for; returns how many. */
	size_t (*fds)(const struct output *o,
		      struct pollfd out[static OUTPUT_FDS_MAX]);
	/* Descriptors are ready or time has passed.  Returns when it wants to
	 * be called again at the latest.  EPIPE in *err: the other side is
	 * gone, end.
	 */
	uint64_t (*step)(struct output *o, const struct pollfd *ready,
			 size_t cnt, uint64_t now_ms, int *err);
	/* True: something in the status changed since the last call. */
	bool (*status)(struct output *o, struct link_status *out);
	/* Does the other side answer?  The watchdog is fed only then. */
	bool (*alive)(const struct output *o, uint64_t now_ms);
	/* The program is about to exec itself anew, routes as they are: let what
	 * holds them live through it, and new() of the next image finds it
	 * (descriptors and environment pass, memory does not).  kept false:
	 * the exec has failed, all as before.  NULL: nothing to do.
	 */
	void (*keep)(struct output *o, bool kept);
	/* What keep() has kept, where another output follows: nobody would
	 * look after it.  NULL: nothing to do.
	 */
	void (*forget)(void);
	void (*free)(struct output *o);
};

extern const struct output_type output_exabgp, output_kernel, output_dry_run;

#endif
