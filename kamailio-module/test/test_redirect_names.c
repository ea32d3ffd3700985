/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>

#include "kamailio-module/redirect.h"

/* Each enum's names as one function of a plain number. */
static const char *method(unsigned i)
{
	return sip_method_name((enum sip_method)i);
}

static const char *transport(unsigned i)
{
	return sip_transport_name((enum sip_transport)i);
}

static const char *action(unsigned i)
{
	return redirect_action_name((enum redirect_action)i);
}

static const char *reason(unsigned i)
{
	return redirect_reason_name((enum redirect_reason)i);
}

static const char *defect(unsigned i)
{
	return sip_defect_text((enum sip_defect)i);
}

static const char *verdict(unsigned i)
{
	return stray_verdict_name((enum stray_verdict)i);
}

static const struct {
	const char *what;
	const char *(*name)(unsigned i);
	unsigned cnt;
	bool words;	/* they name statistics: a-z, 0-9 and '-' */
} tables[] = {
	{ "methods", method, SIP_METHODS, false },
	{ "transports", transport, SIP_TRANSPORTS, true },
	{ "actions", action, REDIRECT_ACTIONS, true },
	{ "reasons", reason, REDIRECT_REASONS, true },
	{ "verdicts", verdict, STRAY_VERDICTS, true },
	{ "defects", defect, SIP_DEFECTS, false },
};

static void every_value_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (unsigned i = 0; i < tables[t].cnt; i++) {
			const char *name = tables[t].name(i);

			CHECK(name, tables[t].what);
			CHECK(strcmp(name, "invalid") != 0, tables[t].what);
			CHECK(name[0] || tables[t].name == defect, name);
			if (tables[t].words)
				CHECK_EQ(strlen(name),
					 strspn(name, "abcdefghijklmnopqrstu"
						      "vwxyz0123456789-"),
					 name);
			for (unsigned j = 0; j < i; j++)
				CHECK(strcmp(name, tables[t].name(j)) != 0,
				      name);
		}
		CHECK_STR("invalid", tables[t].name(tables[t].cnt),
			  tables[t].what);
		CHECK_STR("invalid", tables[t].name(UINT32_MAX),
			  tables[t].what);
	}
}

static void every_defect_is_told_in_a_reason_phrase(void **state)
{
	(void)state;
	CHECK_STR("", defect(DEFECT_NONE), "none");
	for (unsigned i = DEFECT_NONE + 1; i < SIP_DEFECTS; i++)
		for (const char *c = defect(i); *c; c++)
			CHECK(*c >= ' ' && *c < 0x7f, defect(i));
}

/* RFC 3261 21 */
static void every_status_we_send_has_its_phrase(void **state)
{
	static const struct {
		unsigned status;
		const char *want;
	} rows[] = {
		{ 200, "OK" },
		{ 302, "Moved Temporarily" },
		{ 400, "Bad Request" },
		{ 404, "Not Found" },
		{ 414, "Request-URI Too Long" },
		{ 416, "Unsupported URI Scheme" },
		{ 420, "Bad Extension" },
		{ 480, "Temporarily Unavailable" },
		{ 481, "Call/Transaction Does Not Exist" },
		{ 483, "Too Many Hops" },
		{ 503, "Service Unavailable" },
		{ 499, "Refused" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_STR(rows[i].want, sip_status_text(rows[i].status),
			  rows[i].want);
}

/* RFC 3261 7.1: methods are case-sensitive */
static void methods_are_known_by_their_names(void **state)
{
	static const struct {
		const char *text;
		enum sip_method want;
	} rows[] = {
		{ "", SIP_METHOD_OTHER },	{ "other", SIP_METHOD_OTHER },
		{ "invite", SIP_METHOD_OTHER },	{ "INVIT", SIP_METHOD_OTHER },
		{ "INVITES", SIP_METHOD_OTHER }, { "FOO", SIP_METHOD_OTHER },
	};

	(void)state;
	for (unsigned i = SIP_METHOD_OTHER + 1; i < SIP_METHODS; i++)
		CHECK_EQ(i, sip_method_parse(slice_str(method(i))), method(i));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want,
			 sip_method_parse(slice_str(rows[i].text)),
			 rows[i].text);
}

static void a_list_of_methods_is_read_or_its_bad_word_told(void **state)
{
	static const struct {
		const char *text;
		uint32_t want;		/* 0: EINVAL */
		const char *bad;
	} rows[] = {
		{ "INVITE", 1 << SIP_METHOD_INVITE, NULL },
		{ " INVITE ", 1 << SIP_METHOD_INVITE, NULL },
		{ "INVITE,MESSAGE", 1 << SIP_METHOD_INVITE |
			1 << SIP_METHOD_MESSAGE, NULL },
		{ "MESSAGE , INVITE\t,REGISTER", 1 << SIP_METHOD_INVITE |
			1 << SIP_METHOD_MESSAGE | 1 << SIP_METHOD_REGISTER,
		  NULL },
		{ "INVITE,INVITE", 1 << SIP_METHOD_INVITE, NULL },
		{ "PUBLISH", 1 << SIP_METHOD_PUBLISH, NULL },
		{ "", 0, "" },
		{ " ", 0, "" },
		{ ",", 0, "" },
		{ "INVITE,", 0, "" },
		{ ",INVITE", 0, "" },
		{ "INVITE,,MESSAGE", 0, "" },
		{ "INVITE;MESSAGE", 0, "INVITE;MESSAGE" },
		{ "INVITE, FOO , MESSAGE", 0, "FOO" },
		{ "invite", 0, "invite" },
		{ "other", 0, "other" },
		/* they go with their INVITE, never by themselves */
		{ "INVITE,ACK", 0, "ACK" },
		{ "CANCEL,INVITE", 0, "CANCEL" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice bad = { 0 };
		uint32_t got = 0x55;
		int err = redirect_methods_parse(&got, slice_str(rows[i].text),
						 &bad);

		CHECK_EQ(rows[i].want ? 0 : EINVAL, err, rows[i].text);
		CHECK_EQ(rows[i].want ? rows[i].want : 0x55, got, rows[i].text);
		if (err)
			CHECK(slice_equal(bad, slice_str(rows[i].bad)),
			      rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_has_a_name_of_its_own),
		cmocka_unit_test(every_defect_is_told_in_a_reason_phrase),
		cmocka_unit_test(every_status_we_send_has_its_phrase),
		cmocka_unit_test(methods_are_known_by_their_names),
		cmocka_unit_test(a_list_of_methods_is_read_or_its_bad_word_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
