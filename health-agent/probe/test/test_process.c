/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Process probes, on children of this program. */
#include "attempts.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health-agent/probe/prober_priv.h"
#include "health-agent/probe/process_text.h"

static char path[64];
static struct prober_conf conf = {
	.kind = PROBER_PROCESS,
	.name = "kamailio",
	.timeout_ms = 500,
};

/* ---- children ---- */

static void child_waits(void)
{
	for (;;)
		pause();
}

static pid_t child(void)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		child_waits();
	return pid;
}

/* A child with this number; -1 where that is not allowed. */
static pid_t child_numbered(pid_t want)
{
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&want,
		.set_tid_size = 1,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		child_waits();
	return pid;
}

static void reap(pid_t pid)
{
	assert_int_equal(pid, waitpid(pid, NULL, 0));
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	reap(pid);
}

static void write_text(const char *text)
{
	char new[80];
	FILE *f;

	snprintf(new, sizeof(new), "%s.new", path);
	f = fopen(new, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(0, rename(new, path));
}

static void write_pid(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d\n", pid);
	write_text(text);
}

/* ---- the probe ---- */

static void attempt(enum health_attempt want, const char *text)
{
	attempt_one();
	CHECK_STR(text, result.text, "attempt");
	CHECK_EQ(want, result.what, text);
}

__attribute__((format(printf, 1, 2))) static const char *about(const char *fmt,
							      ...)
{
	static char text[PROBER_TEXT_MAX];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return text;
}

static void nothing_in(uint64_t ms)
{
	uint64_t end_ns = uv_hrtime() + 1000000 * ms;
	unsigned before = results;

	while (uv_hrtime() < end_ns)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(before, results);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/test-process.%d", getpid());
	snprintf(conf.pid_file, sizeof(conf.pid_file), "%s", path);
	unlink(path);
	conf.grace_ms = 0;
	results = 0;
	uv_loop_init(&loop);
	return prober_new(&prober, &loop, &conf, on_result, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	prober_close(prober);
	uv_run(&loop, UV_RUN_DEFAULT);
	unlink(path);
	return uv_loop_close(&loop);
}

/* ---- stories ---- */

static void pid_files_are_read(void **state)
{
	static const struct {
		const char *text;
		int32_t want;	/* 0: it is none */
	} rows[] = {
		{ "1", 1 }, { "4711\n", 4711 }, { " 4711 \r\n", 4711 },
		{ "4194304", 4194304 }, { "00012", 12 }, { "", 0 },
		{ "\n", 0 }, { "0", 0 }, { "-1", 0 }, { "4194305", 0 },
		{ "12 13", 0 }, { "12\n13\n", 0 }, { "0x12", 0 },
		{ "twelve", 0 }, { "+12", 0 }, { "99999999999999999999", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int32_t pid = 0;

		CHECK_EQ(rows[i].want ? 0 : EBADMSG,
			 process_read_pid(&pid, slice_str(rows[i].text)),
			 rows[i].text);
		CHECK_EQ(rows[i].want, pid, rows[i].text);
	}
}

static void a_process_chooses_its_name(void **state)
{
#define NUMBERS " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18"
	static const struct {
		const char *text;
		char want;
		uint64_t start;
	} rows[] = {
		{ "7 (kamailio) S" NUMBERS " 77 20 21\n", 'S', 77 },
		{ "7 (a b) T" NUMBERS " 0 20\n", 'T', 0 },
		{ "7 (x) R 1 (y) S" NUMBERS " 78 20\n", 'S', 78 },
		{ "7 (()) Z" NUMBERS " 79", 'Z', 79 },
		{ "7 (\n) D" NUMBERS " 80\n", 'D', 80 },
		{ "", 0, 0 },
		{ ")", 0, 0 },
		{ "7 (x)", 0, 0 },
		{ "7 (x) S", 0, 0 },
		{ "7 (x) S" NUMBERS, 0, 0 },
		{ "7 (x) S" NUMBERS " x", 0, 0 },
		{ "7 (x) SS" NUMBERS " 1", 0, 0 },
		{ "7 (x)S" NUMBERS " 1", 0, 0 },
		{ "7 x S" NUMBERS " 1", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct process_stat stat;

		CHECK_EQ(rows[i].want ? 0 : EBADMSG,
			 process_read_stat(&stat, slice_str(rows[i].text)),
			 rows[i].text);
		CHECK_EQ(rows[i].want, stat.state, rows[i].text);
		CHECK_EQ(rows[i].start, stat.start, rows[i].text);
	}
}

static void the_file_must_name_a_live_process(void **state)
{
	pid_t pid = child(), other = child();
	char big[100] = { 0 };

	(void)state;
	attempt(HEALTH_BAD, about("%s is not there", path));
	write_text("");
	attempt(HEALTH_BAD, about("%s has no process number in it", path));
	write_text("4711; rm -rf /\n");
	attempt(HEALTH_BAD, about("%s has no process number in it", path));
	memset(big, '1', sizeof(big) - 1);
	write_text(big);
	attempt(HEALTH_BAD, about("%s: File too large", path));
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	write_pid(other);
	attempt(HEALTH_GOOD, about("process %d has taken over", other));
	write_text("garbage");
	attempt(HEALTH_BAD, about("%s has no process number in it", path));
	unlink(path);
	attempt(HEALTH_BAD, about("%s is not there", path));
	end(pid);
	nothing_in(20);		/* watched no longer */
	end(other);
	turn_until(results + 1);
	assert_string_equal(about("process %d of %s has died", other, path),
			    result.text);
}

static void a_death_is_told_at_once(void **state)
{
	uint64_t began_ns, us;
	pid_t pid = child();
	unsigned before;

	(void)state;
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	nothing_in(20);
	before = results;
	began_ns = uv_hrtime();
	kill(pid, SIGKILL);
	while (results == before)
		uv_run(&loop, UV_RUN_ONCE);
	us = (uv_hrtime() - began_ns) / 1000;
	assert_int_equal(HEALTH_GONE, result.what);
	assert_string_equal(about("process %d of %s has died", pid, path),
			    result.text);
	print_message("death told after %" PRIu64 " us\n", us);
	assert_true(us < 1000000);

	/* nobody has waited for it: still no process */
	attempt(HEALTH_BAD,
		about("%s is of a process %d that is gone", path, pid));
	reap(pid);
	attempt(HEALTH_BAD,
		about("%s is of a process %d that is gone", path, pid));
}

/* Ended before anybody watched, and nobody has waited for it. */
static void a_zombie_does_not_live(void **state)
{
	siginfo_t info;
	pid_t pid = child();

	(void)state;
	kill(pid, SIGKILL);
	assert_int_equal(0, waitid(P_PID, (id_t)pid, &info,
				   WEXITED | WNOWAIT));
	write_pid(pid);
	attempt(HEALTH_BAD,
		about("%s is of a process %d that is gone", path, pid));
	nothing_in(20);
	reap(pid);
}

/* The attempt and the news of the death have one result. */
static void a_death_during_an_attempt_counts_once(void **state)
{
	pid_t pid = child();
	unsigned before;

	(void)state;
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	before = results;
	end(pid);
	assert_int_equal(0, prober_attempt(prober));
	turn_until(before + 1);
	assert_int_equal(HEALTH_GONE, result.what);
	nothing_in(20);
}

static void a_number_given_to_another_is_not_believed(void **state)
{
	pid_t pid = child();

	(void)state;
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	end(pid);
	turn_until(results + 1);
	if (child_numbered(pid) != pid) {
		print_message("numbers of processes cannot be chosen here\n");
		skip();
	}
	assert_int_equal(0, kill(pid, 0));
	attempt(HEALTH_BAD,
		about("%s is of a process %d that is gone", path, pid));
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	end(pid);
	turn_until(results + 1);
	assert_int_equal(HEALTH_GONE, result.what);
}

static void a_stopped_process_is_bad(void **state)
{
	pid_t pid = child();

	(void)state;
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	attempt(HEALTH_BAD, about("process %d of %s is stopped (SIGSTOP)", pid, path));
	kill(pid, SIGCONT);
	waitpid(pid, NULL, WCONTINUED);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	end(pid);
	turn_until(results + 1);
}

static void a_successor_in_the_file_is_taken_over(void **state)
{
	pid_t pid = child(), next = child();

	(void)state;
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	write_pid(next);
	end(pid);
	nothing_in(30);
	attempt(HEALTH_GOOD, about("process %d lives", next));
	end(next);
	turn_until(results + 1);
	assert_int_equal(HEALTH_GONE, result.what);
}

static void a_successor_may_take_the_grace_time(void **state)
{
	pid_t pid = child(), next = child();

	(void)state;
	conf.grace_ms = 300;
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	end(pid);
	nothing_in(50);
	attempt(HEALTH_GOOD,
		about("process %d has died, another is waited for", pid));
	write_pid(next);
	nothing_in(400);
	attempt(HEALTH_GOOD, about("process %d lives", next));

	end(next);
	nothing_in(250);
	turn_until(results + 1);
	assert_int_equal(HEALTH_GONE, result.what);
	assert_string_equal(about("process %d of %s has died, and no other "
				  "came in 300 ms",
				  next, path),
			    result.text);
}

static void its_target_is_the_process(void **state)
{
	char text[PROBER_TEXT_MAX];
	pid_t pid = child();

	(void)state;
	prober_target(text, prober);
	assert_string_equal(about("process of %s", path), text);
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	prober_target(text, prober);
	assert_string_equal(about("process %d of %s", pid, path), text);
	end(pid);
	turn_until(results + 1);
}

/* The daemon ends, or reads its file again. */
static void it_closes_while_it_watches(void **state)
{
	pid_t pid = child();

	(void)state;
	write_pid(pid);
	attempt(HEALTH_GOOD, about("process %d lives", pid));
	prober_close(prober);
	prober = NULL;
	end(pid);
	nothing_in(20);
}

static void the_path_is_absolute(void **state)
{
	struct prober_conf wrong = conf;
	char text[PROBER_TEXT_MAX];

	(void)state;
	assert_int_equal(0, prober_check(text, &conf));
	wrong.pid_file[0] = '\0';
	assert_int_equal(EINVAL, prober_check(text, &wrong));
	assert_string_equal("pid-file must be a path that begins with /", text);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(pid_files_are_read),
		cmocka_unit_test(a_process_chooses_its_name),
		STORY(the_file_must_name_a_live_process),
		STORY(a_death_is_told_at_once),
		STORY(a_zombie_does_not_live),
		STORY(a_death_during_an_attempt_counts_once),
		STORY(a_number_given_to_another_is_not_believed),
		STORY(a_stopped_process_is_bad),
		STORY(a_successor_in_the_file_is_taken_over),
		STORY(a_successor_may_take_the_grace_time),
		STORY(its_target_is_the_process),
		STORY(it_closes_while_it_watches),
		STORY(the_path_is_absolute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
