/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>

#include "rtp-pinner/relay/stun.h"

#define COOKIE "\x21\x12\xa4\x42"
#define ID "\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"

/* RFC 5769 2.1 */
static const char rfc5769_request[] =
	"\x00\x01\x00\x58" COOKIE ID "\x80\x22\x00\x10STUN test client"
	"\x00\x24\x00\x04\x6e\x00\x01\xff\x80\x29\x00\x08\x93\x2f\xf9\xb1\x51"
	"\x26\x3b\x36\x00\x06\x00\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20"
	"\x20\x20\x00\x08\x00\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2"
	"\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2\x80\x28\x00\x04\xe5\x7a\x3b\xcf";

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	int err;
	enum stun_class class;
	uint16_t method;
	bool use_candidate;
} rows[] = {
#define BYTES(text) (text), sizeof(text) - 1
	{ "RFC 5769 request", BYTES(rfc5769_request), 0, STUN_REQUEST,
	  STUN_BINDING, false },
	{ "no attributes", BYTES("\x00\x01\x00\x00" COOKIE ID), 0,
	  STUN_REQUEST, STUN_BINDING, false },
	{ "success", BYTES("\x01\x01\x00\x00" COOKIE ID), 0, STUN_SUCCESS,
	  STUN_BINDING, false },
	{ "error", BYTES("\x01\x11\x00\x00" COOKIE ID), 0, STUN_ERROR,
	  STUN_BINDING, false },
	{ "indication", BYTES("\x00\x11\x00\x00" COOKIE ID), 0,
	  STUN_INDICATION, STUN_BINDING, false },
	{ "all bits of a method", BYTES("\x3e\xef\x00\x00" COOKIE ID), 0,
	  STUN_REQUEST, 0xfff, false },
	{ "nominates", BYTES("\x00\x01\x00\x04" COOKIE ID "\0\x25\0\0"), 0,
	  STUN_REQUEST, STUN_BINDING, true },
	{ "nominates after a padded attribute",
	  BYTES("\x00\x01\x00\x0c" COOKIE ID "\0\6\0\1x\0\0\0\0\x25\0\0"), 0,
	  STUN_REQUEST, STUN_BINDING, true },
	{ "USE-CANDIDATE inside a value",
	  BYTES("\x00\x01\x00\x08" COOKIE ID "\0\6\0\4\0\x25\0\0"), 0,
	  STUN_REQUEST, STUN_BINDING, false },
	{ "empty", BYTES(""), EBADMSG, 0, 0, false },
	{ "short", BYTES("\x00\x01\x00\x00" COOKIE), EBADMSG, 0, 0, false },
	{ "no cookie", BYTES("\x00\x01\x00\x00\x21\x12\xa4\x43" ID), EBADMSG,
	  0, 0, false },
	{ "longer than said", BYTES("\x00\x01\x00\x00" COOKIE ID "\0\x25\0\0"),
	  EBADMSG, 0, 0, false },
	{ "shorter than said", BYTES("\x00\x01\x00\x08" COOKIE ID "\0\x25\0\0"),
	  EBADMSG, 0, 0, false },
	{ "attribute beyond the end",
	  BYTES("\x00\x01\x00\x04" COOKIE ID "\0\x25\0\1"), EBADMSG, 0, 0,
	  false },
	{ "odd length", BYTES("\x00\x01\x00\x01" COOKIE ID "\0"), EBADMSG, 0,
	  0, false },
	{ "top bits set", BYTES("\x80\x01\x00\x00" COOKIE ID), EBADMSG, 0, 0,
	  false },
};

static void messages_are_read(void **state)
{
	struct stun stun;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_EQ(rows[i].err, stun_parse(&stun,
				(const uint8_t *)rows[i].bytes, rows[i].len),
			 rows[i].name);
		if (rows[i].err)
			continue;
		CHECK_EQ(rows[i].class, stun.class, rows[i].name);
		CHECK_EQ(rows[i].method, stun.method, rows[i].name);
		CHECK_EQ(rows[i].use_candidate, stun.use_candidate,
			 rows[i].name);
		CHECK(stun.id != 0, rows[i].name);
	}
}

static void each_bit_of_the_transaction_counts(void **state)
{
	uint8_t bytes[] = "\x00\x01\x00\x00" COOKIE ID;
	struct stun first, other;

	(void)state;
	assert_int_equal(0, stun_parse(&first, bytes, STUN_HEADER_LEN));
	for (size_t bit = 64; bit < 160; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(0, stun_parse(&other, bytes, STUN_HEADER_LEN));
		assert_true(first.id != other.id);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(each_bit_of_the_transaction_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
