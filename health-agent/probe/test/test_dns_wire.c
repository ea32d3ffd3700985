/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "health-agent/probe/dns_wire.h"

/* Bytes with their number: strings may hold NULs. */
#define B(text) { text, sizeof(text) - 1 }

struct bytes {
	const char *text;
	size_t len;
};

/* The question all of this is about: id 0x1234, a.example, at offset 12. */
#define QNAME "\1a\7example\0"
#define HEAD(flags, answers) "\x12\x34" flags "\0\1" answers "\0\0\0\0"
#define YES "\x84\0"
#define ASKED(type) QNAME type "\0\1"
#define RR(type, len) "\xc0\x0c" type "\0\1\0\0\0\x3c" len

static const struct dns_question question = { 0x1234, "a.example.", DNS_A };

static void a_question_is_written(void **state)
{
	static const char want[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0" QNAME
				   "\0\1\0\1";
	struct dns_question q = question;
	uint8_t out[DNS_QUERY_MAX];
	char name[300];

	(void)state;
	assert_int_equal(dns_write(out, &q), sizeof(want) - 1);
	assert_memory_equal(out, want, sizeof(want) - 1);
	q.name = "a.example";
	assert_int_equal(dns_write(out, &q), sizeof(want) - 1);
	assert_memory_equal(out, want, sizeof(want) - 1);
	q.name = ".";
	assert_int_equal(dns_write(out, &q), 17);

	/* 63 to a label, 255 to a name */
	memset(name, 'x', sizeof(name));
	name[63] = name[127] = name[191] = '.';
	name[253] = '\0';
	q.name = name;
	assert_int_equal(dns_write(out, &q), 12 + 255 + 4);
	name[253] = 'x';
	name[254] = '\0';
	assert_int_equal(dns_write(out, &q), 0);
	name[64] = '\0';
	name[63] = 'x';
	assert_int_equal(dns_write(out, &q), 0);
}

static void no_name_is_no_question(void **state)
{
	static const char *const bad[] = {
		"", "..", ".a", "a..b", "a b", "a\tb", "a\\b", "a\"b",
		"\xc3\xa4", "a..",
	};
	struct dns_question q = question;
	uint8_t out[DNS_QUERY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		print_message("%s\n", bad[i]);
		q.name = bad[i];
		assert_int_equal(dns_write(out, &q), 0);
	}
}

static void records_are_read(void **state)
{
	static const struct {
		uint16_t type;
		struct bytes message;
		unsigned cnt;
		const char *record;
	} cases[] = {
		{ DNS_A, B(HEAD(YES, "\0\1") ASKED("\0\1")
			   RR("\0\1", "\0\4") "\xc0\0\2\x35"), 1,
		  "192.0.2.53" },
		{ DNS_A, B(HEAD(YES, "\0\0") "\1A\7eXaMPLE\0\0\1\0\1"), 0,
		  NULL },
		{ DNS_AAAA, B(HEAD(YES, "\0\1") ASKED("\0\x1c")
			      RR("\0\x1c", "\0\x10") "\x20\1\x0d\xb8\0\0\0\0"
			      "\0\0\0\0\0\0\0\x53"), 1, "2001:db8::53" },
		/* an alias before it */
		{ DNS_A, B(HEAD(YES, "\0\2") ASKED("\0\1")
			   RR("\0\5", "\0\4") "\1b\xc0\x0e"
			   "\xc0\x27" "\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"), 1,
		  "192.0.2.1" },
		/* of an alias that was not asked for, and of its name */
		{ DNS_A, B(HEAD(YES, "\0\2") ASKED("\0\1")
			   "\xc0\x0e\0\5\0\1\0\0\0\x3c\0\4\1b\xc0\x0e"
			   "\xc0\x27" "\0\1\0\1\0\0\0\1\0\4\xc0\0\2\1"), 0,
		  NULL },
		/* of somebody else, then ours in other letters */
		{ DNS_A, B(HEAD(YES, "\0\2") ASKED("\0\1")
			   "\1b\xc0\x0e\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
			   "\1A\xc0\x0e\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\2"), 1,
		  "192.0.2.2" },
		/* of who we were asked about, whose alias leads elsewhere */
		{ DNS_A, B(HEAD(YES, "\0\2") ASKED("\0\1")
			   RR("\0\5", "\0\4") "\1b\xc0\x0e"
			   RR("\0\1", "\0\4") "\xc0\0\2\1"), 0, NULL },
		/* another class */
		{ DNS_A, B(HEAD(YES, "\0\1") ASKED("\0\1") "\xc0\x0c\0\1\0\3"
			   "\0\0\0\0\0\4\xc0\0\2\1"), 0, NULL },
		{ DNS_SRV, B(HEAD(YES, "\0\2") ASKED("\0\x21")
			     RR("\0\x21", "\0\x0a")
			     "\0\x0a\0\x14\x13\xc4\1b\xc0\x0e"
			     RR("\0\x21", "\0\7") "\0\0\0\0\0\0\0"), 2,
		  "10 20 5060 b.example." },
		{ DNS_SRV, B(HEAD(YES, "\0\1") ASKED("\0\x21")
			     RR("\0\x21", "\0\7") "\0\0\0\0\0\0\0"), 1,
		  "0 0 0 ." },
		{ DNS_NAPTR, B(HEAD(YES, "\0\1") ASKED("\0\x23")
			       RR("\0\x23", "\0\x11") "\0\x0a\0\x64\1s\7SIP+D2T"
			       "\0\xc0\x0c"), 1,
		  "10 100 \"s\" \"SIP+D2T\" \"\" a.example." },
		{ DNS_TXT, B(HEAD(YES, "\0\1") ASKED("\0\x10")
			     RR("\0\x10", "\0\x0b") "\3a b\2\"\\\3\n\0\xff"),
		  1, "\"a b\" \"\\\"\\\\\" \"\\010\\000\\255\"" },
		/* a label that is no host name */
		{ DNS_SRV, B(HEAD(YES, "\0\1") ASKED("\0\x21")
			     RR("\0\x21", "\0\x0c") "\0\0\0\0\0\0\4a.\n \0"),
		  1, "0 0 0 a\\.\\010\\ ." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_question q = question;
		struct dns_answer a;

		print_message("%s\n", cases[i].record ? cases[i].record : "-");
		q.type = cases[i].type;
		assert_int_equal(dns_read(&a, slice_of(cases[i].message.text,
						       cases[i].message.len),
					  &q), DNS_ANSWERED);
		assert_int_equal(a.cnt, cases[i].cnt);
		if (a.cnt)
			assert_string_equal(a.records[0], cases[i].record);
	}
}

static void what_answers_something_else_is_told_apart(void **state)
{
	static const struct {
		const char *what;
		struct bytes message;
		enum dns_outcome want;
	} cases[] = {
		{ "another id", B("\x12\x35" YES "\0\1\0\0\0\0\0\0"
				  ASKED("\0\1")), DNS_STRANGE },
		{ "a query", B(HEAD("\1\0", "\0\0") ASKED("\0\1")),
		  DNS_STRANGE },
		{ "another opcode", B(HEAD("\xa8\0", "\0\0") ASKED("\0\1")),
		  DNS_STRANGE },
		{ "another name", B(HEAD(YES, "\0\0") "\1b\7example\0\0\1\0\1"),
		  DNS_STRANGE },
		{ "a longer name", B(HEAD(YES, "\0\0") "\1a\7example\1x\0"
				     "\0\1\0\1"), DNS_STRANGE },
		{ "another type", B(HEAD(YES, "\0\0") ASKED("\0\2")),
		  DNS_STRANGE },
		{ "another class", B(HEAD(YES, "\0\0") QNAME "\0\1\0\3"),
		  DNS_STRANGE },
		{ "no question", B("\x12\x34" YES "\0\0\0\0\0\0\0\0"),
		  DNS_STRANGE },
		{ "two questions", B("\x12\x34" YES "\0\2\0\0\0\0\0\0"
				     ASKED("\0\1") ASKED("\0\1")),
		  DNS_STRANGE },
		{ "NXDOMAIN", B(HEAD("\x84\3", "\0\0") ASKED("\0\1")),
		  DNS_REFUSED },
		{ "FORMERR, no question",
		  B("\x12\x34\x84\1\0\0\0\0\0\0\0\0"), DNS_REFUSED },
		{ "truncated", B(HEAD("\x86\0", "\0\1") ASKED("\0\1")),
		  DNS_TRUNCATED },
		{ "nothing", B(""), DNS_GARBAGE },
		{ "half a head", B("\x12\x34" YES "\0\1\0"), DNS_GARBAGE },
		{ "half a question", B(HEAD(YES, "\0\0") "\1a\7exa"),
		  DNS_STRANGE },
		{ "fewer records than said",
		  B(HEAD(YES, "\0\2") ASKED("\0\1") RR("\0\1", "\0\4")
		    "\xc0\0\2\x35"), DNS_GARBAGE },
		{ "half a record", B(HEAD(YES, "\0\1") ASKED("\0\1")
				     RR("\0\1", "\0\4") "\xc0\0\2"),
		  DNS_GARBAGE },
		{ "an address of 5 bytes",
		  B(HEAD(YES, "\0\1") ASKED("\0\1") RR("\0\1", "\0\5")
		    "\xc0\0\2\x35\0"), DNS_GARBAGE },
		{ "an alias that ends too soon",
		  B(HEAD(YES, "\0\1") ASKED("\0\1") RR("\0\5", "\0\5")
		    "\1b\xc0\x0e\0"), DNS_GARBAGE },
		{ "a pointer to itself",
		  B(HEAD(YES, "\0\1") ASKED("\0\1")
		    "\xc0\x1b\0\1\0\1\0\0\0\0\0\0"), DNS_GARBAGE },
		{ "a pointer ahead",
		  B(HEAD(YES, "\0\1") ASKED("\0\1")
		    "\xc0\x1d\0\0\1\0\1\0\0\0\0\0\0"), DNS_GARBAGE },
		{ "a label of a kind that is none",
		  B(HEAD(YES, "\0\1") ASKED("\0\1")
		    "\x80\0\0\1\0\1\0\0\0\0\0\0"), DNS_GARBAGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_answer a;

		print_message("%s\n", cases[i].what);
		assert_int_equal(dns_read(&a, slice_of(cases[i].message.text,
						       cases[i].message.len),
					  &question), cases[i].want);
	}
}

/* Two names that lead to each other, and one that grows on its way. */
static void compressed_names_end(void **state)
{
	static const struct bytes cases[] = {
		B(HEAD(YES, "\0\1") ASKED("\0\1") "\1x\xc0\x1b\0\1\0\1"
		  "\0\0\0\0\0\0"),
		B(HEAD(YES, "\0\2") ASKED("\0\1")
		  "\xc0\x0c\0\5\0\1\0\0\0\0\0\4\1y\xc0\x27"
		  "\xc0\x27\0\1\0\1\0\0\0\0\0\0"),
	};
	struct dns_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(dns_read(&a, slice_of(cases[i].text,
						       cases[i].len),
					  &question), DNS_GARBAGE);
}

static void more_records_than_are_kept_are_counted(void **state)
{
	static const char head[] = HEAD(YES, "\1\x28") ASKED("\0\1");
	static const char record[] = RR("\0\1", "\0\4") "\xc0\0\2\x35";
	char message[8192];
	size_t len = sizeof(head) - 1;
	struct dns_answer a;

	(void)state;
	memcpy(message, head, len);
	for (unsigned i = 0; i < 296; i++, len += sizeof(record) - 1)
		memcpy(message + len, record, sizeof(record) - 1);
	assert_int_equal(dns_read(&a, slice_of(message, len), &question),
			 DNS_ANSWERED);
	assert_int_equal(a.cnt, 296);
	assert_string_equal(a.records[DNS_RECORDS_MAX - 1], "192.0.2.53");
}

static void texts_are_compared_by_meaning(void **state)
{
	static const struct {
		uint16_t type;
		const char *a, *b;
		bool equal;
	} cases[] = {
		{ DNS_A, "192.0.2.53", "192.0.2.53", true },
		{ DNS_A, "192.0.2.53", "192.0.2.54", false },
		{ DNS_A, "nonsense", "nonsense", false },
		{ DNS_AAAA, "2001:db8::53", "2001:DB8:0::0053", true },
		{ DNS_AAAA, "192.0.2.53", "192.0.2.53", false },
		{ DNS_SRV, "10 20 5060 sip.example.net.",
		  " 10  20\t5060 SIP.example.net ", true },
		{ DNS_SRV, "10 20 5060 a.", "10 20 5061 a.", false },
		{ DNS_SRV, "10 20 5060 a.", "10 20 5060", false },
		{ DNS_SRV, "0 0 0 .", "0 0 0 .", true },
		{ DNS_NAPTR, "1 2 \"s\" \"SIP+D2T\" \"\" a.b.",
		  "1 2 \"s\" \"SIP+D2T\" \"\" a.b", true },
		{ DNS_NAPTR, "1 2 \"s\" \"SIP+D2T\" \"\" a.b.",
		  "1 2 \"s\" \"SIP+D2U\" \"\" a.b", false },
		{ DNS_TXT, "\"a  b\"", "\"a b\"", false },
		{ DNS_TXT, "\"a\\\" b\" \"c\"", "\"a\\\" b\"   \"c\"", true },
		{ DNS_TXT, "\"A\"", "\"a\"", false },
		{ DNS_TXT, "\"a.\"", "\"a\"", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s, %s\n", cases[i].a, cases[i].b);
		assert_int_equal(dns_text_equal(cases[i].a, cases[i].b,
						cases[i].type),
				 cases[i].equal);
	}
}

static void names_are_known(void **state)
{
	(void)state;
	assert_string_equal(dns_type_name(DNS_NAPTR), "NAPTR");
	assert_null(dns_type_name(2));
	assert_string_equal(dns_rcode_name(3), "NXDOMAIN");
	assert_string_equal(dns_rcode_name(15), "rcode");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_question_is_written),
		cmocka_unit_test(no_name_is_no_question),
		cmocka_unit_test(records_are_read),
		cmocka_unit_test(what_answers_something_else_is_told_apart),
		cmocka_unit_test(compressed_names_end),
		cmocka_unit_test(more_records_than_are_kept_are_counted),
		cmocka_unit_test(texts_are_compared_by_meaning),
		cmocka_unit_test(names_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
