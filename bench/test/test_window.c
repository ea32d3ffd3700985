/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/window.h"

static void a_window_without_slots_is_refused(void **state)
{
	struct window w;

	(void)state;
	assert_int_equal(window_init(&w, 0), EINVAL);
	window_fini(&w);
}

static void no_more_than_the_window_is_outstanding(void **state)
{
	struct window w;

	(void)state;
	assert_int_equal(window_init(&w, 3), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_non_null(window_take(&w, 0));
	assert_int_equal(window_busy_cnt(&w), 3);
	assert_null(window_take(&w, 0));
	window_fini(&w);
}

static void a_request_is_found_once_and_only_by_its_id(void **state)
{
	struct window w;
	struct window_slot *slot;
	uint64_t id;

	(void)state;
	assert_int_equal(window_init(&w, 4), 0);
	slot = window_take(&w, 0);
	assert_non_null(slot);
	id = slot->id;
	assert_ptr_equal(window_find(&w, id), slot);
	assert_null(window_find(&w, id + 1));
	assert_null(window_find(&w, id + 4));
	assert_null(window_find(&w, UINT64_MAX));
	window_done(&w, slot);
	assert_null(window_find(&w, id));
	window_fini(&w);
}

static void ids_are_never_used_twice(void **state)
{
	enum { ROUNDS = 1000 };
	static uint64_t seen[ROUNDS];
	struct window w;

	(void)state;
	assert_int_equal(window_init(&w, 7), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct window_slot *slot = window_take(&w, 0);

		assert_non_null(slot);
		for (unsigned k = 0; k < i; k++)
			assert_true(seen[k] != slot->id);
		seen[i] = slot->id;
		if (i % 7 > 2 || !w.idle_cnt)
			window_done(&w, slot);
	}
	window_fini(&w);
}

static void only_what_waits_too_long_expires(void **state)
{
	struct window w;
	struct window_slot *old, *young;
	uint64_t old_id;

	(void)state;
	assert_int_equal(window_init(&w, 2), 0);
	old = window_take(&w, 1000);
	young = window_take(&w, 1400);
	assert_non_null(old);
	assert_non_null(young);
	old_id = old->id;
	assert_int_equal(window_expire(&w, 1499, 500), 0);
	assert_int_equal(window_expire(&w, 1500, 500), 1);
	assert_null(window_find(&w, old_id));
	assert_ptr_equal(window_find(&w, young->id), young);
	assert_int_equal(window_expire(&w, 1500, 500), 0);
	assert_int_equal(window_busy_cnt(&w), 1);
	window_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_window_without_slots_is_refused),
		cmocka_unit_test(no_more_than_the_window_is_outstanding),
		cmocka_unit_test(a_request_is_found_once_and_only_by_its_id),
		cmocka_unit_test(ids_are_never_used_twice),
		cmocka_unit_test(only_what_waits_too_long_expires),
	};

	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
