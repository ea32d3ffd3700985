/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status.h - how things stand, as the JSON documents of the control socket
 *
 * Pure.  Members have a fixed order and meaning; programs read them (anycastctl
 * does), so one may be added and none may change.  Times are milliseconds ago,
 * or from now where the name is until_ms; null: never.
 */
#ifndef DAEMON_STATUS_H
#define DAEMON_STATUS_H

#include <jansson.h>

#include "health-agent/daemon/conf.h"
#include "health-agent/daemon/probing.h"
#include "health-agent/guardian/link.h"
#include "health-agent/peers/peers.h"
#include "health-agent/policy/drain.h"

struct status_probe {
	struct probing_stat stat;
	char target[PROBER_TEXT_MAX];
};

struct status_view {
	const char *version;
	const struct agent_conf *conf;
	const struct health *health;	/* ticked at now_ms */
	const struct link_status *guardian;	/* NULL: not heard yet */
	const struct peers *peers;	/* NULL: they are not told */
	const char *config_error;	/* of the last reload; "" it was fine */
	const char *const *warnings;	/* what ails the agent itself */
	size_t warning_cnt;
	const struct drain *drain;	/* stepped; NULL as DRAIN_NONE */
	bool counted;		/* relay and calls are known */
	enum drain_relay relay;
	uint32_t calls;		/* that run here */
	uint64_t node_since_ms;
	uint64_t now_ms;		/* CLOCK_BOOTTIME */
	void (*probe)(void *arg, size_t i, struct status_probe *out);
	void *arg;
};

/* New references; NULL only without memory. */
json_t *status_json(const struct status_view *v);
json_t *status_nodes(const struct status_view *v);

/* The node's state, and why: from the withdrawal of a drain on what that waits
 * for.
 */
enum node_state status_node(const struct status_view *v,
			    char cause[static HEALTH_CAUSE_MAX]);

/* Where the guardian, if heard, has seen a route of this prefix. */
enum link_proof status_proof(const struct link_status *guardian,
			     const struct prefix *prefix);

/* "resume", "drain", "disable" */
const char *status_order_name(enum health_order order);

/* {"ok":false,"error":text} and {"ok":true} */
json_t *status_error(const char *text);
json_t *status_ok(void);

#endif
