/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/probe.h"

/* The MAC comes from Python's hashlib.blake2b: agents and modules of different
 * versions must agree.
 */
#define MAC "0747ecc0816dd6e0cd7e40265aa5ef50"
#define GOOD "fra1 1700000000 " MAC
#define WRONG "1747ecc0816dd6e0cd7e40265aa5ef50"
#define CALL_ID "abc@192.0.2.1"
#define NOW UINT64_C(1700000000)

static struct site site;

static int derive(void **state)
{
	(void)state;
	return secret_derive(&site.keys,
			     slice_str("correct horse battery staple"));
}

static void the_value_is_node_time_mac(void **state)
{
	char value[PROBE_VALUE_MAX];
	size_t len = probe_format(value, &site, slice_str("fra1"),
				  slice_str(CALL_ID), NOW);

	(void)state;
	assert_string_equal(value, GOOD);
	assert_int_equal(len, strlen(GOOD));
}

static void the_longest_value_fits(void **state)
{
	struct slice node = slice_str("a23456789012345678901234567890b");
	char value[PROBE_VALUE_MAX];
	struct site two = { .keys = site.keys, .has_previous = true };
	size_t len = probe_format(value, &two, node, (struct slice){ 0 },
				  UINT64_MAX);

	(void)state;
	assert_int_equal(len, 31 + 1 + 20 + 1 + 32 + 1 + 32);
	assert_int_equal(strlen(value), len);
	assert_int_equal(probe_check(slice_str(value), &two, node,
				     (struct slice){ 0 }, UINT64_MAX),
			 PROBE_VALID);
}

static void no_value_for_what_is_no_node_name(void **state)
{
	static const char *const names[] = {
		"", "-", "Fra1", "fra 1", "fra1\r\nX: y",
		"a234567890123456789012345678901b",
	};
	char value[PROBE_VALUE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		memset(value, 'x', sizeof(value));
		CHECK_EQ(0, probe_format(value, &site, slice_str(names[i]),
					 slice_str("c"), NOW), names[i]);
		CHECK_STR("", value, names[i]);
	}
}

struct row {
	const char *what, *value, *node, *call_id;
	uint64_t now;
	enum probe_verdict want;
};

static void check(const struct row *row)
{
	CHECK_EQ(row->want,
		 probe_check(slice_str(row->value), &site,
			     slice_str(row->node), slice_str(row->call_id),
			     row->now),
		 row->what);
}

static void only_our_own_fresh_probe_is_valid(void **state)
{
	static const struct row rows[] = {
		{ "as sent", GOOD, "fra1", CALL_ID, NOW, PROBE_VALID },
		{ "blanks around", " " GOOD "\t", "fra1", CALL_ID, NOW,
		  PROBE_VALID },
		{ "time with zeros: the number counts",
		  "fra1 01700000000 " MAC, "fra1", CALL_ID, NOW, PROBE_VALID },
		{ "our clock at the window's end", GOOD, "fra1", CALL_ID,
		  NOW + PROBE_WINDOW_S, PROBE_VALID },
		{ "our clock behind", GOOD, "fra1", CALL_ID,
		  NOW - PROBE_WINDOW_S, PROBE_VALID },
		{ "too old", GOOD, "fra1", CALL_ID, NOW + PROBE_WINDOW_S + 1,
		  PROBE_STALE },
		{ "too early", GOOD, "fra1", CALL_ID,
		  NOW - PROBE_WINDOW_S - 1, PROBE_STALE },
		{ "clock at 0", GOOD, "fra1", CALL_ID, 0, PROBE_STALE },
		{ "of another node", GOOD, "ams1", CALL_ID, NOW,
		  PROBE_OTHER_NODE },
		{ "replayed with another Call-ID", GOOD, "fra1", "abc", NOW,
		  PROBE_FORGED },
		{ "replayed without Call-ID", GOOD, "fra1", "", NOW,
		  PROBE_FORGED },
		{ "time moved", "fra1 1700000001 " MAC, "fra1", CALL_ID, NOW,
		  PROBE_FORGED },
		{ "node changed", "ams1 1700000000 " MAC, "ams1", CALL_ID, NOW,
		  PROBE_FORGED },
		{ "first digit changed",
		  "fra1 1700000000 1747ecc0816dd6e0cd7e40265aa5ef50", "fra1",
		  CALL_ID, NOW, PROBE_FORGED },
		{ "last digit changed",
		  "fra1 1700000000 0747ecc0816dd6e0cd7e40265aa5ef51", "fra1",
		  CALL_ID, NOW, PROBE_FORGED },
		{ "two MACs, one ours", GOOD " " WRONG, "fra1", CALL_ID, NOW,
		  PROBE_VALID },
		{ "two MACs, the other ours", "fra1 1700000000 " WRONG " " MAC,
		  "fra1", CALL_ID, NOW, PROBE_VALID },
		{ "two MACs, none ours",
		  "fra1 1700000000 " WRONG " " WRONG, "fra1", CALL_ID, NOW,
		  PROBE_FORGED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

static void what_is_no_probe_is_malformed(void **state)
{
	static const struct row rows[] = {
		{ "upper-case hex",
		  "fra1 1700000000 0747ECC0816DD6E0CD7E40265AA5EF50", "fra1",
		  CALL_ID, NOW, PROBE_MALFORMED },
		{ "empty", "", "fra1", CALL_ID, NOW, PROBE_MALFORMED },
		{ "one word", "fra1", "fra1", CALL_ID, NOW, PROBE_MALFORMED },
		{ "two words", "fra1 1700000000", "fra1", CALL_ID, NOW,
		  PROBE_MALFORMED },
		{ "no mac", "fra1 1700000000 ", "fra1", CALL_ID, NOW,
		  PROBE_MALFORMED },
		{ "two spaces", "fra1  1700000000 " MAC, "fra1", CALL_ID, NOW,
		  PROBE_MALFORMED },
		{ "short mac", "fra1 1700000000 0747ecc0", "fra1", CALL_ID,
		  NOW, PROBE_MALFORMED },
		{ "long mac", GOOD "0", "fra1", CALL_ID, NOW,
		  PROBE_MALFORMED },
		{ "a fourth word", GOOD " x", "fra1", CALL_ID, NOW,
		  PROBE_MALFORMED },
		{ "three MACs", GOOD " " WRONG " " WRONG, "fra1", CALL_ID, NOW,
		  PROBE_MALFORMED },
		{ "two MACs in one", GOOD MAC, "fra1", CALL_ID, NOW,
		  PROBE_MALFORMED },
		{ "two spaces before the second", GOOD "  " MAC, "fra1",
		  CALL_ID, NOW, PROBE_MALFORMED },
		{ "time with a sign", "fra1 +1700000000 " MAC, "fra1", CALL_ID,
		  NOW, PROBE_MALFORMED },
		{ "time too big", "fra1 99999999999999999999 " MAC, "fra1",
		  CALL_ID, NOW, PROBE_MALFORMED },
		{ "bad node name", "FRA1 1700000000 " MAC, "FRA1", CALL_ID,
		  NOW, PROBE_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

static void another_secret_forges(void **state)
{
	struct site other = { .has_previous = false };

	(void)state;
	secret_derive(&other.keys, slice_str("incorrect horse battery staple"));
	assert_int_equal(probe_check(slice_str(GOOD), &other, slice_str("fra1"),
				     slice_str(CALL_ID), NOW), PROBE_FORGED);
}

static void a_new_secret_comes_without_a_moment_of_disbelief(void **state)
{
	enum { OLD, BOTH, NEW, OTHER, SECRETS };
	static const char *const names[] = { "old", "both", "new", "other" };
	static const char old[] = "correct horse battery staple";
	static const char new[] = "a quite different secret";
	static const bool knows[SECRETS][SECRETS] = {
		[OLD] = { [OLD] = true, [BOTH] = true },
		[BOTH] = { [OLD] = true, [BOTH] = true, [NEW] = true },
		[NEW] = { [BOTH] = true, [NEW] = true },
		[OTHER] = { [OTHER] = true },
	};
	struct site sites[SECRETS] = { [BOTH] = { .has_previous = true } };
	char value[PROBE_VALUE_MAX], what[64];

	(void)state;
	secret_derive(&sites[OLD].keys, slice_str(old));
	secret_derive(&sites[BOTH].keys, slice_str(new));
	secret_derive(&sites[BOTH].previous_keys, slice_str(old));
	secret_derive(&sites[NEW].keys, slice_str(new));
	secret_derive(&sites[OTHER].keys, slice_str("incorrect and more"));
	for (size_t by = 0; by < SECRETS; by++) {
		size_t len = probe_format(value, &sites[by],
					  slice_str("fra1"),
					  slice_str(CALL_ID), NOW);

		CHECK_EQ(strlen(value), len, names[by]);
		for (size_t at = 0; at < SECRETS; at++) {
			snprintf(what, sizeof(what), "signed with %s, read "
				 "with %s", names[by], names[at]);
			CHECK_EQ(knows[by][at] ? PROBE_VALID : PROBE_FORGED,
				 probe_check(slice_str(value), &sites[at],
					     slice_str("fra1"),
					     slice_str(CALL_ID), NOW), what);
		}
	}
}

static void every_verdict_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < PROBE_VERDICTS; i++)
		assert_non_null(probe_verdict_name((enum probe_verdict)i));
	assert_string_equal(probe_verdict_name(PROBE_VERDICTS), "?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_value_is_node_time_mac),
		cmocka_unit_test(the_longest_value_fits),
		cmocka_unit_test(no_value_for_what_is_no_node_name),
		cmocka_unit_test(only_our_own_fresh_probe_is_valid),
		cmocka_unit_test(what_is_no_probe_is_malformed),
		cmocka_unit_test(another_secret_forges),
		cmocka_unit_test(
			a_new_secret_comes_without_a_moment_of_disbelief),
		cmocka_unit_test(every_verdict_has_a_name),
	};

	return cmocka_run_group_tests(tests, derive, NULL);
}
