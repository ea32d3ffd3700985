/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/policy/drain.h"

#include <inttypes.h>

void drain_init(struct drain *d, uint64_t withdrawn_ms)
{
	*d = (struct drain){ .withdrawn_ms = withdrawn_ms };
}

/* Or may have. */
static bool has_calls(const struct drain_sight *s)
{
	return s->relay == DRAIN_SILENT ||
	       (s->relay == DRAIN_COUNTED && s->calls);
}

static enum drain_phase phase_of(const struct drain *d, uint64_t now_ms)
{
	const struct drain_sight *s = &d->sight;

	if (!s->ordered)
		return DRAIN_NONE;
	if (!s->withdrawn)
		return DRAIN_ANNOUNCED;
	if (now_ms < d->until_ms &&
	    (has_calls(s) || now_ms < d->phones_until_ms))
		return DRAIN_CALLS;
	return has_calls(s) ? DRAIN_LEFT : DRAIN_DRAINED;
}

static uint64_t after(uint64_t ms, uint64_t wait_ms)
{
	return ms > UINT64_MAX - wait_ms ? UINT64_MAX : ms + wait_ms;
}

bool drain_step(struct drain *d, const struct drain_sight *sight,
		uint64_t now_ms)
{
	enum drain_phase before = d->phase;

	d->sight = *sight;
	if (!sight->ordered || !sight->withdrawn)
		d->withdrawn_ms = 0;
	else if (!d->withdrawn_ms || d->withdrawn_ms > now_ms)
		d->withdrawn_ms = now_ms;
	d->until_ms = after(d->withdrawn_ms, sight->deadline_ms);
	d->phones_until_ms = after(d->withdrawn_ms, sight->phones_ms);
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

static void tell_waiting(struct words *w, const struct drain *d,
			 uint64_t now_ms)
{
	const struct drain_sight *s = &d->sight;
	uint64_t until_ms = d->until_ms < d->phones_until_ms
		? d->until_ms : d->phones_until_ms;

	if (has_calls(s)) {
		add_calls(w, d);
		words_add(w, s->calls == 1 && s->relay == DRAIN_COUNTED
			  ? " goes on, for " : " go on, for ");
		words_add_duration(w, d->until_ms - now_ms);
		words_add(w, " at most");
		return;
	}
	words_add(w, "no call is left, phones have ");
	words_add_duration(w, until_ms - now_ms);
	words_add(w, " more to register elsewhere");
}

void drain_tell(struct words *w, const struct drain *d, uint64_t now_ms)
{
	switch (d->phase) {
	case DRAIN_CALLS:
		words_add(w, "withdrawn ");
		words_add_duration(w, now_ms - d->withdrawn_ms);
		words_add(w, " ago, ");
		tell_waiting(w, d, now_ms);
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
