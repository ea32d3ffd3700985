/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/test/sites.h"

#include "kamailio-module/states.h"

enum { CNT = 4 };

struct row {
	const char *what;
	const char *file;	/* NULL: there is none */
	uint64_t now_ms;
	enum states_verdict verdict;
	const char *want;	/* U D N R W X: see letter_of() */
};

/* up, degraded, unknown (N), draining (R), down (W), disabled (X) */
static char letter_of(uint8_t state)
{
	assert_in_range(state, 0, NODE_STATES - 1);
	return "NUDRWX"[state];
}

static void check_rows(const struct row *rows, size_t cnt, uint32_t self)
{
	struct site *site = site_of(SITE_OF_FOUR);

	for (size_t i = 0; i < cnt; i++) {
		uint8_t states[CNT + 1] = { 0xa5, 0xa5, 0xa5, 0xa5, 0xa5 };
		struct nodestate file = { 0 };
		char got[CNT + 1] = "";
		unsigned bad_line = 0;

		if (rows[i].file &&
		    nodestate_parse(&file, &bad_line, slice_str(rows[i].file)))
			fail_msg("%s: bad line %u", rows[i].what, bad_line);
		CHECK_STR(states_verdict_name(rows[i].verdict),
			  states_verdict_name(states_judge(
				  states, site, self,
				  rows[i].file ? &file : NULL,
				  rows[i].now_ms)), rows[i].what);
		for (size_t n = 0; n < CNT; n++)
			got[n] = letter_of(states[n]);
		CHECK_STR(rows[i].want, got, rows[i].what);
		CHECK_EQ(0xa5, states[CNT], "one state per node");
		nodestate_fini(&file);
	}
	site_free(site);
}

#define FILE_OF "sip-anycast-state 1\n"

static void without_a_file_every_node_is_up(void **state)
{
	static const struct row rows[] = {
		{ "no file", NULL, 0, STATES_NO_FILE, "UUUU" },
		{ "whatever the time", NULL, UINT64_MAX, STATES_NO_FILE,
		  "UUUU" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), FRA1);
}

static void an_operators_word_stands(void **state)
{
	static const struct row rows[] = {
		{ "this node drains, of the others nothing is said",
		  FILE_OF "self fra1 draining\n", 0, STATES_FRESH, "RUUU" },
		{ "years later", FILE_OF "self fra1 draining\n",
		  UINT64_C(99999999999), STATES_FRESH, "RUUU" },
		{ "down", FILE_OF "self fra1 down\n", 9, STATES_FRESH, "WUUU" },
		{ "disabled", FILE_OF "self fra1 disabled\n", 9, STATES_FRESH,
		  "XUUU" },
		{ "up", FILE_OF "self fra1 up\n", 9, STATES_FRESH, "UUUU" },
		{ "unknown", FILE_OF "self fra1 unknown\n", 9, STATES_FRESH,
		  "NUUU" },
		{ "what he says of others has no age",
		  FILE_OF "self fra1 up\nnode ams1 down 0\n"
		  "node lon1 degraded 5\n", 1000000, STATES_FRESH, "UWUD" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), FRA1);
}

static void an_agents_word_stands_until_it_says(void **state)
{
	static const struct row rows[] = {
		{ "fresh; who is not heard of is unknown",
		  FILE_OF "self fra1 degraded\nnode ams1 up 1000\n"
		  "node lon1 draining 900\nuntil 6000\n", 1000, STATES_FRESH,
		  "DUNR" },
		{ "to its last millisecond",
		  FILE_OF "self fra1 draining\nnode ams1 up 5900\nuntil 6000\n",
		  6000, STATES_FRESH, "RUNN" },
		{ "one later: this node serves on, the rest is unknown",
		  FILE_OF "self fra1 draining\nnode ams1 up 5900\nuntil 6000\n",
		  6001, STATES_STALE, "UNNN" },
		{ "a minute ahead",
		  FILE_OF "self fra1 down\nuntil 66000\n", 6000, STATES_FRESH,
		  "WNNN" },
		{ "further: before the last boot, the clock has begun anew",
		  FILE_OF "self fra1 down\nuntil 66001\n", 6000, STATES_STALE,
		  "UNNN" },
		{ "even if it was down",
		  FILE_OF "self fra1 down\nnode ams1 up 6100\nuntil 6000\n",
		  UINT64_MAX, STATES_STALE, "UNNN" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), FRA1);
}

/* design 7: a peer not heard for 3 s is unknown, not down */
static void a_peer_is_believed_for_three_seconds(void **state)
{
	static const struct row rows[] = {
		{ "just heard", FILE_OF "self fra1 up\nnode ams1 down 10000\n"
		  "until 60000\n", 10000, STATES_FRESH, "UWNN" },
		{ "to the last millisecond", FILE_OF
		  "self fra1 up\nnode ams1 down 10000\nuntil 60000\n", 13000,
		  STATES_FRESH, "UWNN" },
		{ "one later", FILE_OF
		  "self fra1 up\nnode ams1 down 10000\nuntil 60000\n", 13001,
		  STATES_FRESH, "UNNN" },
		{ "heard in the future, that is before the last boot", FILE_OF
		  "self fra1 up\nnode ams1 down 10000\nuntil 60000\n", 9999,
		  STATES_FRESH, "UNNN" },
		{ "each by its own time", FILE_OF
		  "self fra1 up\nnode ams1 up 8000\nnode tyo1 up 6000\n"
		  "node lon1 degraded 7000\nuntil 60000\n", 10000,
		  STATES_FRESH, "UUND" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), FRA1);
}

static void what_does_not_concern_the_site_is_passed_over(void **state)
{
	static const struct row rows[] = {
		{ "a file of another node", FILE_OF
		  "self lon1 draining\nnode fra1 down 1\nuntil 60000\n", 1,
		  STATES_FOREIGN, "UUUU" },
		{ "a stale file of another node", FILE_OF
		  "self lon1 draining\nuntil 1\n", 2, STATES_FOREIGN, "UUUU" },
		{ "a file of a node that is not in the site", FILE_OF
		  "self par1 down\n", 1, STATES_FOREIGN, "UUUU" },
		{ "a peer that is not in the site", FILE_OF
		  "self ams1 up\nnode par1 down 1\nnode lon1 down 1\n"
		  "until 9\n", 2, STATES_FRESH, "NUNW" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), AMS1);
}

/* The file's word about its own node is `self', not a peer line. */
static void of_itself_a_node_knows_best(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct nodestate_peer peers[] = {
		{ .name = "fra1", .state = NODE_DOWN, .heard_ms = 1 },
	};
	const struct nodestate file = {
		.self = "fra1", .state = NODE_UP, .peers = peers,
		.peer_cnt = 1,
	};
	uint8_t states[CNT];

	(void)state;
	CHECK_EQ(STATES_FRESH, states_judge(states, site, FRA1, &file, 2),
		 "self among its peers");
	CHECK_EQ(NODE_UP, states[FRA1], "self among its peers");
	site_free(site);
}

static void every_verdict_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned a = 0; a < STATES_VERDICTS; a++) {
		const char *name = states_verdict_name((enum states_verdict)a);

		assert_non_null(name);
		assert_string_not_equal(name, "invalid");
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(
				name,
				states_verdict_name((enum states_verdict)b));
	}
	assert_string_equal(states_verdict_name(STATES_VERDICTS), "invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_every_node_is_up),
		cmocka_unit_test(an_operators_word_stands),
		cmocka_unit_test(an_agents_word_stands_until_it_says),
		cmocka_unit_test(a_peer_is_believed_for_three_seconds),
		cmocka_unit_test(what_does_not_concern_the_site_is_passed_over),
		cmocka_unit_test(of_itself_a_node_knows_best),
		cmocka_unit_test(every_verdict_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
