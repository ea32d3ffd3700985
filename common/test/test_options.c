/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/lines.h"
#include "common/test/scratch.h"

#include <errno.h>

#include "common/options.h"
#include "common/textfile.h"

enum { RUN, CHECK, RESERVE, HELP, SAMPLE };

static const struct options_action actions[] = {
	{ "check", CHECK, false }, { "reserve", RESERVE, false },
	{ "help", HELP, true },	   { "sample", SAMPLE, true },
};
static const struct key keys[] = { { .name = "node" }, { .name = "dscp" } };
static const struct key_table table = { keys, ARRAY_SIZE(keys) };

/* args: words with one blank between them */
static int read_words(struct options *out, const char *args, struct lines *got)
{
	static char words[256];
	char *argv[16] = { (char[]){ "p" } };
	char *rest;
	int argc = 1;

	snprintf(words, sizeof(words), "%s", args);
	for (char *w = strtok_r(words, " ", &rest); w;
	     w = strtok_r(NULL, " ", &rest)) {
		assert_in_range(argc, 1, ARRAY_SIZE(argv) - 1);
		argv[argc++] = w;
	}
	*out = (struct options){ .action = RUN };
	return options_read(out, &table, actions, ARRAY_SIZE(actions), argc,
			    argv, lines_add, got);
}

static void check_same(const char *want, const char *got, const char *what)
{
	CHECK(!want == !got, what);
	if (want)
		CHECK_STR(want, got, what);
}

static void words_become_values_and_an_action(void **state)
{
	static const struct {
		const char *args;
		const char *config, *node, *dscp;
		int action;
		bool alone;
	} rows[] = {
		{ "", NULL, NULL, NULL, RUN, false },
		{ "--node a --dscp=1", NULL, "a", "1", RUN, false },
		{ "--config=c --node=", "c", "", NULL, RUN, false },
		{ "--config --node --dscp =", "--node", NULL, "=", RUN, false },
		{ "--check", NULL, NULL, NULL, CHECK, false },
		{ "--check --reserve", NULL, NULL, NULL, RESERVE, false },
		{ "--sample --check", NULL, NULL, NULL, SAMPLE, true },
		{ "--check --help --sample", NULL, NULL, NULL, HELP, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lines got = { 0 };
		struct options o;

		CHECK_EQ(0, read_words(&o, rows[i].args, &got), rows[i].args);
		CHECK_STR("", got.text, rows[i].args);
		check_same(rows[i].config, o.config, rows[i].args);
		check_same(rows[i].node, o.values[0], rows[i].args);
		check_same(rows[i].dscp, o.values[1], rows[i].args);
		CHECK_EQ(rows[i].action, o.action, rows[i].args);
		CHECK_EQ(rows[i].alone, o.alone, rows[i].args);
	}
}

static void wrong_words_are_all_told(void **state)
{
	static const struct {
		const char *args;
		const char *want;
	} rows[] = {
		{ "x", "x: is no option; try --help\n" },
		{ "-x --", "-x: is no option; try --help\n"
			   "--: is no option; try --help\n" },
		{ "--nod a", "--nod: unknown option; did you mean --node?\n"
			     "a: is no option; try --help\n" },
		{ "--colour=1", "--colour=1: unknown option; try --help\n" },
		{ "--help=x", "--help=x: unknown option; try --help\n" },
		{ "--colour=\x1b",
		  "--colour=\\x1b: unknown option; try --help\n" },
		{ "--node", "--node: needs a value\n" },
		{ "--node a --node=b --config", "--node=b: is there twice\n"
						"--config: needs a value\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lines got = { 0 };
		struct options o;

		CHECK_EQ(EBADMSG, read_words(&o, rows[i].args, &got),
			 rows[i].args);
		CHECK_STR(rows[i].want, got.text, rows[i].args);
	}
}

static void the_named_file_or_the_default_one_is_read(void **state)
{
	char there[PATH_MAX], nowhere[PATH_MAX];
	char too_long[PATH_MAX + 80], none[PATH_MAX + 80];
	const struct {
		const char *config, *dflt, *file, *want;
	} rows[] = {
		{ there, nowhere, there, "" },
		{ NULL, there, there, "" },
		{ NULL, nowhere, "", "" },
		{ nowhere, there, "", none },
		{ there, there, "", too_long },
	};

	(void)state;
	scratch_write("there", "x", 1);
	snprintf(there, sizeof(there), "%s", scratch_path("there"));
	snprintf(nowhere, sizeof(nowhere), "%s", scratch_path("nowhere"));
	snprintf(none, sizeof(none), "%s: cannot be read: No such file or "
		 "directory\n", nowhere);
	snprintf(too_long, sizeof(too_long), "%s: cannot be read: File name "
		 "too long\n", there);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct options call = { .config = rows[i].config };
		size_t room = strlen(there) + (rows[i].want != too_long);
		struct lines got = { 0 };
		char file[PATH_MAX] = "", *text;
		size_t len;

		CHECK_EQ(0, options_read_file(&text, &len, file, room, &call,
					      rows[i].dflt, lines_add, &got),
			 rows[i].want);
		CHECK_STR(rows[i].want, got.text, rows[i].want);
		CHECK_STR(rows[i].file, file, rows[i].want);
		check_same(rows[i].file[0] ? "x" : NULL, text, rows[i].want);
		textfile_free(text, len);
	}
}

static void errors_have_their_exit_status(void **state)
{
	static const struct {
		int err, status;
	} rows[] = {
		{ 0, 0 }, { EBADMSG, 64 }, { EINVAL, 78 }, { ENOMEM, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(rows[i].status, options_status(rows[i].err));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_values_and_an_action),
		cmocka_unit_test(wrong_words_are_all_told),
		cmocka_unit_test(the_named_file_or_the_default_one_is_read),
		cmocka_unit_test(errors_have_their_exit_status),
	};

	return cmocka_run_group_tests_name("options", tests, scratch_setup,
					   scratch_teardown);
}
