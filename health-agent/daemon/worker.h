/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.h - the process that probes and decides
 *
 * Started by the guardian with the link (guardian/link.h) as LINK_FD; one
 * libuv loop, one thread (files on disks are written by libuv's pool).  It
 * beats as long as the loop turns, and ends when the guardian is gone.  What it
 * cannot have (its control socket, a log, a port) it does without, says so
 * once, counts and tries again: only probing and deciding may not fail.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "health-agent/daemon/conf.h"

/* Takes conf, and frees it.  argc and argv as for agent_conf_new(), which a
 * reload calls with them; version for status and metrics.  Returns when it is
 * told to end (0) or cannot begin (an errno; a line has been logged).
 */
int worker_run(struct agent_conf *conf, int argc, char *const argv[],
	       const char *version);

#endif
