/* SPDX-License-Identifier: GPL-3.0-or-later */
/* health.c - events in, units out */
#include "health-agent/policy/health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "health-agent/policy/health_priv.h"

static bool has_prefix_of(const struct health_group_conf *g, uint8_t family)
{
	for (size_t i = 0; i < g->prefix_cnt; i++) {
		if (g->prefixes[i].addr.family == family)
			return true;
	}
	return false;
}

static void make_units(struct health *h)
{
	static const uint8_t families[] = { ADDR_IP4, ADDR_IP6 };

	for (size_t i = 0; i < h->conf.group_cnt; i++) {
		for (size_t k = 0; k < sizeof(families); k++) {
			const struct health_group_conf *g = &h->conf.groups[i];
			struct unit *u = &h->units[h->unit_cnt];

			if (!has_prefix_of(g, families[k]))
				continue;
			u->index = i;
			u->shown.group = g;
			u->shown.family = families[k];
			u->shown.since_ms = h->outlook.now_ms;
			h->unit_cnt++;
		}
	}
}

static bool can_take_over(const struct health *h, size_t peer)
{
	return !(h->conf.peer_local[peer / 8] >> peer % 8 & 1);
}

static bool has_others(const struct health *h)
{
	for (size_t i = 0; i < h->conf.peer_cnt; i++) {
		if (can_take_over(h, i))
			return true;
	}
	return false;
}

static void step(struct health *h)
{
	struct outlook *o = &h->outlook;

	if (h->others_up && !o->other_up)
		o->other_up_ms = o->now_ms;
	o->other_up = h->others_up > 0;
	for (size_t i = 0; i < h->unit_cnt; i++) {
		struct unit *u = &h->units[i];

		u->survey = survey_take(h, u);
		h->changed |= unit_step(u, o, h->conf.class);
		cause_tell(h, u);
	}
}

static void set_time(struct health *h, uint64_t now_ms)
{
	if (now_ms > h->outlook.now_ms)
		h->outlook.now_ms = now_ms;
}

int health_new(struct health **out, const struct health_conf *conf,
	       const struct health_memory *memory, uint64_t adopt_ms,
	       uint64_t now_ms)
{
	struct health *h;
	int err = 0;

	if (bounds_check(conf))
		return EINVAL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return ENOMEM;
	h->conf = *conf;
	h->peers = calloc(conf->peer_cnt ? conf->peer_cnt : 1, 1);
	if (!h->peers) {
		err = ENOMEM;
		goto out;
	}
	h->outlook.now_ms = now_ms;
	h->outlook.hear_ms = unit_after(now_ms, HEALTH_HEAR_MS);
	h->outlook.ordered_ms = now_ms;
	h->outlook.others = has_others(h);
	make_units(h);
	if (memory)
		memory_recall(h, memory, adopt_ms);
	step(h);
	h->changed = true;
out:
	if (err)
		health_free(h);
	else
		*out = h;
	return err;
}

void health_free(struct health *h)
{
	if (!h)
		return;
	free(h->peers);
	free(h);
}

/* ---- events */

static bool is_there(const struct unit *u, const struct route_set *there)
{
	const struct health_group_conf *g = u->shown.group;

	for (size_t i = 0; i < g->prefix_cnt; i++) {
		if (g->prefixes[i].addr.family == u->shown.family &&
		    route_find(there, &g->prefixes[i]))
			return true;
	}
	return false;
}

size_t health_lost(struct health *h, const struct route_set *there,
		   uint64_t now_ms)
{
	size_t cnt = 0;

	set_time(h, now_ms);
	for (size_t i = 0; i < h->unit_cnt; i++) {
		if (!is_there(&h->units[i], there))
			cnt += unit_lose(&h->units[i], h->outlook.now_ms);
	}
	/* a penalty is to be remembered before the next death */
	h->changed |= cnt > 0;
	step(h);
	return cnt;
}

/* Its next attempt decides, whatever it is: a unit is being adopted, and waits
 * for this probe.
 */
static bool is_waited_for(const struct health *h, size_t probe)
{
	if (h->verdicts[probe].state != NODE_UNKNOWN)
		return false;
	for (size_t i = 0; i < h->unit_cnt; i++) {
		if (h->units[i].adopting && health_speaks(h, probe, i))
			return true;
	}
	return false;
}

void health_attempted(struct health *h, size_t probe, enum health_attempt what,
		      const char *text, uint64_t now_ms)
{
	if (probe >= h->conf.probe_cnt)
		return;
	set_time(h, now_ms);
	verdict_attempt(&h->verdicts[probe], &h->conf.probes[probe], what,
			text, is_waited_for(h, probe));
	step(h);
}

void health_inherit(struct health *h, size_t probe, const struct health *old,
		    size_t from, uint64_t now_ms)
{
	if (probe >= h->conf.probe_cnt || from >= old->conf.probe_cnt ||
	    h->verdicts[probe].run)
		return;
	set_time(h, now_ms);
	h->verdicts[probe] = old->verdicts[from];
	step(h);
}

void health_follow(struct health *h, const struct health *old, uint64_t now_ms)
{
	set_time(h, now_ms);
	memory_follow(h, old);
	step(h);
}

static void forgive(struct health *h, bool at_once)
{
	for (size_t i = 0; i < h->unit_cnt; i++) {
		h->units[i].damping = (struct damping){ 0 };
		h->units[i].at_once = at_once;
	}
}

/* Drained before: what it was told at first still counts. */
static struct health_command add_drain(const struct health_command *before,
				       const struct health_command *command)
{
	struct health_command sum = *command;

	sum.force |= before->force;
	if (!sum.has_wait) {
		sum.has_wait = before->has_wait;
		sum.wait_ms = before->wait_ms;
	}
	if (!sum.has_deadline) {
		sum.has_deadline = before->has_deadline;
		sum.deadline_ms = before->deadline_ms;
	}
	if (!sum.has_phones) {
		sum.has_phones = before->has_phones;
		sum.phones_ms = before->phones_ms;
	}
	return sum;
}

static bool is_same(const struct health_command *a,
		    const struct health_command *b)
{
	return a->order == b->order && a->force == b->force &&
	       a->has_wait == b->has_wait && a->wait_ms == b->wait_ms &&
	       a->has_deadline == b->has_deadline &&
	       a->deadline_ms == b->deadline_ms &&
	       a->has_phones == b->has_phones && a->phones_ms == b->phones_ms;
}

static void bound(uint64_t *ms, bool there)
{
	if (!there)
		*ms = 0;
	else if (*ms > HEALTH_TIME_MAX_MS)
		*ms = HEALTH_TIME_MAX_MS;
}

void health_ordered(struct health *h, const struct health_command *command,
		    uint64_t now_ms)
{
	const struct health_command before = h->outlook.command;
	struct health_command next = { .order = command->order };
	bool again = command->order == before.order;

	set_time(h, now_ms);
	if (command->order == HEALTH_DRAIN)
		next = again ? add_drain(&before, command) : *command;
	bound(&next.wait_ms, next.has_wait);
	bound(&next.deadline_ms, next.has_deadline);
	bound(&next.phones_ms, next.has_phones);
	if (next.order == HEALTH_RESUME)
		forgive(h, !again);
	if (!again)
		h->outlook.ordered_ms = h->outlook.now_ms;
	h->outlook.command = next;
	h->changed |= !is_same(&before, &next);
	step(h);
}

void health_peer(struct health *h, size_t peer, enum node_state state,
		 uint64_t now_ms)
{
	bool before = h->others_up > 0;

	if (peer >= h->conf.peer_cnt)
		return;
	set_time(h, now_ms);
	if (can_take_over(h, peer)) {
		h->others_up -= h->peers[peer] == NODE_UP;
		h->others_up += state == NODE_UP;
	}
	h->peers[peer] = (uint8_t)state;
	/* thousands of them may say something each second */
	if (before != (h->others_up > 0))
		step(h);
}

uint64_t health_tick(struct health *h, uint64_t now_ms)
{
	uint64_t due_ms = UINT64_MAX;

	set_time(h, now_ms);
	step(h);
	for (size_t i = 0; i < h->unit_cnt; i++) {
		uint64_t unit_ms = unit_due_ms(&h->units[i]);

		if (unit_ms < due_ms)
			due_ms = unit_ms;
	}
	return due_ms;
}

/* ---- what is so now */

bool health_changed(struct health *h)
{
	bool changed = h->changed;

	h->changed = false;
	return changed;
}

size_t health_unit_cnt(const struct health *h)
{
	return h->unit_cnt;
}

const struct health_unit *health_unit(const struct health *h, size_t i)
{
	return &h->units[i].shown;
}

bool health_decided(const struct health *h)
{
	for (size_t i = 0; i < h->unit_cnt; i++) {
		if (h->units[i].adopting)
			return false;
	}
	return true;
}

const struct health_command *health_command(const struct health *h)
{
	return &h->outlook.command;
}

bool health_drained(const struct health *h)
{
	if (h->outlook.command.order == HEALTH_RESUME || !health_decided(h))
		return false;
	for (size_t i = 0; i < h->unit_cnt; i++) {
		if (h->units[i].shown.announced)
			return false;
	}
	return true;
}

size_t health_others_up(const struct health *h)
{
	return h->others_up;
}

const struct health_conf *health_conf(const struct health *h)
{
	return &h->conf;
}

enum node_state health_probe(const struct health *h, size_t probe,
			     unsigned *run)
{
	*run = h->verdicts[probe].run;
	return h->verdicts[probe].state;
}

const char *health_probe_text(const struct health *h, size_t probe)
{
	return h->verdicts[probe].text;
}

size_t health_probe_tell(const struct health *h, size_t probe, char *out,
			 size_t room)
{
	struct words w;

	if (!room)
		return 0;
	w = words_in(out, room);
	verdict_add_words(&w, &h->verdicts[probe], &h->conf.probes[probe]);
	return w.len;
}

unsigned health_probe_needs(const struct health *h, size_t probe)
{
	unsigned needs = verdict_needs(&h->verdicts[probe],
				       &h->conf.probes[probe]);

	return needs && is_waited_for(h, probe) ? 1 : needs;
}

bool health_speaks(const struct health *h, size_t probe, size_t unit)
{
	return survey_speaks(&h->conf.probes[probe], &h->units[unit]);
}

bool health_probe_undecided(const struct health *h, size_t probe)
{
	return verdict_undecided(&h->verdicts[probe]);
}
