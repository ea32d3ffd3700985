/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <errno.h>

#include "common/prefix.h"

static void text_is_parsed_and_printed(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *want;
	} rows[] = {
		{ "192.0.2.1", 0, "192.0.2.1" },
		{ "192.0.2.1/32", 0, "192.0.2.1" },
		{ "192.0.2.0/24", 0, "192.0.2.0/24" },
		{ "192.0.2.128/25", 0, "192.0.2.128/25" },
		{ "0.0.0.0/0", 0, "0.0.0.0/0" },
		{ "2001:db8::/32", 0, "2001:db8::/32" },
		{ "2001:db8::1", 0, "2001:db8::1" },
		{ "::/0", 0, "::/0" },
		{ "192.0.2.1/24", ERANGE, "192.0.2.0/24" },
		{ "192.0.2.255/31", ERANGE, "192.0.2.254/31" },
		{ "2001:db8::1/127", ERANGE, "2001:db8::/127" },
		{ "", EINVAL, "-" },
		{ "/", EINVAL, "-" },
		{ "192.0.2.0/", EINVAL, "-" },
		{ "192.0.2.0/33", EINVAL, "-" },
		{ "192.0.2.0/24/24", EINVAL, "-" },
		{ "192.0.2.0/-1", EINVAL, "-" },
		{ "192.0.2.0 /24", EINVAL, "-" },
		{ "2001:db8::/129", EINVAL, "-" },
		{ "[2001:db8::]/32", EINVAL, "-" },
		{ "sip.example.net/24", EINVAL, "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[PREFIX_TEXT_MAX];
		struct prefix p;

		CHECK_EQ(rows[i].err, prefix_parse(&p, slice_str(rows[i].text)),
			 rows[i].text);
		CHECK_EQ(strlen(rows[i].want), prefix_format(text, &p),
			 rows[i].text);
		CHECK_STR(rows[i].want, text, rows[i].text);
	}
}

static void a_prefix_has_what_is_in_it(void **state)
{
	static const struct {
		const char *prefix;
		const char *addr;
		bool want;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0", true },
		{ "192.0.2.0/24", "192.0.2.255", true },
		{ "192.0.2.0/24", "192.0.3.0", false },
		{ "192.0.2.128/25", "192.0.2.127", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.0", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "192.0.2.1", false },
		{ "::/0", "2001:db8::1", true },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "0.0.0.0/0", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct prefix p;
		struct addr a;

		CHECK_EQ(0, prefix_parse(&p, slice_str(rows[i].prefix)),
			 rows[i].prefix);
		(void)addr_parse(&a, rows[i].addr, strlen(rows[i].addr));
		CHECK_EQ(rows[i].want, prefix_has(&p, &a), rows[i].addr);
	}
}

static void full_length_is_one_address(void **state)
{
	struct prefix p, same;
	struct addr a;

	(void)state;
	assert_int_equal(0, addr_parse(&a, "2001:db8::1", 11));
	p = prefix_of(&a);
	assert_int_equal(128, p.len);
	assert_int_equal(0, prefix_parse(&same, slice_str("2001:db8::1/128")));
	assert_true(prefix_equal(&p, &same));
	same.len = 127;
	assert_false(prefix_equal(&p, &same));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_parsed_and_printed),
		cmocka_unit_test(a_prefix_has_what_is_in_it),
		cmocka_unit_test(full_length_is_one_address),
	};

	return cmocka_run_group_tests_name("prefix", tests, NULL, NULL);
}
