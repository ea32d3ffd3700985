/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A new configuration while the agent runs: made complete, then swapped in.
 *
 * Probes and policy are made anew and told what the old ones knew, so that no
 * unit moves for the reload alone: a probe that stays keeps its verdict, a
 * prefix that is no longer configured is withdrawn.  What the guardian was
 * told at its start (output, neighbours, own prefixes), and files and sockets,
 * it only takes up by a restart in place, which follows by itself once what is
 * no longer wanted has been withdrawn: the new guardian would not know it as
 * its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "health-agent/daemon/agent.h"
#include "health-agent/daemon/folder.h"
#include "health-agent/daemon/former.h"

enum {
	RETIRED_MS = 2000,
	ADOPT_SPARE_MS = 1000,
};

struct agent_retired {
	struct agent_retired *next;
	struct agent_conf *conf;
	uint64_t at_ms;
};

/* Closing handles are the loop's business for a turn or two. */
static void retire(struct agent *a, struct agent_retired *place)
{
	place->conf = a->conf;
	place->at_ms = clock_boot_ms();
	place->next = a->retired;
	a->retired = place;
}

void agent_free_retired(struct agent *a, bool end)
{
	struct agent_retired **at = &a->retired;
	uint64_t now_ms = clock_boot_ms();

	while (*at) {
		struct agent_retired *r = *at;

		if (!end && now_ms - r->at_ms < RETIRED_MS) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		agent_conf_free(r->conf);
		free(r);
	}
}

/* ---- what cannot be swapped */

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool same_metrics(const struct agent_conf *a, const struct agent_conf *b)
{
	if (a->metrics_cnt != b->metrics_cnt)
		return false;
	for (size_t i = 0; i < a->metrics_cnt; i++) {
		if (!endpoint_equal(&a->metrics[i], &b->metrics[i]))
			return false;
	}
	return true;
}

static bool same_neighbors(const struct site_node *a, const struct site_node *b)
{
	if (a->neighbor_cnt != b->neighbor_cnt || a->local_as != b->local_as)
		return false;
	for (size_t i = 0; i < a->neighbor_cnt; i++) {
		if (!addr_equal(&a->neighbors[i].addr, &b->neighbors[i].addr) ||
		    a->neighbors[i].remote_as != b->neighbors[i].remote_as)
			return false;
	}
	return true;
}

static bool same_prefixes(const struct agent_conf *a,
			  const struct agent_conf *b)
{
	struct prefix as[ROUTE_PREFIXES_MAX], bs[ROUTE_PREFIXES_MAX];
	size_t a_cnt = agent_conf_prefixes(a, as);
	size_t b_cnt = agent_conf_prefixes(b, bs), both = 0;

	for (size_t i = 0; i < a_cnt; i++) {
		for (size_t j = 0; j < b_cnt; j++)
			both += prefix_equal(&as[i], &bs[j]);
	}
	return a_cnt == b_cnt && both == a_cnt;
}

static bool needs_restart(const struct agent_conf *a,
			  const struct agent_conf *b)
{
	return a->output != b->output || a->kernel_table != b->kernel_table ||
	       !same_text(a->kernel_device, b->kernel_device) ||
	       a->ack_timeout_ms != b->ack_timeout_ms ||
	       a->worker_timeout_ms != b->worker_timeout_ms ||
	       a->adopt_ms != b->adopt_ms || a->peers != b->peers ||
	       !same_text(a->node->name, b->node->name) ||
	       !same_text(a->node_state, b->node_state) ||
	       !same_text(a->control, b->control) ||
	       !same_text(a->state_dir, b->state_dir) ||
	       !same_text(a->audit_log, b->audit_log) ||
	       !same_metrics(a, b) || !same_neighbors(a->node, b->node) ||
	       !same_prefixes(a, b);
}

/* ---- verdicts that stay */

static size_t find_probe(const struct health_conf *conf,
			 const struct health_probe_conf *like)
{
	for (size_t i = 0; i < conf->probe_cnt; i++) {
		if (conf->probes[i].family == like->family &&
		    same_text(conf->probes[i].name, like->name))
			return i;
	}
	return SIZE_MAX;
}

static void carry_over(struct agent *a, struct health *new,
		       struct probing *probing)
{
	const struct health_conf *was = health_conf(a->health);
	const struct health_conf *is = health_conf(new);
	uint64_t now_ms = clock_boot_ms();

	for (size_t i = 0; i < is->probe_cnt; i++) {
		size_t old = find_probe(was, &is->probes[i]);

		if (old == SIZE_MAX)
			continue;
		probing_set_stat(probing, i, probing_stat(a->probing, old));
		health_inherit(new, i, a->health, old, now_ms);
	}
	health_follow(new, a->health, now_ms);
}

static void tell_peers_states(struct agent *a, struct health *new)
{
	const struct peers *peers = a->peering ? peering_peers(a->peering)
					       : NULL;
	uint64_t now_ms = clock_boot_ms();

	for (size_t i = 0; peers && i < peers_cnt(peers); i++)
		health_peer(new, i, peers_entry(peers, i)->state, now_ms);
}

/* ---- the swap */

struct next {
	struct agent_conf *conf;
	struct health *health;
	struct probing *probing;
	struct agent_retired *place;
};

static uint64_t adopt_ms(const struct agent_conf *conf)
{
	uint64_t most_ms = 0;

	for (size_t i = 0; i < conf->health.probe_cnt; i++) {
		if (conf->probes[i].prober.timeout_ms > most_ms)
			most_ms = conf->probes[i].prober.timeout_ms;
	}
	return most_ms + ADOPT_SPARE_MS;
}

static int make_next(struct agent *a, struct next *next)
{
	struct health_memory memory;
	uint64_t now_ms = clock_boot_ms();
	int err;

	next->place = malloc(sizeof(*next->place));
	if (!next->place)
		return ENOMEM;
	former_keep(next->conf, a->conf, now_ms);
	health_remember_for(a->health, &next->conf->health, &memory, now_ms);
	err = health_new(&next->health, &next->conf->health, &memory,
			 adopt_ms(next->conf), now_ms);
	if (!err)
		err = probing_new(&next->probing, &a->loop, next->conf,
				  agent_probed, a);
	/* the last that can fail */
	if (!err && a->peering)
		err = peering_reload(a->peering, next->conf->site,
				     next->conf->node);
	return err;
}

static void drop_next(struct next *next)
{
	probing_stop(next->probing);
	health_free(next->health);
	agent_conf_free(next->conf);
	free(next->place);
}

static void swap(struct agent *a, struct next *next)
{
	tell_peers_states(a, next->health);
	carry_over(a, next->health, next->probing);
	probing_stop(a->probing);
	health_free(a->health);
	retire(a, next->place);
	a->conf = next->conf;
	a->health = next->health;
	a->probing = next->probing;
	log_set_level(a->conf->log_level);
	/* where the next worker will look for it */
	if (!same_text(a->conf->state_dir, next->place->conf->state_dir)) {
		(void)folder_make(a->conf->state_dir, 0750);
		snapshot_move(a->snapshot, a->conf->state_dir);
	}
	hooks_set(a->hooks, a->conf->hook, a->conf->hook_timeout_ms);
	agent_set_relay(a);
}

/* ---- from outside */

struct errors {
	char first[AGENT_ERROR_MAX - 32];
	unsigned cnt;
};

static void on_error(void *arg, const char *line)
{
	struct errors *e = arg;

	log_err("configuration: %s", line);
	if (!e->cnt++)
		snprintf(e->first, sizeof(e->first), "%s", line);
}

static void sum_up(char out[static AGENT_ERROR_MAX], const struct errors *e)
{
	snprintf(out, AGENT_ERROR_MAX, "%s", e->first);
	if (e->cnt > 1)
		snprintf(out, AGENT_ERROR_MAX, "%s (and %u more)", e->first,
			 e->cnt - 1);
}

static int refuse(struct agent *a, const struct errors *e, const char *by)
{
	char cause[AGENT_ERROR_MAX + 64];

	a->stats.reloads_refused++;
	sum_up(a->config_error, e);
	snprintf(cause, sizeof(cause), "by %s: %s", by, a->config_error);
	agent_record(a, &(struct audit_entry){ .what = AUDIT_RELOAD,
					       .to = "refused",
					       .cause = cause });
	return EINVAL;
}

static void tell_of_it(struct agent *a, bool restart, const char *by)
{
	char cause[96];

	a->stats.reloads++;
	a->config_error[0] = '\0';
	snprintf(cause, sizeof(cause), "by %s%s", by,
		 restart ? "; followed by a restart in place" : "");
	agent_record(a, &(struct audit_entry){ .what = AUDIT_RELOAD,
					       .to = "done",
					       .cause = cause });
}

int agent_reload(struct agent *a, const char *by)
{
	struct errors errors = { 0 };
	struct next next = { 0 };
	bool restart;
	int err;

	a->hangup_due = false;
	a->reloaded_ms = clock_boot_ms();
	audit_reopen(a->audit);		/* it may have been rotated */
	err = agent_conf_new(&next.conf, a->argc, a->argv, on_error, &errors);
	if (!err)
		err = make_next(a, &next);
	if (err) {
		if (!errors.cnt)
			on_error(&errors, strerror(err));
		drop_next(&next);
		return refuse(a, &errors, by);
	}
	restart = needs_restart(a->conf, next.conf);
	swap(a, &next);
	tell_of_it(a, restart, by);
	agent_settle(a);
	agent_save(a);
	a->restart_due |= restart;
	return 0;
}

/* ---- by signal */

void agent_hangup(struct agent *a)
{
	a->hangup_due = true;
	agent_hangup_tick(a);
}

/* A reload begins all attempts anew. */
void agent_hangup_tick(struct agent *a)
{
	uint64_t since_ms = clock_boot_ms() - a->reloaded_ms;

	if (a->hangup_due && since_ms >= adopt_ms(a->conf))
		agent_reload(a, "SIGHUP");
}

/* ---- a restart in place */

static void ask_for_restart(struct agent *a)
{
	a->restart_due = false;
	a->restart_ms = clock_boot_ms();
	uplink_restart(a->uplink);
}

/* The guardian looks too, and later, but can tell nobody. */
int agent_restart(struct agent *a, const char *by,
		  char error[static AGENT_ERROR_MAX])
{
	struct errors errors = { 0 };
	struct agent_conf *conf = NULL;
	int err = agent_conf_new(&conf, a->argc, a->argv, on_error, &errors);
	bool changed = !err && needs_restart(a->conf, conf);
	char cause[AGENT_ERROR_MAX + 64];

	agent_conf_free(conf);
	if (err && !errors.cnt)
		on_error(&errors, strerror(err));
	sum_up(error, &errors);
	snprintf(cause, sizeof(cause), "by %s%s%s", by, err ? ": " : "",
		 err ? error : "");
	agent_record(a, &(struct audit_entry){
				.what = AUDIT_WORKER,
				.to = err ? "restart refused" : "restart",
				.cause = cause });
	if (err)
		return EINVAL;
	agent_save(a);
	/* what it no longer has is withdrawn before */
	if (changed && !agent_reload(a, by))
		return 0;
	ask_for_restart(a);
	return 0;
}

/* Everything that is no longer wanted has gone.  (Not that all that is wanted
 * is done: a new prefix is refused until the guardian knows it as its own,
 * which is what the restart is for.)
 */
static bool is_withdrawn(const struct agent *a, const struct link_status *is)
{
	struct route_set want;

	health_routes(a->health, &want);
	for (size_t i = 0; i < is->route_cnt; i++) {
		if (is->routes[i].proof != LINK_PROOF_NONE &&
		    !route_find(&want, &is->routes[i].prefix))
			return false;
	}
	return true;
}

void agent_restart_tick(struct agent *a, const struct link_status *is)
{
	if (a->restart_due && is_withdrawn(a, is) &&
	    snapshot_is_idle(a->snapshot))
		ask_for_restart(a);
}
