/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guardian.h - the process that answers for what is announced
 *
 * ExaBGP never takes back what a dead or frozen process has announced, and
 * freezes itself before one that does not read.  So this small poll(2) loop,
 * which ExaBGP runs, holds the output (output.h), always reads, and starts a
 * worker that probes and decides:
 *
 *   worker says LINK_WANT ------------------> exactly that is announced
 *   worker dead, or silent for longer than
 *   worker_timeout_ms ----------------------> nothing is announced, at once;
 *                                             it is killed and started again
 *   no LINK_WANT for adopt_ms after the
 *   start ----------------------------------> nothing is announced
 *   guardian itself dead -------------------> the worker dies with it; ExaBGP
 *                                             starts a new one, which asks what
 *                                             is announced and takes it over
 *   SIGTERM, SIGINT, LINK_STOP -------------> nothing is announced, then it ends
 *   SIGHUP ---------------------------------> handed on to the worker
 *   LINK_RESTART ---------------------------> it executes its program anew in
 *                                             place, routes as they are
 *
 * It feeds systemd's watchdog only while the worker beats and the output is
 * alive.  Nothing is allocated once it runs.
 */
#ifndef GUARDIAN_GUARDIAN_H
#define GUARDIAN_GUARDIAN_H

#include "health-agent/daemon/conf.h"

/* conf is borrowed.  argc and argv are the program's own: the worker is
 * /proc/self/exe with them and --worker first, the socket being LINK_FD.
 * Returns when it has ended as told, 0, or an errno: it could not begin.
 */
int guardian_run(const struct agent_conf *conf, int argc, char *const argv[]);

#endif
