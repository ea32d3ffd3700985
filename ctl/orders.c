/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl drain, resume, disable, reload, restart: orders to the health
 * agent.  Where none runs, drain and resume go into the node state file.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "ctl/agent.h"
#include "ctl/ctl.h"
#include "ctl/ng.h"

enum {
	POLL_MS = 100,
	PROGRESS_MS = 5000,	/* a line although nothing has changed */
	START_PATIENCE_S = 10,	/* of a mark: the agent was started just now */
};

static bool is_true(json_t *from, const char *name)
{
	return json_is_true(ng_get(from, name, NULL));
}

/* "fra1: draining: CAUSE" */
static void print_state(json_t *status)
{
	ctl_print_clean(ng_text(status, "node"));
	printf(": ");
	ctl_print_clean(ng_text(status, "state"));
	printf(": ");
	ctl_print_clean(ng_text(status, "cause"));
	putchar('\n');
	fflush(stdout);
}

/* ---- orders without more */

/* What came of an order. */
static int say_state(const struct ctl *ctl, json_t *reply)
{
	json_t *status;
	int exit;

	if (*ng_text(reply, "warning"))
		ctl_complain_clean("warning", ng_text(reply, "warning"));
	exit = agent_command(&status, ctl, "status");
	if (!exit)
		print_state(status);
	json_decref(status);
	return exit;
}

static int order(const struct ctl *ctl, const char *command)
{
	json_t *reply;
	int exit = agent_command(&reply, ctl, command);

	if (!exit)
		exit = say_state(ctl, reply);
	json_decref(reply);
	return exit;
}

int ctl_disable(const struct ctl *ctl)
{
	return order(ctl, "disable");
}

int ctl_reload(const struct ctl *ctl)
{
	return order(ctl, "reload");
}

/* The agent is gone for a moment: nothing to ask it for. */
int ctl_restart(const struct ctl *ctl)
{
	json_t *reply;
	int exit = agent_command(&reply, ctl, "restart");

	json_decref(reply);
	if (!exit)
		puts("the agent starts anew in its place; its routes stay");
	return exit;
}

/* ---- the mark: who was in service before a stop is so again after the start
 */

static int write_mark(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		ctl_complain("%s: cannot be written: %s", path,
			     strerror(errno));
		return CTL_FAILURE;
	}
	close(fd);
	return CTL_OK;
}

static bool has_mark(const char *path)
{
	return access(path, F_OK) == 0;
}

/* ---- resume */

/* Is an agent there, and is it that of the node that is meant? */
struct found {
	bool there;
	bool alone;	/* it knows of no other node */
};

static int find_agent(struct found *found, const struct ctl *ctl)
{
	json_t *reply;
	int exit = agent_ask(&reply, ctl, json_pack("{ss}", "command",
						    "nodes"));

	found->there = reply != NULL;
	found->alone = json_array_size(ng_get(reply, "peers", NULL)) == 0;
	if (!exit && reply && ctl->node_name &&
	    strcmp(ctl->node_name, ng_text(reply, "self", "name")) != 0) {
		ctl_complain("the agent at %s is not that of node %s",
			     ctl->agent, ctl->node_name);
		exit = CTL_FAILURE;
	}
	json_decref(reply);
	return exit;
}

int ctl_resume(const struct ctl *ctl)
{
	struct found found;
	int exit;

	if (ctl->mark && !has_mark(ctl->mark))
		return CTL_OK;
	if (ctl->mark)
		agent_await(ctl, 1000 * (ctl->timeout_s ? ctl->timeout_s
							: START_PATIENCE_S));
	exit = find_agent(&found, ctl);
	if (!exit && !found.there && !ctl->mark)
		return ctl_write_state(ctl, NODE_UP);
	if (!exit)
		exit = order(ctl, "resume");
	if (!exit && ctl->mark && unlink(ctl->mark) < 0)
		ctl_complain("%s: %s", ctl->mark, strerror(errno));
	return exit;
}

/* ---- drain */

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

	if (!json_is_integer(calls))
		snprintf(out, room, "the relay does not say how many calls");
	else
		snprintf(out, room, "%lld call%s", cnt, cnt == 1 ? "" : "s");
}

/* "draining: 12 calls, withdrawn 8 s ago" */
static void describe_calls(char *out, size_t room, json_t *status,
			   bool with_time)
{
	char calls[64], span[AGENT_SPAN_MAX];

	if (!with_time) {	/* their number is no news */
		snprintf(out, room, CALLS);
		return;
	}
	count_calls(calls, sizeof(calls), status);
	agent_span(span, ng_get(status, "drain", "withdrawn_ms", NULL));
	snprintf(out, room, "draining: %s, withdrawn %s ago", calls, span);
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

/* One look: CTL_OK and *done, or why it cannot go on. */
static int look(const struct ctl *ctl, struct progress *p, bool *done)
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

static int wait_drained(const struct ctl *ctl)
{
	struct sigaction action = { .sa_handler = interrupt };
	uint64_t until_ms = clock_ms() + UINT64_C(1000) * ctl->timeout_s;
	struct progress progress = { 0 };
	bool done = false;
	int exit = CTL_OK;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!exit && !done && !interrupted) {
		exit = look(ctl, &progress, &done);
		if (ctl->timeout_s && !done && !exit && clock_ms() >= until_ms) {
			ctl_complain("not drained after %u s; the drain goes "
				     "on, `anycastctl resume' takes it back",
				     ctl->timeout_s);
			return CTL_FAILURE;
		}
		if (!exit && !done)
			poll(NULL, 0, POLL_MS);
	}
	if (!interrupted || done)
		return exit;
	ctl_complain("interrupted; the drain goes on, `anycastctl resume' "
		     "takes it back");
	return CTL_FAILURE;
}

/* A stop: who is in service now is to be so after the next start, and who is
 * disabled has nothing to drain and is to stay what he is.
 */
static int mark_service(const struct ctl *ctl, bool *disabled)
{
	json_t *status;
	int exit = agent_command(&status, ctl, "status");
	const char *order = ng_text(status, "order");

	*disabled = !exit && strcmp(order, "disable") == 0;
	if (*disabled) {
		ctl_print_clean(ng_text(status, "node"));
		puts(": disabled: nothing is announced");
	} else if (!exit && strcmp(order, "resume") == 0) {
		exit = write_mark(ctl->mark);
	}
	json_decref(status);
	return exit;
}

static int drain_without_agent(const struct ctl *ctl)
{
	int exit;

	if (ctl->mark) {
		printf("%s: no agent listens there: nothing to drain\n",
		       ctl->agent);
		return CTL_OK;
	}
	exit = ctl_write_state(ctl, NODE_DRAINING);
	if (!exit && ctl->wait)
		puts("no agent runs: no route is waited for");
	return exit;
}

static json_t *drain_request(const struct ctl *ctl, bool force)
{
	json_t *request = json_pack("{sssb}", "command", "drain", "force",
				    force);

	if (request && ctl->has_deadline)
		json_object_set_new(request, "deadline",
				    json_integer(1000LL * ctl->deadline_s));
	return request;
}

int ctl_drain(const struct ctl *ctl)
{
	struct found found;
	json_t *reply;
	int exit = find_agent(&found, ctl);
	bool disabled = false;

	if (exit)
		return exit;
	if (!found.there)
		return drain_without_agent(ctl);
	if (ctl->mark)
		exit = mark_service(ctl, &disabled);
	if (exit || disabled)
		return exit;
	/* a stop does not wait for a node of which nobody will ever hear */
	exit = agent_ask(&reply, ctl,
			 drain_request(ctl, ctl->force ||
					    (ctl->mark && found.alone)));
	if (!exit && !reply)
		exit = agent_command(&reply, ctl, "drain");
	if (!exit)
		exit = say_state(ctl, reply);
	json_decref(reply);
	return !exit && ctl->wait ? wait_drained(ctl) : exit;
}
