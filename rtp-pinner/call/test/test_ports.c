/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/ports.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static struct keyed keyed = { .seed = { 1, 2, 3 } };

static struct ports *ports_of(uint16_t min, uint16_t max)
{
	struct ports *p;

	assert_int_equal(ports_new(&p, min, max, 20000, &keyed), 0);
	return p;
}

static void a_range_has_the_pairs_that_lie_wholly_in_it(void **state)
{
	static const struct {
		uint16_t min;
		uint16_t max;
		int err;
		uint32_t pairs;
	} cases[] = {
		{ 30000, 30001, 0, 1 },
		{ 30000, 30009, 0, 5 },
		{ 30001, 30009, 0, 4 },
		{ 30001, 30010, 0, 4 },
		{ 30000, 30000, EINVAL, 0 },
		{ 30001, 30002, EINVAL, 0 },
		{ 30010, 30000, EINVAL, 0 },
		{ 0, 100, EINVAL, 0 },
		{ 1, 65535, 0, 32767 },
		{ 65534, 65535, 0, 1 },
		{ 65535, 65535, EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ports *p;

		assert_int_equal(ports_new(&p, cases[i].min, cases[i].max, 0,
					   &keyed),
				 cases[i].err);
		if (p)
			assert_int_equal(ports_count(p).free, cases[i].pairs);
		ports_free(p);
	}
}

static void every_pair_is_even_and_taken_once(void **state)
{
	struct ports *p = ports_of(30000, 39999);
	static uint8_t seen[65536];

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < 5000; i++) {
		uint16_t port = ports_take(p);

		assert_in_range(port, 30000, 39998);
		assert_int_equal(port % 2, 0);
		assert_int_equal(seen[port]++, 0);
	}
	assert_int_equal(ports_take(p), 0);
	assert_int_equal(ports_count(p).free, 0);
	assert_int_equal(ports_count(p).used, 5000);
	ports_free(p);
}

static void the_next_port_cannot_be_told_from_the_last(void **state)
{
	struct ports *p = ports_of(30000, 39999);
	unsigned near = 0;
	unsigned halves[2] = { 0 };
	uint16_t last = ports_take(p);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		uint16_t port = ports_take(p);

		near += port > last ? port - last <= 4 : last - port <= 4;
		halves[port >= 35000]++;
		last = port;
	}
	assert_in_range(near, 0, 15);
	assert_in_range(halves[0], 400, 600);
	ports_free(p);
}

static void the_seed_decides_the_order(void **state)
{
	struct keyed a = { .seed = { 1 } };
	struct keyed b = { .seed = { 1 } };
	struct keyed c = { .seed = { 2 } };
	struct ports *p[3];
	unsigned other = 0;

	(void)state;
	assert_int_equal(ports_new(&p[0], 30000, 39999, 0, &a), 0);
	assert_int_equal(ports_new(&p[1], 30000, 39999, 0, &b), 0);
	assert_int_equal(ports_new(&p[2], 30000, 39999, 0, &c), 0);
	for (unsigned i = 0; i < 10; i++) {
		uint16_t port = ports_take(p[0]);

		assert_int_equal(ports_take(p[1]), port);
		other += ports_take(p[2]) != port;
	}
	assert_in_range(other, 8, 10);
	for (unsigned i = 0; i < 3; i++)
		ports_free(p[i]);
}

static void a_port_rests_after_use(void **state)
{
	struct ports *p = ports_of(30000, 30001);

	(void)state;
	assert_int_equal(ports_take(p), 30000);
	assert_true(ports_give(p, 30000, 1000));
	assert_int_equal(ports_count(p).resting, 1);
	ports_tick(p, 20999);
	assert_int_equal(ports_take(p), 0);
	ports_tick(p, 21000);
	assert_int_equal(ports_take(p), 30000);
	ports_free(p);
}

static void a_port_given_twice_is_noticed_and_not_freed_twice(void **state)
{
	struct ports *p = ports_of(30000, 30009);
	uint16_t port = ports_take(p);

	(void)state;
	assert_true(ports_give(p, port, 0));
	assert_false(ports_give(p, port, 0));
	assert_false(ports_give(p, (uint16_t)(port + 1), 0));
	assert_false(ports_give(p, 29998, 0));
	assert_false(ports_give(p, 40000, 0));
	assert_int_equal(ports_count(p).double_frees, 4);
	ports_tick(p, 20000);
	assert_false(ports_give(p, port, 0));
	assert_int_equal(ports_count(p).free, 5);
	assert_int_equal(ports_count(p).resting, 0);
	ports_free(p);
}

static void a_named_pair_is_taken_only_when_it_is_free(void **state)
{
	struct ports *p = ports_of(30000, 30009);

	(void)state;
	assert_true(ports_take_this(p, 30004));
	assert_false(ports_take_this(p, 30004));
	assert_false(ports_take_this(p, 30005));
	assert_false(ports_take_this(p, 30010));
	assert_false(ports_take_this(p, 29998));
	assert_true(ports_is_used(p, 30004));
	assert_false(ports_is_used(p, 30005));
	for (unsigned i = 0; i < 4; i++)
		assert_int_not_equal(ports_take(p), 30004);
	assert_int_equal(ports_take(p), 0);
	ports_put_back(p, 30004);
	ports_put_back(p, 30004);
	assert_int_equal(ports_count(p).free, 1);
	ports_rest(p, 30005, 0);	/* names the pair by its RTCP port */
	ports_rest(p, 30006, 0);	/* in use: stays */
	assert_int_equal(ports_count(p).resting, 1);
	assert_int_equal(ports_count(p).used, 4);
	ports_free(p);
}

static void counts_hold_through_ten_thousand_random_steps(void **state)
{
	struct ports *p = ports_of(30000, 30199);
	struct keyed dice = { .seed = { 42 } };
	uint16_t held[100];
	unsigned held_cnt = 0;

	(void)state;
	for (uint64_t now = 0; now < 10000; now++) {
		struct ports_count c;
		uint64_t roll = keyed_next(&dice);

		if (roll % 2 && held_cnt) {
			unsigned at = (unsigned)(roll / 2 % held_cnt);

			assert_true(ports_give(p, held[at], 100 * now));
			held[at] = held[--held_cnt];
		} else {
			uint16_t port = ports_take(p);

			if (port)
				held[held_cnt++] = port;
		}
		ports_tick(p, 100 * now);
		c = ports_count(p);
		assert_int_equal(c.used, held_cnt);
		assert_int_equal(c.used + c.free + c.resting, 100);
	}
	assert_int_equal(ports_count(p).double_frees, 0);
	ports_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_has_the_pairs_that_lie_wholly_in_it),
		cmocka_unit_test(every_pair_is_even_and_taken_once),
		cmocka_unit_test(the_next_port_cannot_be_told_from_the_last),
		cmocka_unit_test(the_seed_decides_the_order),
		cmocka_unit_test(a_port_rests_after_use),
		cmocka_unit_test(
			a_port_given_twice_is_noticed_and_not_freed_twice),
		cmocka_unit_test(a_named_pair_is_taken_only_when_it_is_free),
		cmocka_unit_test(counts_hold_through_ten_thousand_random_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
