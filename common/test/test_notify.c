/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/keeper.h"

#include <errno.h>
#include <stdbool.h>

#include "common/notify.h"

static int teardown(void **state)
{
	(void)state;
	notify_forget();
	close(keeper);
	return 0;
}

static void notices_reach_the_keeper(void **state)
{
	struct notify n;

	(void)state;
	notify_open(&n, NOTIFY_NONBLOCK);
	assert_int_equal(notify_send(&n, "READY=1\nSTATUS=fine", -1), 0);
	keeper_check_heard("READY=1\nSTATUS=fine", false);
	notify_close(&n);
	notify_close(&n);
	assert_int_equal(notify_send(&n, "READY=1", -1), ENOENT);
}

static void without_a_keeper_nothing_is_sent(void **state)
{
	static const char *const none[] = { "", "relative", "@", "/" };
	struct notify n;

	(void)state;
	setenv("WATCHDOG_USEC", "10000000", 1);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		setenv("NOTIFY_SOCKET", none[i], 1);
		notify_open(&n, 0);
		CHECK_EQ(ENOENT, notify_send(&n, "READY=1", -1), none[i]);
		CHECK_EQ(0, n.watchdog_ms, none[i]);
	}
	unsetenv("NOTIFY_SOCKET");
	notify_open(&n, 0);
	assert_int_equal(notify_send(&n, "READY=1", -1), ENOENT);
	assert_int_equal(n.watchdog_ms, 0);
}

static void a_keeper_that_does_not_read_holds_nobody_up(void **state)
{
	struct notify n;
	int err = 0;

	(void)state;
	notify_open(&n, NOTIFY_NONBLOCK);
	for (int i = 0; i < 100000 && !err; i++)
		err = notify_send(&n, "WATCHDOG=1", -1);
	assert_int_equal(err, EAGAIN);
	notify_close(&n);
}

static void the_watchdog_is_fed_by_whom_it_concerns(void **state)
{
	static const struct {
		const char *usec;
		bool set_pid, own_pid;
		unsigned flags;
		uint64_t want_ms;
	} rows[] = {
		{ "10000000", false, false, 0, 5000 },
		{ "10000000", true, true, 0, 5000 },
		{ "10000000", true, false, 0, 0 },
		{ "10000000", true, false, NOTIFY_ANY_PID, 5000 },
		{ "0", false, false, 0, 0 },
		{ "soon", false, false, 0, 0 },
	};
	struct notify n;
	char pid[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		setenv("WATCHDOG_USEC", rows[i].usec, 1);
		snprintf(pid, sizeof(pid), "%d",
			 rows[i].own_pid ? getpid() : getppid());
		if (rows[i].set_pid)
			setenv("WATCHDOG_PID", pid, 1);
		notify_open(&n, rows[i].flags);
		CHECK_EQ(rows[i].want_ms, n.watchdog_ms, rows[i].usec);
		notify_close(&n);
		assert_non_null(getenv("WATCHDOG_USEC"));
		notify_forget();
		assert_null(getenv("WATCHDOG_USEC"));
		setenv("NOTIFY_SOCKET", keeper_address, 1);
	}
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, keeper_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(notices_reach_the_keeper),
		EACH(without_a_keeper_nothing_is_sent),
		EACH(a_keeper_that_does_not_read_holds_nobody_up),
		EACH(the_watchdog_is_fed_by_whom_it_concerns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
