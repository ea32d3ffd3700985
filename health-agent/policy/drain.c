/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/policy/drain.h"

#include <inttypes.h>

void drain_init(struct drain *d, uint64_t withdrawn_ms)
{
	*d = (struct drain){ .withdrawn_ms = withdrawn_ms };
}

static enum drain_phase phase_of(const struct drain *d, uint64_t now_ms)
{
	const struct drain_sight *s = &d->sight;

	if (!s->ordered)
		return DRAIN_NONE;
	if (!s->withdrawn)
		return DRAIN_ANNOUNCED;
	if (s->relay == DRAIN_NO_RELAY ||
	    (s->relay == DRAIN_COUNTED && !s->calls))
		return DRAIN_DRAINED;
	return now_ms < d->until_ms ? DRAIN_CALLS : DRAIN_LEFT;
}

bool drain_step(struct drain *d, const struct drain_sight *sight,
		uint64_t now_ms)
{
	enum drain_phase before = d->phase;
	uint64_t wait_ms = sight->deadline_ms;

	d->sight = *sight;
	if (!sight->ordered || !sight->withdrawn)
		d->withdrawn_ms = 0;
	else if (!d->withdrawn_ms || d->withdrawn_ms > now_ms)
		d->withdrawn_ms = now_ms;
	d->until_ms = d->withdrawn_ms > UINT64_MAX - wait_ms
		? UINT64_MAX : d->withdrawn_ms + wait_ms;
	d->phase = phase_of(d, now_ms);
	return d->phase != before;
}

bool drain_is_over(const struct drain *d)
{
	return d->phase == DRAIN_DRAINED || d->phase == DRAIN_LEFT;
}

const char *drain_phase_name(enum drain_phase phase)
{
	static const char *const names[DRAIN_PHASES] = {
		[DRAIN_NONE] = "none",
		[DRAIN_ANNOUNCED] = "announced",
		[DRAIN_CALLS] = "calls",
		[DRAIN_DRAINED] = "drained",
		[DRAIN_LEFT] = "left",
	};

	return (unsigned)phase < DRAIN_PHASES ? names[phase] : "?";
}

static void add_calls(struct words *w, const struct drain *d)
{
	uint32_t calls = d->sight.calls;

	if (d->sight.relay == DRAIN_SILENT)
		words_add(w, "the relay does not say how many calls");
	else
		words_add(w, "%" PRIu32 " call%s", calls,
			  calls == 1 ? "" : "s");
}

void drain_tell(struct words *w, const struct drain *d, uint64_t now_ms)
{
	switch (d->phase) {
	case DRAIN_CALLS:
		words_add(w, "withdrawn ");
		words_add_duration(w, now_ms - d->withdrawn_ms);
		words_add(w, " ago, ");
		add_calls(w, d);
		words_add(w, d->sight.calls == 1 &&
				     d->sight.relay == DRAIN_COUNTED
			  ? " goes on, for " : " go on, for ");
		words_add_duration(w, d->until_ms - now_ms);
		words_add(w, " at most");
		break;
	case DRAIN_DRAINED:
		words_add(w, d->sight.relay == DRAIN_NO_RELAY
			  ? "drained: not announced"
			  : "drained: not announced, no call is left");
		break;
	case DRAIN_LEFT:
		words_add(w, "drained: not announced, and time is over: ");
		add_calls(w, d);
		words_add(w, d->sight.relay == DRAIN_SILENT ? " are left"
							    : " left");
		break;
	default:
		break;
	}
}
