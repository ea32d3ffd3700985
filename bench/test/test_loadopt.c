/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "bench/loadopt.h"

enum { ARGS_MAX = 16 };

/* Parse; what was said goes to said, which must hold a piece of `mentions'. */
static int parse(struct loadopt *out, const char *mentions,
		 const char *const *args)
{
	const char *argv[ARGS_MAX + 1] = { "sipload" };
	char *said = NULL;
	size_t len = 0;
	FILE *err = open_memstream(&said, &len);
	int argc = 1, rc;

	assert_non_null(err);
	for (; args[argc - 1]; argc++)
		argv[argc] = args[argc - 1];

	rc = loadopt_parse(out, argc, argv, err);
	fclose(err);
	if (!strstr(said, mentions))
		fail_msg("`%s' does not mention `%s'", said, mentions);
	if (!rc)
		assert_int_equal(len, 0);
	free(said);
	return rc;
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void defaults_are_a_plain_invite_load(void **state)
{
	struct loadopt o;

	(void)state;
	assert_int_equal(parse(&o, "", ARGS("--target", "127.0.0.1:5060")), 0);
	assert_int_equal(ntohs(o.target.sin_port), 5060);
	assert_int_equal(ntohl(o.target.sin_addr.s_addr), 0x7f000001);
	assert_int_equal(o.status, 302);
	assert_int_equal(o.window, 64);
	assert_int_equal(o.sources, 1);
	assert_int_equal(o.prime.sin_family, 0);
	assert_string_equal(o.method, "INVITE");
	assert_false(o.no_body);
}

static void every_option_reaches_its_field(void **state)
{
	struct loadopt o;

	(void)state;
	assert_int_equal(parse(&o, "", ARGS("--target", "10.0.0.1:65535",
		"--sources", "1000000", "--agents", "3", "--ack",
		"--count", "5", "--prime", "10.0.0.2:1", "--contact",
		"10.0.0.2:1")), 0);
	assert_int_equal(o.sources, 1000000);
	assert_int_equal(o.agents, 3);
	assert_true(o.ack);
	assert_int_equal(o.count, 5);
	assert_int_equal(ntohs(o.prime.sin_port), 1);
	assert_string_equal(o.contact, "10.0.0.2:1");
	assert_int_equal(ntohl(o.source.s_addr), 0x7f400001);
}

static void only_an_invite_has_a_body(void **state)
{
	struct loadopt o;

	(void)state;
	assert_int_equal(parse(&o, "", ARGS("--target", "127.0.0.1:1",
					    "--method", "OPTIONS")), 0);
	assert_true(o.no_body);
}

static void nonsense_is_refused_by_name(void **state)
{
	static const struct {
		const char *mentions;
		const char *args[6];
	} cases[] = {
		{ "--target is missing", { "--ack" } },
		{ "--target", { "--target", "localhost:5060" } },
		{ "--target", { "--target", "127.0.0.1" } },
		{ "--target", { "--target", "127.0.0.1:0" } },
		{ "--target", { "--target", "127.0.0.1:65536" } },
		{ "--target", { "--target", "127.0.0.1:50x" } },
		{ "--target", { "--target", "1234567890.1234567890:5060" } },
		{ "--target wants", { "--target" } },
		{ "--nonsense", { "--nonsense" } },
		{ "nonsense", { "nonsense" } },
		{ "0 is not in 1..65536", { "--window", "0" } },
		{ "--window", { "--window", "-1" } },
		{ "--window", { "--window", "64k" } },
		{ "--window", { "--window", "" } },
		{ "--count", { "--count", "99999999999999999999999" } },
		{ "700 is not in 0..699", { "--status", "700" } },
		{ "--source", { "--source", "nowhere" } },
		{ "--user", { "--user", "a b" } },
		{ "--user", { "--user", "" } },
		{ "--domain", { "--domain", "a>b" } },
		{ "exclude", { "--target", "1.2.3.4:5", "--contact", "a",
			       "--any-contact" } },
		{ "--echo", { "--target", "1.2.3.4:5", "--echo", "--ack" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct loadopt o;

		assert_int_equal(parse(&o, cases[i].mentions, cases[i].args),
				 EINVAL);
	}
}

static void every_mistake_is_said_at_once(void **state)
{
	struct loadopt o;

	(void)state;
	assert_int_equal(parse(&o, "--window", ARGS("--window", "0",
						    "--status", "7x")), EINVAL);
	assert_int_equal(parse(&o, "--status", ARGS("--window", "0",
						    "--status", "7x")), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_a_plain_invite_load),
		cmocka_unit_test(every_option_reaches_its_field),
		cmocka_unit_test(only_an_invite_has_a_body),
		cmocka_unit_test(nonsense_is_refused_by_name),
		cmocka_unit_test(every_mistake_is_said_at_once),
	};

	return cmocka_run_group_tests_name("loadopt", tests, NULL, NULL);
}
