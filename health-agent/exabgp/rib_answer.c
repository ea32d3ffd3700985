/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/exabgp/rib_priv.h"

#include <string.h>

enum {
	/* A listing that takes long, as where ExaBGP announces many routes of
	 * others, is asked for no oftener than this part of the time.
	 */
	LISTING_SHARE = 10,
	LISTING_REST_MAX_MS = 60000,
};

static bool find_neighbor(const struct rib *rib, const struct addr *a,
			  size_t *out)
{
	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		if (addr_equal(&rib->conf.neighbors[i].addr, a)) {
			*out = i;
			return true;
		}
	}
	return false;
}

static void drop(struct rib *rib)
{
	rib->counts.dropped++;
}

/* A line that belongs to the command in flight: it is being answered. */
static void proceed(struct rib *rib, uint64_t now_ms)
{
	rib->deadline_ms = now_ms + rib->conf.ack_timeout_ms;
}

/* ---- sessions */

/* A flood of events makes no flood of commands. */
static uint64_t soon(const struct rib *rib, uint64_t now_ms)
{
	uint64_t next = rib->checked_ms + RIB_HASTE_MS;

	return now_ms > next ? now_ms : next;
}

static void set_session(struct rib *rib, size_t i, bool up, uint64_t now_ms)
{
	struct link_session *s = &rib->sessions[i];

	if (s->up == up)
		return;
	s->up = up;
	s->since_ms = now_ms;
	rib->changed = true;
	rib->listing_ms = earlier(rib->listing_ms, soon(rib, now_ms));
}

/* Whoever wrote it: one line, as much as fits. */
static void copy_reason(char out[static LINK_TEXT_MAX], struct slice reason)
{
	size_t len = reason.len < LINK_TEXT_MAX - 1 ? reason.len :
						      LINK_TEXT_MAX - 1;

	for (size_t i = 0; i < len; i++) {
		char c = reason.text[i];

		out[i] = (unsigned char)c < ' ' || (unsigned char)c >= 0x7f ?
			 '?' : c;
	}
	out[len] = '\0';
}

/* A hint, as everything in the stream: the next summary has the last word. */
static void hear_event(struct rib *rib, const struct dialect_line *l,
		       uint64_t now_ms)
{
	size_t i;

	rib->counts.events++;
	if (!find_neighbor(rib, &l->neighbor, &i))
		return;
	if (l->kind == DIALECT_DOWN) {
		copy_reason(rib->sessions[i].reason, l->reason);
		rib->changed = true;
	}
	if (l->kind == DIALECT_CONNECTED)
		return;
	set_session(rib, i, l->kind == DIALECT_UP, now_ms);
	rib->ups[i] = l->kind == DIALECT_UP;
	rib->summary_ms = earlier(rib->summary_ms, soon(rib, now_ms));
}

/* ---- the summary */

static void hear_heading(struct rib *rib, uint64_t now_ms)
{
	/* one that was given up is answered at last */
	if (rib->task == RIB_NONE && !rib->synced) {
		rib->task = RIB_SUMMARY;
		rib->begun_ms = now_ms;
	}
	if (rib->task != RIB_SUMMARY) {
		rib->older++;
		drop(rib);
		return;
	}
	proceed(rib, now_ms);
	rib->heading = true;
	memset(rib->rows, 0, sizeof(rib->rows));
	memset(rib->ups, 0, sizeof(rib->ups));
}

static void hear_session(struct rib *rib, const struct dialect_line *l,
			 uint64_t now_ms)
{
	size_t i;

	if (rib->task != RIB_SUMMARY || !rib->heading) {
		drop(rib);
		return;
	}
	proceed(rib, now_ms);
	if (find_neighbor(rib, &l->neighbor, &i))
		rib->rows[i] = rib->ups[i] = l->established;
}

static void end_summary(struct rib *rib, uint64_t now_ms)
{
	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		set_session(rib, i, rib->ups[i], now_ms);
		if (rib->ready[i] == rib->rows[i])
			continue;
		rib->ready[i] = rib->rows[i];
		rib_session_changed(rib, i);
	}
	if (!rib->synced)
		rib->listing_ms = now_ms;
	rib->synced = true;
	rib->sync_failures = 0;
	if (memcmp(rib->ups, rib->rows, sizeof(rib->rows)) != 0)
		rib->summary_ms = soon(rib, now_ms);
	else
		rib->summary_ms = now_ms + (rib_awaits(rib) ? RIB_AWAIT_MS
							      : RIB_CHECK_MS);
}

/* ---- the adj-rib-out */

/* The listing shows otherwise what was acked, or listed before: somebody else
 * has changed it, and it is put right at once; or ExaBGP's done is not true,
 * and then trying again has time.
 */
static void contradict(struct rib *rib, struct rib_pair *pair, uint64_t now_ms)
{
	rib->differs = true;
	if (!rib->wants)
		return;
	pair->missing = true;
	if (pair->failures)
		pair->retry_ms = rib_backoff(&pair->failures, now_ms);
	else
		pair->failures = 1;
}

static void add_found(struct rib *rib, const struct route *r)
{
	if (rib->found_known || route_find(&rib->found, &r->prefix) ||
	    rib->found.cnt == ROUTE_PREFIXES_MAX)
		return;
	rib->found.routes[rib->found.cnt++] = *r;
}

static void hear_route(struct rib *rib, const struct dialect_line *l,
		       uint64_t now_ms)
{
	size_t i, j;
	struct rib_pair *pair;
	bool same;

	if (rib->task != RIB_LISTING) {
		drop(rib);
		return;
	}
	proceed(rib, now_ms);
	rib->heard_ms = now_ms;		/* it may be long */
	j = rib_own(rib, &l->route.prefix);
	if (j == rib->conf.own_cnt)
		return;
	if (!find_neighbor(rib, &l->neighbor, &i) || !rib_is_pair(rib, i, j)) {
		if (rib->stray_cnt < RIB_STRAYS_MAX) {
			rib->strays[rib->stray_cnt].neighbor = l->neighbor;
			rib->strays[rib->stray_cnt++].prefix = l->route.prefix;
		}
		return;
	}
	add_found(rib, &l->route);
	pair = &rib->pairs[i][j];
	same = rib_is_same(rib, i, j, l);
	if (pair->there == RIB_ABSENT || (pair->there == RIB_SAME && !same))
		contradict(rib, pair, now_ms);
	pair->there = same ? RIB_SAME : RIB_OTHER;
	pair->listed = true;
}

static void end_pair(struct rib *rib, size_t i, size_t j, uint64_t now_ms)
{
	struct rib_pair *pair = &rib->pairs[i][j];

	if (!pair->listed) {
		if (pair->there == RIB_SAME)
			contradict(rib, pair, now_ms);
		pair->there = RIB_ABSENT;
	}
	pair->proven = true;
	if (!rib_is_right(rib, i, j))
		return;
	pair->missing = pair->refused = false;
	pair->failures = 0;
}

static uint64_t rest_after(uint64_t took_ms)
{
	if (took_ms * LISTING_SHARE < RIB_CHECK_MS)
		return RIB_CHECK_MS;
	return earlier(took_ms * LISTING_SHARE, LISTING_REST_MAX_MS);
}

static void end_listing(struct rib *rib, uint64_t now_ms)
{
	for (size_t i = 0; i < rib->conf.neighbor_cnt; i++) {
		for (size_t j = 0; j < rib->conf.own_cnt; j++) {
			if (rib_is_pair(rib, i, j))
				end_pair(rib, i, j, now_ms);
		}
	}
	rib->counts.resyncs += rib->differs;
	rib->list_failures = 0;
	rib->prove = false;
	rib->found_known = true;
	rib->changed = true;
	rib->listing_ms = now_ms + rest_after(now_ms - rib->begun_ms);
}

/* ---- the end of an answer */

static void end_announce(struct rib *rib, struct rib_pair *pair)
{
	pair->there = rib->outdated ? RIB_OTHER : RIB_SAME;
	pair->proven = pair->refused = false;
	rib->prove = rib->changed = true;
}

static void end_withdraw(struct rib *rib, struct rib_pair *pair)
{
	pair->there = RIB_ABSENT;
	pair->proven = pair->refused = false;
	rib->prove = rib->changed = true;
}

static void end_done(struct rib *rib, enum rib_task task, uint64_t now_ms)
{
	struct rib_pair *pair = &rib->pairs[rib->neighbor][rib->prefix];

	switch (task) {
	case RIB_SUMMARY:
		end_summary(rib, now_ms);
		break;
	case RIB_LISTING:
		end_listing(rib, now_ms);
		break;
	case RIB_ANNOUNCE:
		end_announce(rib, pair);
		break;
	case RIB_WITHDRAW:
		end_withdraw(rib, pair);
		break;
	case RIB_STRAY:
		rib->stray_cnt--;
		rib->prove = true;
		break;
	case RIB_NONE:
		break;
	}
	rib_settle(rib);
}

/* ExaBGP's log knows why: the answer does not say. */
static void end_error(struct rib *rib, enum rib_task task, uint64_t now_ms)
{
	struct rib_pair *pair = &rib->pairs[rib->neighbor][rib->prefix];

	rib->counts.errors++;
	rib->changed = true;
	switch (task) {
	case RIB_SUMMARY:
		rib->synced = false;
		rib->sync_ms = rib_backoff(&rib->sync_failures, now_ms);
		break;
	case RIB_LISTING:
		rib->listing_ms = rib_backoff(&rib->list_failures, now_ms);
		rib->prove = false;
		break;
	case RIB_ANNOUNCE:
	case RIB_WITHDRAW:
		pair->refused = true;
		pair->retry_ms = rib_backoff(&pair->failures, now_ms);
		break;
	case RIB_STRAY:
		rib->stray_cnt--;	/* the next listing has it again */
		break;
	case RIB_NONE:
		break;
	}
}

static void hear_end(struct rib *rib, bool error, uint64_t now_ms)
{
	enum rib_task task = rib->task;

	if (rib->older && !rib->heading) {
		rib->older--;
		drop(rib);
		return;
	}
	if (task == RIB_NONE || (task == RIB_SUMMARY && !rib->heading)) {
		drop(rib);
		if (rib->synced && task == RIB_NONE)
			rib_lose_sync(rib, now_ms);
		return;
	}
	rib->heard_ms = rib->last_ack_ms = now_ms;
	rib->task = RIB_NONE;
	rib->heading = false;
	if (error)
		end_error(rib, task, now_ms);
	else
		end_done(rib, task, now_ms);
}

/* Who knows its pid is not a router. */
static void hear_shutdown(struct rib *rib, uint32_t pid)
{
	if (pid == rib->conf.exabgp_pid)
		rib->leaving = rib->changed = true;
	else
		drop(rib);
}

void rib_line(struct rib *rib, struct slice line, uint64_t now_ms)
{
	uint32_t local_as = rib->conf.neighbor_cnt ?
			    rib->conf.neighbors[0].local_as : 0;
	struct dialect_line l;

	dialect_parse(&l, line, local_as);
	switch (l.kind) {
	case DIALECT_NOTHING:
		break;
	case DIALECT_DONE:
	case DIALECT_ERROR:
		hear_end(rib, l.kind == DIALECT_ERROR, now_ms);
		break;
	case DIALECT_SHUTDOWN:
		hear_shutdown(rib, l.pid);
		break;
	case DIALECT_HEADING:
		hear_heading(rib, now_ms);
		break;
	case DIALECT_SESSION:
		hear_session(rib, &l, now_ms);
		break;
	case DIALECT_ROUTE:
		hear_route(rib, &l, now_ms);
		break;
	case DIALECT_CONNECTED:
	case DIALECT_UP:
	case DIALECT_DOWN:
		hear_event(rib, &l, now_ms);
		break;
	case DIALECT_EVENT:
		rib->counts.events++;
		break;
	case DIALECT_NONSENSE:
		drop(rib);
		break;
	}
}
