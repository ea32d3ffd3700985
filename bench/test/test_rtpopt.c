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

#include "bench/rtpopt.h"

#define ARGS(...) ((const char *const[]){ "rtpload", __VA_ARGS__, NULL })

/* Parse; what was said must hold a piece of `mentions'. */
static int parse(struct rtpopt *out, const char *mentions,
		 const char *const *argv)
{
	char *said = NULL;
	size_t len = 0;
	FILE *err = open_memstream(&said, &len);
	int argc = 0, rc;

	assert_non_null(err);
	while (argv[argc])
		argc++;
	rc = rtpopt_parse(out, argc, argv, err);
	fclose(err);
	if (!strstr(said, mentions))
		fail_msg("`%s' does not mention `%s'", said, mentions);
	if (!rc)
		assert_int_equal(len, 0);
	free(said);
	return rc;
}

static void options_reach_their_fields(void **state)
{
	struct rtpopt o;

	(void)state;
	assert_int_equal(parse(&o, "", ARGS("--device", "veth0", "--ng",
		"10.199.0.1:2223", "--calls", "5000", "--first", "1000",
		"--max-rate", "400000", "--parties", "10.202.0.0", "--keep")),
		0);
	assert_string_equal(o.device, "veth0");
	assert_int_equal(ntohs(o.ng.sin_port), 2223);
	assert_int_equal(o.echo.sin_family, 0);
	assert_int_equal(o.calls, 5000);
	assert_int_equal(o.first, 1000);
	assert_int_equal(o.max_rate, 400000);
	assert_int_equal(ntohl(o.parties.s_addr), 0x0aca0000);
	assert_true(o.keep);
	assert_int_equal(o.group, 0);
}

static void what_does_not_go_together_is_said(void **state)
{
	struct rtpopt o;

	(void)state;
	assert_int_equal(parse(&o, "--device", ARGS("--ng", "1.2.3.4:5")),
			 EINVAL);
	assert_int_equal(parse(&o, "--echo", ARGS("--device", "d")), EINVAL);
	assert_int_equal(parse(&o, "--echo", ARGS("--device", "d", "--ng",
		"1.2.3.4:5", "--echo", "1.2.3.4:5")), EINVAL);
	assert_int_equal(parse(&o, "16384", ARGS("--device", "d", "--ng",
		"1.2.3.4:5", "--first", "16000", "--calls", "1000")), EINVAL);
	assert_int_equal(parse(&o, "/15", ARGS("--device", "d", "--ng",
		"1.2.3.4:5", "--parties", "10.201.0.0")), EINVAL);
	assert_int_equal(parse(&o, "--calls", ARGS("--device", "d", "--ng",
		"1.2.3.4:5", "--calls", "0")), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_reach_their_fields),
		cmocka_unit_test(what_does_not_go_together_is_said),
	};

	return cmocka_run_group_tests_name("rtpopt", tests, NULL, NULL);
}
