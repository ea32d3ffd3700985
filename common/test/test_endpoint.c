/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <errno.h>

#include "common/endpoint.h"

static void endpoints_have_address_and_port(void **state)
{
	static const char *const good[] = {
		"127.0.0.1:1", "[::1]:65535", "[2001:db8::7]:2223",
		"0.0.0.0:9103",
	};
	static const char *const bad[] = {
		"", ":", ":1", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
		"127.0.0.1:65536", "127.0.0.1:x", "::1:2223", "[::1]",
		"[127.0.0.1]:1", "localhost:1", "127.0.0.1 :1",
	};
	struct endpoint e, other;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		char text[ENDPOINT_TEXT_MAX];

		CHECK_EQ(0, endpoint_parse(&e, slice_str(good[i])), good[i]);
		CHECK_EQ(strlen(good[i]), endpoint_format(text, &e), good[i]);
		CHECK_STR(good[i], text, good[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_EQ(EINVAL, endpoint_parse(&e, slice_str(bad[i])), bad[i]);

	assert_int_equal(endpoint_parse(&e, slice_str("10.0.0.1:5")), 0);
	other = e;
	assert_true(endpoint_equal(&e, &other));
	other.port = 6;
	assert_false(endpoint_equal(&e, &other));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_have_address_and_port),
	};

	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
