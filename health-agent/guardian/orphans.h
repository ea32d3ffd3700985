/* SPDX-License-Identifier: GPL-3.0-or-later */
/* orphans.h - what a worker has started, and left behind
 *
 * Commands and hooks lead groups of their own; when a worker is killed in the
 * midst nobody ends them at their timeout any more.  So the guardian is their
 * parent's heir (PR_SET_CHILD_SUBREAPER): they become its children, it ends
 * them, and takes in the dead.
 */
#ifndef GUARDIAN_ORPHANS_H
#define GUARDIAN_ORPHANS_H

#include <stddef.h>
#include <sys/types.h>

/* From now on they come to this process. */
void orphans_inherit(void);

/* SIGKILL to every child but those given. */
void orphans_kill(const pid_t *own, size_t cnt);

/* Take in the dead among them.  Call it when dead ones of those given have been
 * taken in.
 */
void orphans_reap(const pid_t *own, size_t cnt);

#endif
