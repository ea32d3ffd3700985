/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "kamailio-module/totag.h"

#define SECRET "a secret of sixteen or more"
#define CALL_ID "3848276298220188511@atlanta.example.com"

static struct secret_keys keys_of(const char *secret)
{
	struct secret_keys keys;

	assert_int_equal(secret_derive(&keys, slice_str(secret)), 0);
	return keys;
}

static const char *made(const struct secret_keys *keys, struct slice call_id,
			struct slice from_tag, uint32_t cseq)
{
	static char text[2][TOTAG_LEN + 1];
	static unsigned turn;
	char *out = text[turn++ & 1];

	totag_make(out, keys, call_id, from_tag, cseq);
	out[TOTAG_LEN] = '\0';
	return out;
}

/* Slices of exactly len bytes, so that a sanitizer sees a byte too many. */
static struct slice many(char byte, size_t len)
{
	char *text = malloc(len ? len : 1);

	assert_non_null(text);
	memset(text, byte, len);
	return slice_of(text, len);
}

static void drop(struct slice s)
{
	free((void *)(uintptr_t)s.text);
}

/* The values come from an independent SipHash and hashlib.blake2b: nodes of
 * different versions and machines must agree, so a change here means that a
 * site cannot be upgraded node by node.
 */
static void a_tag_is_the_same_on_every_node(void **state)
{
	static const struct {
		const char *what, *call_id, *from_tag;
		size_t repeat;		/* of both, when they are one byte */
		uint32_t cseq;
		const char *want;
	} rows[] = {
		{ "an ordinary call", CALL_ID, "9fxced76sl", 0, 1,
		  "a1-e05839674e122eea" },
		{ "RFC 2543 client: no From-tag", CALL_ID, "", 0, 1,
		  "a1-c1be5c97c3c8ff35" },
		{ "the largest CSeq", "x", "y", 1, UINT32_MAX,
		  "a1-220b87cc5cf5d8df" },
		{ "the longest hashed as it is", "c", "f", 341, 7,
		  "a1-8ac8c2410d312f45" },
		{ "the shortest folded", "c", "f", 342, 7,
		  "a1-1d38ae0fd856cc6b" },
	};
	const struct secret_keys fra = keys_of(SECRET), ams = keys_of(SECRET);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t n = rows[i].repeat;
		struct slice call_id = n ? many(rows[i].call_id[0], n) :
					   slice_str(rows[i].call_id);
		struct slice from = n ? many(rows[i].from_tag[0], n) :
					slice_str(rows[i].from_tag);
		const char *tag = made(&fra, call_id, from, rows[i].cseq);

		CHECK_STR(rows[i].want, tag, rows[i].what);
		CHECK(totag_is_ours(slice_str(tag), &ams, call_id, from,
				    rows[i].cseq), rows[i].what);
		if (n) {
			drop(call_id);
			drop(from);
		}
	}
}

static void a_call_id_of_any_size_has_its_own_tag(void **state)
{
	const struct secret_keys keys = keys_of(SECRET);
	char before[TOTAG_LEN + 1] = "";

	(void)state;
	for (size_t len = 0; len < 66000; len += len < 2000 ? 1 : 1000) {
		struct slice call_id = many('c', len);
		const char *tag = made(&keys, call_id, slice_str(""), 7);

		assert_string_not_equal(tag, before);
		memcpy(before, tag, sizeof(before));
		CHECK(totag_is_ours(slice_str(tag), &keys, call_id,
				    slice_str(""), 7), "long Call-ID");
		if (len == 60000)
			CHECK_STR("a1-ff80cac8be53f150", tag, "60000 bytes");
		drop(call_id);
	}
}

static void whatever_differs_makes_another_tag(void **state)
{
	static const struct {
		const char *what, *secret, *call_id, *from_tag;
		uint32_t cseq;
	} rows[] = {
		{ "secret", "a secret of sixteen or morf", CALL_ID, "f", 1 },
		{ "Call-ID", SECRET, CALL_ID "m", "f", 1 },
		{ "Call-ID is case-sensitive (RFC 3261 20.8)", SECRET,
		  "3848276298220188511@atlanta.example.coM", "f", 1 },
		{ "From-tag", SECRET, CALL_ID, "F", 1 },
		{ "no From-tag", SECRET, CALL_ID, "", 1 },
		{ "CSeq", SECRET, CALL_ID, "f", 2 },
		{ "CSeq, highest byte", SECRET, CALL_ID, "f", 0x01000001 },
		{ "a byte moved from one to the other", SECRET, CALL_ID "f",
		  "", 1 },
	};
	const struct secret_keys keys = keys_of(SECRET);
	const struct slice call_id = slice_str(CALL_ID), from = slice_str("f");
	char first[TOTAG_LEN];

	(void)state;
	totag_make(first, &keys, call_id, from, 1);
	assert_true(totag_is_ours(slice_of(first, TOTAG_LEN), &keys, call_id,
				  from, 1));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct secret_keys other = keys_of(rows[i].secret);
		struct slice tag = slice_of(first, TOTAG_LEN);

		CHECK(!totag_is_ours(tag, &other, slice_str(rows[i].call_id),
				     slice_str(rows[i].from_tag),
				     rows[i].cseq), rows[i].what);
	}
}

static void a_tag_that_is_almost_ours_is_not(void **state)
{
	const struct secret_keys keys = keys_of(SECRET);
	const struct slice call_id = slice_str(CALL_ID), none = { 0 };
	char tag[TOTAG_LEN + 1] = "";

	(void)state;
	totag_make(tag, &keys, call_id, none, 1);
	for (size_t i = 0; i < TOTAG_LEN; i++) {
		tag[i] ^= 1;
		CHECK(!totag_is_ours(slice_of(tag, TOTAG_LEN), &keys, call_id,
				     none, 1), "one bit differs");
		tag[i] ^= 1;
	}
	for (size_t len = 0; len < TOTAG_LEN; len++)
		CHECK(!totag_is_ours(slice_of(tag, len), &keys, call_id, none,
				     1), "cut short");
	tag[TOTAG_LEN] = '0';
	CHECK(!totag_is_ours(slice_of(tag, TOTAG_LEN + 1), &keys, call_id,
			     none, 1), "one longer");
	CHECK(!totag_is_ours(none, &keys, call_id, none, 1), "no tag");
	CHECK(totag_is_ours(slice_of(tag, TOTAG_LEN), &keys, call_id, none, 1),
	      "the tag itself");
}

/* The adapter asks for the site's secret and then for its previous one. */
static void a_tag_of_the_previous_secret_is_known_by_that_secret(void **state)
{
	const struct secret_keys now = keys_of("the new secret of the site");
	const struct secret_keys before = keys_of("the old secret of the site");
	const struct slice call_id = slice_str(CALL_ID), none = { 0 };
	char tag[TOTAG_LEN];

	(void)state;
	totag_make(tag, &before, call_id, none, 1);
	assert_false(totag_is_ours(slice_of(tag, TOTAG_LEN), &now, call_id,
				   none, 1));
	assert_true(totag_is_ours(slice_of(tag, TOTAG_LEN), &before, call_id,
				  none, 1));
}

/* RFC 3261 20.20, 20.39 and 25.1 */
static void the_tag_of_a_from_or_to_is_found(void **state)
{
	static const struct {
		const char *value;
		const char *want;	/* NULL: none */
	} rows[] = {
		{ "<sip:bob@b.example>;tag=a6c85cf", "a6c85cf" },
		{ "Bob <sip:bob@b.example>;tag=a6c85cf", "a6c85cf" },
		{ "sip:bob@b.example;tag=a6c85cf", "a6c85cf" },
		{ "sip:[2001:db8::1];tag=a6c85cf", "a6c85cf" },
		{ "<sip:bob@b.example> ;  tag = a6c85cf \r\n", "a6c85cf" },
		{ "<sip:bob@b.example>\r\n ;\r\n\ttag\r\n =\r\n a6c85cf", "a6c85cf" },
		{ "<sip:bob@b.example>;TAG=a6c85cf", "a6c85cf" },
		{ "<sip:bob@b.example>;a;b=c;tag=1;d", "1" },
		{ "<sip:bob@b.example>;tag=1;tag=2", "1" },
		{ "<sip:bob@b.example>;a=\";tag=x\";tag=y", "y" },
		/* to one that is empty ours is added: it must be found */
		{ "<sip:bob@b.example>;tag=;tag=y", "y" },
		{ "<sip:bob@b.example>;tag=\"x\";tag=y", "y" },
		{ "<sip:bob@b.example>;a=\"\\\";tag=x\";tag=y", "y" },
		{ "<sip:bob@b.example>;tag=-.!%*_+`'~", "-.!%*_+`'~" },
		{ "\"Bob;tag=x\" <sip:bob@b.example>;tag=y", "y" },
		{ "\"Bo\\\"b <;tag=x\" <sip:bob@b.example>;tag=y", "y" },
		{ "\"Bo<b>;tag=x\" <sip:bob@b.example>;tag=y", "y" },
		{ "\"\" <sip:bob@b.example>;tag=y", "y" },
		{ "\"\\\\\" <sip:bob@b.example>;tag=y", "y" },
		{ "<sip:bob;tag=x@b.example;tag=z>;tag=y", "y" },
		{ "<sip:bob@b.example>;tag=y,z", "y" },
		/* none */
		{ "", NULL },
		{ "<sip:bob@b.example>", NULL },
		{ "<sip:bob@b.example;tag=x>", NULL },
		{ "\"Bob;tag=x\" <sip:bob@b.example>", NULL },
		{ "\"Bob\\\";tag=x", NULL },
		{ "\"Bob ;tag=x", NULL },
		{ "<sip:bob@b.example;tag=x", NULL },
		{ "<sip:bob@b.example>;tag", NULL },
		{ "<sip:bob@b.example>;tag=", NULL },
		{ "<sip:bob@b.example>;tag= ;a", NULL },
		{ "<sip:bob@b.example>;tag=\"x\"", NULL },
		{ "<sip:bob@b.example>;atag=x", NULL },
		{ "<sip:bob@b.example>;taga=x", NULL },
		{ "<sip:bob@b.example>;a=tag=x", NULL },
		{ "<sip:bob@b.example>;a=\"b\\", NULL },
		{ ";", NULL },
		{ ";;;", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice tag, value = slice_str(rows[i].value);
		bool found = totag_find(value, &tag);

		CHECK_EQ(!!rows[i].want, found, rows[i].value);
		CHECK(slice_equal(tag, slice_str(rows[i].want ? rows[i].want :
								"")),
		      rows[i].value);
	}
}

static void a_nul_is_no_white_space(void **state)
{
	static const char value[] = "<sip:bob@b.example>;tag=\0;tag=y";
	struct slice tag;

	(void)state;
	assert_true(totag_find(slice_of(value, sizeof(value) - 1), &tag));
	assert_int_equal(tag.len, 1);
	assert_int_equal(tag.text[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_is_the_same_on_every_node),
		cmocka_unit_test(a_call_id_of_any_size_has_its_own_tag),
		cmocka_unit_test(whatever_differs_makes_another_tag),
		cmocka_unit_test(a_tag_that_is_almost_ours_is_not),
		cmocka_unit_test(
			a_tag_of_the_previous_secret_is_known_by_that_secret),
		cmocka_unit_test(the_tag_of_a_from_or_to_is_found),
		cmocka_unit_test(a_nul_is_no_white_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
