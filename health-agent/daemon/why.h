/* SPDX-License-Identifier: GPL-3.0-or-later */
/* why.h - why the node and each of its units are as they are, for an operator
 *
 * One line for the node, then for each unit: state, since when and the cause;
 * indented below it what must happen for it to get better, what is amiss with
 * its routes and sessions, and last, in one line, what is fine.  Then what
 * concerns all of them: the guardian, the output, the other nodes, a reload
 * that was refused, and what ails the agent itself.
 *
 *	service (IPv4) is down for 12 s: sip-udp (IPv4) has failed 3 times: ...
 *	  needs 3 good attempts in a row: sip-udp (IPv4) has failed 3 times: ...
 *	  then 5.0 s of hold-down
 *	  fine: sip-tcp, kamailio, session with 198.51.100.1
 *
 * Pure.  Lines hold printable ASCII only.
 */
#ifndef DAEMON_WHY_H
#define DAEMON_WHY_H

#include "health-agent/daemon/status.h"

enum {
	WHY_LINE_MAX = 1024,	/* with its NUL; what is longer is cut */
	WHY_NODES_MAX = 8,	/* other nodes that are named */
};

typedef void why_line_h(void *arg, const char *line);

void why_tell(const struct status_view *v, why_line_h *line, void *arg);

#endif
