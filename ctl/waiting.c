/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/waiting.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "ctl/agent.h"
#include "ctl/ng.h"

enum {
	POLL_MS = 100,
	PROGRESS_MS = 5000,	/* a line although nothing has changed */
	RESUME_S = 300,		/* an order waits for no hold-down */
};

static bool is_true(json_t *from, const char *name)
{
	return json_is_true(ng_get(from, name, NULL));
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* What has been printed of the units, so that a line means news. */
struct progress {
	char said[1024];
	uint64_t said_ms;
};

#define CALLS "calls"

/* One look: CTL_OK and *done, or why it cannot go on. */
typedef int look_h(const struct ctl *ctl, struct progress *p, bool *done);

/* ---- a drain */

/* How far it is: an agent of before says nothing of calls. */
static bool is_phase(json_t *status, const char *phase)
{
	return strcmp(ng_text(status, "drain", "phase"), phase) == 0;
}

static bool is_withdrawn(json_t *status)
{
	return is_true(status, "drained") || is_phase(status, "calls");
}

static void count_calls(char *out, size_t room, json_t *status)
{
	json_t *calls = ng_get(status, "drain", "calls", NULL);
	long long cnt = json_integer_value(calls);

	if (strcmp(ng_text(status, "drain", "relay"), "silent") == 0)
		snprintf(out, room, "the relay does not say how many calls");
	else
		snprintf(out, room, "%lld call%s", cnt, cnt == 1 ? "" : "s");
}

/* "draining: 12 calls, withdrawn 8 s ago, phones have 9 min more" */
static void describe_calls(char *out, size_t room, json_t *status,
			   bool with_time)
{
	json_t *phones = ng_get(status, "drain", "phones_ms", NULL);
	char calls[64], span[AGENT_SPAN_MAX], more[AGENT_SPAN_MAX];
	bool moving = json_integer_value(phones) > 0;

	if (!with_time) {	/* their number is no news */
		snprintf(out, room, CALLS);
		return;
	}
	count_calls(calls, sizeof(calls), status);
	agent_span(span, ng_get(status, "drain", "withdrawn_ms", NULL));
	snprintf(out, room, "draining: %s, withdrawn %s ago%s%s%s", calls, span,
		 moving ? ", phones have " : "",
		 moving ? agent_span(more, phones) : "",
		 moving ? " more" : "");
}

/* "service IPv4 draining, 7 s left; ..." */
static void describe_units(char *out, size_t room, json_t *status, bool with_time)
{
	json_t *unit;
	size_t at, len = 0;

	out[0] = '\0';
	json_array_foreach(ng_get(status, "groups", NULL), at, unit) {
		char left[AGENT_SPAN_MAX];
		bool announced = is_true(unit, "announced");
		json_t *until = ng_get(unit, "until_ms", NULL);
		bool timed = with_time && announced &&
			     json_integer_value(until) > 0;

		len += (size_t)snprintf(out + len, room - len,
					"%s%s %s %s%s%s%s", at ? "; " : "",
					ng_text(unit, "name"),
					agent_family(unit),
					announced ? "still announced"
						  : "withdrawn",
					timed ? ", " : "",
					timed ? agent_span(left, until) : "",
					timed ? " left" : "");
		if (len >= room)
			return;
	}
}

static void describe(char *out, size_t room, json_t *status, bool with_time)
{
	if (is_phase(status, "calls"))
		describe_calls(out, room, status, with_time);
	else
		describe_units(out, room, status, with_time);
}

static void print_progress(struct progress *p, json_t *status)
{
	char news[sizeof(p->said)], text[sizeof(p->said)];
	uint64_t now_ms = clock_ms();

	describe(news, sizeof(news), status, false);
	/* of its calls it has told: the end comes next */
	if (strcmp(p->said, CALLS) == 0 && is_true(status, "drained"))
		return;
	if (strcmp(news, p->said) == 0 && now_ms - p->said_ms < PROGRESS_MS)
		return;
	describe(text, sizeof(text), status, true);
	ctl_print_clean(ng_text(status, "node"));
	printf(": ");
	ctl_print_clean(text);
	putchar('\n');
	fflush(stdout);
	memcpy(p->said, news, sizeof(news));
	p->said_ms = now_ms;
}

static int say_end(const struct ctl *ctl, json_t *status)
{
	char calls[64];

	ctl_print_clean(ng_text(status, "node"));
	count_calls(calls, sizeof(calls), status);
	if (is_phase(status, "left") && !ctl->withdrawn) {
		printf(": drained at the deadline: %s left\n", calls);
		return CTL_CALLS_LEFT;
	}
	if (is_phase(status, "drained") || !*ng_text(status, "drain", "phase"))
		puts(": drained: safe to stop");
	else
		printf(": withdrawn: %s may go on\n", calls);
	return CTL_OK;
}

static int look_for_end(const struct ctl *ctl, struct progress *p, bool *done)
{
	json_t *status;
	int exit = agent_command(&status, ctl, "status");

	if (exit)
		return exit;
	if (strcmp(ng_text(status, "order"), "drain") != 0) {
		ctl_complain("somebody has taken the drain back");
		exit = CTL_FAILURE;
	} else {
		print_progress(p, status);
		*done = ctl->withdrawn ? is_withdrawn(status)
				       : is_true(status, "drained");
		if (*done)
			exit = say_end(ctl, status);
	}
	json_decref(status);
	return exit;
}

/* Look until it is done; limit_s 0: for ever; what: "drained", "up". */
static int wait_for(const struct ctl *ctl, look_h *look, uint32_t limit_s,
		    const char *what, const char *goes_on)
{
	struct sigaction action = { .sa_handler = interrupt };
	uint64_t until_ms = clock_ms() + UINT64_C(1000) * limit_s;
	struct progress progress = { 0 };
	bool done = false;
	int exit = CTL_OK;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!exit && !done && !interrupted) {
		exit = look(ctl, &progress, &done);
		if (limit_s && !done && !exit && clock_ms() >= until_ms) {
			ctl_complain("not %s after %u s; %s", what, limit_s,
				     goes_on);
			return CTL_FAILURE;
		}
		if (!exit && !done)
			poll(NULL, 0, POLL_MS);
	}
	if (!interrupted || done)
		return exit;
	ctl_complain("interrupted; %s", goes_on);
	return CTL_FAILURE;
}

int waiting_drained(const struct ctl *ctl)
{
	/* a drain has an end of its own: drain-deadline */
	return wait_for(ctl, look_for_end, ctl->timeout_s, "drained",
			"the drain goes on, `anycastctl resume' takes it back");
}

/* ---- a resume */

static bool is_out(json_t *status)
{
	json_t *unit, *route;
	size_t i, k;

	json_array_foreach(ng_get(status, "groups", NULL), i, unit) {
		if (!is_true(unit, "announced"))
			return false;
		json_array_foreach(ng_get(unit, "routes", NULL), k, route) {
			if (strcmp(ng_text(route, "proof"), "advertised") != 0)
				return false;
		}
	}
	return i > 0;
}

/* Each cause once; it has fresh times in it all the time. */
static void print_state(struct progress *p, json_t *status)
{
	const char *state = ng_text(status, "state");
	uint64_t now_ms = clock_ms();

	if (strcmp(state, p->said) == 0 && now_ms - p->said_ms < PROGRESS_MS)
		return;
	ctl_print_clean(ng_text(status, "node"));
	printf(": ");
	ctl_print_clean(state);
	printf(": ");
	ctl_print_clean(ng_text(status, "cause"));
	putchar('\n');
	fflush(stdout);
	snprintf(p->said, sizeof(p->said), "%s", state);
	p->said_ms = now_ms;
}

static int look_for_routes(const struct ctl *ctl, struct progress *p,
			   bool *done)
{
	json_t *status;
	int exit = agent_command(&status, ctl, "status");

	if (exit)
		return exit;
	if (strcmp(ng_text(status, "order"), "resume") != 0) {
		ctl_complain("somebody has ordered something else");
		exit = CTL_FAILURE;
	} else {
		*done = is_out(status);
		if (!*done)
			print_state(p, status);
		else
			ctl_print_clean(ng_text(status, "node"));
		if (*done)
			puts(": announced, all its routes are out");
	}
	json_decref(status);
	return exit;
}

int waiting_up(const struct ctl *ctl)
{
	/* a bad probe has none */
	return wait_for(ctl, look_for_routes,
			ctl->has_timeout ? ctl->timeout_s : RESUME_S,
			"announced",
			"`anycastctl why' says what it lacks");
}
