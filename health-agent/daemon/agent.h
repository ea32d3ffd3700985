/* SPDX-License-Identifier: GPL-3.0-or-later */
/* agent.h - the worker's parts, and what goes on between them
 *
 *   probing --result--+
 *   peering --state---+--> policy --agent_settle()--> uplink (what is wanted)
 *   control --order---+                               audit, hooks, node.state,
 *   clock ------------+                               snapshot, other nodes
 *
 * Whoever has told the policy something calls agent_settle() then, in the same
 * turn of the loop: so what it decides is on its way to the guardian before
 * anything else is looked at.
 */
#ifndef DAEMON_AGENT_H
#define DAEMON_AGENT_H

#include <uv.h>

#include "common/httpd.h"
#include "health-agent/daemon/audit.h"
#include "health-agent/daemon/conf.h"
#include "health-agent/daemon/control.h"
#include "health-agent/daemon/counting.h"
#include "health-agent/daemon/hooks.h"
#include "health-agent/daemon/notice.h"
#include "health-agent/daemon/peering.h"
#include "health-agent/daemon/probing.h"
#include "health-agent/daemon/snapshot.h"
#include "health-agent/daemon/status.h"
#include "health-agent/daemon/uplink.h"
#include "health-agent/policy/drain.h"

enum {
	AGENT_STATE_MS = 5000,		/* node.state is true for so long */
	AGENT_SAVE_MS = 2000,		/* between snapshots without news */
	AGENT_RESTART_MS = 6000,	/* longer: it has failed (again.h) */
	AGENT_ERROR_MAX = 512,
	AGENT_WARNINGS_MAX = 8,
};

struct agent_stats {
	uint64_t beats, late_beats;	/* late: the loop stood still */
	uint64_t reloads, reloads_refused;
	uint64_t node_state_failed;
	uint64_t transitions;		/* of units */
};

struct agent {
	uv_loop_t loop;
	int argc;
	char *const *argv;
	const char *version;
	uint64_t started_ms;
	bool stopping;

	struct agent_conf *conf;
	struct agent_retired *retired;	/* confs that closing probes look at */
	char config_error[AGENT_ERROR_MAX];	/* of the last reload; "" */

	struct health *health;
	struct drain drain;
	bool drain_seen;	/* since the start */
	struct notice notice;
	struct probing *probing;
	struct peering *peering;	/* NULL: peers = no */
	char sites[AGENT_ERROR_MAX];	/* who has another site file */
	struct uplink *uplink;
	struct counting *counting;
	struct audit *audit;
	struct hooks *hooks;
	struct snapshot *snapshot;
	struct control *control;
	struct httpd *httpd;
	struct {
		bool listening, warned;
	} metrics[AGENT_METRICS_MAX];	/* as in conf */

	bool restart_due;	/* once nothing is left to withdraw */
	uint64_t restart_ms;	/* when the guardian was asked for it; 0: not */
	bool hangup_due;	/* a reload by signal; reloaded_ms: the last */
	uint64_t reloaded_ms;

	uint64_t beat_ms, saved_ms;
	int node_state_err;
	struct agent_stats stats;
	uv_timer_t tick, beat, second;
	uv_signal_t signals[3];
};

/* The policy has been told something: let it decide, and act on that. */
void agent_settle(struct agent *a);

/* by: who ordered, in words. */
void agent_order(struct agent *a, const struct health_command *command,
		 const char *by);

/* What has changed, for the audit log and the hook. */
notice_h agent_notice;

/* agent_drain.c: by order nothing is announced, and the guardian has seen that
 * nothing is out.
 */
bool agent_is_withdrawn(const struct agent *a);

/* Whom to ask for the calls, as conf says. */
void agent_set_relay(struct agent *a);

/* Look how far a drain is: after whatever may have brought it on. */
void agent_see_drain(struct agent *a);

/* Each second: what is not there is tried again, what is told is told. */
void agent_second(struct agent *a);

/* What is known now, for a restart. */
void agent_save(struct agent *a);

void agent_write_node_state(struct agent *a);

/* An entry of the audit log, and a line of log. */
void agent_record(struct agent *a, const struct audit_entry *entry);

/* answer.c: "ams1, lon1: their site file is not that of this node"; "". */
void agent_tell_sites(const struct agent *a, char out[static AGENT_ERROR_MAX]);

/* Handlers of the parts; arg is the agent. */
probing_result_h agent_probed;
counting_news_h agent_calls_told;
peering_state_h agent_peer_told;
void agent_guardian_told(void *arg, const struct link_status *was,
			 const struct link_status *is);

/* agent_guardian.c: what is still out of what was announced before this worker;
 * NULL: not known.
 */
const struct route_set *agent_left(const struct link_status *status);

/* answer.c: requests at the control socket, and the view of status.h. */
control_request_h agent_answer;
void agent_view(struct agent *a, struct status_view *out,
		const char *warnings[static AGENT_WARNINGS_MAX]);

/* reload.c: read the configuration anew; 0, or EINVAL: config_error says why,
 * and nothing has changed.  by: who wanted it, in words.
 */
int agent_reload(struct agent *a, const char *by);

/* The same for a signal, which may come faster than any probe could answer: at
 * once, or when the probes have had their time since the last reload.
 */
void agent_hangup(struct agent *a);
void agent_hangup_tick(struct agent *a);

/* Have the guardian execute its program anew.  0, or EINVAL: the configuration
 * is broken, and error says how.
 */
int agent_restart(struct agent *a, const char *by,
		  char error[static AGENT_ERROR_MAX]);

/* The same when a reload needs it and all is ready for it. */
void agent_restart_tick(struct agent *a, const struct link_status *is);

/* Free what has been retired long enough, or (end) all of it. */
void agent_free_retired(struct agent *a, bool end);

/* agent_metrics.c */
httpd_text_h agent_metrics;

#endif
