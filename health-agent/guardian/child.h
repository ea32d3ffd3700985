/* SPDX-License-Identifier: GPL-3.0-or-later */
/* child.h - what a process that the guardian starts must not have of it */
#ifndef GUARDIAN_CHILD_H
#define GUARDIAN_CHILD_H

#include <sys/types.h>

enum {
	CHILD_CANNOT = 126,	/* exit status of one that did not get so far */
};

/* Called in the child of fork(): it dies with the guardian, leads a group of
 * its own, takes all signals, is not asked for notices, and has /dev/null and
 * stderr in the place of ExaBGP's pipes.  Ends it where that cannot be had.
 */
void child_begin(pid_t guardian);

#endif
