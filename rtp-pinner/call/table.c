/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of calls: by call-id, by slot, by age. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/call/calls_priv.h"

enum {
	SLOTS_FIRST = 64,
	BUCKETS_FIRST = 64,
};

struct call *calls_lookup(const struct calls *calls, struct slice id)
{
	uint64_t hash = keyed_hash(&calls->keyed, id);
	struct call *c;

	if (!calls->bucket_cnt)
		return NULL;
	c = calls->buckets[hash & (calls->bucket_cnt - 1)];
	while (c && (c->hash != hash || !slice_equal(call_id(c), id)))
		c = c->hash_next;
	return c;
}

static int grow_buckets(struct calls *calls)
{
	uint32_t cnt = calls->bucket_cnt ? 2 * calls->bucket_cnt :
		BUCKETS_FIRST;
	struct call **buckets;

	if (calls->sessions < calls->bucket_cnt)
		return 0;
	buckets = calloc(cnt, sizeof(struct call *));
	if (!buckets)
		return ENOMEM;
	for (uint32_t i = 0; i < calls->bucket_cnt; i++) {
		struct call *c = calls->buckets[i];

		while (c) {
			struct call *next = c->hash_next;
			struct call **head = &buckets[c->hash & (cnt - 1)];

			c->hash_next = *head;
			*head = c;
			c = next;
		}
	}
	free(calls->buckets);
	calls->buckets = buckets;
	calls->bucket_cnt = cnt;
	return 0;
}

static int grow_array(void *array, size_t size, uint32_t cnt)
{
	void **where = array;
	void *grown = reallocarray(*where, cnt, size);

	if (!grown)
		return ENOMEM;
	*where = grown;
	return 0;
}

/* Room for slots up to last. */
static int grow_slots(struct calls *calls, uint32_t last)
{
	uint32_t cap = calls->slot_cap ? calls->slot_cap : SLOTS_FIRST;

	while (cap <= last)
		cap *= 2;
	if (cap == calls->slot_cap)
		return 0;
	if (grow_array(&calls->slots, sizeof(*calls->slots), cap) ||
	    grow_array(&calls->free_slots, sizeof(*calls->free_slots), cap) ||
	    grow_array(&calls->heap, sizeof(*calls->heap), cap))
		return ENOMEM;
	calls->slot_cap = cap;
	return 0;
}

static void use_free_slot(struct calls *calls, uint32_t slot)
{
	for (uint32_t i = calls->free_slot_cnt; i-- > 0;)
		if (calls->free_slots[i] == slot) {
			calls->free_slots[i] =
				calls->free_slots[--calls->free_slot_cnt];
			return;
		}
}

static int take_slot(struct calls *calls, struct call *call, uint32_t slot)
{
	int err = grow_slots(calls, slot);

	if (err)
		return err;
	if (slot < calls->slot_end) {
		if (calls->slots[slot])
			return EEXIST;
		use_free_slot(calls, slot);
	}
	for (; calls->slot_end <= slot; calls->slot_end++) {
		calls->slots[calls->slot_end] = NULL;
		if (calls->slot_end < slot)
			calls->free_slots[calls->free_slot_cnt++] =
				calls->slot_end;
	}
	calls->slots[slot] = call;
	call->slot = slot;
	return 0;
}

/* A new call is the newest; a restored one stands where it was. */
static void link_by_age(struct calls *calls, struct call *call)
{
	call->newer = NULL;
	call->older = calls->newest;
	while (call->older && call->older->created_ms > call->created_ms) {
		call->newer = call->older;
		call->older = call->older->older;
	}
	if (call->older)
		call->older->newer = call;
	if (call->newer)
		call->newer->older = call;
	else
		calls->newest = call;
}

int calls_add(struct calls *calls, struct call *call, const uint32_t *slot)
{
	struct call **head;
	int err = grow_buckets(calls);

	if (err)
		return err;
	if (slot)
		err = take_slot(calls, call, *slot);
	else if (calls->free_slot_cnt)
		err = take_slot(calls, call,
				calls->free_slots[calls->free_slot_cnt - 1]);
	else
		err = take_slot(calls, call, calls->slot_end);
	if (err)
		return err;
	call->hash = keyed_hash(&calls->keyed, call_id(call));
	head = &calls->buckets[call->hash & (calls->bucket_cnt - 1)];
	call->hash_next = *head;
	*head = call;
	link_by_age(calls, call);
	calls_heap_add(calls, call);
	calls->probes += call->is_probe;
	return 0;
}

void calls_remove(struct calls *calls, struct call *call)
{
	struct call **c =
		&calls->buckets[call->hash & (calls->bucket_cnt - 1)];

	while (*c != call)
		c = &(*c)->hash_next;
	*c = call->hash_next;
	if (call->newer)
		call->newer->older = call->older;
	else
		calls->newest = call->older;
	if (call->older)
		call->older->newer = call->newer;
	calls->slots[call->slot] = NULL;
	calls->free_slots[calls->free_slot_cnt++] = call->slot;
	calls_heap_del(calls, call);
	calls->probes -= call->is_probe;
}
