/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>

#include "health-agent/daemon/command.h"

static int parse(struct command *out, char *error, const char *text)
{
	return command_parse(out, error, text, strlen(text));
}

static void requests_are_understood(void **state)
{
	static const struct {
		const char *text;
		struct command want;
	} rows[] = {
		{ "{\"command\":\"status\"}", { .verb = COMMAND_STATUS } },
		{ " { \"command\" : \"why\" } \r",
		  { .verb = COMMAND_WHY } },
		{ "{\"command\":\"nodes\",\"colour\":[1,{}]}",
		  { .verb = COMMAND_NODES } },
		{ "{\"command\":\"drain\"}", { .verb = COMMAND_DRAIN } },
		{ "{\"command\":\"drain\",\"force\":false}",
		  { .verb = COMMAND_DRAIN } },
		{ "{\"command\":\"drain\",\"force\":true,\"wait\":0}",
		  { .verb = COMMAND_DRAIN, .force = true,
		    .has_wait = true } },
		{ "{\"wait\":2592000000,\"command\":\"drain\"}",
		  { .verb = COMMAND_DRAIN, .has_wait = true,
		    .wait_ms = 2592000000 } },
		{ "{\"command\":\"drain\",\"deadline\":60000}",
		  { .verb = COMMAND_DRAIN, .has_deadline = true,
		    .deadline_ms = 60000 } },
		{ "{\"command\":\"drain\",\"phones\":600000}",
		  { .verb = COMMAND_DRAIN, .has_phones = true,
		    .phones_ms = 600000 } },
		{ "{\"command\":\"resume\",\"force\":7}",
		  { .verb = COMMAND_RESUME } },
		{ "{\"command\":\"disable\"}", { .verb = COMMAND_DISABLE } },
		{ "{\"command\":\"reload\"}", { .verb = COMMAND_RELOAD } },
		{ "{\"command\":\"restart\"}", { .verb = COMMAND_RESTART } },
		{ "{\"command\":\"log\"}",
		  { .verb = COMMAND_LOG, .lines = COMMAND_LOG_LINES } },
		{ "{\"command\":\"log\",\"lines\":256}",
		  { .verb = COMMAND_LOG, .lines = 256 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char error[COMMAND_ERROR_MAX];
		struct command got;

		CHECK_EQ(0, parse(&got, error, rows[i].text), rows[i].text);
		CHECK_STR("", error, rows[i].text);
		CHECK_EQ(rows[i].want.verb, got.verb, rows[i].text);
		CHECK_EQ(rows[i].want.force, got.force, rows[i].text);
		CHECK_EQ(rows[i].want.has_wait, got.has_wait, rows[i].text);
		CHECK_EQ(rows[i].want.wait_ms, got.wait_ms, rows[i].text);
		CHECK_EQ(rows[i].want.has_deadline, got.has_deadline,
			 rows[i].text);
		CHECK_EQ(rows[i].want.deadline_ms, got.deadline_ms,
			 rows[i].text);
		CHECK_EQ(rows[i].want.has_phones, got.has_phones, rows[i].text);
		CHECK_EQ(rows[i].want.phones_ms, got.phones_ms, rows[i].text);
		CHECK_EQ(rows[i].want.lines, got.lines, rows[i].text);
	}
}

static void what_is_wrong_is_said(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ "", "the request is not JSON" },
		{ "status", "the request is not JSON" },
		{ "{\"command\":\"status\"", "the request is not JSON" },
		{ "{\"command\":\"why\",\"command\":\"why\"}",
		  "the request is not JSON" },
		{ "[]", "the request is not a JSON object" },
		{ "[\"status\"]", "the request is not a JSON object" },
		{ "{}", "there is no \"command\"" },
		{ "{\"command\":7}", "there is no \"command\"" },
		{ "{\"command\":\"\"}", "unknown command `'" },
		{ "{\"command\":\"drian\"}",
		  "unknown command `drian' (drain?)" },
		{ "{\"command\":\"Status\"}",
		  "unknown command `Status' (status?)" },
		{ "{\"command\":\"xyzzy\"}", "unknown command `xyzzy'" },
		{ "{\"command\":\"a\\n\\u001b[2J\\u00e9\"}",
		  "unknown command `a\\x0a\\x1b[2J\\xc3\\xa9'" },
		{ "{\"command\":\"drain\",\"force\":\"yes\"}",
		  "\"force\" is neither true nor false" },
		{ "{\"command\":\"drain\",\"wait\":-1}",
		  "\"wait\" is not a number from 0 to 2592000000" },
		{ "{\"command\":\"drain\",\"wait\":2592000001}",
		  "\"wait\" is not a number from 0 to 2592000000" },
		{ "{\"command\":\"drain\",\"wait\":\"10s\"}",
		  "\"wait\" is not a number from 0 to 2592000000" },
		{ "{\"command\":\"drain\",\"wait\":1.5}",
		  "\"wait\" is not a number from 0 to 2592000000" },
		{ "{\"command\":\"drain\",\"deadline\":\"2h\"}",
		  "\"deadline\" is not a number from 0 to 2592000000" },
		{ "{\"command\":\"log\",\"lines\":257}",
		  "\"lines\" is not a number from 0 to 256" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char error[COMMAND_ERROR_MAX];
		struct command got;

		CHECK_EQ(EBADMSG, parse(&got, error, rows[i].text),
			 rows[i].text);
		CHECK_STR(rows[i].error, error, rows[i].text);
	}
}

static void nesting_without_end_is_refused(void **state)
{
	char text[4096], error[COMMAND_ERROR_MAX];
	struct command got;

	(void)state;
	memset(text, '[', sizeof(text));
	assert_int_equal(command_parse(&got, error, text, sizeof(text)),
			 EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_understood),
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(nesting_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
