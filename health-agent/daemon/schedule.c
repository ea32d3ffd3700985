/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/schedule.h"

void schedule_init(struct schedule *s)
{
	s->cnt = 0;
}

bool schedule_add(struct schedule *s, uint64_t interval_ms, uint64_t fast_ms,
		  uint64_t timeout_ms, uint64_t now_ms)
{
	if (s->cnt == HEALTH_PROBES_MAX)
		return false;
	s->probes[s->cnt++] = (struct schedule_probe){
		.interval_ms = interval_ms,
		.fast_ms = fast_ms < interval_ms ? fast_ms : interval_ms,
		.timeout_ms = timeout_ms,
		.due_ms = now_ms,
	};
	return true;
}

size_t schedule_due(const struct schedule *s, uint64_t now_ms)
{
	for (size_t i = 0; i < s->cnt; i++) {
		if (!s->probes[i].in_flight && s->probes[i].due_ms <= now_ms)
			return i;
	}
	return SIZE_MAX;
}

void schedule_begin(struct schedule *s, size_t probe, uint64_t now_ms)
{
	struct schedule_probe *p = &s->probes[probe];

	p->in_flight = true;
	p->due_ms = now_ms + p->timeout_ms + SCHEDULE_LATE_MS;
}

/* Up to half the interval less, evenly over the probes. */
static uint64_t first_wait(const struct schedule *s, size_t probe)
{
	uint64_t interval_ms = s->probes[probe].interval_ms;

	return interval_ms - interval_ms / 2 * probe / s->cnt;
}

void schedule_end(struct schedule *s, size_t probe, bool undecided,
		  uint64_t now_ms)
{
	struct schedule_probe *p = &s->probes[probe];
	uint64_t wait_ms = p->interval_ms;

	if (undecided)
		wait_ms = p->fast_ms;
	else if (!p->slow)
		wait_ms = first_wait(s, probe);
	p->slow = !undecided;
	p->in_flight = false;
	p->due_ms = now_ms + (wait_ms ? wait_ms : 1);
}

size_t schedule_late(const struct schedule *s, uint64_t now_ms)
{
	for (size_t i = 0; i < s->cnt; i++) {
		if (s->probes[i].in_flight && s->probes[i].due_ms <= now_ms)
			return i;
	}
	return SIZE_MAX;
}

uint64_t schedule_next(const struct schedule *s)
{
	uint64_t next_ms = UINT64_MAX;

	for (size_t i = 0; i < s->cnt; i++) {
		if (s->probes[i].due_ms < next_ms)
			next_ms = s->probes[i].due_ms;
	}
	return next_ms;
}
