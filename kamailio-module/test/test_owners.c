/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "kamailio-module/owners.h"

#define KEY UINT64_C(0x1234567890abcdef)

/* Freed by free(). */
static struct owners *owners_of(uint32_t entries)
{
	size_t size = owners_size(entries);
	void *mem = aligned_alloc(64, size);

	CHECK_EQ(0, size % 64, "whole cache lines");
	assert_non_null(mem);
	memset(mem, 0xa5, size);	/* it need not be zeroed */
	return owners_init(mem, entries);
}

/* arg: the names of the living, with blanks between them. */
static bool in_list(void *arg, struct slice node)
{
	struct cursor c = cursor_of(arg, strlen(arg));

	while (cursor_left(&c)) {
		if (slice_equal(cursor_until(&c, " "), node))
			return true;
		cursor_byte(&c);
	}
	return false;
}

enum event { CLAIM, FIND, FORGET };

struct step {
	uint64_t at_ms;
	enum event event;
	const char *node;	/* who claims, or is forgotten */
	const char *alive;
	int says;		/* enum owners_claim, or found/forgotten */
	const char *owner;	/* then */
};

#define ALL "fra1 ams1 lon1"

static const struct {
	const char *what;
	struct step steps[8];
} stories[] = {
	{ "nobody is known",
	  { { 0, FIND, "", ALL, false, "" } } },
	{ "the first claim wins",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 1, CLAIM, "ams1", ALL, OWNERS_OTHERS, "fra1" },
	    { 2, FIND, "", ALL, true, "fra1" },
	    { 3, CLAIM, "lon1", ALL, OWNERS_OTHERS, "fra1" } } },
	{ "who has it may claim it again",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 9, CLAIM, "fra1", ALL, OWNERS_AGAIN, "fra1" } } },
	{ "... even when it is thought dead",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 9, CLAIM, "fra1", "ams1", OWNERS_AGAIN, "fra1" } } },
	{ "a dead owner is nobody",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 1, FIND, "", "ams1 lon1", false, "" },
	    { 2, FIND, "", ALL, true, "fra1" } } },
	{ "a dead owner is replaced by who claims, and stays so",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 1, CLAIM, "ams1", "ams1 lon1", OWNERS_NEW, "ams1" },
	    { 2, CLAIM, "fra1", ALL, OWNERS_OTHERS, "ams1" },
	    { 3, FIND, "", ALL, true, "ams1" } } },
	{ "kept for timer C",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 199999, FIND, "", ALL, true, "fra1" },
	    { 202000, FIND, "", ALL, false, "" },
	    { 202001, CLAIM, "ams1", ALL, OWNERS_NEW, "ams1" } } },
	{ "a second is not cut short",
	  { { 999, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 200998, FIND, "", ALL, true, "fra1" } } },
	{ "claimed again it is kept anew",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 150000, CLAIM, "fra1", ALL, OWNERS_AGAIN, "fra1" },
	    { 300000, FIND, "", ALL, true, "fra1" } } },
	{ "... but not by somebody else's try",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 150000, CLAIM, "ams1", ALL, OWNERS_OTHERS, "fra1" },
	    { 250000, FIND, "", ALL, false, "" } } },
	{ "forgotten by its owner alone",
	  { { 0, CLAIM, "fra1", ALL, OWNERS_NEW, "fra1" },
	    { 1, FORGET, "ams1", ALL, false, "" },
	    { 1, FORGET, "fra", ALL, false, "" },
	    { 1, FORGET, "", ALL, false, "" },
	    { 2, FIND, "", ALL, true, "fra1" },
	    { 3, FORGET, "fra1", ALL, true, "" },
	    { 4, FIND, "", ALL, false, "" },
	    { 5, FORGET, "fra1", ALL, false, "" } } },
	{ "a name that is none claims nothing",
	  { { 0, CLAIM, "", ALL, OWNERS_OTHERS, "" },
	    { 0, CLAIM, "Fra1", ALL, OWNERS_OTHERS, "" },
	    { 0, CLAIM, "a2345678901234567890123456789012", ALL,
	      OWNERS_OTHERS, "" },
	    { 1, FIND, "", ALL, false, "" } } },
};

static void tell(struct owners *o, const struct step *step, uint64_t from_ms,
		 const char *what)
{
	struct slice node = slice_str(step->node);
	char owner[SITE_NAME_MAX] = "unset";
	void *alive = (void *)(uintptr_t)step->alive;
	uint64_t now = from_ms + step->at_ms;
	int got;

	switch (step->event) {
	case CLAIM:
		got = (int)owners_claim(owner, o, KEY, node, in_list, alive,
					now);
		break;
	case FIND:
		got = owners_find(owner, o, KEY, in_list, alive, now);
		break;
	default:
		got = owners_forget(o, KEY, node);
		owner[0] = '\0';
		break;
	}
	CHECK_EQ(step->says, got, what);
	CHECK_STR(step->owner, owner, what);
}

static void every_story_ends_as_told(void **state)
{
	/* the second start is just before the low 32 bits of seconds wrap */
	static const uint64_t starts[] = { 1000, UINT64_C(4294967290000) };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		for (size_t s = 0; s < ARRAY_SIZE(starts); s++) {
			struct owners *o = owners_of(100);

			for (size_t n = 0; n < 8 && stories[i].steps[n].node;
			     n++)
				tell(o, &stories[i].steps[n], starts[s],
				     stories[i].what);
			free(o);
		}
	}
}

/* The value comes from Python's hashlib.blake2b: nodes must agree on it. */
static void keys_are_the_same_on_every_node(void **state)
{
	struct slice call = slice_str("a84b4c76e66710@pc33.example.com");
	struct slice tag = slice_str("1928301774");
	uint64_t key = owners_key(call, tag, 314159);

	(void)state;
	assert_true(key == UINT64_C(0x113594af464a88d3));
	assert_true(key != owners_key(call, tag, 314160));
	assert_true(key != owners_key(call, slice_str("1928301775"), 314159));
	assert_true(key != owners_key(slice_of(call.text, call.len - 1), tag,
				      314159));
	/* bytes cannot be moved from one to the other */
	assert_true(owners_key(slice_str("ab"), slice_str("c"), 1) !=
		    owners_key(slice_str("a"), slice_str("bc"), 1));
	assert_true(owners_key((struct slice){ 0 }, (struct slice){ 0 }, 0));
}

static void a_full_set_forgets_what_expires_first(void **state)
{
	struct owners *o = owners_of(1);	/* one set of five */
	char owner[SITE_NAME_MAX];
	struct owners_summary sum;

	(void)state;
	for (uint64_t key = 1; key <= 6; key++)
		CHECK_EQ(OWNERS_NEW,
			 owners_claim(owner, o, key, slice_str("fra1"),
				      in_list, (char[]){ ALL }, key * 1000),
			 "room");
	for (uint64_t key = 1; key <= 6; key++)
		CHECK_EQ(key > 1, owners_find(owner, o, key, in_list,
					      (char[]){ ALL }, 6000), "kept");
	owners_summarize(o, 6000, &sum);
	CHECK_EQ(5, sum.slots, "slots");
	CHECK_EQ(5, sum.used, "used");
	CHECK_EQ(1, sum.forgotten, "forgotten");
	CHECK_EQ(owners_size(1), sum.bytes, "bytes");
	owners_summarize(o, 204500, &sum);
	CHECK_EQ(3, sum.used, "the others have expired");
	free(o);
}

static void sizes_are_bounded(void **state)
{
	static const struct {
		uint32_t entries, slots;
	} rows[] = {
		{ 0, 5 },	    { 1, 5 },	    { 5, 5 },
		{ 6, 10 },	    { 65536, 81920 },
		{ UINT32_MAX, 5 << 22 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(64 + rows[i].slots / 5 * 256,
			 owners_size(rows[i].entries), "size");
}

/* ---- many at once */

enum { THREADS = 4, KEYS = 2000 };

static _Atomic unsigned won[KEYS];
static struct owners *shared;

static void *claim_all(void *arg)
{
	char name[8], owner[SITE_NAME_MAX];

	snprintf(name, sizeof(name), "node%u", (unsigned)(uintptr_t)arg);
	for (unsigned k = 0; k < KEYS; k++) {
		if (owners_claim(owner, shared, k + 1, slice_str(name),
				 in_list,
				 (char[]){ "node0 node1 node2 node3" }, 1) ==
		    OWNERS_NEW)
			atomic_fetch_add(&won[k], 1);
	}
	return NULL;
}

static void of_many_at_once_one_wins(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	shared = owners_of(8 * KEYS);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, claim_all,
						(void *)i), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (unsigned k = 0; k < KEYS; k++)
		CHECK_EQ(1, won[k], "winners");
	free(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_story_ends_as_told),
		cmocka_unit_test(keys_are_the_same_on_every_node),
		cmocka_unit_test(a_full_set_forgets_what_expires_first),
		cmocka_unit_test(sizes_are_bounded),
		cmocka_unit_test(of_many_at_once_one_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
