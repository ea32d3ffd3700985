/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test_probe.c and test_peersig.c cannot say of both kinds at once. */
#include "common/test/table.h"

#include <stdio.h>

#include "common/stamp.h"

#define NOW UINT64_C(1700000000)

static const struct stamp_kind words = {
	.label = "test 1", .node = "", .time = " ", .mac = " ", .end = " ",
	.window_s = 10,
};
static const struct stamp_kind params = {
	.label = "test 1", .node = "n=", .time = ";t=", .mac = ";m=",
	.end = ";", .window_s = 10,
};
static const uint8_t key[SECRET_MAC_KEY_LEN] = { 1 };
static const uint8_t other_key[SECRET_MAC_KEY_LEN] = { 2 };
static const struct slice parts[] = { { "ab", 2 }, { "c", 1 } };
static const struct slice shifted[] = { { "a", 1 }, { "bc", 2 } };

static struct stamp made(char value[static 128], const struct stamp_kind *kind,
			 const struct stamp_seal *seal)
{
	struct stamp got = { .mac_cnt = 0 };
	size_t len = stamp_format(value, 128, kind, seal, slice_str("fra1"),
				  NOW);

	assert_int_equal(len, strlen(value));
	assert_true(stamp_parse(&got, kind, slice_of(value, len)));
	assert_memory_equal(got.node.text, "fra1", got.node.len);
	assert_int_equal(got.sent_s, NOW);
	return got;
}

static void kinds_differ_in_the_words_and_not_in_the_mac(void **state)
{
	struct stamp_seal seal = { key, NULL, parts, ARRAY_SIZE(parts) };
	char a[128], b[128], want[160];
	struct stamp got = made(a, &words, &seal);

	(void)state;
	made(b, &params, &seal);
	assert_int_equal(strlen(a), 4 + 1 + 10 + 1 + 32);
	snprintf(want, sizeof(want), "n=fra1;t=1700000000;m=%s", a + 16);
	assert_string_equal(b, want);
	assert_false(stamp_parse(&got, &words, slice_str(b)));
	assert_false(stamp_parse(&got, &params, slice_str(a)));
}

static void a_stamp_is_of_its_label_key_and_parts(void **state)
{
	struct stamp_kind renamed = words;
	struct stamp_seal seal = { key, NULL, parts, ARRAY_SIZE(parts) };
	struct stamp_seal wrong = { other_key, NULL, parts, ARRAY_SIZE(parts) };
	struct stamp_seal moved = { key, NULL, shifted, ARRAY_SIZE(shifted) };
	struct stamp_seal fewer = { key, NULL, parts, 1 };
	char value[128];
	struct stamp got = made(value, &words, &seal);

	(void)state;
	renamed.label = "test 2";
	assert_true(stamp_signed(&got, &words, &seal));
	assert_false(stamp_signed(&got, &renamed, &seal));
	assert_false(stamp_signed(&got, &words, &wrong));
	assert_false(stamp_signed(&got, &words, &moved));
	assert_false(stamp_signed(&got, &words, &fewer));
}

static void of_two_keys_on_either_side_one_in_common_is_enough(void **state)
{
	struct stamp_seal first = { key, NULL, parts, ARRAY_SIZE(parts) };
	struct stamp_seal second = { other_key, NULL, parts,
				     ARRAY_SIZE(parts) };
	struct stamp_seal both = { other_key, key, parts, ARRAY_SIZE(parts) };
	char value[128];
	struct stamp got = made(value, &params, &both);

	(void)state;
	assert_int_equal(got.mac_cnt, 2);
	assert_true(stamp_signed(&got, &params, &first));
	assert_true(stamp_signed(&got, &params, &second));
	got = made(value, &params, &first);
	assert_int_equal(got.mac_cnt, 1);
	assert_true(stamp_signed(&got, &params, &both));
	assert_false(stamp_signed(&got, &params, &second));
}

static void the_window_has_two_sides(void **state)
{
	struct stamp at = { .sent_s = NOW };
	struct stamp first = { .sent_s = 0 }, last = { .sent_s = UINT64_MAX };

	(void)state;
	assert_true(stamp_fresh(&at, &words, NOW + 10));
	assert_true(stamp_fresh(&at, &words, NOW - 10));
	assert_false(stamp_fresh(&at, &words, NOW + 11));
	assert_false(stamp_fresh(&at, &words, NOW - 11));
	assert_false(stamp_fresh(&first, &words, UINT64_MAX));
	assert_false(stamp_fresh(&last, &words, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_differ_in_the_words_and_not_in_the_mac),
		cmocka_unit_test(a_stamp_is_of_its_label_key_and_parts),
		cmocka_unit_test(
			of_two_keys_on_either_side_one_in_common_is_enough),
		cmocka_unit_test(the_window_has_two_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
