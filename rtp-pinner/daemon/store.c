/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records: allocation of slots, writing, reading.  store_file.c makes and
 * opens the file.
 */
#include "rtp-pinner/daemon/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/secret.h"
#include "rtp-pinner/daemon/store_map.h"

enum {
	GROW_SLOTS = 512,	/* the file grows by 256 KB */
	/* kept back so that any record can be replaced */
	SPARE_SLOTS = (STORE_RECORD_MAX + STORE_SLOT_BYTES - 1) /
		      STORE_SLOT_BYTES,
};

static_assert(sizeof(struct store_slot) == STORE_SLOT_SIZE, "slot layout");
static_assert(SPARE_SLOTS * 2 <= STORE_SLOTS_MIN, "room beside the spare");

static unsigned slots_for(size_t len)
{
	return len ? (unsigned)((len + STORE_SLOT_BYTES - 1) / STORE_SLOT_BYTES)
		   : 1;
}

static void step(struct store *s)
{
	if (s->step)
		s->step(s->step_arg);
}

/* ---- sums */

/* Of a record's bytes, keyed by whose they are. */
static uint64_t sum_of(uint32_t id, uint16_t generation, const void *bytes,
		       uint32_t len)
{
	uint32_t key[SECRET_SIPHASH_KEY_LEN / 4] = { id, generation, len };

	return secret_siphash((const uint8_t *)key, bytes, len);
}

static uint64_t word_of(uint32_t id, uint32_t head, uint16_t generation)
{
	static const uint8_t key[SECRET_SIPHASH_KEY_LEN] = "store word";
	const uint32_t parts[] = { id, head, generation };
	uint64_t check = secret_siphash(key, parts, sizeof(parts)) & 0xffff;

	return (uint64_t)head << 32 | (uint32_t)generation << 16 | check;
}

static uint32_t head_of(uint64_t word)
{
	return (uint32_t)(word >> 32);
}

static uint16_t generation_of(uint64_t word)
{
	return (uint16_t)(word >> 16);
}

/* ---- slots */

/* Make cnt more slots usable; ENOSPC when there are no more. */
static int grow(struct store *s, uint32_t cnt)
{
	uint32_t *bigger;
	int err;

	if (cnt > s->conf.slots - s->high)
		cnt = s->conf.slots - s->high;
	if (cnt == 0)
		return ENOSPC;
	bigger = realloc(s->free_slots,
			 (s->high + (size_t)cnt) * sizeof(*bigger));
	if (!bigger)
		return ENOMEM;
	s->free_slots = bigger;
	/* now, not by a SIGBUS when a page of a full file system is touched */
	err = posix_fallocate(s->fd, (off_t)(s->slots_at + (size_t)s->high *
					     STORE_SLOT_SIZE),
			      (off_t)cnt * STORE_SLOT_SIZE);
	if (err)
		return err;
	for (uint32_t i = cnt; i > 0; i--)
		s->free_slots[s->free_cnt++] = s->high + i - 1;
	s->high += cnt;
	return 0;
}

/* Room for a record of need slots in place of one of had.  Once it is written
 * and the old one is free again, the spare is free too: so what grows asks for
 * it, and what does not may use it.
 */
static int make_room(struct store *s, unsigned need, unsigned had)
{
	unsigned least = need > had ? need - had + SPARE_SLOTS : need;

	if (least < need)
		least = need;
	while (s->free_cnt < least) {
		int err = grow(s, GROW_SLOTS);

		if (err)
			return err;
	}
	return 0;
}

/* The slot at this place of a record's chain, or NULL. */
static const struct store_slot *chain_slot(const struct store *s, uint32_t at,
					   uint32_t id, uint16_t generation,
					   unsigned position)
{
	const struct store_slot *slot;

	if (at >= s->high)
		return NULL;
	slot = &s->slots[at];
	return slot->record == id && slot->generation == generation &&
	       slot->position == position ? slot : NULL;
}

/* Copy what the word leads to into s->scratch.  NULL, or what is wrong. */
static const char *read_record(struct store *s, uint32_t id,
			       uint64_t word, uint32_t *len)
{
	uint32_t at = head_of(word);
	uint16_t generation = generation_of(word);
	const struct store_slot *slot;
	uint64_t sum;
	unsigned cnt;

	if (generation == 0 || word != word_of(id, at, generation))
		return "its word is damaged";
	slot = chain_slot(s, at, id, generation, 0);
	if (!slot)
		return "its first slot is missing";
	*len = slot->len;
	sum = slot->sum;
	if (*len > STORE_RECORD_MAX)
		return "its length is damaged";
	cnt = slots_for(*len);
	for (unsigned i = 0; i < cnt; i++) {
		size_t done = (size_t)i * STORE_SLOT_BYTES;
		size_t n = *len - done < STORE_SLOT_BYTES ? *len - done
							  : STORE_SLOT_BYTES;

		slot = chain_slot(s, at, id, generation, i);
		if (!slot || slot->len != *len || slot->sum != sum)
			return "a slot of it is missing";
		memcpy(s->scratch + done, slot->bytes, n);
		at = slot->next;
	}
	if (at != STORE_NO_SLOT)
		return "its chain goes on";
	if (sum != sum_of(id, generation, s->scratch, *len))
		return "its bytes are damaged";
	return NULL;
}

/* Give back the slots of a chain that has been read well, or was written. */
static void free_chain(struct store *s, uint32_t id, uint64_t word)
{
	uint32_t at = head_of(word);
	const struct store_slot *slot;

	for (unsigned i = 0; (slot = chain_slot(s, at, id, generation_of(word),
						i)); i++) {
		assert(s->free_cnt < s->high);
		s->free_slots[s->free_cnt++] = at;
		at = slot->next;
	}
}

/* ---- the interface */

int store_put(struct store *s, uint32_t id, const void *bytes, size_t len)
{
	unsigned cnt = slots_for(len);
	uint32_t next = STORE_NO_SLOT;
	uint64_t old, sum;
	int err;

	if (id >= s->conf.records)
		return EINVAL;
	if (len > STORE_RECORD_MAX)
		return EMSGSIZE;
	old = atomic_load_explicit(&s->words[id], memory_order_relaxed);
	err = make_room(s, cnt, old ? slots_for(s->slots[head_of(old)].len) : 0);
	if (err)
		return err;

	if (++s->generation == 0)
		s->generation = 1;
	sum = sum_of(id, s->generation, bytes, (uint32_t)len);
	for (unsigned i = cnt; i > 0; i--) {
		uint32_t at = s->free_slots[--s->free_cnt];
		size_t done = (size_t)(i - 1) * STORE_SLOT_BYTES;
		size_t n = len - done < STORE_SLOT_BYTES ? len - done
							 : STORE_SLOT_BYTES;
		struct store_slot *slot = &s->slots[at];

		slot->next = next;
		slot->record = id;
		step(s);
		slot->generation = s->generation;
		slot->position = (uint16_t)(i - 1);
		slot->len = (uint32_t)len;
		slot->sum = sum;
		step(s);
		if (n)
			memcpy(slot->bytes, (const uint8_t *)bytes + done, n);
		step(s);
		next = at;
	}
	atomic_store_explicit(&s->words[id], word_of(id, next, s->generation),
			      memory_order_release);
	step(s);
	if (old)
		free_chain(s, id, old);
	else
		s->record_cnt++;
	return 0;
}

void store_del(struct store *s, uint32_t id)
{
	uint64_t old;

	if (id >= s->conf.records)
		return;
	old = atomic_load_explicit(&s->words[id], memory_order_relaxed);
	if (!old)
		return;
	atomic_store_explicit(&s->words[id], 0, memory_order_release);
	step(s);
	free_chain(s, id, old);
	s->record_cnt--;
}

void store_each(struct store *s, store_record_h *h, void *arg)
{
	for (uint32_t id = 0; id < s->conf.records; id++) {
		uint64_t word = atomic_load_explicit(&s->words[id],
						     memory_order_relaxed);
		uint32_t len;

		if (word && !read_record(s, id, word, &len))
			h(arg, id, s->scratch, len);
	}
}

size_t store_records(const struct store *s)
{
	return s->record_cnt;
}

size_t store_free_slots(const struct store *s)
{
	return s->free_cnt + (s->conf.slots - s->high);
}

void store_set_step(struct store *s, void (*h)(void *arg), void *arg)
{
	s->step = h;
	s->step_arg = arg;
}

/* Mark the slots of a good record. */
static void mark_chain(const struct store *s, uint32_t id, uint64_t word,
		       uint8_t *used)
{
	uint32_t at = head_of(word);
	const struct store_slot *slot;

	for (unsigned i = 0; (slot = chain_slot(s, at, id, generation_of(word),
						i)); i++) {
		used[at / 8] |= (uint8_t)(1 << at % 8);
		at = slot->next;
	}
}

int store_scan(struct store *s, store_damage_h *damage, void *arg)
{
	uint8_t *used = calloc(s->high / 8 + 1, 1);

	s->free_slots = calloc(s->high + 1, sizeof(*s->free_slots));
	if (!used || !s->free_slots) {
		free(used);
		return ENOMEM;
	}
	for (uint32_t id = 0; id < s->conf.records; id++) {
		uint64_t word = atomic_load_explicit(&s->words[id],
						     memory_order_acquire);
		const char *why;
		uint32_t len;

		if (!word)
			continue;
		why = read_record(s, id, word, &len);
		if (why) {
			atomic_store_explicit(&s->words[id], 0,
					      memory_order_release);
			damage(arg, id, why);
			continue;
		}
		mark_chain(s, id, word, used);
		s->record_cnt++;
	}
	for (uint32_t at = s->high; at > 0; at--) {
		if (!(used[(at - 1) / 8] & 1 << (at - 1) % 8))
			s->free_slots[s->free_cnt++] = at - 1;
	}
	free(used);
	/* the spare alone: a store that was full has no more, and is opened */
	return make_room(s, SPARE_SLOTS, SPARE_SLOTS);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->map)
		munmap(s->map, s->map_len);
	if (s->fd >= 0)
		close(s->fd);
	free(s->free_slots);
	free(s);
}
