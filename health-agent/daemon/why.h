/* SPDX-License-Identifier: GPL-3.0-or-later */
/* why.h - why the node and each of its units are as they are, for an operator
 *
 * One line for the node, then for each unit: state, since when and the cause;
 * indented below it what must happen for it to get better, what is amiss with
 * its routes and sessions, and last, in one line, what is fine.  Then what
 * concerns all of them: the guardian, the output, the other nodes, a reload
 * that was refused.
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

#include <stdint.h>

#include "health-agent/daemon/conf.h"
#include "health-agent/guardian/link.h"
#include "health-agent/peers/peers.h"
#include "health-agent/policy/health.h"

enum {
	WHY_LINE_MAX = 1024,	/* with its NUL; what is longer is cut */
	WHY_NODES_MAX = 8,	/* other nodes that are named */
};

struct why_view {
	const struct agent_conf *conf;
	const struct health *health;	/* ticked at now_ms */
	const struct link_status *guardian;	/* NULL: not heard yet */
	const struct peers *peers;	/* NULL: they are not told */
	const char *config_error;	/* of the last reload; "" it was fine */
	uint64_t node_since_ms;
	uint64_t now_ms;		/* CLOCK_BOOTTIME */
};

typedef void why_line_h(void *arg, const char *line);

void why_tell(const struct why_view *v, why_line_h *line, void *arg);

#endif
