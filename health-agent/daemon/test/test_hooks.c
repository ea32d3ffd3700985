/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "health-agent/daemon/hooks.h"

enum { TIMEOUT = 10000, PATIENCE_MS = 20000 };

static uv_loop_t loop;

static struct hooks *start(const char *script, uint64_t timeout_ms)
{
	struct hooks *h;
	char text[1024];

	snprintf(text, sizeof(text), "#!/bin/sh\nout=%s/out\n%s\n",
		 scratch_dir, script);
	scratch_write("hook", text, strlen(text));
	assert_int_equal(chmod(scratch_path("hook"), 0755), 0);
	assert_int_equal(hooks_new(&h, &loop), 0);
	hooks_set(h, scratch_path("hook"), timeout_ms);
	return h;
}

static void stop(struct hooks *h)
{
	hooks_stop(h);
	uv_run(&loop, UV_RUN_DEFAULT);
	hooks_free(h);
	scratch_files(1);
}

static void add(struct hooks *h, const char *to)
{
	hooks_add(h, &(struct hook_event){ .what = "unit",
					   .group = "service",
					   .family = 4,
					   .from = "up",
					   .to = to,
					   .cause = "$(reboot); a \"cause\"",
					   .node = "fra1",
					   .prefixes = "192.0.2.53 192.0.2.54",
					 });
}

/* Turn the loop until so many have begun and none runs. */
static void run_until_idle(struct hooks *h)
{
	uint64_t end_ms = clock_ms() + PATIENCE_MS;

	while (uv_run(&loop, UV_RUN_NOWAIT) && clock_ms() < end_ms)
		uv_sleep(1);
	if (clock_ms() >= end_ms)
		fail_msg("gave up: %d begun", (int)hooks_stats(h)->run);
}

static const char *output(void)
{
	static char text[8192];
	FILE *f = fopen(scratch_path("out"), "r");
	size_t len = 0;

	if (f) {
		len = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[len] = '\0';
	return text;
}

/* The number that is its output; 0: none yet. */
static pid_t output_pid(void)
{
	return (pid_t)strtol(output(), NULL, 10);
}

static void it_is_told_what_happened_and_nothing_else(void **state)
{
	struct hooks *h = start("/usr/bin/env | grep -v ^PWD= | sort >$out; "
				"echo $# >>$out", TIMEOUT);

	(void)state;
	assert_int_equal(setenv("SECRET_OF_THE_AGENT", "x", 1), 0);
	add(h, "down");
	run_until_idle(h);
	assert_string_equal(
		output(),
		"ANYCAST_CAUSE=$(reboot); a \"cause\"\n"
		"ANYCAST_FAMILY=4\nANYCAST_FROM=up\nANYCAST_GROUP=service\n"
		"ANYCAST_NODE=fra1\n"
		"ANYCAST_PREFIXES=192.0.2.53 192.0.2.54\n"
		"ANYCAST_TO=down\nANYCAST_WHAT=unit\n"
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
		"/bin\n0\n");
	assert_int_equal(hooks_stats(h)->run, 1);
	assert_int_equal(hooks_stats(h)->failed, 0);
	stop(h);
}

static void it_has_none_of_our_descriptors(void **state)
{
	struct hooks *h = start("readlink /proc/$$/fd/0 >$out; "
				"ls /proc/$$/fd | grep -v 255 >>$out", TIMEOUT);
	int leaks = open("/dev/null", O_RDONLY);	/* no O_CLOEXEC */

	(void)state;
	add(h, "down");
	run_until_idle(h);
	close(leaks);
	/* 10 is the shell's own, the script */
	assert_string_equal(output(), "/dev/null\n0\n1\n10\n2\n");
	stop(h);
}

static void one_at_a_time_in_order(void **state)
{
	struct hooks *h = start("echo begin $ANYCAST_TO >>$out; "
				"/bin/sleep 0.01; "
				"echo end $ANYCAST_TO >>$out", TIMEOUT);

	(void)state;
	add(h, "1");
	add(h, "2");
	add(h, "3");
	assert_int_equal(hooks_stats(h)->run, 1);
	run_until_idle(h);
	assert_string_equal(output(), "begin 1\nend 1\nbegin 2\nend 2\n"
				      "begin 3\nend 3\n");
	stop(h);
}

static void failures_are_counted_and_the_next_runs(void **state)
{
	struct hooks *h = start("echo $ANYCAST_TO >>$out\n"
				"case $ANYCAST_TO in 1) exit 3;; "
				"2) kill -9 $$;; esac", TIMEOUT);

	(void)state;
	add(h, "1");
	add(h, "2");
	add(h, "3");
	run_until_idle(h);
	assert_string_equal(output(), "1\n2\n3\n");
	assert_int_equal(hooks_stats(h)->run, 3);
	assert_int_equal(hooks_stats(h)->failed, 2);
	assert_int_equal(hooks_stats(h)->timeouts, 0);
	hooks_set(h, "/nowhere/at/all", TIMEOUT);
	add(h, "4");
	run_until_idle(h);
	assert_int_equal(hooks_stats(h)->failed, 3);
	stop(h);
}

static void who_hangs_is_killed_with_its_children(void **state)
{
	struct hooks *h = start("/bin/sleep 1000 & echo $! >$out\n"
				"case $ANYCAST_TO in 1) wait;; esac", 300);
	uint64_t end_ms = clock_ms() + PATIENCE_MS;
	pid_t child;

	(void)state;
	add(h, "1");
	run_until_idle(h);
	assert_int_equal(hooks_stats(h)->timeouts, 1);
	assert_int_equal(hooks_stats(h)->failed, 1);
	child = output_pid();
	assert_true(child > 1);
	while (kill(child, 0) == 0 && clock_ms() < end_ms) {
		char path[64], text[256] = "";
		FILE *f;

		/* in a container nobody may reap an orphan */
		snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
		f = fopen(path, "r");
		if (!f)
			break;
		if (fgets(text, sizeof(text), f) && strstr(text, ") Z ")) {
			fclose(f);
			break;
		}
		fclose(f);
		uv_sleep(1);
	}
	assert_true(clock_ms() < end_ms);
	stop(h);
}

static void a_full_queue_loses_the_oldest(void **state)
{
	struct hooks *h = start("echo $ANYCAST_TO >>$out", TIMEOUT);
	char want[2048] = "0\n";

	(void)state;
	for (int i = 0; i < HOOKS_QUEUE_MAX + 6; i++) {
		char to[8];

		snprintf(to, sizeof(to), "%d", i);
		add(h, to);
		if (i > 5) /* 0 runs, 1 to 5 are lost */
			snprintf(want + strlen(want),
				 sizeof(want) - strlen(want), "%d\n", i);
	}
	assert_int_equal(hooks_stats(h)->dropped, 5);
	run_until_idle(h);
	assert_string_equal(output(), want);
	stop(h);
}

static void without_a_program_nothing_is_run(void **state)
{
	struct hooks *h = start("echo $ANYCAST_TO >>$out", TIMEOUT);

	(void)state;
	add(h, "1");
	add(h, "2");
	hooks_set(h, "", TIMEOUT);
	add(h, "3");
	run_until_idle(h);
	assert_int_equal(hooks_stats(h)->run, 1);
	assert_int_equal(hooks_stats(h)->dropped, 0);
	stop(h);
}

static void without_a_descriptor_it_fails_and_goes_on(void **state)
{
	struct hooks *h = start("echo $ANYCAST_TO >>$out", TIMEOUT);
	struct rlimit was, little;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	little = (struct rlimit){ 3, was.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &little), 0);
	add(h, "1");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(hooks_stats(h)->failed, 1);
	add(h, "2");
	run_until_idle(h);
	assert_int_equal(hooks_stats(h)->failed, 1);
	assert_int_equal(hooks_stats(h)->run, 1);
	stop(h);
}

static void it_can_be_stopped_while_one_runs(void **state)
{
	struct hooks *h = start("echo $$ >$out; exec /bin/sleep 1000", TIMEOUT);
	uint64_t end_ms = clock_ms() + PATIENCE_MS;

	(void)state;
	add(h, "1");
	add(h, "2");
	while (output_pid() <= 1 && clock_ms() < end_ms)
		uv_run(&loop, UV_RUN_NOWAIT);
	hooks_stop(h);
	uv_run(&loop, UV_RUN_DEFAULT);
	hooks_free(h);
	assert_int_equal(kill(output_pid(), SIGKILL), 0);
	scratch_files(1);
}

static int setup(void **state)
{
	return uv_loop_init(&loop) || scratch_setup(state);
}

static int teardown(void **state)
{
	return uv_loop_close(&loop) || scratch_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_told_what_happened_and_nothing_else),
		cmocka_unit_test(it_has_none_of_our_descriptors),
		cmocka_unit_test(one_at_a_time_in_order),
		cmocka_unit_test(failures_are_counted_and_the_next_runs),
		cmocka_unit_test(who_hangs_is_killed_with_its_children),
		cmocka_unit_test(a_full_queue_loses_the_oldest),
		cmocka_unit_test(without_a_program_nothing_is_run),
		cmocka_unit_test(without_a_descriptor_it_fails_and_goes_on),
		cmocka_unit_test(it_can_be_stopped_while_one_runs),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
