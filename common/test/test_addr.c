/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <errno.h>

#include "common/addr.h"

static void text_is_parsed_and_printed(void **state)
{
	static const struct {
		const char *text;
		const char *want;	/* NULL: EINVAL */
	} rows[] = {
		{ "", NULL },
		{ "192.0.2.53", "192.0.2.53" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "192.0.2", NULL },
		{ "192.0.2.", NULL },
		{ "192.0.2.256", NULL },
		{ "192.0.2.053", NULL },
		{ "192.0.2.1.1", NULL },
		{ "0x7f.0.0.1", NULL },
		{ "127.1", NULL },
		{ " 192.0.2.1", NULL },
		{ "192.0.2.1 ", NULL },
		{ "-1.0.0.0", NULL },
		/* RFC 4291 2.2, RFC 5952 */
		{ "2001:db8:53::53", "2001:db8:53::53" },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
		{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
		{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
		{ "::", "::" },
		{ "::1", "::1" },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
		{ "2001:db8::192.0.2.1", "2001:db8::c000:201" },
		{ "1:2:3:4:5:6:7", NULL },
		{ "1:2:3:4:5:6:7:8:9", NULL },
		{ "1::2::3", NULL },
		{ "12345::", NULL },
		{ ":::", NULL },
		{ "fe80::1%eth0", NULL },
		{ "[::1]", NULL },
		{ "::ffff:255.255.255.2555", NULL },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
		{ "0000:0000:0000:0000:0000:0000:0000:00000000", NULL },
		/* as long as a buffer for any address, with its NUL */
		{ "0000:0000:0000:0000:0000:0000:255.255.255.2555", NULL },
		{ "sip.example.net", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;
		char out[ADDR_TEXT_MAX];
		struct addr a;
		int err = addr_parse(&a, text, strlen(text));
		size_t len = addr_format(out, &a);

		CHECK_EQ(rows[i].want ? 0 : EINVAL, err, text);
		CHECK_STR(rows[i].want ? rows[i].want : "-", out, text);
		CHECK_EQ(strlen(out), len, text);
		CHECK_EQ(!err, addr_is_set(&a), text);
	}
}

static void a_nul_ends_nothing(void **state)
{
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse(&a, "192.0.2.1\0", 10), EINVAL);
	assert_int_equal(addr_parse(&a, "::1\0", 4), EINVAL);
}

static void only_the_counted_characters_are_read(void **state)
{
	char out[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse(&a, "192.0.2.123", 9), 0);
	addr_format(out, &a);
	assert_string_equal(out, "192.0.2.1");
}

static void a_uri_host_has_brackets_around_ip6_only(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "", NULL },
		{ "[]", NULL },
		{ "[", NULL },
		{ "192.0.2.1", "192.0.2.1" },
		{ "[192.0.2.1]", NULL },
		{ "::1", NULL },
		{ "[::1]", "[::1]" },
		{ "[::1", NULL },
		{ "::1]", NULL },
		{ "[[::1]]", NULL },
		{ "[2001:DB8::1]", "[2001:db8::1]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *text = rows[i].text;
		char out[ADDR_TEXT_MAX];
		struct addr a;
		int err = addr_parse_host(&a, text, strlen(text));
		size_t len = addr_format_host(out, &a);

		CHECK_EQ(rows[i].want ? 0 : EINVAL, err, text);
		CHECK_STR(rows[i].want ? rows[i].want : "-", out, text);
		CHECK_EQ(strlen(out), len, text);
	}
}

static void the_longest_address_fits(void **state)
{
	static const char text[] = "2001:1111:2222:3333:4444:5555:6666:7777";
	char out[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
	assert_int_equal(addr_format_host(out, &a), strlen(text) + 2);
	assert_int_equal(addr_parse_host(&a, out, strlen(out)), 0);
}

static struct addr parse(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text, strlen(text)), 0);
	return a;
}

static void bytes_are_in_network_order(void **state)
{
	static const uint8_t ip4[4] = { 192, 0, 2, 53 };
	static const uint8_t ip6[16] = { 0x20, 1, 0x0d, 0xb8, [15] = 0x53 };
	struct addr a, b;

	(void)state;
	addr_from_ip4(&a, ip4);
	b = parse("192.0.2.53");
	assert_true(addr_equal(&a, &b));
	addr_from_ip6(&a, ip6);
	b = parse("2001:db8::53");
	assert_true(addr_equal(&a, &b));
}

static void equal_means_family_and_bytes(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", false },
		{ "0.0.0.0", "::", false },
		{ "2001:db8::1", "2001:0db8:0::0:1", true },
		{ "2001:db8::1", "2001:db8::2", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr a = parse(rows[i].a), b = parse(rows[i].b);

		CHECK_EQ(rows[i].equal, addr_equal(&a, &b), rows[i].b);
	}
}

static void a_mapped_address_becomes_the_ip4_it_means(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "::192.0.2.1", "::192.0.2.1" },
		{ "::fffe:c000:201", "::fffe:c000:201" },
		{ "1::ffff:192.0.2.1", "1::ffff:c000:201" },
		{ "192.0.2.1", "192.0.2.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char out[ADDR_TEXT_MAX];
		struct addr a = parse(rows[i].text);
		struct addr want = parse(rows[i].want);

		addr_unmap(&a);
		addr_format(out, &a);
		CHECK_STR(rows[i].want, out, rows[i].text);
		CHECK(addr_equal(&a, &want), rows[i].text);
	}
}

static void a_packet_can_be_sent_to_unicast_only(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
		{ "192.0.2.1", true },	{ "127.0.53.53", true },
		{ "0.0.0.0", false },	{ "255.255.255.255", false },
		{ "224.0.0.1", false },	{ "239.255.255.255", false },
		{ "223.255.255.255", true }, { "::1", true },
		{ "::", false },	{ "ff02::1", false },
		{ "2001:db8::1", true }, { "fe80::1", true },
	};
	struct addr none = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr a = parse(rows[i].text);

		CHECK_EQ(rows[i].want, addr_is_unicast(&a), rows[i].text);
	}
	assert_false(addr_is_unicast(&none));
	assert_false(addr_is_set(&none));
}

static void link_local_is_fe80_10(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} rows[] = {
		{ "fe80::1", true },	{ "febf:ffff::1", true },
		{ "fec0::1", false },	{ "2001:db8::1", false },
		{ "169.254.1.1", false },	/* one address family, one link:
						 * the routes tell it */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct addr a = parse(rows[i].text);

		CHECK_EQ(rows[i].want, addr_is_link_local(&a), rows[i].text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_parsed_and_printed),
		cmocka_unit_test(a_nul_ends_nothing),
		cmocka_unit_test(only_the_counted_characters_are_read),
		cmocka_unit_test(a_uri_host_has_brackets_around_ip6_only),
		cmocka_unit_test(the_longest_address_fits),
		cmocka_unit_test(bytes_are_in_network_order),
		cmocka_unit_test(equal_means_family_and_bytes),
		cmocka_unit_test(a_mapped_address_becomes_the_ip4_it_means),
		cmocka_unit_test(a_packet_can_be_sent_to_unicast_only),
		cmocka_unit_test(link_local_is_fe80_10),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
