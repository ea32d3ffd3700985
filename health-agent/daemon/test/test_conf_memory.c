/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any allocation may fail: then there is no conf, and nothing is lost. */
#include "health-agent/daemon/test/conf_bed.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t cnt, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t cnt, size_t size);

static long allowed = -1;	/* allocations; negative: any number */

static bool may(void)
{
	return allowed < 0 || allowed-- > 0;
}

void *__wrap_malloc(size_t size)
{
	return may() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t cnt, size_t size)
{
	return may() ? __real_calloc(cnt, size) : NULL;
}

static void no_allocation_is_missed(void **state)
{
	static const char text[] =
		"[agent]\ndefault-probes = yes\n[probe c]\ntype = command\n"
		"command = /bin/true a b\n[group service]\nhold-down = 1s\n";
	long failures = 0;
	int err;

	(void)state;
	do {
		struct lines got = { 0 };
		struct agent_conf *conf = (void *)&got;

		allowed = failures;
		err = bed_parse(&conf, text, BED_ARGS, &got);
		allowed = -1;
		if (err) {
			assert_int_equal(err, ENOMEM);
			assert_null(conf);
			assert_true(got.cnt > 0);
			failures++;
		}
		agent_conf_free(err ? NULL : conf);
	} while (err && failures < 100);
	assert_int_equal(err, 0);
	assert_in_range(failures, 5, 99);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_allocation_is_missed),
	};

	return cmocka_run_group_tests_name("conf memory", tests, bed_setup,
					   scratch_teardown);
}
