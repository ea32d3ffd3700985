/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A thousand random lives of a node, through the harness of fuzz_policy.c. */
#include "common/test/table.h"

#include <stdio.h>

#include "common/fuzz/harness.h"

enum { LIVES = 1000, LENGTH_MAX = 301 };

#define SEED UINT64_C(0x5eed5eed5eed)

/* xorshift64*, Vigna 2016 */
static uint8_t next(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (uint8_t)(*seed * UINT64_C(2685821657736338717) >> 56);
}

static void no_life_breaks_a_promise(void **state)
{
	uint64_t seed = SEED;
	uint8_t events[LENGTH_MAX];

	(void)state;
	printf("seed %#llx\n", (unsigned long long)seed);
	for (unsigned i = 0; i < LIVES; i++) {
		size_t len = 1 + next(&seed) % LENGTH_MAX;

		for (size_t k = 0; k < len; k++)
			events[k] = next(&seed);
		assert_int_equal(0, LLVMFuzzerTestOneInput(events, len));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_life_breaks_a_promise),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
