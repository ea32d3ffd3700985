/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include "rtp-pinner/relay/icmp.h"

/* Outer IPv4, ICMP, inner IPv4 from 192.0.2.1, UDP from 30000 (7530). */
#define OUTER4 "\x45\0\0\x38\0\0\0\0\x40\x01\0\0\xc6\x33\x64\2\xc0\0\2\1"
#define ICMP(type, code) type code "\0\0\0\0\0\0"
#define INNER4 "\x45\0\0\x20\0\0\x40\0\x40\x11\0\0\xc0\0\2\1\xc6\x33\x64\2"
#define UDP "\x75\x30\x0f\xa0\0\x0c\0\0"
#define INNER6 \
	"\x60\0\0\0\0\x0c\x11\x40" \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2"
#define INNER6_FRAGMENT(offset) \
	"\x60\0\0\0\0\x0c\x2c\x40" \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1" \
	"\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\2" \
	"\x11\0" offset "\0\0\0\1"

#define BYTES(text) text, sizeof(text) - 1

static void errors_name_the_port_they_are_about(void **state)
{
	static const struct {
		const char *name;
		bool six;
		const char *bytes;
		size_t len;
		uint16_t want;		/* 0: none */
	} rows[] = {
		{ "port unreachable", false,
		  BYTES(OUTER4 ICMP("\3", "\3") INNER4 UDP), 30000 },
		{ "host unreachable", false,
		  BYTES(OUTER4 ICMP("\3", "\1") INNER4 UDP), 30000 },
		{ "fragmentation needed", false,
		  BYTES(OUTER4 ICMP("\3", "\4") INNER4 UDP), 0 },
		{ "time exceeded", false,
		  BYTES(OUTER4 ICMP("\x0b", "\0") INNER4 UDP), 30000 },
		{ "echo reply", false,
		  BYTES(OUTER4 ICMP("\0", "\0") INNER4 UDP), 0 },
		{ "outer options", false,
		  BYTES("\x46\0\0\x3c\0\0\0\0\x40\x01\0\0\xc6\x33\x64\2\xc0\0\2"
			"\1\1\1\1\1" ICMP("\3", "\3") INNER4 UDP), 30000 },
		{ "inner options", false,
		  BYTES(OUTER4 ICMP("\3", "\3") "\x46\0\0\x20\0\0\x40\0\x40\x11"
			"\0\0\xc0\0\2\1\xc6\x33\x64\2\1\1\1\1" UDP), 30000 },
		{ "another's address", false,
		  BYTES(OUTER4 ICMP("\3", "\3")
			"\x45\0\0\x20\0\0\x40\0\x40\x11\0\0\xc0\0\2\7"
			"\xc6\x33\x64\2" UDP), 0 },
		{ "TCP", false,
		  BYTES(OUTER4 ICMP("\3", "\3")
			"\x45\0\0\x20\0\0\x40\0\x40\x06\0\0\xc0\0\2\1"
			"\xc6\x33\x64\2" UDP), 0 },
		{ "a later fragment", false,
		  BYTES(OUTER4 ICMP("\3", "\3")
			"\x45\0\0\x20\0\0\0\1\x40\x11\0\0\xc0\0\2\1"
			"\xc6\x33\x64\2" UDP), 0 },
		{ "no port", false,
		  BYTES(OUTER4 ICMP("\3", "\3") INNER4 "\x75"), 0 },
		{ "no UDP", false, BYTES(OUTER4 ICMP("\3", "\3") INNER4), 0 },
		{ "bad length", false,
		  BYTES("\x40\0\0\x38\0\0\0\0\x40\x01\0\0\xc6\x33\x64\2"), 0 },
		{ "nothing", false, "", 0, 0 },
		{ "IPv6 port unreachable", true,
		  BYTES(ICMP("\1", "\4") INNER6 UDP), 30000 },
		{ "IPv6 time exceeded", true,
		  BYTES(ICMP("\3", "\0") INNER6 UDP), 30000 },
		{ "packet too big", true,
		  BYTES(ICMP("\2", "\0") INNER6 UDP), 0 },
		{ "IPv6 first fragment", true,
		  BYTES(ICMP("\1", "\4") INNER6_FRAGMENT("\0\1") UDP), 30000 },
		{ "IPv6 later fragment", true,
		  BYTES(ICMP("\1", "\4") INNER6_FRAGMENT("\0\x09") UDP), 0 },
		{ "IPv6 short", true, BYTES(ICMP("\1", "\4") INNER6 "\x75"), 0 },
		{ "IPv6 nothing", true, "", 0, 0 },
	};
	struct addr media4, media6;

	(void)state;
	addr_parse(&media4, "192.0.2.1", 9);
	addr_parse(&media6, "2001:db8::1", 11);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint16_t port = 0;
		bool is = icmp_parse(&port, rows[i].six ? &media6 : &media4,
				     (const uint8_t *)rows[i].bytes,
				     rows[i].len);

		CHECK_EQ(rows[i].want != 0, is, rows[i].name);
		if (is)
			CHECK_EQ(rows[i].want, port, rows[i].name);
	}
}

/* Cut anywhere, it names no port or the right one. */
static void any_length_is_safe(void **state)
{
	static const char whole[] = OUTER4 ICMP("\3", "\3") INNER4 UDP;
	struct addr media4;

	(void)state;
	addr_parse(&media4, "192.0.2.1", 9);
	for (size_t len = 0; len < sizeof(whole); len++) {
		uint8_t *bytes = test_malloc(len);	/* its end is guarded */
		uint16_t port = 30000;

		memcpy(bytes, whole, len);
		CHECK_EQ(len >= sizeof(whole) - 1 - 4,
			 icmp_parse(&port, &media4, bytes, len), "cut");
		CHECK_EQ(30000, port, "cut");
		test_free(bytes);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_name_the_port_they_are_about),
		cmocka_unit_test(any_length_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
