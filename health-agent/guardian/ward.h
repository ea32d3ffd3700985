/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ward.h - the worker process as its guardian sees it
 *
 *   NONE --start--> LIVING --death, silence, ward_stop()--> DYING --gone--+
 *    ^                                                                    |
 *    +------------------- after a wait: 100 ms, doubled up to 5 s --------+
 *
 * The worker is killed by the kernel when its guardian dies.  It leads a group
 * of its own; what it has started is ended by orphans.h.
 */
#ifndef GUARDIAN_WARD_H
#define GUARDIAN_WARD_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "health-agent/guardian/link.h"

enum {
	WARD_FDS_MAX = 2,
	WARD_WAIT_MS = 100,
	WARD_WAIT_MAX_MS = 5000,
	WARD_STEADY_MS = 10000,	/* lived so long: the next wait is short */
	WARD_STOP_MS = 500,
};

enum ward_state { WARD_NONE, WARD_LIVING, WARD_DYING };

struct ward {
	char **argv;		/* with --worker; owned */
	uint64_t timeout_ms;	/* silent for longer: it is frozen */
	enum ward_state state;
	pid_t pid;
	int pidfd;
	int link;		/* our end; -1: none */
	uint64_t started_ms;
	uint64_t heard_ms;	/* any message */
	bool has_beaten;	/* since its start */
	bool reload_due;
	bool leaving;		/* told to end, and given the time for it */
	uint64_t start_ms;	/* of NONE: when the next one is due */
	uint64_t wait_ms;
	uint32_t starts;
	uint64_t dropped;	/* messages of another version */
};

/* The first one is due at once.  0, or ENOMEM. */
int ward_init(struct ward *w, int argc, char *const argv[],
	      uint64_t timeout_ms, uint64_t now_ms);
/* What still lives is killed, and waited for. */
void ward_fini(struct ward *w);

/* Start it if that is due.  What fails is logged and tried again. */
void ward_start(struct ward *w, uint64_t now_ms);

size_t ward_fds(const struct ward *w, struct pollfd out[static WARD_FDS_MAX]);

/* Its next message; false: none.  Take them all before ward_check(). */
bool ward_receive(struct ward *w, union link_message *out, uint64_t now_ms);

/* True: it lived, and is dead or silent for too long; it has been killed. */
bool ward_check(struct ward *w, uint64_t now_ms);

/* SIGKILL, to its group too, and wait until it is gone; not for long. */
void ward_stop(struct ward *w, uint64_t now_ms);

/* SIGHUP.  A worker that has not beaten yet may not be ready for it, and would
 * end: it gets it then.
 */
void ward_reload(struct ward *w);

/* SIGTERM; whether it ends in time is the caller's matter. */
void ward_end(struct ward *w);

/* EAGAIN: the message is lost. */
int ward_send(struct ward *w, const void *message, size_t len,
	      enum link_type type);

/* It beats. */
bool ward_is_well(const struct ward *w, uint64_t now_ms);

/* When ward_start() or ward_check() has something to do at the latest. */
uint64_t ward_due(const struct ward *w);

/* The guardian did not run for so long: see pause.h. */
void ward_paused(struct ward *w, uint64_t ms);

#endif
