/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/exabgp/rib_priv.h"

#include <string.h>

void rib_init(struct rib *rib, const struct rib_conf *conf, uint64_t now_ms)
{
	*rib = (struct rib){
		.conf = *conf,
		.sync_ms = now_ms, .summary_ms = now_ms, .listing_ms = now_ms,
		.heard_ms = now_ms, .changed = true,
	};
	for (size_t i = 0; i < conf->neighbor_cnt; i++) {
		rib->sessions[i] = (struct link_session){
			.neighbor = conf->neighbors[i].addr,
			.remote_as = conf->neighbors[i].remote_as,
			.family = conf->neighbors[i].addr.family,
			.since_ms = now_ms,
		};
	}
}

bool rib_is_pair(const struct rib *rib, size_t neighbor, size_t prefix)
{
	return rib->conf.neighbors[neighbor].addr.family ==
	       rib->conf.own[prefix].addr.family;
}

size_t rib_own(const struct rib *rib, const struct prefix *p)
{
	size_t at = 0;

	while (at < rib->conf.own_cnt && !prefix_equal(&rib->conf.own[at], p))
		at++;
	return at;
}

const struct route *rib_wanted(const struct rib *rib, size_t prefix)
{
	return route_find(&rib->want, &rib->conf.own[prefix]);
}

/* What can be told to a neighbour of a route: not the state, and no path to
 * one of our own AS.
 */
static bool is_told_alike(const struct route *a, const struct route *b,
			  bool with_path)
{
	struct route x = *a;

	x.state = b->state;
	if (!with_path)
		x.prepend = b->prepend;
	return route_equal(&x, b);
}

bool rib_is_same(const struct rib *rib, size_t neighbor, size_t prefix,
		 const struct dialect_line *line)
{
	const struct dialect_neighbor *n = &rib->conf.neighbors[neighbor];
	const struct route *wanted = rib_wanted(rib, prefix);
	bool internal = n->remote_as == n->local_as;

	return wanted && line->exact &&
	       is_told_alike(wanted, &line->route, !internal);
}

uint64_t rib_backoff(uint8_t *failures, uint64_t now_ms)
{
	uint64_t wait = RIB_RETRY_MAX_MS;

	if (*failures < 6)
		wait = (uint64_t)RIB_RETRY_MS << *failures;
	if (*failures < UINT8_MAX)
		(*failures)++;
	return now_ms + (wait < RIB_RETRY_MAX_MS ? wait : RIB_RETRY_MAX_MS);
}

/* The state of the pair is not known any more: a listing will tell. */
static void doubt(struct rib *rib, struct rib_pair *pair, uint64_t now_ms)
{
	pair->there = RIB_UNKNOWN;
	pair->proven = false;
	rib->listing_ms = now_ms;
}

void rib_lose_sync(struct rib *rib, uint64_t now_ms)
{
	if (rib->task == RIB_ANNOUNCE || rib->task == RIB_WITHDRAW)
		doubt(rib, &rib->pairs[rib->neighbor][rib->prefix], now_ms);
	if (rib->task == RIB_SUMMARY)
		rib->sync_ms = rib_backoff(&rib->sync_failures, now_ms);
	else
		rib->sync_ms = now_ms;
	rib->task = RIB_NONE;
	rib->synced = false;
	rib->older = 0;
	rib->changed = true;
}

/* ---- what is wanted */

static void change_pair(struct rib *rib, size_t neighbor, size_t prefix)
{
	struct rib_pair *pair = &rib->pairs[neighbor][prefix];

	if (pair->there == RIB_SAME)
		pair->there = RIB_OTHER;
	pair->missing = pair->refused = false;
	pair->failures = 0;
	pair->retry_ms = 0;
	if (rib->neighbor == neighbor && rib->prefix == prefix)
		rib->outdated = true;
	rib->changed = true;
}

static void change_prefix(struct rib *rib, size_t prefix,
			  const struct route_set *set)
{
	const struct route *was = rib_wanted(rib, prefix);
	const struct route *is = route_find(set, &rib->conf.own[prefix]);

	if (rib->wants && (was && is ? is_told_alike(was, is, true) :
				       was == is))
		return;
	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		if (rib_is_pair(rib, i, prefix))
			change_pair(rib, i, prefix);
	}
}

void rib_want(struct rib *rib, const struct route_set *set,
	      uint64_t generation, uint64_t now_ms)
{
	for (size_t i = 0; i < rib->conf.own_cnt; i++)
		change_prefix(rib, i, set);
	/* what was found has not been compared to anything */
	if (!rib->wants)
		rib->listing_ms = now_ms;
	rib->wants = true;
	rib->want = *set;
	rib->generation = generation;
	if (rib_awaits(rib) && rib->summary_ms > now_ms + RIB_AWAIT_MS)
		rib->summary_ms = now_ms + RIB_AWAIT_MS;
	rib_settle(rib);
}

static bool is_to_be(const struct rib *rib, size_t neighbor, size_t prefix)
{
	return rib->ready[neighbor] && rib_wanted(rib, prefix);
}

bool rib_is_right(const struct rib *rib, size_t neighbor, size_t prefix)
{
	enum rib_there there = rib->pairs[neighbor][prefix].there;

	return there == (is_to_be(rib, neighbor, prefix) ? RIB_SAME
							  : RIB_ABSENT);
}

bool rib_awaits(const struct rib *rib)
{
	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		for (size_t j = 0; j < rib->conf.own_cnt; j++) {
			if (rib_is_pair(rib, i, j) && rib_wanted(rib, j) &&
			    !rib->ready[i])
				return true;
		}
	}
	return false;
}

/* Withdrawals that ExaBGP has been told while the session began may have been
 * lost on the way: they are said again.
 */
void rib_session_changed(struct rib *rib, size_t neighbor)
{
	for (size_t j = 0; j < rib->conf.own_cnt; j++) {
		struct rib_pair *pair = &rib->pairs[neighbor][j];

		if (!rib_is_pair(rib, neighbor, j))
			continue;
		change_pair(rib, neighbor, j);
		if (rib->ready[neighbor] && !rib_wanted(rib, j) &&
		    pair->there == RIB_ABSENT)
			pair->there = RIB_UNKNOWN;
	}
}

bool rib_settled(const struct rib *rib)
{
	if (!rib->wants || rib->stray_cnt)
		return false;
	for (size_t i = 0; i < rib->want.cnt; i++) {
		if (rib_own(rib, &rib->want.routes[i].prefix) ==
		    rib->conf.own_cnt)
			return false;
	}
	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		for (size_t j = 0; j < rib->conf.own_cnt; j++) {
			if (rib_is_pair(rib, i, j) && !rib_is_right(rib, i, j))
				return false;
		}
	}
	return true;
}

void rib_settle(struct rib *rib)
{
	if (rib->done_generation == rib->generation || !rib_settled(rib))
		return;
	rib->done_generation = rib->generation;
	rib->changed = true;
}

/* ---- the next command */

static void begin(struct rib *rib, enum rib_task task, uint64_t now_ms)
{
	rib->task = task;
	rib->outdated = rib->heading = rib->differs = false;
	rib->begun_ms = now_ms;
	rib->deadline_ms = now_ms + rib->conf.ack_timeout_ms;
	if (task == RIB_SUMMARY || task == RIB_LISTING)
		rib->checked_ms = now_ms;
	rib->counts.commands++;
}

static size_t begin_summary(struct rib *rib, char *out, uint64_t now_ms)
{
	begin(rib, RIB_SUMMARY, now_ms);
	return dialect_show_summary(out);
}

static size_t begin_listing(struct rib *rib, char *out, uint64_t now_ms)
{
	begin(rib, RIB_LISTING, now_ms);
	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		for (size_t j = 0; j < rib->conf.own_cnt; j++)
			rib->pairs[i][j].listed = false;
	}
	rib->stray_cnt = 0;
	if (!rib->found_known)
		rib->found.cnt = 0;
	return dialect_show_routes(out);
}

/* The first pair that is not right and may be tried: one to withdraw (of a
 * prefix that is wanted or not), or one to announce.
 */
static bool find_pair(const struct rib *rib, bool withdraw, bool wanted,
		      size_t *neighbor, size_t *prefix, uint64_t now_ms)
{
	for (size_t j = 0; j < rib->conf.own_cnt; j++) {
		if (wanted != !!rib_wanted(rib, j))
			continue;
		for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
			if (!rib_is_pair(rib, i, j) || rib_is_right(rib, i, j) ||
			    withdraw == is_to_be(rib, i, j) ||
			    rib->pairs[i][j].retry_ms > now_ms)
				continue;
			*neighbor = i;
			*prefix = j;
			return true;
		}
	}
	return false;
}

static size_t begin_withdraw(struct rib *rib, char *out, uint64_t now_ms)
{
	/* where no session is, it has time */
	if (!find_pair(rib, true, false, &rib->neighbor, &rib->prefix,
		       now_ms) &&
	    !find_pair(rib, true, true, &rib->neighbor, &rib->prefix, now_ms))
		return 0;
	begin(rib, RIB_WITHDRAW, now_ms);
	return dialect_withdraw(out, &rib->conf.neighbors[rib->neighbor].addr,
				&rib->conf.own[rib->prefix]);
}

static size_t begin_announce(struct rib *rib, char *out, uint64_t now_ms)
{
	if (!find_pair(rib, false, true, &rib->neighbor, &rib->prefix,
		       now_ms))
		return 0;
	begin(rib, RIB_ANNOUNCE, now_ms);
	return dialect_announce(out, &rib->conf.neighbors[rib->neighbor],
				rib_wanted(rib, rib->prefix));
}

static size_t begin_stray(struct rib *rib, char *out, uint64_t now_ms)
{
	if (!rib->stray_cnt)
		return 0;
	begin(rib, RIB_STRAY, now_ms);
	return dialect_withdraw(out,
				&rib->strays[rib->stray_cnt - 1].neighbor,
				&rib->strays[rib->stray_cnt - 1].prefix);
}

static size_t begin_change(struct rib *rib, char *out, uint64_t now_ms,
			   bool withdraw)
{
	size_t len = 0;

	if (!rib->wants)
		return 0;
	if (!withdraw)
		return begin_announce(rib, out, now_ms);
	len = begin_withdraw(rib, out, now_ms);
	return len ? len : begin_stray(rib, out, now_ms);
}

/* Withdrawing goes before everything.  Asking goes before announcing: what is
 * there already is not announced again.
 */
static size_t begin_next(struct rib *rib, char *out, uint64_t now_ms)
{
	size_t len = begin_change(rib, out, now_ms, true);

	if (!len && now_ms >= rib->listing_ms)
		len = begin_listing(rib, out, now_ms);
	if (!len)
		len = begin_change(rib, out, now_ms, false);
	if (!len && rib->prove)
		len = begin_listing(rib, out, now_ms);
	if (!len && now_ms >= rib->summary_ms)
		len = begin_summary(rib, out, now_ms);
	return len;
}

size_t rib_command(struct rib *rib, char out[static DIALECT_COMMAND_MAX],
		   uint64_t now_ms)
{
	if (rib->leaving)
		return 0;
	if (rib->task != RIB_NONE) {
		if (now_ms < rib->deadline_ms)
			return 0;
		rib->counts.timeouts++;
		rib_lose_sync(rib, now_ms);
	}
	if (rib->synced)
		return begin_next(rib, out, now_ms);
	return now_ms >= rib->sync_ms ? begin_summary(rib, out, now_ms) : 0;
}

void rib_unsent(struct rib *rib)
{
	rib->task = RIB_NONE;
	rib->counts.commands--;
}

static uint64_t retry_due(const struct rib *rib)
{
	uint64_t due = UINT64_MAX;

	for (size_t i = 0; rib->wants && i < rib->conf.neighbor_cnt; i++) {
		for (size_t j = 0; j < rib->conf.own_cnt; j++) {
			if (rib_is_pair(rib, i, j) && !rib_is_right(rib, i, j))
				due = earlier(due, rib->pairs[i][j].retry_ms);
		}
	}
	return due;
}

uint64_t rib_due(const struct rib *rib, uint64_t now_ms)
{
	if (rib->leaving)
		return UINT64_MAX;
	if (rib->task != RIB_NONE)
		return rib->deadline_ms;
	if (!rib->synced)
		return rib->sync_ms;
	if (rib->prove || (rib->wants && rib->stray_cnt))
		return now_ms;
	return earlier(retry_due(rib),
		       earlier(rib->listing_ms, rib->summary_ms));
}

void rib_paused(struct rib *rib, uint64_t ms)
{
	rib->begun_ms += ms;
	rib->deadline_ms += ms;
	rib->heard_ms += ms;
}

bool rib_alive(const struct rib *rib, uint64_t now_ms)
{
	return now_ms < rib->heard_ms + rib->conf.ack_timeout_ms +
			RIB_CHECK_MS;
}
