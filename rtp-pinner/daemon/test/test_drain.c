/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/scratch.h"

#include <errno.h>
#include "rtp-pinner/daemon/drain.h"

static char state_path[PATH_MAX];
static struct site *site;

static void say(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static int setup(void **state)
{
	if (scratch_setup(state))
		return -1;
	snprintf(state_path, sizeof(state_path), "%s/node.state", scratch_dir);
	return site_parse(&site, "site.conf", NULL,
			  slice_str("[service]\ndomain = sip.example.net\n"
				    "address = 192.0.2.53\n"
				    "secret = correct horse battery staple\n"
				    "[node a]\naddress = 127.0.53.11\n"
				    "[node b]\naddress = 127.0.53.12\n"),
			  say, NULL);
}

static int teardown(void **state)
{
	(void)state;
	site_free(site);
	return rmdir(scratch_dir);
}

static void write_state(const char *text)
{
	FILE *f = fopen(state_path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void the_node_state_drains_as_in_the_module(void **state)
{
	static const struct {
		const char *what, *text; /* NULL: no file */
		bool want;
		const char *reason;
		int err;
	} rows[] = {
		{ "no file", NULL, false, "", 0 },
		{ "up", "sip-anycast-state 1\nself a up\n", false, "", 0 },
		{ "degraded", "sip-anycast-state 1\nself a degraded\n", false,
		  "", 0 },
		{ "draining", "sip-anycast-state 1\nself a draining\n", true,
		  "node state draining", 0 },
		{ "a broken file changes nothing", "what?\n", true,
		  "node state draining", EBADMSG },
		{ "another node's file",
		  "sip-anycast-state 1\nself b draining\n", false, "", 0 },
		{ "down", "sip-anycast-state 1\nself a down\n", true,
		  "node state down", 0 },
		{ "disabled", "sip-anycast-state 1\nself a disabled\n", true,
		  "node state disabled", 0 },
		{ "stale", "sip-anycast-state 1\nself a draining\nuntil 10\n",
		  false, "", 0 },
	};
	struct drain d;

	(void)state;
	drain_init(&d, scratch_dir);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].text)
			write_state(rows[i].text);
		CHECK_EQ(rows[i].err,
			 drain_look(&d, state_path, site, &site->nodes[0],
				    100000),
			 rows[i].what);
		CHECK_EQ(rows[i].err != 0, d.broken, rows[i].what);
		CHECK_EQ(rows[i].want, drain_is_on(&d), rows[i].what);
		CHECK_STR(rows[i].reason, drain_reason(&d), rows[i].what);
	}
	assert_int_equal(unlink(state_path), 0);
}

static void the_command_outlives_the_daemon(void **state)
{
	struct drain d, next;

	(void)state;
	drain_init(&d, scratch_dir);
	assert_false(drain_is_on(&d));
	assert_int_equal(drain_set(&d, true), 0);
	assert_int_equal(drain_set(&d, true), 0);
	assert_true(drain_is_on(&d));
	assert_string_equal(drain_reason(&d), "drain command");

	drain_init(&next, scratch_dir);
	assert_true(drain_is_on(&next));
	assert_int_equal(drain_set(&next, false), 0);
	assert_int_equal(drain_set(&next, false), 0);
	assert_false(drain_is_on(&next));
	drain_init(&d, scratch_dir);
	assert_false(drain_is_on(&d));
}

static void a_word_that_cannot_be_kept_counts_all_the_same(void **state)
{
	struct drain d;

	(void)state;
	drain_init(&d, "/nowhere/at/all");
	assert_int_equal(drain_set(&d, true), ENOENT);
	assert_true(drain_is_on(&d));
	assert_int_equal(drain_set(&d, false), 0);
	assert_false(drain_is_on(&d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_node_state_drains_as_in_the_module),
		cmocka_unit_test(the_command_outlives_the_daemon),
		cmocka_unit_test(
			a_word_that_cannot_be_kept_counts_all_the_same),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
