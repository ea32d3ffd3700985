/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>

#include "rtp-pinner/ng/bencode.h"
#include "rtp-pinner/ng/message.h"
#include "rtp-pinner/ng/ngjson.h"
#include "rtp-pinner/ng/test/one_dict.h"

static void a_datagram_is_cookie_space_dict(void **state)
{
	static const struct {
		const char *datagram;
		int want;
		const char *cookie, *body;
	} rows[] = {
		{ "0_594_0 d7:command4:pinge", 0, "0_594_0",
		  "d7:command4:pinge" },
		{ "c  de", 0, "c", " de" },
		{ "c ", 0, "c", "" },
		{ "nospace", EBADMSG, "", "" },
		{ " de", EBADMSG, "", "" },
		{ "", EBADMSG, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice cookie, body;

		CHECK_EQ(rows[i].want,
			 ng_message_split(&cookie, &body,
					  slice_str(rows[i].datagram)),
			 rows[i].datagram);
		if (rows[i].want)
			continue;
		CHECK(slice_equal(cookie, slice_str(rows[i].cookie)),
		      rows[i].datagram);
		CHECK(slice_equal(body, slice_str(rows[i].body)),
		      rows[i].datagram);
	}
}

static void too_long_a_cookie_is_none(void **state)
{
	char text[NG_COOKIE_MAX + 8];
	struct slice cookie, body;

	(void)state;
	memset(text, 'c', sizeof(text));
	text[NG_COOKIE_MAX] = ' ';
	assert_int_equal(ng_message_split(&cookie, &body,
					  slice_of(text, sizeof(text))),
			 0);
	text[NG_COOKIE_MAX] = 'c';
	text[NG_COOKIE_MAX + 1] = ' ';
	assert_int_equal(ng_message_split(&cookie, &body,
					  slice_of(text, sizeof(text))),
			 EBADMSG);
}

/* What is read is written again the same way, or in a normal form. */
static void a_dict_is_read_and_written(void **state)
{
	static const struct {
		const char *what, *in, *out;	/* out NULL: refused */
		const char *reason;
	} rows[] = {
		{ "empty", "de", "c de", NULL },
		{ "ping", "d7:command4:pinge", "c d7:command4:pinge", NULL },
		{ "unsorted and twice", "d1:b1:x1:a1:y1:b1:ze",
		  "c d1:b1:x1:a1:y1:b1:ze", NULL },
		{ "all types", "d1:al1:x0:i-7elee1:bd1:ci0eee",
		  "c d1:al1:x0:i-7elee1:bd1:ci0eee", NULL },
		{ "zeros before", "d01:ai007ee", "c d1:ai7ee", NULL },
		{ "more behind it", "d1:a1:bed1:x", "c d1:a1:be", NULL },
		{ "largest", "d1:ai9223372036854775807ee",
		  "c d1:ai9223372036854775807ee", NULL },
		{ "smallest we take", "d1:ai-9223372036854775807ee",
		  "c d1:ai-9223372036854775807ee", NULL },
		{ "too large", "d1:ai9223372036854775808ee", NULL, "b" },
		{ "no number", "d1:aiee", NULL, "b" },
		{ "no end", "d1:a1:b", NULL, "b" },
		{ "no value", "d1:ae", NULL, "b" },
		{ "key is no string", "di1e1:ae", NULL, "b" },
		{ "text cut", "d1:a9:bcde", NULL, "b" },
		{ "length of 20 digits", "d99999999999999999999:ae", NULL,
		  "b" },
		{ "length -1", "d1:a-1:xe", NULL, "b" },
		{ "JSON", "{\"a\":[\"x\",\"\",-7,[]],\"b\":{\"c\":0}}",
		  "c {\"a\":[\"x\",\"\",-7,[]],\"b\":{\"c\":0}}", NULL },
		{ "JSON empty", "{}", "c {}", NULL },
		{ "JSON escapes", "{\"s\\u0064p\":\"v=0\\r\\n\"}",
		  "c {\"sdp\":\"v=0\\r\\n\"}", NULL },
		{ "JSON's other types", "{\"a\":true,\"b\":false,\"c\":null,"
					"\"d\":2.9,\"e\":1e300}",
		  "c {\"a\":1,\"b\":0,\"d\":2,\"e\":0}", NULL },
		{ "JSON twice: the last", "{\"a\":1,\"a\":2}", "c {\"a\":2}",
		  NULL },
		{ "JSON and more behind it", "{\"a\":1}{", "c {\"a\":1}",
		  NULL },
		{ "JSON cut", "{\"a\":", NULL, "j" },
		{ "JSON with a NUL", "{\"a\":\"\\u0000\"}", NULL, "j" },
		{ "JSON no UTF-8", "{\"a\":\"\xff\"}", NULL, "j" },
		{ "a list", "l1:ae", NULL, "f" },
		{ "words", "hello", NULL, "f" },
		{ "nothing", "", NULL, "f" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum ng_encoding encoding;
		const char *reason;
		char out[256];
		size_t len;
		int err = ng_message_read(dict, &encoding, &reason,
					  slice_str(rows[i].in));

		if (!rows[i].out) {
			CHECK_EQ(EBADMSG, err, rows[i].what);
			CHECK_STR(rows[i].reason[0] == 'b' ?
					  "Could not decode bencode dictionary" :
				  rows[i].reason[0] == 'j' ?
					  "Failed to parse JSON document" :
					  "Invalid NG data format",
				  reason, rows[i].what);
			continue;
		}
		CHECK_EQ(0, err, rows[i].what);
		CHECK_EQ(0,
			 ng_message_write(out, sizeof(out) - 1, &len,
					  slice_str("c"), encoding, dict),
			 rows[i].what);
		out[len] = '\0';
		CHECK_STR(rows[i].out, out, rows[i].what);
	}
}

/* Depth levels of lists in the root dict: in bencode and in JSON. */
static size_t nest(char *out, size_t depth, bool json)
{
	struct slice head = slice_str(json ? "{\"a\":" : "d1:a");
	size_t len = head.len;

	memcpy(out, head.text, len);
	for (size_t i = 1; i < depth; i++)
		out[len++] = json ? '[' : 'l';
	for (size_t i = 1; i < depth; i++)
		out[len++] = json ? ']' : 'e';
	out[len++] = json ? '}' : 'e';
	return len;
}

static void depth_is_bounded(void **state)
{
	static char text[200000], out[200000];

	(void)state;
	for (int json = 0; json < 2; json++) {
		enum ng_encoding encoding;
		const char *reason;
		size_t len;

		len = nest(text, NG_DEPTH_MAX, json);
		assert_int_equal(ng_message_read(dict, &encoding, &reason,
						 slice_of(text, len)),
				 0);
		assert_int_equal(ng_message_write(out, sizeof(out), &len,
						  slice_str("c"), encoding,
						  dict),
				 0);
		assert_int_equal(ng_message_write(out, len - 1, &len,
						  slice_str("c"), encoding,
						  dict),
				 ENOBUFS);
		len = nest(text, NG_DEPTH_MAX + 1, json);
		assert_int_equal(ng_message_read(dict, &encoding, &reason,
						 slice_of(text, len)),
				 EBADMSG);
		len = nest(text, 60000, json);
		assert_int_equal(ng_message_read(dict, &encoding, &reason,
						 slice_of(text, len)),
				 EBADMSG);
	}
}

static void a_tree_of_ours_too_deep_is_not_written(void **state)
{
	char out[512];
	size_t len;
	struct ng_value *v;

	(void)state;
	ng_dict_reset(dict);
	v = ng_root(dict);
	for (int i = 0; i < NG_DEPTH_MAX; i++)
		v = ng_put_dict(dict, v, "a");
	assert_int_equal(bencode_write(out, sizeof(out), &len, ng_root(dict)),
			 ENOBUFS);
	assert_int_equal(ngjson_write(out, sizeof(out), &len, ng_root(dict)),
			 ENOBUFS);
}

static void what_is_full_stays_full_until_reset(void **state)
{
	struct ng_dict *small;
	struct ng_value *list;
	char out[64];
	size_t len;

	(void)state;
	assert_int_equal(ng_dict_new(&small, 4, 8), 0);
	list = ng_put_list(small, ng_root(small), "l");
	assert_non_null(ng_put_text(small, list, NULL, "%d", 1234567));
	assert_null(ng_put_text(small, list, NULL, "%d", 1));
	assert_false(ng_dict_ok(small));
	assert_null(ng_put_integer(small, list, NULL, 1));
	assert_int_equal(ng_message_write(out, sizeof(out), &len,
					  slice_str("c"), NG_BENCODE, small),
			 ENOBUFS);

	ng_dict_reset(small);
	assert_true(ng_dict_ok(small));
	for (int i = 0; i < 3; i++)
		assert_non_null(ng_put_integer(small, ng_root(small), "i", i));
	assert_null(ng_put_integer(small, ng_root(small), "i", 3));
	assert_false(ng_dict_ok(small));

	ng_dict_reset(small);
	assert_null(ng_put_dict(small, NULL, "a"));
	assert_false(ng_dict_ok(small));
	assert_int_equal(bencode_read(small, slice_str("d1:a1:b1:c1:d1:e1:f1:"
						       "g1:he")),
			 EBADMSG);
	assert_int_equal(ngjson_read(small, slice_str("{\"a\":\"12345678\"}")),
			 EBADMSG);
	ng_dict_free(small);
}

static void keys_are_found_tolerantly(void **state)
{
	static const struct {
		const char *key, *want;
	} rows[] = {
		{ "call-id", "last" }, { "call id", "last" },
		{ "call_id", "last" }, { "Call-ID", "last" },
		{ "callid", "" },      { "flags", "" },
	};

	(void)state;
	assert_int_equal(bencode_read(dict, slice_str("d7:call-id5:first7:CALL "
						      "ID4:last5:flagslee")),
			 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK(slice_equal(slice_str(rows[i].want),
				  ng_find_string(ng_root(dict), rows[i].key)),
		      rows[i].key);
	assert_null(ng_find(NULL, "x"));
	assert_null(ng_find(ng_root(dict)->first, "x"));
}

static void bytes_that_are_no_utf8_are_replaced_in_json(void **state)
{
	char out[64];
	size_t len;

	(void)state;
	ng_dict_reset(dict);
	ng_put(dict, ng_root(dict), "a\xe9", slice_str("caf\xe9 \xc3\xa9"));
	assert_int_equal(ngjson_write(out, sizeof(out) - 1, &len,
				      ng_root(dict)),
			 0);
	out[len] = '\0';
	assert_string_equal(out, "{\"a?\":\"caf? ??\"}");

	/* few readers of JSON take a NUL */
	ng_dict_reset(dict);
	ng_put(dict, ng_root(dict), "a", slice_of("n\0l", 3));
	assert_int_equal(ngjson_write(out, sizeof(out) - 1, &len,
				      ng_root(dict)),
			 0);
	out[len] = '\0';
	assert_string_equal(out, "{\"a\":\"n?l\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_datagram_is_cookie_space_dict),
		cmocka_unit_test(too_long_a_cookie_is_none),
		cmocka_unit_test(a_dict_is_read_and_written),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(a_tree_of_ours_too_deep_is_not_written),
		cmocka_unit_test(what_is_full_stays_full_until_reset),
		cmocka_unit_test(keys_are_found_tolerantly),
		cmocka_unit_test(bytes_that_are_no_utf8_are_replaced_in_json),
	};

	return cmocka_run_group_tests(tests, dict_setup, dict_teardown);
}
