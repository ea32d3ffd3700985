/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl drain, resume, disable, reload, restart: orders to the health
 * agent.  Where none runs, drain and resume go into the node state file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/agent.h"
#include "ctl/ctl.h"
#include "ctl/ng.h"
#include "ctl/waiting.h"

enum {
	START_PATIENCE_S = 10,	/* of a mark: the agent was started just now */
};

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

/* Kamailio and the pinner look at that file; routes have nobody to move them. */
static int write_without_agent(const struct ctl *ctl, enum node_state own)
{
	int exit = ctl_write_state(ctl, own);

	if (!exit)
		printf("no agent listens at %s: no route is moved%s\n",
		       ctl->agent, ctl->wait ? ", and none waited for" : "");
	return exit;
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
		agent_await(ctl, ctl->has_timeout ? ctl->timeout_s
						  : START_PATIENCE_S);
	exit = find_agent(&found, ctl);
	if (!exit && !found.there && !ctl->mark)
		return write_without_agent(ctl, NODE_UP);
	if (!exit)
		exit = order(ctl, "resume");
	if (!exit && ctl->mark && unlink(ctl->mark) < 0)
		ctl_complain("%s: %s", ctl->mark, strerror(errno));
	return !exit && ctl->wait ? waiting_up(ctl) : exit;
}

/* ---- drain */

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
	if (ctl->mark) {
		printf("%s: no agent listens there: nothing to drain\n",
		       ctl->agent);
		return CTL_OK;
	}
	return write_without_agent(ctl, NODE_DRAINING);
}

static json_t *drain_request(const struct ctl *ctl, bool force)
{
	json_t *request = json_pack("{sssb}", "command", "drain", "force",
				    force);

	if (request && ctl->has_deadline)
		json_object_set_new(request, "deadline",
				    json_integer(1000LL * ctl->deadline_s));
	if (request && ctl->has_phones)
		json_object_set_new(request, "phones",
				    json_integer(1000LL * ctl->phones_s));
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
	return !exit && ctl->wait ? waiting_drained(ctl) : exit;
}
