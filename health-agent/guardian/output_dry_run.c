/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output_dry_run.c - says in the log what would be announced, and does nothing
 *
 * A route that is wanted is never proven: it stays `pending'.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "health-agent/daemon/conf.h"
#include "health-agent/guardian/output.h"

struct output {
	struct prefix own[ROUTE_PREFIXES_MAX];
	size_t own_cnt;
	struct route_set set;
	uint64_t generation, done_ms;
	uint64_t commands;	/* changes that would have been made */
	bool changed;
};

static int dry_run_new(struct output **out, const struct agent_conf *conf,
		       const struct prefix *own, size_t own_cnt,
		       uint64_t now_ms)
{
	struct output *o = calloc(1, sizeof(*o));

	(void)conf;
	if (!o)
		return ENOMEM;
	o->own_cnt = own_cnt < ROUTE_PREFIXES_MAX ? own_cnt :
						    ROUTE_PREFIXES_MAX;
	memcpy(o->own, own, o->own_cnt * sizeof(own[0]));
	o->done_ms = now_ms;
	o->changed = true;
	*out = o;
	return 0;
}

static void say(struct output *o, const char *verb, const struct route *r)
{
	char text[ROUTE_TEXT_MAX];

	route_format(text, sizeof(text), r);
	log_info("dry-run: would %s %s", verb, text);
	o->commands++;
	o->changed = true;
}

static void dry_run_want(struct output *o, const struct route_set *set,
			 uint64_t generation, uint64_t now_ms)
{
	for (size_t i = 0; i < o->set.cnt; i++) {
		if (!route_find(set, &o->set.routes[i].prefix))
			say(o, "withdraw", &o->set.routes[i]);
	}
	for (size_t i = 0; i < set->cnt; i++) {
		const struct route *is = &set->routes[i];
		const struct route *was = route_find(&o->set, &is->prefix);

		if (!was || !route_equal(was, is))
			say(o, was ? "change" : "announce", is);
	}
	o->changed = o->changed || o->generation != generation;
	o->set = *set;
	o->generation = generation;
	o->done_ms = now_ms;
}

static size_t dry_run_fds(const struct output *o,
			  struct pollfd out[static OUTPUT_FDS_MAX])
{
	(void)o, (void)out;
	return 0;
}

static uint64_t dry_run_step(struct output *o, const struct pollfd *ready,
			     size_t cnt, uint64_t now_ms, int *err)
{
	(void)o, (void)ready, (void)cnt, (void)now_ms;
	*err = 0;
	return UINT64_MAX;
}

static bool dry_run_status(struct output *o, struct link_status *out)
{
	bool changed = o->changed;

	o->changed = false;
	out->generation = o->generation;
	out->last_ack_ms = o->done_ms;
	out->commands = o->commands;
	out->found_known = true;
	out->found.cnt = 0;
	out->session_cnt = 0;
	out->route_cnt = o->own_cnt;
	for (size_t i = 0; i < o->own_cnt; i++) {
		out->routes[i].prefix = o->own[i];
		out->routes[i].proof = route_find(&o->set, &o->own[i]) ?
				       LINK_PROOF_PENDING : LINK_PROOF_NONE;
	}
	snprintf(out->output_text, LINK_TEXT_MAX,
		 "dry-run: nothing is announced");
	return changed;
}

static bool dry_run_alive(const struct output *o, uint64_t now_ms)
{
	(void)o, (void)now_ms;
	return true;
}

static void dry_run_free(struct output *o)
{
	free(o);
}

const struct output_type output_dry_run = {
	.name = "dry-run",
	.new = dry_run_new,
	.want = dry_run_want,
	.fds = dry_run_fds,
	.step = dry_run_step,
	.status = dry_run_status,
	.alive = dry_run_alive,
	.free = dry_run_free,
};
