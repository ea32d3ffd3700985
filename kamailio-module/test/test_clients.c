/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/lines.h"
#include "common/test/scratch.h"

#include <errno.h>

#include "kamailio-module/clients.h"

/* What stands behind the habits of a line where they do not matter. */
#define KNOWN " | 2026-08 | seen\n"

static const char *habit_name(enum client_habit habit)
{
	static const char *const names[CLIENT_HABITS] = {
		"unknown", "follows", "never",
	};

	assert_in_range(habit, 0, CLIENT_HABITS - 1);
	return names[habit];
}

static struct clients clients_of(const char *text)
{
	struct clients clients;
	struct lines said = { 0 };

	if (clients_parse(&clients, "c", slice_str(text), lines_add, &said))
		fail_msg("%s", said.text);
	return clients;
}

static void a_bad_line_is_said_to_be_bad(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} rows[] = {
		{ "X", "c:1: line: `X' is not allowed: "
		  "PATTERN | INVITE | REGISTER | YYYY-MM | EVIDENCE\n" },
		{ "X | never | never | 2026-08",
		  "c:1: line: `X | never | never | 2026-08' is not allowed: "
		  "PATTERN | INVITE | REGISTER | YYYY-MM | EVIDENCE\n" },
		{ " | never | never" KNOWN,
		  "c:1: PATTERN: `' is not allowed: a User-Agent, `*' is any "
		  "text\n" },
		{ "A\tB | never | never" KNOWN,
		  "c:1: PATTERN: `A?B' is not allowed: a User-Agent, `*' is "
		  "any text\n" },
		{ "A | sometimes | never" KNOWN,
		  "c:1: INVITE: `sometimes' is not allowed: follows, never or "
		  "unknown\n" },
		{ "A | Never | never" KNOWN,
		  "c:1: INVITE: `Never' is not allowed: follows, never or "
		  "unknown\n" },
		{ "A | never | " KNOWN,
		  "c:1: REGISTER: `' is not allowed: follows, never or "
		  "unknown\n" },
		{ "A | never | never | 2026 | seen",
		  "c:1: SINCE: `2026' is not allowed: a month as YYYY-MM\n" },
		{ "A | never | never | 2026/08 | seen",
		  "c:1: SINCE: `2026/08' is not allowed: a month as YYYY-MM\n" },
		{ "A | never | never | 2026-0x | seen",
		  "c:1: SINCE: `2026-0x' is not allowed: a month as YYYY-MM\n" },
		{ "A | never | never | 2026-081 | seen",
		  "c:1: SINCE: `2026-081' is not allowed: a month as "
		  "YYYY-MM\n" },
		{ "A | never | never | 2026-13 | seen",
		  "c:1: SINCE: `2026-13' is not allowed: a month as YYYY-MM\n" },
		{ "A | never | never | 2026-00 | seen",
		  "c:1: SINCE: `2026-00' is not allowed: a month as YYYY-MM\n" },
		{ "A | never | never | 2026-08 |",
		  "c:1: EVIDENCE: `' is not allowed: how this is known\n" },
		/* all of them at once, each with its line */
		{ "# a comment\n\nA | x | y | z |\nB | never | never" KNOWN "C\n",
		  "c:3: INVITE: `x' is not allowed: follows, never or unknown\n"
		  "c:3: REGISTER: `y' is not allowed: follows, never or "
		  "unknown\n"
		  "c:3: SINCE: `z' is not allowed: a month as YYYY-MM\n"
		  "c:3: EVIDENCE: `' is not allowed: how this is known\n"
		  "c:5: line: `C' is not allowed: "
		  "PATTERN | INVITE | REGISTER | YYYY-MM | EVIDENCE\n" },
		/* 100 bytes of it are enough, and none that moves a cursor */
		{ "\033[2J012345678901234567890123456789012345678901234567890"
		  "1234567890123456789012345678901234567890123456789",
		  "c:1: line: `?[2J0123456789012345678901234567890123456789012"
		  "34567890123456789012345678901234567890123456789012345' is "
		  "not allowed: "
		  "PATTERN | INVITE | REGISTER | YYYY-MM | EVIDENCE\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct clients clients = { .cnt = 77 };
		struct lines said = { 0 };

		CHECK_EQ(EINVAL, clients_parse(&clients, "c",
					       slice_str(rows[i].text),
					       lines_add, &said),
			 rows[i].text);
		CHECK_STR(rows[i].want, said.text, rows[i].text);
		CHECK_EQ(0, clients.cnt, rows[i].text);
		assert_null(clients.v);
	}
}

static void what_is_no_client_is_passed_over(void **state)
{
	static const struct {
		const char *what, *text;
		size_t cnt;
	} rows[] = {
		{ "nothing", "", 0 },
		{ "empty lines", "\n\n  \n\t\r\n", 0 },
		{ "comments", "# a\n  # b | c\n#", 0 },
		{ "a line without its line feed",
		  "A|never|never|2026-08|seen", 1 },
		{ "CRLF", "A|never|never|2026-08|seen\r\nB|never|never|2026-08"
		  "|seen\r\n", 2 },
		{ "more | in the evidence",
		  "A|never|never|2026-08|seen | and | read", 1 },
		{ "the first month", "A|never|never|2026-01|seen", 1 },
		{ "the last month", "A|never|never|2026-12|seen", 1 },
		{ "a month of two digits", "A|never|never|2026-10|seen", 1 },
		{ "blanks around every field",
		  "  A  |  never\t|\tnever | 2026-08 |   seen  ", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct clients clients = clients_of(rows[i].text);

		CHECK_EQ(rows[i].cnt, clients.cnt, rows[i].what);
		for (size_t c = 0; c < clients.cnt; c++) {
			CHECK_STR(c ? "b" : "a", clients.v[c].pattern,
				  rows[i].what);
			CHECK_EQ(CLIENT_NEVER, clients.v[c].invite,
				 rows[i].what);
		}
		clients_fini(&clients);
		assert_null(clients.v);
		clients_fini(&clients);
	}
}

static void a_pattern_is_matched_with_the_whole_user_agent(void **state)
{
	static const struct {
		const char *pattern, *user_agent;
		bool want;
	} rows[] = {
		{ "Snom", "Snom", true },
		{ "Snom", "sNOM", true },
		{ "sNOM", "Snom", true },
		{ "Snom", "Snom2", false },
		{ "Snom2", "Snom", false },
		{ "Snom", "XSnom", false },
		{ "Snom*", "Snom", true },
		{ "Snom*", "Snom/8", true },
		{ "Snom*", "XSnom", false },
		{ "*Snom", "The Snom", true },
		{ "*Snom", "Snom ", false },
		{ "*", "x", true },
		{ "**", "x", true },
		{ "a*c", "abc", true },
		{ "a*c", "ac", true },
		{ "a*c", "abcd", false },
		{ "a*c", "acbc", true },
		{ "a**c", "abbc", true },
		{ "a*b*c", "aXbXXc", true },
		{ "a*b*c", "aXcXXb", false },
		{ "*a*", "xay", true },
		{ "*a*", "xby", false },
		{ "a*aab", "aaaaaab", true },
		{ "a?c", "abc", false },
		{ "a?c", "a?c", true },
		{ "a.c", "abc", false },
		{ "\303\234ber*", "\303\234BER 1", true },
		{ "a*c", "a*c", true },
		{ "ab*", "a", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256], what[256];
		struct clients clients;

		snprintf(text, sizeof(text), "%s | never | never" KNOWN,
			 rows[i].pattern);
		snprintf(what, sizeof(what), "%s and %s", rows[i].pattern,
			 rows[i].user_agent);
		clients = clients_of(text);
		CHECK_EQ(rows[i].want,
			 clients_find(&clients, slice_str(rows[i].user_agent))
				 == clients.v, what);
		clients_fini(&clients);
	}
}

static void a_client_without_user_agent_is_not_known(void **state)
{
	struct clients clients = clients_of("* | never | never" KNOWN);
	const struct clients none = { 0 };

	(void)state;
	assert_null(clients_find(&clients, (struct slice){ 0 }));
	assert_null(clients_find(&clients, slice_str("")));
	assert_non_null(clients_find(&clients, slice_str("x")));
	assert_null(clients_find(&none, slice_str("x")));
	clients_fini(&clients);
}

static void the_first_match_wins(void **state)
{
	struct clients clients = clients_of("Phone 2* | follows | never" KNOWN
					    "Phone* | never | follows" KNOWN
					    "* | unknown | unknown" KNOWN);
	static const struct {
		const char *user_agent;
		size_t want;
	} rows[] = {
		{ "Phone 2.1", 0 }, { "Phone 3", 1 }, { "phone", 1 },
		{ "Softphone", 2 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want,
			 clients_find(&clients, slice_str(rows[i].user_agent)) -
				 clients.v, rows[i].user_agent);
	CHECK_STR("follows", habit_name(clients.v[0].invite), "INVITE");
	CHECK_STR("never", habit_name(clients.v[0].registration), "REGISTER");
	CHECK_STR("never", habit_name(clients.v[1].invite), "INVITE");
	CHECK_STR("follows", habit_name(clients.v[1].registration), "REGISTER");
	clients_fini(&clients);
}

/* A matcher that goes back to every star would need some 10^60 steps here:
 * the alarm ends it.
 */
static void many_stars_cost_no_more_than_their_product(void **state)
{
	static char text[65536], user_agent[65536];
	struct clients clients;
	size_t len = 0;

	(void)state;
	while (len < 4000)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "*a");
	snprintf(text + len, sizeof(text) - len, "*b | never | never" KNOWN);
	clients = clients_of(text);
	memset(user_agent, 'a', sizeof(user_agent));
	alarm(10);
	assert_null(clients_find(&clients,
				 slice_of(user_agent, sizeof(user_agent))));
	for (size_t n = 0; n < 1000; n++)
		assert_null(clients_find(&clients, slice_of(user_agent, 256)));
	alarm(0);
	clients_fini(&clients);
}

/* Only its first 256 bytes are looked at. */
static void a_monstrous_user_agent_is_cut(void **state)
{
	struct clients clients = clients_of("a*z | never | never" KNOWN);
	char user_agent[300];

	(void)state;
	memset(user_agent, 'a', sizeof(user_agent));
	user_agent[255] = 'z';
	assert_non_null(clients_find(&clients, slice_of(user_agent, 256)));
	assert_non_null(clients_find(&clients, slice_of(user_agent, 300)));
	user_agent[255] = 'a';
	user_agent[256] = 'z';
	assert_null(clients_find(&clients, slice_of(user_agent, 257)));
	clients_fini(&clients);
}

/* ---- the table that is shipped */

static struct clients shipped(void)
{
	struct clients clients;
	struct lines said = { 0 };

	if (clients_parse(&clients, "clients.conf", clients_builtin(),
			  lines_add, &said))
		fail_msg("%s", said.text);
	return clients;
}

static void the_shipped_table_is_the_one_built_in(void **state)
{
	struct clients built_in = shipped(), from_file;
	struct lines said = { 0 };

	(void)state;
	assert_int_equal(clients_read(&from_file, CLIENTS_FILE, lines_add,
				      &said), 0);
	assert_int_equal(from_file.cnt, built_in.cnt);
	for (size_t i = 0; i < built_in.cnt; i++)
		CHECK_STR(from_file.v[i].pattern, built_in.v[i].pattern,
			  "pattern");
	clients_fini(&from_file);
	clients_fini(&built_in);
}

/* What was seen, read or documented of them. */
static void known_clients_have_the_habits_they_were_seen_with(void **state)
{
	static const struct {
		const char *user_agent, *invite, *registration;
	} rows[] = {
		{ "baresip v1.0.0 (x86_64/linux)", "follows", "never" },
		{ "baresip v1.1.0 (x86_64/linux)", "never", "never" },
		{ "baresip v3.10.0 (x86_64/Linux)", "never", "never" },
		{ "Linphonec/5.1.65 (belle-sip/5.1.65)", "follows", "unknown" },
		{ "LinphoneDesktop/4.3.2 (Debian)", "follows", "unknown" },
		{ "LinphoneAndroid/5.2.3", "follows", "unknown" },
		{ "Twinkle/1.10.2", "follows", "never" },
		{ "sipsak 0.9.8.1", "follows", "follows" },
		{ "PJSUA v2.12.1 Linux-6.1/x86_64/glibc-2.36", "follows",
		  "never" },
		{ "FreeSWITCH-mod_sofia/1.10.7-release", "follows", "never" },
		{ "Asterisk PBX 18.10.0", "never", "never" },
		{ "FPBX-16.0.33(18.13.0)", "never", "never" },
		{ "SIP.js/0.21.2", "never", "never" },
		{ "JsSIP 3.10.0", "never", "never" },
		{ "Cisco-CP7960G/8.0", "follows", "unknown" },
		{ "innovaphone IP222/13r2", "follows", "follows" },
		{ "FireBrick FB2900", "follows", "follows" },
		/* of these nothing is known */
		{ "Yealink SIP-T46S 66.86.0.15", NULL, NULL },
		{ "Grandstream GXP2170 1.0.11.64", NULL, NULL },
		{ "PolycomVVX-VVX_411-UA/6.4.0", NULL, NULL },
		{ "Kamailio", NULL, NULL },
		{ "x", NULL, NULL },
	};
	struct clients clients = shipped();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct client *client = clients_find(
			&clients, slice_str(rows[i].user_agent));

		CHECK_EQ(!!rows[i].invite, !!client, rows[i].user_agent);
		if (!client)
			continue;
		CHECK_STR(rows[i].invite, habit_name(client->invite),
			  rows[i].user_agent);
		CHECK_STR(rows[i].registration,
			  habit_name(client->registration),
			  rows[i].user_agent);
	}
	clients_fini(&clients);
}

/* Behind a wider pattern a line would say what nobody reads. */
static void no_shipped_line_stands_in_the_shadow_of_another(void **state)
{
	struct clients clients = shipped();

	(void)state;
	assert_true(clients.cnt >= 10);
	for (size_t i = 0; i < clients.cnt; i++) {
		struct slice own = slice_str(clients.v[i].pattern);

		if (own.text[own.len - 1] == '*')
			own.len--;
		CHECK(clients_find(&clients, own) == &clients.v[i],
		      clients.v[i].pattern);
	}
	clients_fini(&clients);
}

/* ---- files and memory */

static void a_file_is_read_or_says_why_not(void **state)
{
	static char big[1 << 20];
	struct clients clients = { .cnt = 77 };
	struct lines said = { 0 };
	char want[PATH_MAX + 128];

	(void)state;
	assert_int_equal(clients_read(&clients, scratch_path("none"),
				      lines_add, &said), ENOENT);
	CHECK_EQ(0, clients.cnt, "no file");
	assert_int_equal(clients_read(&clients, scratch_dir, lines_add, &said),
			 EIO);

	memset(big, '#', sizeof(big));
	scratch_write("big", big, sizeof(big) - 1);
	assert_int_equal(clients_read(&clients, scratch_path("big"), lines_add,
				      &said), 0);
	CHECK_EQ(0, clients.cnt, "one long comment");
	scratch_write("big", big, sizeof(big));
	assert_int_equal(clients_read(&clients, scratch_path("big"), lines_add,
				      &said), EFBIG);
	CHECK_STR("", said.text, "none of these is a bad line");

	scratch_write("bad", "A | never\n", 10);
	assert_int_equal(clients_read(&clients, scratch_path("bad"), lines_add,
				      &said), EINVAL);
	snprintf(want, sizeof(want), "%s:1: line: `A | never' is not allowed: "
		 "PATTERN | INVITE | REGISTER | YYYY-MM | EVIDENCE\n",
		 scratch_path("bad"));
	CHECK_STR(want, said.text, "the path stands in the message");
}

static int fail_in = -1;

static bool fails_now(void)
{
	return fail_in >= 0 && !fail_in--;
}

void *__wrap_realloc(void *old, size_t size);
void *__real_realloc(void *old, size_t size);
char *__wrap_strndup(const char *text, size_t len);
char *__real_strndup(const char *text, size_t len);

void *__wrap_realloc(void *old, size_t size)
{
	return fails_now() ? NULL : __real_realloc(old, size);
}

char *__wrap_strndup(const char *text, size_t len)
{
	return fails_now() ? NULL : __real_strndup(text, len);
}

static void without_memory_there_is_no_table_and_no_leak(void **state)
{
	struct clients clients;
	struct lines said = { 0 };
	int n;

	(void)state;
	for (n = 0;; n++) {
		int err;

		fail_in = n;
		err = clients_parse(&clients, "c",
				    slice_str("A | never | never" KNOWN
					      "B | never | never" KNOWN),
				    lines_add, &said);
		if (fail_in >= 0)
			break;		/* it needs no more than n */
		CHECK_EQ(ENOMEM, err, "allocation failed");
		assert_null(clients.v);
		CHECK_EQ(0, clients.cnt, "clients");
	}
	fail_in = -1;
	CHECK_EQ(4, n, "allocations");
	CHECK_EQ(2, clients.cnt, "clients");
	CHECK_STR("", said.text, "no bad line");
	clients_fini(&clients);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bad_line_is_said_to_be_bad),
		cmocka_unit_test(what_is_no_client_is_passed_over),
		cmocka_unit_test(a_pattern_is_matched_with_the_whole_user_agent),
		cmocka_unit_test(a_client_without_user_agent_is_not_known),
		cmocka_unit_test(the_first_match_wins),
		cmocka_unit_test(many_stars_cost_no_more_than_their_product),
		cmocka_unit_test(a_monstrous_user_agent_is_cut),
		cmocka_unit_test(the_shipped_table_is_the_one_built_in),
		cmocka_unit_test(
			known_clients_have_the_habits_they_were_seen_with),
		cmocka_unit_test(
			no_shipped_line_stands_in_the_shadow_of_another),
		cmocka_unit_test(a_file_is_read_or_says_why_not),
		cmocka_unit_test(without_memory_there_is_no_table_and_no_leak),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
