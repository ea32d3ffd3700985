/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <limits.h>
#include <stdio.h>

#include "health-agent/policy/verdict.h"

/* Attempts as letters: g good, b bad, x gone; G and B the same, but the first
 * one decides.
 */
static void attempt(struct verdict *v, const struct health_probe_conf *conf,
		    char letter)
{
	bool first = letter == 'G' || letter == 'B';

	switch (letter) {
	case 'g':
	case 'G':
		verdict_attempt(v, conf, HEALTH_GOOD, "302", first);
		break;
	case 'x':
		verdict_attempt(v, conf, HEALTH_GONE, "ended", first);
		break;
	default:
		verdict_attempt(v, conf, HEALTH_BAD, "late", first);
		break;
	}
}

/* After each attempt the verdict (u unknown, + up, - down), and whether the
 * probe is in a hurry (!).
 */
static void a_verdict_needs_a_run_of_attempts(void **state)
{
	static const struct {
		const char *what;
		unsigned rise, fall;
		const char *attempts, *verdicts, *hurry;
	} rows[] = {
		{ "rise", 3, 3, "ggg", "uu+", "!!." },
		{ "fall", 3, 3, "bbb", "uu-", "!!." },
		{ "down and up again", 3, 2,
		  "gggbbggg", "uu++---+", "!!.!.!!." },
		{ "one good attempt between", 3, 3,
		  "gggbbgbbb", "uu++++++-", "!!.!!.!!." },
		{ "one bad attempt between", 3, 3,
		  "bbbggbggg", "uu------+", "!!.!!.!!." },
		{ "alternating keeps a good verdict", 3, 3,
		  "gggbgbgbgbgb", "uu++++++++++", "!!.!.!.!.!.!" },
		{ "alternating keeps a bad verdict", 3, 3,
		  "bbbgbgbgbgbg", "uu----------", "!!.!.!.!.!.!" },
		{ "rise 1 fall 1 follows each", 1, 1, "gbgb", "+-+-",
		  "...." },
		{ "gone at once", 3, 3, "gggx", "uu+-", "!!.." },
		{ "gone at the start", 3, 3, "x", "-", "." },
		{ "gone, then rise", 1, 3, "gxg", "+-+", "..." },
		{ "gone, then rise 3", 3, 3, "xggg", "---+", ".!!." },
		{ "first good", 3, 3, "Gb", "++", ".!" },
		{ "first bad", 3, 3, "Bg", "--", ".!" },
		{ "alternating from the start", 2, 2, "gbgbgbgb", "uuuuuuu-",
		  "!!!!!!!." },
		{ "unsteady, then good", 2, 2, "gbgbgbgbgg", "uuuuuuu--+",
		  "!!!!!!!.!." },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct health_probe_conf conf = { .name = "sip",
						  .rise = rows[i].rise,
						  .fall = rows[i].fall };
		struct verdict v = { 0 };
		char verdicts[32] = "", hurry[32] = "";

		for (size_t k = 0; rows[i].attempts[k]; k++) {
			attempt(&v, &conf, rows[i].attempts[k]);
			verdicts[k] = v.state == NODE_UP ? '+' :
				      v.state == NODE_DOWN ? '-' : 'u';
			hurry[k] = verdict_undecided(&v) ? '!' : '.';
		}
		CHECK_STR(rows[i].verdicts, verdicts, rows[i].what);
		CHECK_STR(rows[i].hurry, hurry, rows[i].what);
	}
}

static void what_is_missing_can_be_counted(void **state)
{
	static const struct {
		const char *attempts;
		unsigned rise, want;
	} rows[] = {
		{ "", 3, 3 },
		{ "g", 3, 2 },
		{ "gg", 3, 1 },
		{ "ggg", 3, 0 },
		{ "gggbb", 3, 0 },
		{ "gggbbb", 3, 3 },
		{ "bbbgg", 3, 1 },
		{ "bbbggb", 3, 3 },
		{ "x", 1, 1 },
		{ "G", 3, 0 },
	};
	struct health_probe_conf conf = { "sip", .rise = 2, .fall = 3 };
	struct verdict inherited = { NODE_DOWN, HEALTH_GOOD, .run = 4 };

	(void)state;
	assert_int_equal(1, verdict_needs(&inherited, &conf));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verdict v = { 0 };

		conf.rise = rows[i].rise;
		for (size_t k = 0; rows[i].attempts[k]; k++)
			attempt(&v, &conf, rows[i].attempts[k]);
		CHECK_EQ(rows[i].want, verdict_needs(&v, &conf),
			 rows[i].attempts);
	}
}

static void a_verdict_is_told_in_words(void **state)
{
	static const struct {
		uint8_t family;
		const char *attempts;
		const char *want;
	} rows[] = {
		{ ADDR_IP4, "", "sip (IPv4) has not answered yet" },
		{ ADDR_IP6, "g", "sip (IPv6): 1 of 3 good attempts" },
		{ ADDR_NONE, "bb", "sip: 2 of 3 bad attempts: late" },
		{ ADDR_IP4, "ggg", "sip (IPv4) is good: 302" },
		{ ADDR_IP4, "gggb",
		  "sip (IPv4) fails: 1 of 3 bad attempts: late" },
		{ ADDR_IP4, "bbb", "sip (IPv4) has failed 3 times: late" },
		{ ADDR_IP4, "bbbbbbb",
		  "sip (IPv4) has failed 7 times: late" },
		{ ADDR_IP4, "B", "sip (IPv4) has failed: late" },
		{ ADDR_NONE, "gggx", "sip is gone: ended" },
		{ ADDR_NONE, "gggxb", "sip has failed 2 times: late" },
		{ ADDR_IP4, "bbbgg",
		  "sip (IPv4) recovers: 2 of 3 good attempts" },
		{ ADDR_IP4, "gbgbgbgbgbgb",
		  "sip (IPv4) is unsteady, never good 3 times in a row: "
		  "late" },
		{ ADDR_IP4, "gbgbgbgbgbgbg",
		  "sip (IPv4) is unsteady, never good 3 times in a row" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct health_probe_conf conf = {
			.name = "sip",
			.family = rows[i].family,
			.rise = 3,
			.fall = 3,
		};
		struct verdict v = { 0 };
		char text[256];
		struct words w = words_in(text, sizeof(text));

		for (size_t k = 0; rows[i].attempts[k]; k++)
			attempt(&v, &conf, rows[i].attempts[k]);
		verdict_add_words(&w, &v, &conf);
		CHECK_STR(rows[i].want, text, rows[i].attempts);
	}
}

static void no_control_character_gets_into_words(void **state)
{
	struct health_probe_conf conf = { "sip", .rise = 3, .fall = 1 };
	struct verdict v = { 0 };
	char text[256];
	struct words w = words_in(text, sizeof(text));

	(void)state;
	verdict_attempt(&v, &conf, HEALTH_BAD, "x\nwithdraw route\x1b[0m\xff",
			false);
	verdict_add_words(&w, &v, &conf);
	assert_string_equal("sip has failed: x?withdraw route?[0m?", text);
}

static void a_run_does_not_go_round(void **state)
{
	struct health_probe_conf conf = { "sip", .rise = 1, .fall = UINT_MAX };
	struct verdict v = { .state = NODE_UP, .last = HEALTH_BAD,
			     .run = UINT_MAX - 1 };

	(void)state;
	verdict_attempt(&v, &conf, HEALTH_BAD, "", false);
	assert_int_equal(UINT_MAX, v.run);
	verdict_attempt(&v, &conf, HEALTH_BAD, "", false);
	assert_int_equal(UINT_MAX, v.run);
	assert_int_equal(NODE_DOWN, v.state);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_verdict_needs_a_run_of_attempts),
		cmocka_unit_test(what_is_missing_can_be_counted),
		cmocka_unit_test(a_verdict_is_told_in_words),
		cmocka_unit_test(no_control_character_gets_into_words),
		cmocka_unit_test(a_run_does_not_go_round),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
