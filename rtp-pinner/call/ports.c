/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The free pairs stand in an array without order; taking one swaps the last
 * into its place.  The resting ones stand in a ring in the order they came,
 * which is the order they leave: all rest equally long.
 */
#include "rtp-pinner/call/ports.h"

#include <errno.h>
#include <stdlib.h>

enum pair_state {
	PAIR_FREE,
	PAIR_USED,
	PAIR_RESTING,
};

struct pair {
	uint8_t state;
	uint16_t at;		/* in free[], while free */
};

struct rest {
	uint64_t until_ms;
	uint16_t pair;
};

struct ports {
	struct keyed *k;	/* borrowed */
	uint64_t quarantine_ms;
	uint16_t first;		/* even port of pair 0 */
	uint32_t cnt;
	struct pair *pairs;
	uint16_t *free;
	uint32_t free_cnt;
	struct rest *resting;	/* ring of cnt */
	uint32_t resting_at;
	uint32_t resting_cnt;
	uint64_t double_frees;
};

int ports_new(struct ports **out, uint16_t port_min, uint16_t port_max,
	      uint64_t quarantine_ms, struct keyed *k)
{
	uint32_t first = (port_min + 1u) & ~1u;
	struct ports *p;

	*out = NULL;
	if (!port_min || first + 1 > port_max)
		return EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return ENOMEM;
	p->k = k;
	p->quarantine_ms = quarantine_ms;
	p->first = (uint16_t)first;
	p->cnt = (port_max - first + 1) / 2;
	p->pairs = calloc(p->cnt, sizeof(*p->pairs));
	p->free = calloc(p->cnt, sizeof(*p->free));
	p->resting = calloc(p->cnt, sizeof(*p->resting));
	if (!p->pairs || !p->free || !p->resting) {
		ports_free(p);
		return ENOMEM;
	}
	for (uint32_t i = 0; i < p->cnt; i++) {
		p->free[i] = (uint16_t)i;
		p->pairs[i].at = (uint16_t)i;
	}
	p->free_cnt = p->cnt;
	*out = p;
	return 0;
}

void ports_free(struct ports *p)
{
	if (!p)
		return;
	free(p->pairs);
	free(p->free);
	free(p->resting);
	free(p);
}

bool ports_in_range(const struct ports *p, uint16_t port)
{
	return port >= p->first && (port - p->first) / 2u < p->cnt;
}

static uint32_t pair_of(const struct ports *p, uint16_t port)
{
	return (port - p->first) / 2u;
}

static uint16_t port_of(const struct ports *p, uint32_t pair)
{
	return (uint16_t)(p->first + 2 * pair);
}

static void leave_free(struct ports *p, uint32_t pair, enum pair_state state)
{
	uint16_t at = p->pairs[pair].at;
	uint16_t last = p->free[--p->free_cnt];

	p->free[at] = last;
	p->pairs[last].at = at;
	p->pairs[pair].state = state;
}

static void begin_rest(struct ports *p, uint32_t pair, uint64_t now_ms)
{
	uint32_t end = (p->resting_at + p->resting_cnt++) % p->cnt;

	p->resting[end] = (struct rest){
		.until_ms = now_ms + p->quarantine_ms,
		.pair = (uint16_t)pair,
	};
	p->pairs[pair].state = PAIR_RESTING;
}

uint16_t ports_take(struct ports *p)
{
	uint32_t pair;

	if (!p->free_cnt)
		return 0;
	pair = p->free[keyed_next(p->k) % p->free_cnt];
	leave_free(p, pair, PAIR_USED);
	return port_of(p, pair);
}

bool ports_take_this(struct ports *p, uint16_t port)
{
	if (port % 2 || !ports_in_range(p, port) ||
	    p->pairs[pair_of(p, port)].state != PAIR_FREE)
		return false;
	leave_free(p, pair_of(p, port), PAIR_USED);
	return true;
}

bool ports_give(struct ports *p, uint16_t port, uint64_t now_ms)
{
	if (!ports_is_used(p, port)) {
		p->double_frees++;
		return false;
	}
	begin_rest(p, pair_of(p, port), now_ms);
	return true;
}

static void become_free(struct ports *p, uint32_t pair)
{
	p->pairs[pair].state = PAIR_FREE;
	p->pairs[pair].at = (uint16_t)p->free_cnt;
	p->free[p->free_cnt++] = (uint16_t)pair;
}

void ports_put_back(struct ports *p, uint16_t port)
{
	if (ports_is_used(p, port))
		become_free(p, pair_of(p, port));
}

void ports_rest(struct ports *p, uint16_t port, uint64_t now_ms)
{
	uint32_t pair;

	if (!ports_in_range(p, port))
		return;
	pair = pair_of(p, port);
	if (p->pairs[pair].state != PAIR_FREE)
		return;
	leave_free(p, pair, PAIR_RESTING);
	begin_rest(p, pair, now_ms);
}

void ports_tick(struct ports *p, uint64_t now_ms)
{
	while (p->resting_cnt) {
		struct rest *r = &p->resting[p->resting_at];

		if (r->until_ms > now_ms)
			break;
		become_free(p, r->pair);
		p->resting_at = (p->resting_at + 1) % p->cnt;
		p->resting_cnt--;
	}
}

bool ports_is_used(const struct ports *p, uint16_t port)
{
	return !(port % 2) && ports_in_range(p, port) &&
	       p->pairs[pair_of(p, port)].state == PAIR_USED;
}

struct ports_count ports_count(const struct ports *p)
{
	return (struct ports_count){
		.free = p->free_cnt,
		.used = p->cnt - p->free_cnt - p->resting_cnt,
		.resting = p->resting_cnt,
		.double_frees = p->double_frees,
	};
}
