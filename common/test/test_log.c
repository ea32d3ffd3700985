/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"

static char heard[4096];

/* What log_line() writes to stderr while fn runs. */
static const char *listen_to(void (*fn)(void))
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	assert_true(saved >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	fn();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	len = read(ends[0], heard, sizeof(heard) - 1);
	close(ends[0]);
	heard[len < 0 ? 0 : len] = '\0';
	return heard;
}

static void say_all(void)
{
	log_err("site: gone node=%s", "fra1");
	log_warn("site: old age_s=%d", 3);
	log_info("site: read");
	log_debug("site: line=%u", 1u);
}

static void a_level_hides_what_is_below_it(void **state)
{
	static const char *const want[] = {
		[LOG_LEVEL_ERR] = "error: site: gone node=fra1\n",
		[LOG_LEVEL_WARN] = "error: site: gone node=fra1\n"
				   "warning: site: old age_s=3\n",
		[LOG_LEVEL_INFO] = "error: site: gone node=fra1\n"
				   "warning: site: old age_s=3\n"
				   "info: site: read\n",
		[LOG_LEVEL_DEBUG] = "error: site: gone node=fra1\n"
				    "warning: site: old age_s=3\n"
				    "info: site: read\n"
				    "debug: site: line=1\n",
	};

	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(listen_to(say_all), want[LOG_LEVEL_INFO]);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		log_set_level((enum log_level)i);
		assert_string_equal(listen_to(say_all), want[i]);
	}
}

static void systemd_gets_priorities(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_DEBUG);
	setenv("JOURNAL_STREAM", "8:1", 1);
	listen_to(say_all);
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(heard, "<3>site: gone node=fra1\n"
				   "<4>site: old age_s=3\n"
				   "<6>site: read\n"
				   "<7>site: line=1\n");
}

static void say_controls(void)
{
	log_err("sip: bad ua=%s", "x\r\n<0>site: all lost\x1b[2J\x7f");
}

static void a_line_stays_one_line(void **state)
{
	(void)state;
	assert_string_equal(listen_to(say_controls),
			    "error: sip: bad ua=x?" "?<0>site: all lost?[2J?\n");
}

static char long_text[5000];

static void say_long(void)
{
	log_err("%s", long_text);
}

static void a_long_line_is_cut_and_says_so(void **state)
{
	static const struct {
		size_t len;
		bool cut;
	} rows[] = { { 4999, true }, { 1016, true }, { 1015, false } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len;

		memset(long_text, 'x', rows[i].len);
		long_text[rows[i].len] = '\0';
		len = strlen(listen_to(say_long));
		assert_int_equal(len, 1023);
		assert_string_equal(heard + len - 4,
				    rows[i].cut ? "...\n" : "xxx\n");
	}
}

/* A reader that has stopped: the caller goes on, what is lost is told of. */
static void nobody_waits_for_a_reader(void **state)
{
	int ends[2], saved = dup(STDERR_FILENO);
	size_t len = 0, line = strlen("info: ") + strlen(long_text) + 1;
	char want[128];
	ssize_t n;

	(void)state;
	log_set_level(LOG_LEVEL_INFO);
	assert_true(saved >= 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	alarm(10);
	for (unsigned i = 0; i < 2000; i++)
		log_info("%s", long_text);
	alarm(0);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	while ((n = read(ends[0], heard, sizeof(heard))) > 0)
		len += (size_t)n;
	log_info("site: read");
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(ends[0], heard, sizeof(heard) - 1);
	close(ends[0]);
	assert_true(n > 0);
	heard[n] = '\0';
	snprintf(want, sizeof(want), "warning: log: lines lost cnt=%zu (nobody "
		 "read them)\ninfo: site: read\n", 2000 - len / line);
	/* whole lines */
	assert_int_equal(len % line, 0);
	assert_in_range(len / line, 1, 1999);
	assert_string_equal(heard, want);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_level_hides_what_is_below_it),
		cmocka_unit_test(systemd_gets_priorities),
		cmocka_unit_test(a_line_stays_one_line),
		cmocka_unit_test(a_long_line_is_cut_and_says_so),
		cmocka_unit_test(nobody_waits_for_a_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
