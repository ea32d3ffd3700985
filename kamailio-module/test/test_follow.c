/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "kamailio-module/follow.h"

static const struct follow_conf usual = {
	.sources = 3 * 64,
	.transactions = 3 * 64,
	.expire_s = 3600,
	.retry_s = 86400,
	.limit = 1,
	.grace_ms = 500,
};

/* Freed by free(). */
static struct follow *follow_of(const struct follow_conf *conf)
{
	size_t size = follow_size(conf);
	void *mem = aligned_alloc(64, size);

	CHECK_EQ(0, size % 64, "whole cache lines");
	assert_non_null(mem);
	memset(mem, 0xa5, size);	/* it need not be zeroed */
	return follow_init(mem, conf);
}

enum event {
	JUDGE,		/* an INVITE is about to be redirected here */
	MARK,		/* an INVITE at the node address */
	LOOK,
};

struct step {
	uint64_t at_ms;
	enum event event;
	bool says;		/* what it must return */
	enum follow_state then;
};

struct story {
	const char *what;
	uint32_t limit, grace_ms, expire_s, retry_s;	/* 0: usual's */
	bool no_grace;
	struct step steps[12];
	size_t cnt;
};

#define STEPS(...) \
	.steps = { __VA_ARGS__ }, \
	.cnt = sizeof((struct step[]){ __VA_ARGS__ }) / sizeof(struct step)

/* The arrows of the drawing in follow.h, one story each. */
static const struct story stories[] = {
	{ .what = "nothing is known of a stranger",
	  STEPS({ 0, LOOK, false, FOLLOW_NONE },
		{ 99999999, LOOK, false, FOLLOW_NONE }) },
	{ .what = "an INVITE at the node teaches nothing of a stranger",
	  STEPS({ 0, MARK, false, FOLLOW_NONE },
		{ 1, LOOK, false, FOLLOW_NONE },
		{ 2, JUDGE, true, FOLLOW_TRYING }) },
	{ .what = "redirected, seen at the node: it follows",
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 80, MARK, true, FOLLOW_FOLLOWS },
		{ 5000, JUDGE, true, FOLLOW_FOLLOWS },
		{ 6000, JUDGE, true, FOLLOW_FOLLOWS },
		{ 7000, JUDGE, true, FOLLOW_FOLLOWS }) },
	{ .what = "comes back after the grace: served from then on",
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 500, JUDGE, false, FOLLOW_SERVED },
		{ 501, JUDGE, false, FOLLOW_SERVED },
		{ 900000, JUDGE, false, FOLLOW_SERVED }) },
	{ .what = "comes back within the grace: it may be on its way",
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 499, JUDGE, true, FOLLOW_TRYING },
		{ 500, JUDGE, false, FOLLOW_SERVED }) },
	{ .what = "a second call within the grace does not extend it",
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 250, JUDGE, true, FOLLOW_TRYING },
		{ 499, JUDGE, true, FOLLOW_TRYING },
		{ 500, JUDGE, false, FOLLOW_SERVED }) },
	{ .what = "served, then seen at the node: it follows after all",
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 1000, JUDGE, false, FOLLOW_SERVED },
		{ 2000, MARK, true, FOLLOW_FOLLOWS },
		{ 3000, JUDGE, true, FOLLOW_FOLLOWS }) },
	{ .what = "three redirects before it is served", .limit = 3,
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 500, JUDGE, true, FOLLOW_TRYING },
		{ 999, JUDGE, true, FOLLOW_TRYING },
		{ 1000, JUDGE, true, FOLLOW_TRYING },
		{ 1500, JUDGE, false, FOLLOW_SERVED }) },
	{ .what = "no grace: the second call is served", .no_grace = true,
	  STEPS({ 7, JUDGE, true, FOLLOW_TRYING },
		{ 7, JUDGE, false, FOLLOW_SERVED }) },
	{ .what = "a long grace", .grace_ms = 60000,
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 59999, JUDGE, true, FOLLOW_TRYING },
		{ 60000, JUDGE, false, FOLLOW_SERVED }) },
	{ .what = "unseen for the expiry: forgotten, tried afresh",
	  .expire_s = 10,
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 10000, LOOK, false, FOLLOW_TRYING },
		{ 12000, LOOK, false, FOLLOW_NONE },
		{ 12001, JUDGE, true, FOLLOW_TRYING }) },
	{ .what = "what is served is tried again, however often it comes",
	  .expire_s = 10, .retry_s = 30,
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 1000, JUDGE, false, FOLLOW_SERVED },
		{ 15000, JUDGE, false, FOLLOW_SERVED },
		{ 29000, JUDGE, false, FOLLOW_SERVED },
		{ 31000, LOOK, false, FOLLOW_SERVED },
		{ 33000, JUDGE, true, FOLLOW_TRYING }) },
	{ .what = "... and is not forgotten before, though unseen",
	  .expire_s = 10, .retry_s = 30,
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 1000, JUDGE, false, FOLLOW_SERVED },
		{ 30000, JUDGE, false, FOLLOW_SERVED }) },
	{ .what = "what follows must show it at the node now and then",
	  .expire_s = 10,
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 100, MARK, true, FOLLOW_FOLLOWS },
		{ 9000, JUDGE, true, FOLLOW_FOLLOWS },
		{ 9100, MARK, true, FOLLOW_FOLLOWS },
		{ 18000, JUDGE, true, FOLLOW_FOLLOWS },
		{ 21000, JUDGE, true, FOLLOW_TRYING }) },
	{ .what = "a second is not cut short", .expire_s = 1,
	  STEPS({ 999, JUDGE, true, FOLLOW_TRYING },
		{ 1000, LOOK, false, FOLLOW_TRYING },
		{ 1999, LOOK, false, FOLLOW_TRYING },
		{ 3000, LOOK, false, FOLLOW_NONE }) },
	{ .what = "nor where the node shows it", .expire_s = 1,
	  STEPS({ 0, JUDGE, true, FOLLOW_TRYING },
		{ 999, MARK, true, FOLLOW_FOLLOWS },
		{ 1999, LOOK, false, FOLLOW_FOLLOWS },
		{ 3000, LOOK, false, FOLLOW_NONE }) },
};

static void tell(const struct story *story, uint64_t source, uint64_t from_ms)
{
	struct follow_conf conf = usual;
	struct follow *f;

	conf.limit = story->limit ? story->limit : usual.limit;
	conf.grace_ms = story->grace_ms ? story->grace_ms : usual.grace_ms;
	conf.expire_s = story->expire_s ? story->expire_s : usual.expire_s;
	conf.retry_s = story->retry_s ? story->retry_s : usual.retry_s;
	if (story->no_grace)
		conf.grace_ms = 0;
	f = follow_of(&conf);
	for (size_t i = 0; i < story->cnt; i++) {
		const struct step *step = &story->steps[i];
		uint64_t now_ms = from_ms + step->at_ms;
		char what[128];

		snprintf(what, sizeof(what), "%s: step %zu", story->what, i);
		follow_prefetch(f, source, ~source);
		if (step->event == JUDGE)
			CHECK_EQ(step->says, follow_judge(f, source, now_ms),
				 what);
		else if (step->event == MARK)
			CHECK_EQ(step->says, follow_mark(f, source, now_ms),
				 what);
		CHECK_STR(follow_state_name(step->then),
			  follow_state_name(follow_find(f, source, now_ms)),
			  what);
	}
	free(f);
}

static void a_source_is_tried_then_followed_or_served(void **state)
{
	/* the clock's whole seconds, its 24 bits of milliseconds and its 32
	 * bits of either wrap somewhere: no story may notice
	 */
	static const uint64_t begins_ms[] = {
		0, 1000, 3600000, (1ULL << 24) - 1000, (1ULL << 24) * 77 - 1000,
		(1ULL << 32) - 1000, (1ULL << 31) * 1000 - 2000,
		(1ULL << 32) * 1000 - 2000,
	};
	static const uint64_t sources[] = { 0, 1, UINT64_MAX, 0x123456789 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		for (size_t b = 0; b < ARRAY_SIZE(begins_ms); b++)
			for (size_t s = 0; s < ARRAY_SIZE(sources); s++)
				tell(&stories[i], sources[s], begins_ms[b]);
}

static void the_limit_is_at_most_63(void **state)
{
	static const struct {
		uint32_t limit;
		unsigned redirects;
	} rows[] = {
		{ 0, 1 }, { 1, 1 }, { 2, 2 }, { 62, 62 }, { 63, 63 },
		{ 64, 63 }, { UINT32_MAX, 63 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct follow_conf conf = usual;
		unsigned redirects = 0;
		struct follow *f;

		conf.limit = rows[i].limit;
		f = follow_of(&conf);
		while (follow_judge(f, 5, redirects * 500))
			redirects++;
		CHECK_EQ(rows[i].redirects, redirects, "redirects");
		free(f);
	}
}

static void sources_do_not_learn_from_each_other(void **state)
{
	struct follow *f = follow_of(&usual);

	(void)state;
	/* the same set and not: sets are chosen by the low bits */
	follow_judge(f, 0x10001, 0);
	follow_judge(f, 0x20001, 0);
	follow_judge(f, 2, 0);
	follow_mark(f, 0x20001, 100);
	CHECK_EQ(FOLLOW_TRYING, follow_find(f, 0x10001, 100), "first");
	CHECK_EQ(FOLLOW_FOLLOWS, follow_find(f, 0x20001, 100), "second");
	CHECK_EQ(FOLLOW_TRYING, follow_find(f, 2, 100), "third");
	CHECK_EQ(FOLLOW_NONE, follow_find(f, 0x30001, 100), "never seen");
	free(f);
}

/* RFC 3261 17.1.1.2: a client repeats itself for 64*T1 = 32 s */
static void a_transaction_keeps_its_first_answer_for_32_s(void **state)
{
	static const uint64_t begins_ms[] = {
		0, 1, 999, 1000, 1500, (1ULL << 32) * 1000 - 1,
	};
	uint32_t answer;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(begins_ms); i++) {
		uint64_t t = begins_ms[i];
		struct follow *f = follow_of(&usual);

		CHECK(!follow_recall(f, 9, t, &answer), "nothing yet");
		follow_remember(f, 9, t, 4711);
		for (uint64_t ms = 0; ms <= FOLLOW_MEMO_MS; ms += 500) {
			answer = 0;
			CHECK(follow_recall(f, 9, t + ms, &answer), "in time");
			CHECK_EQ(4711, answer, "the answer");
			/* a later answer does not take its place, nor time */
			follow_remember(f, 9, t + ms, 1 + (uint32_t)ms);
		}
		CHECK(!follow_recall(f, 9, t + FOLLOW_MEMO_MS + 2000, &answer),
		      "in the end it is gone");
		follow_remember(f, 9, t + FOLLOW_MEMO_MS + 2000, UINT32_MAX);
		CHECK(follow_recall(f, 9, t + FOLLOW_MEMO_MS + 2000, &answer),
		      "a new one");
		CHECK_EQ(UINT32_MAX, answer, "every value is fine");
		free(f);
	}
}

static void the_tables_know_nothing_of_each_other(void **state)
{
	struct follow *f = follow_of(&usual);
	uint32_t answer;

	(void)state;
	for (uint64_t key = 0; key < 50; key++) {
		follow_judge(f, key, 0);
		CHECK(!follow_recall(f, key, 0, &answer), "a source");
	}
	for (uint64_t key = 100; key < 150; key++) {
		follow_remember(f, key, 0, 3);
		CHECK_EQ(FOLLOW_NONE, follow_find(f, key, 0), "a transaction");
	}
	free(f);
}

static void a_full_set_forgets_its_oldest_and_counts(void **state)
{
	const struct follow_conf conf = {
		.sources = 3, .transactions = 3, .expire_s = 100, .retry_s = 100, .limit = 1,
		.grace_ms = 500,
	};
	struct follow *f = follow_of(&conf);
	struct follow_summary sum;
	uint32_t answer;

	(void)state;
	follow_judge(f, 11, 3000);
	follow_judge(f, 12, 1000);	/* the oldest, in the middle */
	follow_judge(f, 13, 2000);
	follow_summarize(f, 3000, &sum);
	CHECK_EQ(0, sum.sources_forgotten, "three fit");
	follow_judge(f, 14, 4000);
	follow_summarize(f, 4000, &sum);
	CHECK_EQ(1, sum.sources_forgotten, "the fourth takes a place");
	CHECK_EQ(FOLLOW_NONE, follow_find(f, 12, 4000), "the oldest");
	CHECK_EQ(FOLLOW_TRYING, follow_find(f, 11, 4000), "first in the set");
	CHECK_EQ(FOLLOW_TRYING, follow_find(f, 13, 4000), "last in the set");
	CHECK_EQ(FOLLOW_TRYING, follow_find(f, 14, 4000), "the new one");
	CHECK_EQ(0, sum.transactions_forgotten, "the other table");

	for (uint32_t i = 0; i < 5; i++)
		follow_remember(f, 100 + i, 1000 * i, i);
	follow_summarize(f, 4000, &sum);
	CHECK_EQ(2, sum.transactions_forgotten, "five in three");
	CHECK_EQ(1, sum.sources_forgotten, "the other table");
	for (uint32_t i = 0; i < 5; i++)
		CHECK_EQ(i >= 2, follow_recall(f, 100 + i, 4000, &answer),
			 "the newest stay");

	/* what has expired is no loss */
	for (uint32_t i = 0; i < 3; i++)
		follow_remember(f, 200 + i, 100000, i);
	follow_summarize(f, 100000, &sum);
	CHECK_EQ(2, sum.transactions_forgotten, "expired ones");
	free(f);
}

static void tables_hold_what_they_are_asked_to(void **state)
{
	static const struct {
		uint32_t entries, slots;
	} rows[] = {
		{ 0, 3 }, { 1, 3 }, { 3, 3 }, { 4, 6 }, { 6, 6 }, { 7, 12 },
		{ 192, 192 }, { 193, 384 }, { 65536, 3 * 32768 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct follow_conf conf = {
			.sources = rows[i].entries,
			.transactions = rows[ARRAY_SIZE(rows) - 1 - i].entries,
			.expire_s = 9, .retry_s = 9, .limit = 1,
		};
		struct follow *f = follow_of(&conf);
		struct follow_summary sum;

		follow_summarize(f, 0, &sum);
		CHECK_EQ(rows[i].slots, sum.source_slots, "slots");
		CHECK_EQ(rows[ARRAY_SIZE(rows) - 1 - i].slots,
			 sum.transaction_slots, "slots");
		CHECK_EQ(follow_size(&conf), sum.bytes, "bytes");
		/* 64 bytes hold three, and the head is small */
		CHECK((sum.source_slots + sum.transaction_slots) / 3 * 64 +
			      256 >= sum.bytes, "bytes");
		free(f);
	}
}

/* The largest tables the module allows are not laid out, only measured. */
static void the_largest_tables_have_a_size(void **state)
{
	const struct follow_conf conf = {
		.sources = 1 << 26, .transactions = 1 << 26,
	};
	const struct follow_conf beyond = {
		.sources = UINT32_MAX, .transactions = UINT32_MAX,
	};

	(void)state;
	assert_in_range(follow_size(&conf), 2ULL * (1 << 25) * 64,
			2ULL * (1 << 25) * 64 + 256);
	assert_in_range(follow_size(&beyond), 2ULL * (1 << 28) * 64,
			2ULL * (1 << 28) * 64 + 256);
}

static void every_slot_is_used_before_anything_is_forgotten(void **state)
{
	struct follow *f = follow_of(&usual);
	struct follow_summary sum;

	(void)state;
	/* keys as good as hashes: 0..191 fill each of 64 sets with three */
	for (uint64_t key = 1; key <= 192; key++)
		follow_judge(f, key, 0);
	for (uint64_t key = 1; key <= 192; key++)
		if (key % 2)
			follow_mark(f, key, 10);
	for (uint64_t key = 2; key <= 192; key += 4)
		follow_judge(f, key, 500);
	follow_summarize(f, 500, &sum);
	CHECK_EQ(0, sum.sources_forgotten, "forgotten");
	CHECK_EQ(0, sum.sources[FOLLOW_NONE], "none");
	CHECK_EQ(48, sum.sources[FOLLOW_TRYING], "trying");
	CHECK_EQ(96, sum.sources[FOLLOW_FOLLOWS], "follows");
	CHECK_EQ(48, sum.sources[FOLLOW_SERVED], "served");
	follow_summarize(f, 3700 * 1000, &sum);
	CHECK_EQ(0, sum.sources[FOLLOW_FOLLOWS], "expired ones do not count");
	free(f);
}

/* ---- several processes at one table, here threads */

enum { THREADS = 4, ROUNDS = 100000 };

struct crowd {
	struct follow *f;
	_Atomic unsigned wrong;
};

/* Whoever reads an answer reads the one its key was given. */
static void *jostle(void *arg)
{
	struct crowd *crowd = arg;
	struct follow_summary sum;
	uint64_t seed = 42;
	uint32_t answer;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t now_ms = i * 10, key;

		seed = seed * 6364136223846793005U + 1442695040888963407U;
		key = (seed >> 40 & 0xff) + 1;
		if (follow_recall(crowd->f, key, now_ms, &answer) &&
		    answer != (uint32_t)key * 3)
			crowd->wrong++;
		follow_remember(crowd->f, key, now_ms, (uint32_t)key * 3);
		/* even sources never follow, odd ones always do */
		if (key % 2) {
			follow_judge(crowd->f, key, now_ms);
			follow_mark(crowd->f, key, now_ms);
		} else {
			follow_judge(crowd->f, key, now_ms);
			if (follow_find(crowd->f, key, now_ms) ==
			    FOLLOW_FOLLOWS)
				crowd->wrong++;
		}
		if (i % 1000 == 0)
			follow_summarize(crowd->f, now_ms, &sum);
	}
	return NULL;
}

static void a_crowd_sees_no_half_written_entry(void **state)
{
	const struct follow_conf conf = {
		.sources = 3, .transactions = 3, .expire_s = 3600, .retry_s = 3600,
		.limit = 1,
		.grace_ms = 500,
	};
	struct crowd crowd = { .f = follow_of(&conf) };
	pthread_t threads[THREADS];
	struct follow_summary sum;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, jostle,
						&crowd), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(0, crowd.wrong, "wrong answers");
	follow_summarize(crowd.f, ROUNDS * 10, &sum);
	CHECK(sum.sources_forgotten > ROUNDS / 2, "the sets were full");
	CHECK(sum.transactions_forgotten > ROUNDS / 2, "the sets were full");
	free(crowd.f);
}

/* The sum of what all did is there: no increment is lost. */
static void *judge_strangers(void *arg)
{
	struct crowd *crowd = arg;
	static _Atomic uint64_t next = 1;

	for (unsigned i = 0; i < ROUNDS; i++)
		if (!follow_judge(crowd->f, next++, 0))
			crowd->wrong++;
	return NULL;
}

static void what_is_forgotten_is_counted_by_all_together(void **state)
{
	const struct follow_conf conf = {
		.sources = 3, .transactions = 3, .expire_s = 3600, .retry_s = 3600,
		.limit = 1,
	};
	struct crowd crowd = { .f = follow_of(&conf) };
	pthread_t threads[THREADS];
	struct follow_summary sum;

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
						judge_strangers, &crowd), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	follow_summarize(crowd.f, 0, &sum);
	CHECK_EQ(0, crowd.wrong, "strangers are redirected");
	CHECK_EQ(THREADS * ROUNDS - 3, sum.sources_forgotten, "forgotten");
	CHECK_EQ(3, sum.sources[FOLLOW_TRYING], "the last three");
	free(crowd.f);
}

static void every_state_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned a = 0; a < FOLLOW_STATES; a++) {
		const char *name = follow_state_name((enum follow_state)a);

		assert_non_null(name);
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(
				name, follow_state_name((enum follow_state)b));
	}
	assert_string_equal(follow_state_name(FOLLOW_STATES), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_is_tried_then_followed_or_served),
		cmocka_unit_test(the_limit_is_at_most_63),
		cmocka_unit_test(sources_do_not_learn_from_each_other),
		cmocka_unit_test(a_transaction_keeps_its_first_answer_for_32_s),
		cmocka_unit_test(the_tables_know_nothing_of_each_other),
		cmocka_unit_test(a_full_set_forgets_its_oldest_and_counts),
		cmocka_unit_test(tables_hold_what_they_are_asked_to),
		cmocka_unit_test(the_largest_tables_have_a_size),
		cmocka_unit_test(
			every_slot_is_used_before_anything_is_forgotten),
		cmocka_unit_test(a_crowd_sees_no_half_written_entry),
		cmocka_unit_test(what_is_forgotten_is_counted_by_all_together),
		cmocka_unit_test(every_state_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
