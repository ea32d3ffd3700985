/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <stdio.h>

#include "kamailio-module/peersig.h"

/* The MAC comes from Python's hashlib.blake2b: nodes of different versions
 * must agree.
 */
#define MAC "a4ac9c7cdafd4246b6da33bd728de66e"
#define GOOD "node=fra1;time=1700000000;mac=" MAC
#define WRONG "b4ac9c7cdafd4246b6da33bd728de66e"
#define NOW UINT64_C(1700000000)

static const char old_secret[] = "correct horse battery staple";
static struct site site;

static const struct peersig_request sent = {
	.method = { "KDMQ", 4 },
	.uri = { "sip:usrloc@198.51.100.12:5060", 29 },
	.from = { "<sip:usrloc@198.51.100.11:5060>;tag=a1", 38 },
	.call_id = { "abc@198.51.100.11", 17 },
	.cseq = { "10 KDMQ", 7 },
	.body = { "{\"action\":3}", 12 },
};

static int derive(void **state)
{
	(void)state;
	return secret_derive(&site.keys, slice_str(old_secret));
}

static enum peersig_verdict check(const char *value, const char *self,
				  uint64_t now)
{
	return peersig_check(NULL, slice_str(value), &site, slice_str(self),
			     &sent, now);
}

static void the_value_is_node_time_mac(void **state)
{
	char value[PEERSIG_VALUE_MAX];
	size_t len = peersig_format(value, &site, slice_str("fra1"), &sent,
				    NOW);

	(void)state;
	assert_string_equal(value, GOOD);
	assert_int_equal(len, strlen(GOOD));
}

static void the_longest_value_fits(void **state)
{
	char value[PEERSIG_VALUE_MAX];
	struct site two = { .keys = site.keys, .has_previous = true };
	size_t len = peersig_format(
		value, &two, slice_str("a23456789012345678901234567890b"),
		&sent, UINT64_MAX);

	(void)state;
	assert_int_equal(len, 5 + 31 + 6 + 20 + 2 * (5 + 32));
	assert_int_equal(strlen(value), len);
	assert_int_equal(check(value, "ams1", UINT64_MAX), PEERSIG_VALID);
}

static void a_valid_value_says_whose_it_is(void **state)
{
	struct slice signer;

	(void)state;
	assert_int_equal(PEERSIG_VALID,
			 peersig_check(&signer, slice_str(" " GOOD), &site,
				       slice_str("ams1"), &sent, NOW));
	assert_true(slice_equal(signer, slice_str("fra1")));
	assert_int_equal(PEERSIG_STALE,
			 peersig_check(&signer, slice_str(GOOD), &site,
				       slice_str("ams1"), &sent, NOW + 3600));
	assert_int_equal(signer.len, 0);
}

static void no_value_for_what_is_no_node_name(void **state)
{
	static const char *const names[] = {
		"", "-", "Fra1", "fra 1", "fra1\r\nX: y", "fra1;x",
	};
	char value[PEERSIG_VALUE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_EQ(0, peersig_format(value, &site, slice_str(names[i]),
					   &sent, NOW), names[i]);
		CHECK_STR("", value, names[i]);
	}
}

static void only_what_is_fresh_and_signed_is_valid(void **state)
{
	static const struct {
		const char *what, *value, *self;
		uint64_t now;
		enum peersig_verdict want;
	} rows[] = {
		{ "as sent", GOOD, "ams1", NOW, PEERSIG_VALID },
		{ "blanks around", " " GOOD "\r\n", "ams1", NOW,
		  PEERSIG_VALID },
		{ "the window's end", GOOD, "ams1", NOW + PEERSIG_WINDOW_S,
		  PEERSIG_VALID },
		{ "our clock behind", GOOD, "ams1", NOW - PEERSIG_WINDOW_S,
		  PEERSIG_VALID },
		{ "too old", GOOD, "ams1", NOW + PEERSIG_WINDOW_S + 1,
		  PEERSIG_STALE },
		{ "too early", GOOD, "ams1", NOW - PEERSIG_WINDOW_S - 1,
		  PEERSIG_STALE },
		{ "our own, sent back", GOOD, "fra1", NOW, PEERSIG_OWN },
		{ "none", "", "ams1", NOW, PEERSIG_MISSING },
		{ "blanks only", " \t ", "ams1", NOW, PEERSIG_MISSING },
		{ "another node's name", "node=ber1;time=1700000000;mac=" MAC,
		  "ams1", NOW, PEERSIG_FORGED },
		{ "time moved", "node=fra1;time=1700000001;mac=" MAC, "ams1",
		  NOW, PEERSIG_FORGED },
		{ "last digit changed", "node=fra1;time=1700000000;mac="
		  "a4ac9c7cdafd4246b6da33bd728de66f", "ams1", NOW,
		  PEERSIG_FORGED },
		{ "upper-case hex", "node=fra1;time=1700000000;mac="
		  "A4AC9C7CDAFD4246B6DA33BD728DE66E", "ams1", NOW,
		  PEERSIG_MALFORMED },
		{ "a digit short", "node=fra1;time=1700000000;mac="
		  "a4ac9c7cdafd4246b6da33bd728de66", "ams1", NOW,
		  PEERSIG_MALFORMED },
		{ "a digit more", GOOD "0", "ams1", NOW, PEERSIG_MALFORMED },
		{ "two MACs, one ours", GOOD ";mac=" WRONG, "ams1", NOW,
		  PEERSIG_VALID },
		{ "two MACs, the other ours", "node=fra1;time=1700000000;mac="
		  WRONG ";mac=" MAC, "ams1", NOW, PEERSIG_VALID },
		{ "two MACs, none ours", "node=fra1;time=1700000000;mac="
		  WRONG ";mac=" WRONG, "ams1", NOW, PEERSIG_FORGED },
		{ "three MACs", GOOD ";mac=" WRONG ";mac=" WRONG, "ams1", NOW,
		  PEERSIG_MALFORMED },
		{ "a second that is none", GOOD ";mac=", "ams1", NOW,
		  PEERSIG_MALFORMED },
		{ "a NUL's place", "node=fra1;time=1700000000;mac=", "ams1",
		  NOW, PEERSIG_MALFORMED },
		{ "no node", "node=;time=1700000000;mac=" MAC, "ams1", NOW,
		  PEERSIG_MALFORMED },
		{ "a node in capitals", "node=FRA1;time=1700000000;mac=" MAC,
		  "ams1", NOW, PEERSIG_MALFORMED },
		{ "no number", "node=fra1;time=soon;mac=" MAC, "ams1", NOW,
		  PEERSIG_MALFORMED },
		{ "too large a number",
		  "node=fra1;time=18446744073709551616;mac=" MAC, "ams1", NOW,
		  PEERSIG_MALFORMED },
		{ "other order", "time=1700000000;node=fra1;mac=" MAC, "ams1",
		  NOW, PEERSIG_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want,
			 check(rows[i].value, rows[i].self, rows[i].now),
			 rows[i].what);
}

static void a_signature_is_good_for_one_request_only(void **state)
{
	struct peersig_request all[6] = {
		sent, sent, sent, sent, sent, sent,
	};
	static const char *const names[] = {
		"method", "R-URI: another node", "From", "Call-ID", "CSeq",
		"body",
	};

	(void)state;
	all[0].method = slice_str("INFO");
	all[1].uri = slice_str("sip:usrloc@198.51.100.13:5060");
	all[2].from = slice_str("<sip:usrloc@198.51.100.13:5060>;tag=a1");
	all[3].call_id = slice_str("abd@198.51.100.11");
	all[4].cseq = slice_str("11 KDMQ");
	all[5].body = slice_str("{\"action\":1}");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		CHECK_EQ(PEERSIG_FORGED,
			 peersig_check(NULL, slice_str(GOOD), &site,
				       slice_str("ams1"), &all[i], NOW),
			 names[i]);
}

/* The nodes read the new site file, and later the one without the old secret,
 * one after the other: whoever is where, all believe each other.
 */
static void a_new_secret_comes_without_a_moment_of_disbelief(void **state)
{
	enum { OLD, BOTH, NEW, OTHER, SECRETS };
	static const char *const names[] = { "old", "both", "new", "other" };
	static const char new_secret[] = "a quite different secret";
	static const bool knows[SECRETS][SECRETS] = {
		[OLD] = { [OLD] = true, [BOTH] = true },
		[BOTH] = { [OLD] = true, [BOTH] = true, [NEW] = true },
		[NEW] = { [BOTH] = true, [NEW] = true },
		[OTHER] = { [OTHER] = true },
	};
	struct site sites[SECRETS] = { [BOTH] = { .has_previous = true } };
	char value[PEERSIG_VALUE_MAX], what[64];

	(void)state;
	secret_derive(&sites[OLD].keys, slice_str(old_secret));
	secret_derive(&sites[BOTH].keys, slice_str(new_secret));
	secret_derive(&sites[BOTH].previous_keys, slice_str(old_secret));
	secret_derive(&sites[NEW].keys, slice_str(new_secret));
	secret_derive(&sites[OTHER].keys, slice_str("incorrect and more"));
	for (size_t by = 0; by < SECRETS; by++) {
		peersig_format(value, &sites[by], slice_str("fra1"), &sent,
			       NOW);
		for (size_t at = 0; at < SECRETS; at++) {
			snprintf(what, sizeof(what), "signed with %s, read "
				 "with %s", names[by], names[at]);
			CHECK_EQ(knows[by][at] ? PEERSIG_VALID : PEERSIG_FORGED,
				 peersig_check(NULL, slice_str(value),
					       &sites[at], slice_str("ams1"),
					       &sent, NOW),
				 what);
		}
	}
}

static void every_verdict_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < PEERSIG_VERDICTS; i++)
		assert_non_null(peersig_verdict_name((enum peersig_verdict)i));
	assert_string_equal(peersig_verdict_name(PEERSIG_VERDICTS), "?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_value_is_node_time_mac),
		cmocka_unit_test(the_longest_value_fits),
		cmocka_unit_test(a_valid_value_says_whose_it_is),
		cmocka_unit_test(no_value_for_what_is_no_node_name),
		cmocka_unit_test(only_what_is_fresh_and_signed_is_valid),
		cmocka_unit_test(a_signature_is_good_for_one_request_only),
		cmocka_unit_test(
			a_new_secret_comes_without_a_moment_of_disbelief),
		cmocka_unit_test(every_verdict_has_a_name),
	};

	return cmocka_run_group_tests(tests, derive, NULL);
}
