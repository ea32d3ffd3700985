/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/probing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "health-agent/daemon/schedule.h"

struct probe {
	struct probing *probing;
	size_t index;
	struct prober *prober;	/* NULL: could not be made */
	struct probing_stat stat;
};

struct probing {
	uv_loop_t *loop;	/* borrowed, as is conf */
	const struct agent_conf *conf;
	probing_result_h *result;
	void *arg;
	bool stopped;
	struct schedule schedule;
	uv_timer_t timer;
	struct probe probes[HEALTH_PROBES_MAX];
};

static void arm(struct probing *p);

static void take_result(struct probe *probe, const struct prober_result *result)
{
	struct probing *p = probe->probing;
	struct probing_stat *stat = &probe->stat;
	uint64_t now_ms = clock_boot_ms();
	bool undecided;

	stat->attempts++;
	stat->failures += result->what != HEALTH_GOOD;
	stat->took_us = result->took_us;
	stat->took_us_sum += result->took_us;
	stat->ended_ms = now_ms;
	log_debug("probe %s: %s in %llu us (%s)",
		  p->conf->probes[probe->index].prober.name,
		  result->what == HEALTH_GOOD ? "good" : "bad",
		  (unsigned long long)result->took_us, result->text);
	undecided = p->result(p->arg, probe->index, result, now_ms);
	if (p->stopped)
		return;
	schedule_end(&p->schedule, probe->index, undecided, now_ms);
}

static void on_result(void *arg, struct prober *prober,
		      const struct prober_result *result)
{
	struct probe *probe = arg;

	(void)prober;
	take_result(probe, result);
	arm(probe->probing);
}

static void fail(struct probe *probe, const char *why)
{
	struct prober_result result = { .what = HEALTH_BAD };

	snprintf(result.text, sizeof(result.text), "%s", why);
	take_result(probe, &result);
}

static void fail_to_begin(struct probe *probe, int err)
{
	char why[PROBER_TEXT_MAX];

	snprintf(why, sizeof(why), "the probe cannot be made: %s",
		 strerror(err));
	fail(probe, why);
}

static int make(struct probe *probe)
{
	struct probing *p = probe->probing;

	return prober_new(&probe->prober, p->loop,
			  &p->conf->probes[probe->index].prober, on_result,
			  probe);
}

static void begin(struct probe *probe, uint64_t now_ms)
{
	int err = probe->prober ? 0 : make(probe);

	schedule_begin(&probe->probing->schedule, probe->index, now_ms);
	if (!err)
		err = prober_attempt(probe->prober);
	/* a result is on its way already */
	if (err && err != EALREADY)
		fail_to_begin(probe, err);
}

/* It should have told its end long ago: a fault of ours.  Begin anew. */
static void give_up(struct probe *probe)
{
	log_err("probe: %s has no result, it is made anew",
		probe->probing->conf->probes[probe->index].prober.name);
	prober_close(probe->prober);
	probe->prober = NULL;
	fail(probe, "the attempt did not end");
}

static void on_timer(uv_timer_t *timer)
{
	struct probing *p = timer->data;
	uint64_t now_ms = clock_boot_ms();
	size_t i;

	while (!p->stopped &&
	       (i = schedule_late(&p->schedule, now_ms)) != SIZE_MAX)
		give_up(&p->probes[i]);
	while (!p->stopped &&
	       (i = schedule_due(&p->schedule, now_ms)) != SIZE_MAX)
		begin(&p->probes[i], now_ms);
	arm(p);
}

static void arm(struct probing *p)
{
	uint64_t next_ms = schedule_next(&p->schedule);
	uint64_t now_ms = clock_boot_ms();

	if (p->stopped || next_ms == UINT64_MAX)
		return;
	uv_update_time(p->loop);
	uv_timer_start(&p->timer, on_timer,
		       next_ms > now_ms ? next_ms - now_ms : 0, 0);
}

int probing_new(struct probing **out, uv_loop_t *loop,
		const struct agent_conf *conf, probing_result_h *result,
		void *arg)
{
	struct probing *p = calloc(1, sizeof(*p));
	uint64_t now_ms = clock_boot_ms();

	if (!p)
		return ENOMEM;
	p->loop = loop;
	p->conf = conf;
	p->result = result;
	p->arg = arg;
	schedule_init(&p->schedule);
	for (size_t i = 0; i < conf->health.probe_cnt; i++) {
		const struct agent_probe *ap = &conf->probes[i];

		p->probes[i].probing = p;
		p->probes[i].index = i;
		schedule_add(&p->schedule, ap->interval_ms,
			     ap->fast_interval_ms, ap->prober.timeout_ms,
			     now_ms);
	}
	uv_timer_init(loop, &p->timer);
	p->timer.data = p;
	arm(p);
	*out = p;
	return 0;
}

const struct probing_stat *probing_stat(const struct probing *p, size_t probe)
{
	return &p->probes[probe].stat;
}

void probing_set_stat(struct probing *p, size_t probe,
		      const struct probing_stat *stat)
{
	p->probes[probe].stat = *stat;
}

void probing_target(const struct probing *p, size_t probe,
		    char out[static PROBER_TEXT_MAX])
{
	if (p->probes[probe].prober)
		prober_target(out, p->probes[probe].prober);
	else
		out[0] = '\0';
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void probing_stop(struct probing *p)
{
	if (!p)
		return;
	p->stopped = true;
	for (size_t i = 0; i < p->conf->health.probe_cnt; i++)
		prober_close(p->probes[i].prober);
	uv_close((uv_handle_t *)&p->timer, on_closed);
}
