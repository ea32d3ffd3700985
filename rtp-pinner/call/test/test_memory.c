/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whichever allocation fails, a command is carried out whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

static unsigned good;		/* allocations that still succeed, plus one */

void *__real_malloc(size_t size);
void *__real_calloc(size_t cnt, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t cnt, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t cnt, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t cnt, size_t size);

static bool fails(void)
{
	return good && --good == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t cnt, size_t size)
{
	return fails() ? NULL : __real_calloc(cnt, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

void *__wrap_reallocarray(void *old, size_t cnt, size_t size)
{
	return fails() ? NULL : __real_reallocarray(old, cnt, size);
}

#define ICE_LINES \
	"a=ice-ufrag:ff\r\na=ice-pwd:0123456789012345678901\r\n" \
	"a=candidate:1 1 UDP 99 10.0.0.1 4000 typ host\r\n"

static enum calls_result offer_first(struct world *w)
{
	return world_offer(w, (struct say){
		.from = "f", .branch = "z1",
		.sdp = audio("203.0.113.1", 4000, ICE_LINES),
	});
}

static enum calls_result offer_branch(struct world *w)
{
	return world_offer(w, (struct say){
		.from = "f", .branch = "z2",
		.sdp = audio("203.0.113.1", 4000, ICE_LINES),
	});
}

static enum calls_result answer(struct world *w)
{
	return world_answer(w, (struct say){
		.from = "f", .to = "t", .branch = "z1",
		.sdp = audio("203.0.113.2", 5000, ICE_LINES),
	});
}

static enum calls_result answer_again(struct world *w)
{
	return world_answer(w, (struct say){
		.from = "f", .to = "u", .branch = "z1",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
}

static enum calls_result reoffer(struct world *w)
{
	return world_offer(w, (struct say){
		.from = "f", .to = "t", .branch = "z9", .label = "moved",
		.sdp = audio_video("203.0.113.9", 4400, 4402),
	});
}

static void what_fails_for_memory_leaves_nothing_behind(void **state)
{
	static enum calls_result (*const steps[])(struct world *w) = {
		offer_first, offer_branch, answer, answer_again, reoffer,
	};
	struct world *w = *state;
	struct calls_conf conf = world_conf();
	unsigned failures = 0;

	conf.quarantine_ms = 0;
	world_start(w, &conf);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		enum calls_result result = CALLS_MEMORY;

		for (unsigned n = 1; result; n++) {
			unsigned used = world_used(w);
			const struct call *call = world_call(w, "c");
			unsigned legs = call ? call->leg_cnt : 0;

			good = n;
			result = steps[i](w);
			good = 0;
			if (!result)
				break;
			failures++;
			assert_int_equal(result, CALLS_MEMORY);
			assert_int_equal(world_used(w), used);
			call = world_call(w, "c");
			assert_int_equal(call ? call->leg_cnt : 0, legs);
		}
	}
	assert_in_range(failures, 20, 500);
	world_delete(w, (struct say){ .from = "f", .branch = "zb" });
	world_pass(w, WORLD_DELETE_DELAY);
	assert_int_equal(world_used(w), 0);
}

static void a_pinner_that_gets_no_memory_does_not_start(void **state)
{
	const struct calls_conf conf = world_conf();
	const struct calls_ops ops = { 0 };
	struct calls *calls = NULL;
	unsigned n = 0;

	(void)state;
	do {
		good = ++n;
		if (calls_new(&calls, &conf, &ops))
			assert_null(calls);
		good = 0;
	} while (!calls);
	assert_int_equal(n, 6);
	calls_free(calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_fails_for_memory_leaves_nothing_behind,
			world_setup, world_teardown),
		cmocka_unit_test(a_pinner_that_gets_no_memory_does_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
