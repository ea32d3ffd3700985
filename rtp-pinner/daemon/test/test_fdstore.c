/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon's side against a keeper played by the test. */
#include "common/test/keeper.h"

#include <errno.h>
#include <fcntl.h>

#include "rtp-pinner/daemon/fdstore.h"

static int teardown(void **state)
{
	static const char *const all[] = {
		"NOTIFY_SOCKET", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES",
		"WATCHDOG_PID", "WATCHDOG_USEC", "FDSTORE",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		unsetenv(all[i]);
	close(keeper);
	return 0;
}

static struct fdstore *make(void)
{
	struct fdstore *fs;

	assert_int_equal(fdstore_new(&fs), 0);
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_null(getenv("LISTEN_FDS"));
	return fs;
}

static void notices_reach_the_keeper(void **state)
{
	struct fdstore *fs = make();

	(void)state;
	assert_true(fdstore_has_keeper(fs));
	assert_int_equal(fdstore_watchdog_ms(fs), 0);
	assert_int_equal(fdstore_notify(fs, "READY=1\nSTATUS=relaying"), 0);
	keeper_check_heard("READY=1\nSTATUS=relaying", false);
	keeper_check_heard("", false);
	fdstore_free(fs);
}

static void a_descriptor_is_kept_once(void **state)
{
	struct fdstore *fs = make();
	int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(fdstore_keep(fs, "sink", a), 0);
	keeper_check_heard("FDSTORE=1\nFDNAME=sink\nFDPOLL=0", true);
	assert_int_equal(fdstore_keep(fs, "sink", a), 0);
	keeper_check_heard("", false);
	/* another one in its place, though it has its number */
	close(a);
	assert_int_equal(open("/dev/null", O_RDONLY), a);
	assert_int_equal(fdstore_keep(fs, "sink", a), 0);
	keeper_check_heard("FDSTOREREMOVE=1\nFDNAME=sink", false);
	keeper_check_heard("FDSTORE=1\nFDNAME=sink\nFDPOLL=0", true);
	assert_int_equal(fdstore_keep(fs, "other", b), 0);
	keeper_check_heard("FDSTORE=1\nFDNAME=other\nFDPOLL=0", true);
	fdstore_drop(fs, "other");
	keeper_check_heard("FDSTOREREMOVE=1\nFDNAME=other", false);
	/* what is kept here was not handed over */
	assert_int_equal(fdstore_take(fs, "sink"), -1);
	assert_int_equal(fdstore_drop_rest(fs), 0);
	fdstore_free(fs);
	close(a);
	close(b);
}

static void names_are_plain(void **state)
{
	static const char *const bad[] = {
		"", "a:b", "a b", "a\nFDSTOREREMOVE=1",
		"a234567890123456789012345678901234567890123456789012345678901"
		"23456",
	};
	struct fdstore *fs = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(EINVAL, fdstore_keep(fs, bad[i], 0), bad[i]);
		fdstore_drop(fs, bad[i]);
	}
	assert_int_equal(fdstore_keep(fs, "a", -1), EINVAL);
	keeper_check_heard("", false);
	fdstore_free(fs);
}

/* Put copies of fd at 3.. and say so; the test's own are above. */
static void hand_over(const char *names, int cnt, int pid, int fd)
{
	char text[32];

	for (int i = 0; i < cnt; i++)
		assert_int_equal(dup2(fd, 3 + i), 3 + i);
	snprintf(text, sizeof(text), "%d", cnt);
	setenv("LISTEN_FDS", text, 1);
	snprintf(text, sizeof(text), "%d", pid);
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDNAMES", names, 1);
}

static int high_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 100);

	close(fd);
	return high;
}

static void handed_over_ones_are_taken_by_name(void **state)
{
	int moved = fcntl(keeper, F_DUPFD_CLOEXEC, 120), fd, a;
	struct fdstore *fs;

	(void)state;
	close(keeper);
	keeper = moved;
	fd = high_fd();
	hand_over("steer-map:media-rx-0:old", 3, getpid(), fd);
	fs = make();
	a = fdstore_take(fs, "media-rx-0");
	assert_true(a >= 0);
	assert_true(fcntl(a, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fdstore_take(fs, "media-rx-0"), -1);
	assert_int_equal(fdstore_take(fs, "nothing"), -1);
	/* the keeper has it already */
	assert_int_equal(fdstore_keep(fs, "media-rx-0", a), 0);
	keeper_check_heard("", false);
	close(a);
	assert_int_equal(fdstore_drop_rest(fs), 2);
	keeper_check_heard("FDSTOREREMOVE=1\nFDNAME=old", false);
	keeper_check_heard("FDSTOREREMOVE=1\nFDNAME=steer-map", false);
	keeper_check_heard("", false);
	/* the place of the one that was taken is ours until the end */
	assert_int_equal(fcntl(3, F_GETFD), -1);
	assert_int_equal(fcntl(4, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(5, F_GETFD), -1);
	fdstore_free(fs);
	assert_int_equal(fcntl(4, F_GETFD), -1);
	close(fd);
}

static void those_of_another_process_are_not_ours(void **state)
{
	int fd = high_fd();
	struct fdstore *fs;

	(void)state;
	setenv("LISTEN_FDS", "1", 1);
	setenv("LISTEN_FDNAMES", "x", 1);
	setenv("LISTEN_PID", "1", 1);
	fs = make();
	assert_int_equal(fdstore_take(fs, "x"), -1);
	fdstore_free(fs);
	close(fd);
}

static void without_a_keeper_nothing_is_kept(void **state)
{
	struct fdstore *fs;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	fs = make();
	assert_false(fdstore_has_keeper(fs));
	assert_null(fdstore_keeper(fs)->keep);
	assert_int_equal(fdstore_keep(fs, "a", 0), ENOENT);
	assert_int_equal(fdstore_notify(fs, "READY=1"), ENOENT);
	fdstore_drop(fs, "a");
	fdstore_free(fs);
	fdstore_free(NULL);

	setenv("NOTIFY_SOCKET", "relative", 1);
	fs = make();
	assert_false(fdstore_has_keeper(fs));
	fdstore_free(fs);

	setenv("NOTIFY_SOCKET", keeper_address, 1);
	setenv("FDSTORE", "0", 1);
	fs = make();
	assert_false(fdstore_has_keeper(fs));
	assert_int_equal(fdstore_notify(fs, "READY=1"), 0);
	fdstore_free(fs);
}

static void the_watchdog_is_fed_twice_as_often(void **state)
{
	static const struct {
		const char *usec;
		const char *pid;	/* NULL: ours */
		uint64_t want_ms;
	} rows[] = {
		{ "10000000", NULL, 5000 }, { "10000000", "1", 0 },
		{ "x", NULL, 0 },	    { "0", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char pid[32];
		struct fdstore *fs;

		snprintf(pid, sizeof(pid), "%d", (int)getpid());
		setenv("WATCHDOG_USEC", rows[i].usec, 1);
		setenv("WATCHDOG_PID", rows[i].pid ? rows[i].pid : pid, 1);
		fs = make();
		CHECK_EQ(rows[i].want_ms, fdstore_watchdog_ms(fs),
			 rows[i].usec);
		fdstore_free(fs);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, keeper_setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(notices_reach_the_keeper),
		TEST(a_descriptor_is_kept_once),
		TEST(names_are_plain),
		TEST(handed_over_ones_are_taken_by_name),
		TEST(those_of_another_process_are_not_ours),
		TEST(without_a_keeper_nothing_is_kept),
		TEST(the_watchdog_is_fed_twice_as_often),
	};

	return cmocka_run_group_tests_name("fdstore", tests, NULL, NULL);
}
