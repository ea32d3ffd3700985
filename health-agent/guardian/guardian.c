/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/guardian/guardian.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "health-agent/guardian/again.h"
#include "health-agent/guardian/keeper.h"
#include "health-agent/guardian/orphans.h"
#include "health-agent/guardian/output.h"
#include "health-agent/guardian/pause.h"
#include "health-agent/guardian/ward.h"

enum {
	END_MS = 1000,		/* for the withdrawal, and the worker's end */
	STATUS_MS = 1000,
	STATUS_AGAIN_MS = 100,	/* the socket was full */
	FDS_MAX = 1 + WARD_FDS_MAX + 1 + OUTPUT_FDS_MAX,
};

struct guardian {
	const struct agent_conf *conf;
	const struct output_type *type;
	struct output *output;
	struct ward ward;
	struct again again;
	struct keeper keeper;
	int signals;

	/* What is wanted.  serial counts the sets given to the output; the
	 * worker counts its own, and hears of those.
	 */
	uint64_t serial;
	bool decided;		/* the output has been told something */
	bool followed;		/* it is what this worker wants */
	uint64_t wanted_generation, done_generation;	/* the worker's */
	bool drained;
	uint64_t adopt_ms;	/* until then somebody must decide */

	bool ending, output_gone;
	uint64_t end_ms;
	int err;

	struct link_status status;
	uint64_t status_ms;	/* when it is due */
	uint64_t output_ms;	/* when the output wants its next turn */
	uint64_t looked_ms, due_ms;	/* the last turn, and the next one */
};

/* ---- what is wanted */

static void give(struct guardian *g, const struct route_set *set,
		 uint64_t now_ms)
{
	g->decided = true;
	g->type->want(g->output, set, g->serial, now_ms);
}

static void want_nothing(struct guardian *g, uint64_t now_ms)
{
	static const struct route_set nothing;

	g->serial++;
	g->followed = g->drained = false;
	g->wanted_generation = g->done_generation = 0;
	give(g, &nothing, now_ms);
}

static void follow(struct guardian *g, const struct link_want *want,
		   uint64_t now_ms)
{
	if (!g->followed)
		log_info("guardian: the worker has decided prefixes=%zu",
			 want->set.cnt);
	if (!g->followed || g->wanted_generation != want->generation)
		g->serial++;
	g->followed = true;
	g->wanted_generation = want->generation;
	g->drained = want->drained;
	give(g, &want->set, now_ms);
}

static void begin_end(struct guardian *g, const char *why, uint64_t now_ms)
{
	if (g->ending)
		return;
	log_info("guardian: ending (%s)", why);
	g->ending = true;
	g->end_ms = now_ms + END_MS;
	keeper_end(&g->keeper);
	ward_end(&g->ward);
	if (!g->output_gone)
		want_nothing(g, now_ms);
}

/* ---- the worker */

static void restart(struct guardian *g, uint64_t now_ms)
{
	int err = again_begin(&g->again, now_ms);

	if (err)
		log_err("guardian: not restarted: %s", strerror(err));
}

static void obey(struct guardian *g, const union link_message *message,
		 uint64_t now_ms)
{
	switch (message->head.type) {
	case LINK_WANT:
		if (!g->ending)
			follow(g, &message->want, now_ms);
		break;
	case LINK_RESTART:
		restart(g, now_ms);
		break;
	case LINK_STOP:
		begin_end(g, "told by the worker", now_ms);
		break;
	default:
		break;	/* a beat */
	}
}

/* A worker that ended as it was told has seen to its own. */
static void watch_orphans(struct guardian *g, bool had_worker)
{
	const pid_t own[] = { g->ward.pid, g->again.pid };

	if (had_worker && g->ward.state == WARD_NONE && !g->ending)
		orphans_kill(own, 2);
	orphans_reap(own, 2);
}

static void watch_worker(struct guardian *g, uint64_t now_ms)
{
	bool had_worker = g->ward.state != WARD_NONE;
	uint32_t starts = g->ward.starts;
	union link_message message;

	while (ward_receive(&g->ward, &message, now_ms))
		obey(g, &message, now_ms);
	if (ward_check(&g->ward, now_ms) && !g->ending)
		want_nothing(g, now_ms);
	watch_orphans(g, had_worker);
	if (!g->ending)
		ward_start(&g->ward, now_ms);
	if (g->ward.starts != starts)
		g->status_ms = now_ms;	/* it wants to know what was found */
	if (!g->decided && now_ms >= g->adopt_ms) {
		log_warn("guardian: the worker has not decided in %llu ms "
			 "(withdrawing)",
			 (unsigned long long)g->conf->adopt_ms);
		want_nothing(g, now_ms);
	}
}

/* Routes stay as they are, whatever becomes of the worker. */
static void become_anew(struct guardian *g, uint64_t now_ms)
{
	int err;

	log_info("guardian: restarting in place");
	ward_stop(&g->ward, now_ms);
	orphans_kill(NULL, 0);
	if (g->type->keep)
		g->type->keep(g->output, true);
	err = again_exec(&g->again);
	log_err("guardian: not restarted: %s: %s", g->again.path,
		strerror(err));
	if (g->type->keep)
		g->type->keep(g->output, false);
	g->decided = g->followed = false;
	g->adopt_ms = now_ms + g->conf->adopt_ms;
}

/* ---- signals */

static void hear_signals(struct guardian *g, uint64_t now_ms)
{
	struct signalfd_siginfo info;

	while (read(g->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			ward_reload(&g->ward);
		else
			begin_end(g, strsignal((int)info.ssi_signo), now_ms);
	}
}

static int take_signals(struct guardian *g)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return errno;
	g->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return g->signals < 0 ? errno : 0;
}

/* ---- what is told */

static bool refresh_status(struct guardian *g)
{
	bool changed = g->type->status(g->output, &g->status);

	if (g->status.generation == g->serial)
		g->done_generation = g->wanted_generation;
	g->status.generation = g->done_generation;
	g->status.worker_starts = g->ward.starts;
	return changed;
}

static bool is_settled(const struct guardian *g)
{
	struct link_status status = g->status;

	g->type->status(g->output, &status);
	return status.generation == g->serial;
}

static void tell_worker(struct guardian *g, uint64_t now_ms)
{
	int err;

	if (!refresh_status(g) && now_ms < g->status_ms)
		return;
	err = ward_send(&g->ward, &g->status, sizeof(g->status), LINK_STATUS);
	g->status_ms = now_ms +
		       (err == EAGAIN ? STATUS_AGAIN_MS : STATUS_MS);
}

static void tell_keeper(struct guardian *g, uint64_t now_ms)
{
	bool well = ward_is_well(&g->ward, now_ms) &&
		    g->type->alive(g->output, now_ms);

	keeper_tell(&g->keeper, &g->status, well, g->drained, now_ms);
}

/* ---- the loop */

static size_t gather_fds(const struct guardian *g,
			 struct pollfd fds[static FDS_MAX], size_t *output_at)
{
	size_t cnt = 0;

	fds[cnt++] = (struct pollfd){ .fd = g->signals, .events = POLLIN };
	cnt += ward_fds(&g->ward, fds + cnt);
	cnt += again_fds(&g->again, fds + cnt);
	*output_at = cnt;
	if (!g->output_gone)
		cnt += g->type->fds(g->output, fds + cnt);
	return cnt;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_due(const struct guardian *g)
{
	uint64_t due = earlier(g->status_ms, g->output_ms);

	due = earlier(due, ward_due(&g->ward));
	due = earlier(due, again_due(&g->again));
	due = earlier(due, keeper_due(&g->keeper));
	if (g->ending)
		due = earlier(due, g->end_ms);
	return g->decided ? due : earlier(due, g->adopt_ms);
}

static uint64_t wait_for(struct guardian *g, struct pollfd *fds, size_t cnt)
{
	uint64_t now_ms = clock_boot_ms();
	uint64_t wait = g->due_ms > now_ms ? g->due_ms - now_ms : 0;

	if (poll(fds, cnt, wait < STATUS_MS ? (int)wait : STATUS_MS) < 0) {
		for (size_t i = 0; i < cnt; i++)
			fds[i].revents = 0;
	}
	return clock_boot_ms();
}

static void forgive_pause(struct guardian *g, uint64_t now_ms)
{
	uint64_t paused_ms = pause_ms(g->looked_ms, g->due_ms, now_ms);

	g->looked_ms = now_ms;
	ward_paused(&g->ward, paused_ms);
	g->adopt_ms += paused_ms;
}

static void step_output(struct guardian *g, const struct pollfd *fds,
			size_t cnt, uint64_t now_ms)
{
	int err = 0;

	if (g->output_gone)
		return;
	g->output_ms = g->type->step(g->output, fds, cnt, now_ms, &err);
	if (!err)
		return;
	g->output_gone = true;
	g->output_ms = UINT64_MAX;
	g->err = err == EPIPE ? 0 : err;
	begin_end(g, "the output has gone", now_ms);
}

/* False: it is over. */
static bool turn(struct guardian *g)
{
	struct pollfd fds[FDS_MAX];
	size_t output_at, cnt = gather_fds(g, fds, &output_at);
	uint64_t now_ms = wait_for(g, fds, cnt);

	forgive_pause(g, now_ms);
	hear_signals(g, now_ms);
	watch_worker(g, now_ms);
	step_output(g, fds + output_at, cnt - output_at, now_ms);
	if (again_step(&g->again, now_ms) == AGAIN_GOOD && !g->ending)
		become_anew(g, now_ms);
	tell_worker(g, now_ms);
	tell_keeper(g, now_ms);
	g->due_ms = next_due(g);
	if (!g->ending)
		return true;
	return now_ms < g->end_ms &&
	       (g->ward.state != WARD_NONE ||
		(!g->output_gone && !is_settled(g)));
}

/* ---- begin and end */

static const struct output_type *type_of(enum agent_output output)
{
	switch (output) {
	case AGENT_KERNEL:
		return &output_kernel;
	case AGENT_DRY_RUN:
		return &output_dry_run;
	case AGENT_EXABGP:
		break;
	}
	return &output_exabgp;
}

static void forget_others(const struct output_type *type)
{
	const struct output_type *const types[] = {
		&output_exabgp, &output_kernel, &output_dry_run,
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i] != type && types[i]->forget)
			types[i]->forget();
	}
}

static int begin(struct guardian *g, int argc, char *const argv[])
{
	struct prefix own[ROUTE_PREFIXES_MAX];
	size_t own_cnt = agent_conf_prefixes(g->conf, own);
	uint64_t now_ms = clock_boot_ms();
	int err = take_signals(g);

	orphans_inherit();
	g->type = type_of(g->conf->output);
	forget_others(g->type);
	g->adopt_ms = now_ms + g->conf->adopt_ms;
	g->looked_ms = g->due_ms = now_ms;
	snprintf(g->status.output, sizeof(g->status.output), "%s",
		 g->type->name);
	keeper_init(&g->keeper, g->conf->output == AGENT_EXABGP, now_ms);
	if (!err)
		err = again_init(&g->again, argc, argv);
	if (!err)
		err = ward_init(&g->ward, argc, argv,
				g->conf->worker_timeout_ms, now_ms);
	if (!err)
		err = g->type->new(&g->output, g->conf, own, own_cnt, now_ms);
	return err;
}

static void end(struct guardian *g)
{
	ward_fini(&g->ward);
	again_fini(&g->again);
	if (g->output)
		g->type->free(g->output);
	keeper_fini(&g->keeper);
	if (g->signals >= 0)
		close(g->signals);
}

int guardian_run(const struct agent_conf *conf, int argc, char *const argv[])
{
	struct guardian *g = calloc(1, sizeof(*g));
	int err;

	if (!g)
		return ENOMEM;
	g->conf = conf;
	g->signals = g->ward.link = g->ward.pidfd = g->again.pidfd = -1;
	g->keeper.notify.fd = -1;
	err = begin(g, argc, argv);
	if (err) {
		log_err("guardian: %s: %s", g->type ? g->type->name : "start",
			strerror(err));
	} else {
		while (turn(g))
			;
		err = g->err;
	}
	end(g);
	free(g);
	return err;
}
