/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/window.h"

#include <errno.h>
#include <stdlib.h>

int window_init(struct window *w, size_t slot_cnt)
{
	*w = (struct window){ 0 };
	if (!slot_cnt || slot_cnt > UINT32_MAX)
		return EINVAL;

	w->slots = calloc(slot_cnt, sizeof(*w->slots));
	w->idle = calloc(slot_cnt, sizeof(*w->idle));
	if (!w->slots || !w->idle) {
		window_fini(w);
		return ENOMEM;
	}

	w->slot_cnt = slot_cnt;
	w->idle_cnt = slot_cnt;
	for (size_t i = 0; i < slot_cnt; i++) {
		w->slots[i].id = i;
		w->idle[i] = (uint32_t)(slot_cnt - 1 - i);
	}
	return 0;
}

void window_fini(struct window *w)
{
	free(w->slots);
	free(w->idle);
	*w = (struct window){ 0 };
}

struct window_slot *window_take(struct window *w, uint64_t now_ns)
{
	struct window_slot *slot;

	if (!w->idle_cnt)
		return NULL;

	slot = &w->slots[w->idle[--w->idle_cnt]];
	slot->id += w->slot_cnt;	/* id modulo slot_cnt is the slot */
	slot->sent_ns = now_ns;
	slot->busy = true;
	return slot;
}

struct window_slot *window_find(const struct window *w, uint64_t id)
{
	struct window_slot *slot = &w->slots[id % w->slot_cnt];

	return slot->busy && slot->id == id ? slot : NULL;
}

void window_done(struct window *w, struct window_slot *slot)
{
	slot->busy = false;
	w->idle[w->idle_cnt++] = (uint32_t)window_number(w, slot);
}

size_t window_expire(struct window *w, uint64_t now_ns, uint64_t timeout_ns)
{
	size_t expired = 0;

	for (size_t i = 0; i < w->slot_cnt; i++) {
		struct window_slot *slot = &w->slots[i];

		if (!slot->busy || now_ns - slot->sent_ns < timeout_ns)
			continue;
		window_done(w, slot);
		expired++;
	}
	return expired;
}
