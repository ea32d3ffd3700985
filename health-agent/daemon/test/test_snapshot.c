/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/scratch.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "common/addr.h"
#include "common/clock.h"
#include "health-agent/daemon/snapshot.h"

#define BOOT "11111111-2222-3333-4444-555555555555"
#define OTHER_BOOT "11111111-2222-3333-4444-555555555556"

enum { NOW = 1000000 };

static const struct health_memory drained = {
	.order = HEALTH_DRAIN,
	.forced = true,
	.has_wait = true,
	.wait_ms = 3000,
	.has_deadline = true,
	.deadline_ms = 90000,
	.has_phones = true,
	.phones_ms = 80000,
	.withdrawn_ms = NOW - 57000,
	.order_ms = NOW - 60000,
	.units = {
		{ "service", ADDR_IP4, NODE_DRAINING, true, NOW - 60000, 700,
		  false, 0 },
		{ "media", ADDR_IP6, NODE_DOWN, false, NOW - 9000, 2600, true,
		  NOW - 5000 },
	},
	.unit_cnt = 2,
	.saved_ms = NOW,
};

static void assert_same(const struct health_memory *want,
			const struct health_memory *got)
{
	assert_int_equal(got->order, want->order);
	assert_int_equal(got->forced, want->forced);
	assert_int_equal(got->has_wait, want->has_wait);
	assert_int_equal(got->wait_ms, want->wait_ms);
	assert_int_equal(got->has_deadline, want->has_deadline);
	assert_int_equal(got->deadline_ms, want->deadline_ms);
	assert_int_equal(got->has_phones, want->has_phones);
	assert_int_equal(got->phones_ms, want->phones_ms);
	assert_int_equal(got->withdrawn_ms, want->withdrawn_ms);
	assert_int_equal(got->order_ms, want->order_ms);
	assert_int_equal(got->saved_ms, want->saved_ms);
	assert_int_equal(got->unit_cnt, want->unit_cnt);
	for (size_t i = 0; i < want->unit_cnt; i++) {
		assert_string_equal(got->units[i].group, want->units[i].group);
		assert_int_equal(got->units[i].family, want->units[i].family);
		assert_int_equal(got->units[i].state, want->units[i].state);
		assert_int_equal(got->units[i].announced,
				 want->units[i].announced);
		assert_int_equal(got->units[i].since_ms,
				 want->units[i].since_ms);
		assert_int_equal(got->units[i].penalty, want->units[i].penalty);
		assert_int_equal(got->units[i].suppressed,
				 want->units[i].suppressed);
		assert_int_equal(got->units[i].suppressed_ms,
				 want->units[i].suppressed_ms);
	}
}

static void all_is_remembered(void **state)
{
	uint8_t bytes[SNAPSHOT_LEN];
	struct health_memory got;
	bool fresh;

	(void)state;
	snapshot_encode(bytes, &drained, BOOT);
	assert_int_equal(snapshot_decode(&got, &fresh, bytes, sizeof(bytes),
					 BOOT, NOW + 1),
			 0);
	assert_true(fresh);
	assert_same(&drained, &got);
}

static void what_is_old_is_only_an_order(void **state)
{
	static const struct {
		const char *what, *boot;
		uint64_t now_ms;
		bool fresh, same_boot;
	} rows[] = {
		{ "at once", BOOT, NOW, true, true },
		{ "just in time", BOOT, NOW + SNAPSHOT_FRESH_MS - 1, true,
		  true },
		{ "too late", BOOT, NOW + SNAPSHOT_FRESH_MS, false, true },
		{ "after a boot", OTHER_BOOT, NOW + 1, false, false },
		{ "after a boot, sooner than before", OTHER_BOOT, 500, false,
		  false },
		{ "of the future", BOOT, NOW - 1, false, false },
		{ "of no boot we know", "", NOW, false, false },
	};
	uint8_t bytes[SNAPSHOT_LEN];

	(void)state;
	snapshot_encode(bytes, &drained, BOOT);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char boot[SNAPSHOT_BOOT_LEN] = "";
		struct health_memory got;
		bool fresh;

		memcpy(boot, rows[i].boot, strlen(rows[i].boot));
		CHECK_EQ(0, snapshot_decode(&got, &fresh, bytes, sizeof(bytes),
					    boot, rows[i].now_ms),
			 rows[i].what);
		CHECK_EQ(rows[i].fresh, fresh, rows[i].what);
		CHECK_EQ(HEALTH_DRAIN, got.order, rows[i].what);
		CHECK(got.forced && got.has_wait && got.has_deadline,
		      rows[i].what);
		CHECK_EQ(rows[i].same_boot ? drained.withdrawn_ms : 0,
			 got.withdrawn_ms, rows[i].what);
		CHECK_EQ(rows[i].fresh ? 2 : 0, got.unit_cnt, rows[i].what);
		CHECK_EQ(rows[i].fresh ? drained.order_ms : 0, got.order_ms,
			 rows[i].what);
	}
}

static void two_boots_without_an_id_are_not_the_same(void **state)
{
	char none[SNAPSHOT_BOOT_LEN] = "";
	uint8_t bytes[SNAPSHOT_LEN];
	struct health_memory got;
	bool fresh;

	(void)state;
	snapshot_encode(bytes, &drained, none);
	assert_int_equal(snapshot_decode(&got, &fresh, bytes, sizeof(bytes),
					 none, NOW),
			 0);
	assert_false(fresh);
}

static void any_damage_makes_it_no_file(void **state)
{
	uint8_t bytes[SNAPSHOT_LEN];
	struct health_memory got;
	bool fresh;

	(void)state;
	snapshot_encode(bytes, &drained, BOOT);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 0x10;
		assert_int_equal(snapshot_decode(&got, &fresh, bytes,
						 sizeof(bytes), BOOT, NOW),
				 EBADMSG);
		assert_int_equal(got.unit_cnt, 0);
		assert_int_equal(got.order, HEALTH_RESUME);
		bytes[i] ^= 0x10;
	}
	assert_int_equal(snapshot_decode(&got, &fresh, bytes,
					 sizeof(bytes) - 1, BOOT, NOW),
			 EBADMSG);
	assert_int_equal(snapshot_decode(&got, &fresh, bytes, 0, BOOT, NOW),
			 EBADMSG);
}

/* The sum is right, and what it is of cannot be. */
static void nonsense_is_no_file_though_its_sum_is_right(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} rows[] = {
		{ "an unknown version", 8, 9 },
		{ "too many units", 12, HEALTH_UNITS_MAX + 1 },
		{ "a boot id without an end", 52, 'x' },
		{ "an unknown order", 53, HEALTH_ORDERS },
		{ "neither forced nor not", 54, 2 },
		{ "neither a wait nor none", 55, 2 },
		{ "an order given after it was saved", 70, 0xff },
		{ "a wait of centuries", 79, 1 },
		{ "a unit without a name", 80, 0 },
		{ "a name with a newline", 81, '\n' },
		{ "a name without an end", 111, 'x' },
		{ "a family of its own", 112, 5 },
		{ "an unknown state", 113, NODE_STATES },
		{ "neither announced nor not", 114, 2 },
		{ "neither suppressed nor not", 115, 2 },
	};
	struct health_memory got, full = drained;
	uint8_t bytes[SNAPSHOT_LEN];
	uint64_t sum;
	bool fresh;

	(void)state;
	memset(full.units[0].group, 'x', HEALTH_NAME_MAX - 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		snapshot_encode(bytes, &full, BOOT);
		bytes[rows[i].at] = rows[i].value;
		sum = snapshot_sum(bytes);
		memcpy(bytes + SNAPSHOT_LEN - sizeof(sum), &sum, sizeof(sum));
		CHECK_EQ(EBADMSG, snapshot_decode(&got, &fresh, bytes,
						  sizeof(bytes), BOOT, NOW),
			 rows[i].what);
	}
}

static void it_is_the_old_file_or_the_new_one(void **state)
{
	uint8_t bytes[SNAPSHOT_LEN];
	struct health_memory got, other = drained;
	bool fresh;

	(void)state;
	assert_int_equal(snapshot_read(&got, &fresh, scratch_dir, BOOT, NOW),
			 ENOENT);
	for (int i = 0; i < 4; i++) {
		other.order = i & 1 ? HEALTH_DISABLE : HEALTH_RESUME;
		snapshot_encode(bytes, &other, BOOT);
		assert_int_equal(snapshot_write(scratch_dir, bytes, i > 1), 0);
		assert_int_equal(snapshot_read(&got, &fresh, scratch_dir, BOOT,
					       NOW),
				 0);
		assert_same(&other, &got);
	}
	assert_int_equal(scratch_files(0), 2);
	scratch_write("health.memory", "nonsense", 8);
	assert_int_equal(snapshot_read(&got, &fresh, scratch_dir, BOOT, NOW),
			 EBADMSG);
	scratch_write("health.memory", (char *)memset(bytes, 'x', 1024), 2048);
	assert_int_equal(snapshot_read(&got, &fresh, scratch_dir, BOOT, NOW),
			 EBADMSG);
	scratch_files(1);
	assert_int_equal(snapshot_write("/nowhere/at/all", bytes, false),
			 ENOENT);
}

static void a_folder_in_its_place_is_told_of(void **state)
{
	uint8_t bytes[SNAPSHOT_LEN];

	(void)state;
	assert_int_equal(mkdir(scratch_path("health.memory.next"), 0700), 0);
	snapshot_encode(bytes, &drained, BOOT);
	assert_int_equal(snapshot_write(scratch_dir, bytes, false), EISDIR);
	scratch_files(1);
}

static void it_is_kept_up_without_waiting(void **state)
{
	struct health_memory got, memory = drained;
	char boot[SNAPSHOT_BOOT_LEN];
	struct snapshot *s;
	uv_loop_t loop;
	bool fresh;

	(void)state;
	assert_int_equal(snapshot_boot(boot), 0);
	assert_int_equal(strlen(boot), 36);
	uv_loop_init(&loop);
	assert_int_equal(snapshot_new(&s, &loop, scratch_dir), 0);
	for (memory.order_ms = 0; memory.order_ms < 50; memory.order_ms++)
		snapshot_save(s, &memory);
	assert_int_equal(snapshot_stats(s)->written, 0);
	uv_run(&loop, UV_RUN_DEFAULT);
	/* the first, and the last of those that waited */
	assert_int_equal(snapshot_stats(s)->written, 2);
	memory.order_ms = 49;
	assert_int_equal(snapshot_read(&got, &fresh, scratch_dir, boot, NOW),
			 0);
	assert_true(fresh);
	assert_same(&memory, &got);
	snapshot_free(s);
	uv_loop_close(&loop);
	scratch_files(1);
}

static void a_failure_is_counted_and_passes(void **state)
{
	struct snapshot *s;
	uv_loop_t loop;

	(void)state;
	assert_int_equal(mkdir(scratch_path("health.memory.next"), 0700), 0);
	uv_loop_init(&loop);
	assert_int_equal(snapshot_new(&s, &loop, scratch_dir), 0);
	for (int i = 0; i < 3; i++) {
		snapshot_save(s, &drained);
		uv_run(&loop, UV_RUN_DEFAULT);
	}
	assert_int_equal(snapshot_stats(s)->failed, 3);
	assert_int_equal(snapshot_stats(s)->err, EISDIR);
	scratch_files(1);
	snapshot_save(s, &drained);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(snapshot_stats(s)->written, 1);
	assert_int_equal(snapshot_stats(s)->err, 0);
	snapshot_free(s);
	uv_loop_close(&loop);
	scratch_files(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_is_remembered),
		cmocka_unit_test(what_is_old_is_only_an_order),
		cmocka_unit_test(two_boots_without_an_id_are_not_the_same),
		cmocka_unit_test(any_damage_makes_it_no_file),
		cmocka_unit_test(nonsense_is_no_file_though_its_sum_is_right),
		cmocka_unit_test(it_is_the_old_file_or_the_new_one),
		cmocka_unit_test(a_folder_in_its_place_is_told_of),
		cmocka_unit_test(it_is_kept_up_without_waiting),
		cmocka_unit_test(a_failure_is_counted_and_passes),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
