/* SPDX-License-Identifier: GPL-3.0-or-later */
/* again.h - this program, perhaps a newer one, in the place of itself
 *
 * After an upgrade the guardian executes the program that now lies where its
 * own lay; ExaBGP notices nothing, and the routes stay.  Before, that program
 * is asked for --check-config with the same arguments: one that does not run
 * here, or does not like the configuration any more, would be started again
 * and again until ExaBGP gives up, and with it all routes.
 */
#ifndef GUARDIAN_AGAIN_H
#define GUARDIAN_AGAIN_H

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	AGAIN_CHECK_MS = 5000,	/* longer is as bad as no */
};

enum again_verdict {
	AGAIN_IDLE,	/* nobody asked */
	AGAIN_CHECKING,
	AGAIN_GOOD,	/* again_exec() may be called; told once */
	AGAIN_BAD,	/* told once; the log says why */
};

struct again {
	char path[PATH_MAX];
	char **check_argv;	/* with --check-config; owned */
	char *const *argv;	/* borrowed */
	pid_t pid;		/* 0: none runs */
	int pidfd;
	uint64_t deadline_ms;
};

/* 0, or an errno. */
int again_init(struct again *a, int argc, char *const argv[]);
void again_fini(struct again *a);

/* Begin to check; nothing while one runs.  0, or an errno. */
int again_begin(struct again *a, uint64_t now_ms);

enum again_verdict again_step(struct again *a, uint64_t now_ms);

/* To poll for: 0 or 1; and until when. */
size_t again_fds(const struct again *a, struct pollfd out[static 1]);
uint64_t again_due(const struct again *a);

/* Returns only where it fails, with an errno. */
int again_exec(const struct again *a);

#endif
