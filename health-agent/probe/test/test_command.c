/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command probes, with small programs of the shell: the probe itself has none,
 * the test names /bin/sh as the program.
 */
#include "attempts.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptors.h"
#include "health-agent/probe/prober_priv.h"

static struct site site = { .domain = "sip.example.net" };
static struct site_node node = { .name = "fra1" };
static struct prober_conf conf;

static int set_up(void **state)
{
	(void)state;
	conf = (struct prober_conf){
		.kind = PROBER_COMMAND,
		.name = "disk",
		.timeout_ms = 2000,
		.site = &site,
		.node = &node,
		.argv = { (char *)"/bin/sh", (char *)"-c", (char *)"exit 0" },
	};
	results = 0;
	uv_loop_init(&loop);
	return prober_new(&prober, &loop, &conf, on_result, NULL);
}

/* Nothing is left of it: handles, children, descriptors. */
static int tear_down(void **state)
{
	(void)state;
	prober_close(prober);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(-1, waitpid(-1, NULL, WNOHANG));
	assert_int_equal(ECHILD, errno);
	return uv_loop_close(&loop);
}

/* Who reaps an orphan is not our affair: a zombie is dead. */
static void wait_for_death(unsigned pid)
{
	uint64_t end_ns = uv_hrtime() + UINT64_C(1000000) * LIMIT_MS;
	char path[32], state = 'R';

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	while (state != 'Z') {
		FILE *f = fopen(path, "r");

		assert_true(uv_hrtime() < end_ns);
		uv_run(&loop, UV_RUN_NOWAIT);
		if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		if (f)
			fclose(f);
	}
}

/* ---- stories ---- */

static void its_end_decides(void **state)
{
	static const struct {
		const char *script;
		enum health_attempt want;
		const char *text;
	} rows[] = {
		{ "exit 0", HEALTH_GOOD, "exit status 0" },
		{ "echo 12 GB free", HEALTH_GOOD, "12 GB free" },
		{ "echo one; echo two", HEALTH_GOOD, "one" },
		{ "printf '\\n \\n  three\\r\\nfour'", HEALTH_GOOD, "three" },
		{ "printf 'a\\tb\\033[2J\\377\\000c'", HEALTH_GOOD, "a?b?[2J?" },
		{ "echo fine >&2", HEALTH_GOOD, "fine" },
		{ "exit 3", HEALTH_BAD, "exit status 3" },
		{ "echo disk full; exit 1", HEALTH_BAD,
		  "exit status 1: disk full" },
		{ "kill -TERM $$", HEALTH_BAD,
		  "killed by signal 15 (Terminated)" },
		{ "echo oh; kill -SEGV $$", HEALTH_BAD,
		  "killed by signal 11 (Segmentation fault): oh" },
		/* more than the pipe and the text hold */
		{ "head -c 300000 /dev/zero | tr '\\0' x; exit 2", HEALTH_BAD,
		  NULL },
		/* stdin is empty, and nobody waits for it */
		{ "cat; echo end", HEALTH_GOOD, "end" },
		{ "pwd", HEALTH_GOOD, "/" },
		/* it leads a group of its own */
		{ "test $(ps -o pgid= -p $$) = $$ && echo leader", HEALTH_GOOD,
		  "leader" },
		/* that it is closed is not the end */
		{ "echo closed; exec >&- 2>&-; sleep 0.05; exit 4", HEALTH_BAD,
		  "exit status 4: closed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		conf.argv[2] = (char *)rows[i].script;
		attempt_one();
		CHECK_EQ(rows[i].want, result.what, rows[i].script);
		if (rows[i].text)
			CHECK_STR(rows[i].text, result.text, rows[i].script);
	}
}

static void its_environment_is_small(void **state)
{
	static const char *const want[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:"
		"/bin",
		"LANG=C",
		"ANYCAST_NODE=fra1",
		"ANYCAST_DOMAIN=sip.example.net",
		"ANYCAST_PROBE=disk",
		"ANYCAST_TIMEOUT_MS=2000",
		"ANYCAST_FAMILY=6",
		"ANYCAST_ADDRESS=2001:db8::1",
		"ANYCAST_PORT=5060",
	};
	char script[64];

	(void)state;
	setenv("SECRET", "of the agent's", 1);
	addr_parse(&conf.target, "2001:db8::1", 11);
	conf.port = 5060;
	conf.argv[2] = script;
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		snprintf(script, sizeof(script), "env | grep ^%.*s=",
			 (int)strcspn(want[i], "="), want[i]);
		attempt_one();
		CHECK_STR(want[i], result.text, want[i]);
	}
	/* and nothing else */
	snprintf(script, sizeof(script), "%zu", ARRAY_SIZE(want));
	conf.argv[0] = (char *)"/bin/grep";
	conf.argv[1] = (char *)"-zc";
	conf.argv[2] = (char *)"";
	conf.argv[3] = (char *)"/proc/self/environ";
	attempt_one();
	assert_string_equal(script, result.text);

	conf.target = (struct addr){ 0 };
	conf.argv[0] = (char *)"/bin/sh";
	conf.argv[1] = (char *)"-c";
	conf.argv[2] = (char *)"echo \"<$ANYCAST_FAMILY>$ANYCAST_ADDRESS\"";
	attempt_one();
	assert_string_equal("<>", result.text);
}

static void words_are_passed_as_they_are(void **state)
{
	(void)state;
	conf.argv[0] = (char *)"/bin/echo";
	conf.argv[1] = (char *)"$HOME `id`; rm *";
	conf.argv[2] = (char *)"a  b";
	attempt_one();
	assert_string_equal("$HOME `id`; rm * a  b", result.text);
}

static void what_cannot_be_run_is_bad(void **state)
{
	(void)state;
	conf.argv[0] = (char *)"/nonexistent/program";
	attempt_one();
	assert_int_equal(HEALTH_BAD, result.what);
	assert_string_equal("/nonexistent/program cannot be run: "
			    "No such file or directory",
			    result.text);
	conf.argv[0] = (char *)"/etc/passwd";
	attempt_one();
	assert_string_equal("/etc/passwd cannot be run: Permission denied",
			    result.text);
}

/* With the children it has started. */
static void it_is_killed_when_its_time_is_over(void **state)
{
	char script[160], path[64];
	unsigned pids[2];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test-command.%d", getpid());
	snprintf(script, sizeof(script),
		 "echo waiting; sleep 100 & echo $$ $! >%s; trap '' TERM; "
		 "while :; do sleep 100; done",
		 path);
	conf.argv[2] = script;
	conf.timeout_ms = 200;
	attempt_one();
	assert_int_equal(HEALTH_BAD, result.what);
	assert_string_equal("not done in 200 ms: waiting", result.text);

	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(2, fscanf(f, "%u %u", &pids[0], &pids[1]));
	fclose(f);
	unlink(path);
	wait_for_death(pids[0]);
	wait_for_death(pids[1]);
	conf.timeout_ms = 2000;
	conf.argv[2] = (char *)"echo next";
	attempt_one();
	assert_string_equal("next", result.text);
}

/* It ends well and leaves a child that holds the pipe: no waiting for it. */
static void children_it_leaves_are_killed(void **state)
{
	char script[128], path[64];
	unsigned pid;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test-command.%d", getpid());
	snprintf(script, sizeof(script), "sleep 100 & echo $! >%s; echo done",
		 path);
	conf.argv[2] = script;
	attempt_one();
	assert_int_equal(HEALTH_GOOD, result.what);
	assert_string_equal("done", result.text);
	assert_true(result.took_us < 1500000);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_int_equal(1, fscanf(f, "%u", &pid));
	fclose(f);
	unlink(path);
	wait_for_death(pid);
}

static void it_gets_no_descriptor_of_ours(void **state)
{
	(void)state;
	conf.argv[2] = (char *)"echo /proc/self/fd/*";
	attempt_one();
	/* 3 is that of the folder, which the shell itself reads */
	assert_string_equal("/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 "
			    "/proc/self/fd/3",
			    result.text);
}

static void a_hundred_leave_nothing(void **state)
{
	unsigned before;

	(void)state;
	attempt_one();
	uv_run(&loop, UV_RUN_NOWAIT);
	before = descriptors();
	for (unsigned i = 0; i < 100; i++) {
		conf.argv[2] = (char *)(i % 3 ? "exit 1" : "sleep 100");
		conf.timeout_ms = i % 3 ? 2000 : 5;
		attempt_one();
		uv_run(&loop, UV_RUN_NOWAIT);
		/* a killed one may not be waited for yet */
		if (!strcmp(result.text, "the one of an earlier attempt "
					 "cannot be killed"))
			i--;
	}
	attempt_one();
	for (unsigned i = 0; descriptors() != before && i < 1000; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(before, descriptors());
}

static void it_closes_while_one_runs(void **state)
{
	(void)state;
	conf.argv[2] = (char *)"sleep 100";
	assert_int_equal(0, prober_attempt(prober));
	uv_run(&loop, UV_RUN_NOWAIT);
	prober_close(prober);
	prober = NULL;
	assert_int_equal(0, results);
}

static void a_command_is_a_path(void **state)
{
	static char *const wrong[] = { NULL, (char *)"", (char *)"true",
				       (char *)"./true" };
	char text[PROBER_TEXT_MAX];

	(void)state;
	assert_int_equal(0, prober_check(text, &conf));
	prober_target(text, prober);
	assert_string_equal("/bin/sh -c exit 0", text);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		conf.argv[0] = wrong[i];
		assert_int_equal(EINVAL, prober_check(text, &conf));
	}
	conf.argv[0] = (char *)"/bin/true";
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STORY(its_end_decides),
		STORY(its_environment_is_small),
		STORY(words_are_passed_as_they_are),
		STORY(what_cannot_be_run_is_bad),
		STORY(it_is_killed_when_its_time_is_over),
		STORY(children_it_leaves_are_killed),
		STORY(it_gets_no_descriptor_of_ours),
		STORY(a_hundred_leave_nothing),
		STORY(it_closes_while_one_runs),
		STORY(a_command_is_a_path),
	};

	/* what this program was given itself */
	close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
