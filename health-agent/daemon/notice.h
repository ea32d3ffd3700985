/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notice.h - what has changed since the last look, for the audit log and hooks
 *
 * Pure.  Probes, units and the node are compared by their names, so that a
 * reload shows what came and what went; the guardian's routes and sessions are
 * compared where they settle, so that a command under way makes no entry.  A
 * unit that is being adopted is what it was before, until that is over.
 */
#ifndef DAEMON_NOTICE_H
#define DAEMON_NOTICE_H

#include "health-agent/daemon/audit.h"
#include "health-agent/guardian/link.h"
#include "health-agent/policy/health.h"

struct notice {
	struct notice_probe {
		char name[HEALTH_NAME_MAX];
		uint8_t family;
		enum node_state verdict;
	} probes[HEALTH_PROBES_MAX];
	size_t probe_cnt;
	struct notice_unit {
		char group[HEALTH_NAME_MAX];
		uint8_t family;
		enum node_state state;
	} units[HEALTH_UNITS_MAX];
	size_t unit_cnt;
	enum node_state node;
	uint64_t node_since_ms;

	struct notice_route {
		struct prefix prefix;
		uint8_t proof;		/* enum link_proof, settled */
	} routes[ROUTE_PREFIXES_MAX];
	size_t route_cnt;
	struct notice_session {
		struct addr neighbor;
		uint8_t family;
		bool up;
	} sessions[LINK_SESSIONS_MAX];
	size_t session_cnt;
};

/* The texts are good until it returns.  unit is that of an AUDIT_UNIT that is
 * still there, else NULL.
 */
typedef void notice_h(void *arg, const struct audit_entry *entry,
		      const struct health_unit *unit);

/* All as it is, without a word. */
void notice_begin(struct notice *n, const struct health *h, uint64_t now_ms);

/* One entry for each change, probes before the units they move, the node last.
 */
void notice_health(struct notice *n, const struct health *h, uint64_t now_ms,
		   notice_h *tell, void *arg);

/* tell NULL: without a word. */
void notice_guardian(struct notice *n, const struct link_status *status,
		     notice_h *tell, void *arg);

#endif
