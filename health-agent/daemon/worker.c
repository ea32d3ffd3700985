/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/worker.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "health-agent/daemon/agent.h"
#include "health-agent/daemon/folder.h"

enum {
	SECOND_MS = 1000,
	LATE_BEAT_MS = 2 * LINK_BEAT_MS,
};

/* ---- timers and signals */

static void on_beat(uv_timer_t *timer)
{
	struct agent *a = timer->data;
	uint64_t now_ms = clock_boot_ms();

	a->stats.beats++;
	a->stats.late_beats += a->beat_ms && now_ms - a->beat_ms > LATE_BEAT_MS;
	a->beat_ms = now_ms;
	uplink_beat(a->uplink);
}

static void on_second(uv_timer_t *timer)
{
	agent_second(timer->data);
}

static void stop(struct agent *a, const char *why)
{
	if (a->stopping)
		return;
	a->stopping = true;
	agent_record(a, &(struct audit_entry){ .what = AUDIT_WORKER,
					       .to = "ended",
					       .cause = why });
	uv_stop(&a->loop);
}

static void on_signal(uv_signal_t *handle, int signum)
{
	struct agent *a = handle->data;

	if (signum == SIGHUP) {
		agent_hangup(a);
		return;
	}
	stop(a, signum == SIGTERM ? "SIGTERM" : "SIGINT");
}

static void on_guardian_gone(void *arg)
{
	stop(arg, "the guardian is gone");
}

/* ---- the beginning */

static void tell_of_start(struct agent *a, const char *memory)
{
	char cause[HEALTH_CAUSE_MAX];

	snprintf(cause, sizeof(cause), "anycast-health %s; %s", a->version,
		 memory);
	agent_record(a, &(struct audit_entry){ .what = AUDIT_START,
					       .to = "started",
					       .cause = cause });
}

static const char *memory_words(int err, bool fresh,
				const struct health_memory *m)
{
	if (err == ENOENT)
		return "nothing is remembered";
	if (err == EBADMSG)
		return "what was remembered is damaged, and ignored";
	if (err)
		return "what was remembered cannot be read";
	if (fresh)
		return "goes on from what is remembered";
	switch (m->order) {
	case HEALTH_DRAIN:
		return "only an order to drain is remembered";
	case HEALTH_DISABLE:
		return "only an order to disable is remembered";
	default:
		return "what is remembered is too old";
	}
}

static int start_policy(struct agent *a)
{
	char boot[SNAPSHOT_BOOT_LEN];
	struct health_memory memory;
	uint64_t now_ms = clock_boot_ms();
	const char *words;
	bool fresh;
	int err;

	snapshot_boot(boot);
	err = snapshot_read(&memory, &fresh, a->conf->state_dir, boot, now_ms);
	words = memory_words(err, fresh, &memory);
	if (err && err != ENOENT)
		log_warn("state: %s/health.memory: %s", a->conf->state_dir,
			 words);
	drain_init(&a->drain, err ? 0 : memory.withdrawn_ms);
	err = health_new(&a->health, &a->conf->health, err ? NULL : &memory,
			 a->conf->adopt_ms, now_ms);
	if (err)
		return err;
	notice_begin(&a->notice, a->health, now_ms);
	tell_of_start(a, words);
	return 0;
}

static int start_signals(struct agent *a)
{
	static const int signums[] = { SIGTERM, SIGINT, SIGHUP };
	int err = 0;

	for (size_t i = 0; !err && i < 3; i++) {
		err = -uv_signal_init(&a->loop, &a->signals[i]);
		a->signals[i].data = a;
		if (!err)
			err = -uv_signal_start(&a->signals[i], on_signal,
					       signums[i]);
	}
	return err;
}

static void start_timers(struct agent *a)
{
	uv_timer_t *timers[] = { &a->tick, &a->beat, &a->second };

	for (size_t i = 0; i < 3; i++) {
		uv_timer_init(&a->loop, timers[i]);
		timers[i]->data = a;
	}
	uv_timer_start(&a->beat, on_beat, 0, LINK_BEAT_MS);
	uv_timer_start(&a->second, on_second, 0, SECOND_MS);
}

/* Where they cannot be made, whoever writes there says so. */
static void make_folders(const struct agent_conf *conf)
{
	(void)folder_make(conf->state_dir, 0750);
	(void)folder_of(conf->audit_log, 0750);
	(void)folder_of(conf->node_state, 0755);
}

static int start_records(struct agent *a)
{
	int err;

	make_folders(a->conf);
	err = audit_new(&a->audit, &a->loop, a->conf->audit_log,
			a->conf->node->name);
	if (!err)
		err = hooks_new(&a->hooks, &a->loop);
	if (!err)
		err = snapshot_new(&a->snapshot, &a->loop, a->conf->state_dir);
	if (!err)
		hooks_set(a->hooks, a->conf->hook, a->conf->hook_timeout_ms);
	return err;
}

static int start(struct agent *a)
{
	const struct uplink_ops ops = {
		.status = agent_guardian_told,
		.gone = on_guardian_gone,
		.arg = a,
	};
	int err;

	start_timers(a);
	err = start_signals(a);
	if (!err)
		err = start_records(a);
	if (!err)
		err = start_policy(a);
	if (!err)
		err = counting_new(&a->counting, &a->loop, agent_calls_told, a);
	/* before anything is made of there being none */
	if (!err)
		agent_set_relay(a);
	if (!err)
		err = uplink_new(&a->uplink, &a->loop, LINK_FD, &ops);
	/* what has become of the routes, before a probe has its say */
	if (!err)
		uplink_hear(a->uplink);
	if (!err)
		err = probing_new(&a->probing, &a->loop, a->conf, agent_probed,
				  a);
	if (!err && a->conf->peers)
		err = peering_new(&a->peering, &a->loop, a->conf->site,
				  a->conf->node, agent_peer_told, a);
	if (!err)
		err = control_new(&a->control, &a->loop, a->conf->control,
				  agent_answer, a);
	if (!err)
		err = httpd_new(&a->httpd, &a->loop, agent_metrics, a);
	return err;
}

/* ---- the end */

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void finish(struct agent *a)
{
	probing_stop(a->probing);
	peering_stop(a->peering);
	counting_stop(a->counting);
	control_stop(a->control);
	hooks_stop(a->hooks);
	httpd_stop(a->httpd);
	uplink_stop(a->uplink);
	uv_walk(&a->loop, close_handle, NULL);
	/* what is on its way to the disk still gets there */
	uv_run(&a->loop, UV_RUN_DEFAULT);
	uv_loop_close(&a->loop);

	control_free(a->control);
	httpd_free(a->httpd);
	hooks_free(a->hooks);
	snapshot_free(a->snapshot);
	audit_free(a->audit);
	uplink_free(a->uplink);
	counting_free(a->counting);
	health_free(a->health);
	agent_free_retired(a, true);
	agent_conf_free(a->conf);
	free(a);
}

static int run(struct agent *a)
{
	int err = start(a);

	if (err) {
		log_err("worker: cannot begin (%s)", strerror(err));
		return err;
	}
	log_info("worker: node %s, %zu probes, %zu groups", a->conf->node->name,
		 a->conf->health.probe_cnt, a->conf->health.group_cnt);
	agent_settle(a);
	uv_run(&a->loop, UV_RUN_DEFAULT);
	agent_write_node_state(a);
	agent_save(a);
	return 0;
}

int worker_run(struct agent_conf *conf, int argc, char *const argv[],
	       const char *version)
{
	struct agent *a = calloc(1, sizeof(*a));
	int err = a ? -uv_loop_init(&a->loop) : ENOMEM;

	if (err) {
		log_err("worker: cannot begin (%s)", strerror(err));
		agent_conf_free(conf);
		free(a);
		return err;
	}
	a->conf = conf;
	a->argc = argc;
	a->argv = argv;
	a->version = version;
	a->started_ms = clock_boot_ms();
	log_set_level(conf->log_level);
	/* routes are worth more than the log, should its reader be gone */
	signal(SIGPIPE, SIG_IGN);
	err = run(a);
	finish(a);
	return err;
}
