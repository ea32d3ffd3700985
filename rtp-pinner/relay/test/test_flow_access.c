/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <pthread.h>
#include <stdatomic.h>

#include "rtp-pinner/relay/flow_access.h"

enum {
	WRITES = 20000,
};

/* A conf of one number throughout. */
static struct flow_conf conf_of(uint8_t n)
{
	struct flow_conf c;

	memset(&c, n, sizeof(c));
	c.gate_cnt = FLOW_GATE_MAX;
	return c;
}

static void a_copy_is_what_was_written(void **state)
{
	struct flow_row row = { 0 };
	struct flow_conf want = conf_of(7), got;

	(void)state;
	assert_true(flow_conf_read(&got, &row));
	assert_int_equal(0, got.active);

	flow_conf_write(&row, &want);
	assert_true(flow_conf_read(&got, &row));
	want.seq = got.seq;
	assert_memory_equal(&want, &got, sizeof(want));
	assert_true(flow_conf_read_head(&got, &row));
	assert_memory_equal(&want, &got, offsetof(struct flow_conf, gate));
}

static void only_the_entries_in_use_are_copied(void **state)
{
	struct flow_row row = { 0 };
	struct flow_conf c = conf_of(7), got;

	(void)state;
	for (uint8_t cnt = 0; cnt <= FLOW_GATE_MAX; cnt++) {
		c.gate_cnt = cnt;
		flow_conf_write(&row, &c);
		memset(&got, 0, sizeof(got));
		assert_true(flow_conf_read(&got, &row));
		assert_memory_equal(c.gate, got.gate, cnt * sizeof(c.gate[0]));
	}
	/* A damaged count reads no further than the gate. */
	c.gate_cnt = 255;
	flow_conf_write(&row, &c);
	assert_true(flow_conf_read(&got, &row));
}

static void a_write_that_never_ended_is_seen_and_made_good(void **state)
{
	struct flow_row row = { 0 };
	struct flow_conf c = conf_of(7), got;

	(void)state;
	flow_conf_write(&row, &c);
	row.conf.seq++;
	assert_false(flow_conf_read(&got, &row));
	assert_false(flow_conf_read_head(&got, &row));
	flow_conf_write(&row, &c);
	assert_true(flow_conf_read(&got, &row));
	assert_int_equal(0, got.seq & 1);
}

static _Atomic bool over;

static void *write_again_and_again(void *arg)
{
	for (int i = 0; i < WRITES; i++) {
		struct flow_conf c = conf_of((uint8_t)i);

		flow_conf_write(arg, &c);
	}
	over = true;
	return NULL;
}

static void a_copy_is_never_of_two_writes(void **state)
{
	struct flow_row row = { 0 };
	struct flow_conf want = conf_of(0), got;
	pthread_t writer;

	(void)state;
	flow_conf_write(&row, &want);
	assert_int_equal(0, pthread_create(&writer, NULL,
					   write_again_and_again, &row));
	while (!over) {
		if (!flow_conf_read(&got, &row))
			continue;
		want = conf_of(got.active);
		want.seq = got.seq;
		assert_memory_equal(&want, &got, sizeof(want));
	}
	assert_int_equal(0, pthread_join(writer, NULL));
}

static void state_of_an_older_opening_is_none(void **state)
{
	struct flow_row row = { .state = { .generation = 3, .packets_in = 9 } };
	struct flow_conf c = { .generation = 3 };
	struct flow_state got;

	(void)state;
	flow_conf_write(&row, &c);
	flow_state_read(&got, &row);
	assert_memory_equal(&row.state, &got, sizeof(got));
	c.generation = 4;
	flow_conf_write(&row, &c);
	flow_state_read(&got, &row);
	assert_int_equal(0, got.packets_in);
	assert_int_equal(0, got.generation);
}

static void each_drop_has_a_name_and_a_sentence(void **state)
{
	(void)state;
	for (int i = 0; i < FLOW_DROPS; i++) {
		const char *help = flow_drop_help((enum flow_drop)i);

		assert_non_null(flow_drop_name((enum flow_drop)i));
		assert_non_null(help);
		assert_int_equal('.', help[strlen(help) - 1]);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
				flow_drop_name((enum flow_drop)k),
				flow_drop_name((enum flow_drop)i));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_what_was_written),
		cmocka_unit_test(only_the_entries_in_use_are_copied),
		cmocka_unit_test(a_write_that_never_ended_is_seen_and_made_good),
		cmocka_unit_test(a_copy_is_never_of_two_writes),
		cmocka_unit_test(state_of_an_older_opening_is_none),
		cmocka_unit_test(each_drop_has_a_name_and_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
