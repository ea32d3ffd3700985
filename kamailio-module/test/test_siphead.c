/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include <stdio.h>
#include <stdlib.h>

#include "kamailio-module/siphead.h"

#define FIRST "INVITE sip:bob@sip.example.net SIP/2.0\r\n"

static void check_slice(const char *what, const char *want, struct slice got)
{
	if (!slice_equal(got, slice_str(want)))
		fail_msg("%s: want \"%s\", got \"%.*s\"", what, want,
			 (int)got.len, got.len ? got.text : "");
}

/* The head of a message that lies in memory of exactly its size; freed by the
 * next call.
 */
static bool scan(struct siphead *head, const char *text, size_t len)
{
	static char *exact;

	free(exact);
	exact = malloc(len ? len : 1);
	assert_non_null(exact);
	memcpy(exact, text, len);
	return siphead_scan(head, slice_of(exact, len));
}

/* What of a head a field named so fills in. */
enum part {
	NOTHING,
	VIA,
	FROM,
	TO,
	CALL_ID,
	CSEQ,
	USER_AGENT,
	MAX_FORWARDS,
	PROXY_REQUIRE,
	CONTENT_LENGTH,
	PROBE_VALUE,
	ROUTE,
};

static enum part part_of(const struct siphead *head)
{
	return head->via_cnt ?			VIA :
	       head->from.len ?			FROM :
	       head->to.len ?			TO :
	       head->call_id.len ?		CALL_ID :
	       head->cseq.len ?			CSEQ :
	       head->user_agent.len ?		USER_AGENT :
	       head->has_max_forwards ?		MAX_FORWARDS :
	       head->proxy_require_cnt ?	PROXY_REQUIRE :
	       head->has_content_length ?	CONTENT_LENGTH :
	       head->has_probe ?		PROBE_VALUE :
	       head->has_route ?		ROUTE :
						NOTHING;
}

/* RFC 3261 7.3.1, 7.3.3, 20 */
static void every_field_is_known_by_its_names(void **state)
{
	static const struct {
		const char *name;
		enum part want;
	} rows[] = {
		{ "Via", VIA },			{ "v", VIA },
		{ "From", FROM },		{ "f", FROM },
		{ "To", TO },			{ "t", TO },
		{ "Call-ID", CALL_ID },		{ "i", CALL_ID },
		{ "CSeq", CSEQ },		{ "User-Agent", USER_AGENT },
		{ "Max-Forwards", MAX_FORWARDS },
		{ "Proxy-Require", PROXY_REQUIRE },
		{ "Content-Length", CONTENT_LENGTH },
		{ "l", CONTENT_LENGTH },
		{ "X-Anycast-Probe", PROBE_VALUE },
		{ "Route", ROUTE },
		/* whatever begins, ends or is as long as one of them */
		{ "", NOTHING },		{ "w", NOTHING },
		{ "c", NOTHING },		{ "m", NOTHING },
		{ "Tx", NOTHING },		{ "Vi", NOTHING },
		{ "Viaa", NOTHING },		{ "XVia", NOTHING },
		{ "Fro", NOTHING },		{ "Cseq2", NOTHING },
		{ "Call_ID", NOTHING },		{ "Contact", NOTHING },
		{ "Require", NOTHING },		{ "Reply-To", NOTHING },
		{ "Content-Type", NOTHING },	{ "Record-Route", NOTHING },
		{ "Max-Breadth", NOTHING },	{ "User.Agent", NOTHING },
		{ "Proxy-Authorization", NOTHING },
		{ "Via\x01", NOTHING },		{ "\xf6ia", NOTHING },
		{ "V\xe9" "a", NOTHING },	{ "6ia", NOTHING },
	};
	struct siphead head;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char name[64];

		for (unsigned shape = 0; shape < 4; shape++) {
			/* as it is, upper, lower case, white space behind it */
			snprintf(name, sizeof(name), "%s%s", rows[i].name,
				 shape == 3 ? " \t" : "");
			for (char *c = name; *c; c++)
				if (shape == 1 && *c >= 'a' && *c <= 'z')
					*c -= 'a' - 'A';
				else if (shape == 2 && *c >= 'A' && *c <= 'Z')
					*c += 'a' - 'A';
			snprintf(text, sizeof(text), FIRST "%s: 1\r\n\r\n",
				 name);
			CHECK(scan(&head, text, strlen(text)), name);
			CHECK_EQ(rows[i].want, part_of(&head), name);
		}
	}
}

static void fields_come_whole_and_values_trimmed(void **state)
{
	static const char text[] = FIRST
		"v : SIP/2.0/UDP a ;b\r\n ,c\r\n"
		"Via:SIP/2.0/TCP d\r\n"
		"FROM:\r\n\t\"A\" <sip:a@b>;tag=1  \r\n"
		"To :  <sip:b@c>\r\n"
		"i:x\r\n"
		"CSeq:\r\n 1\r\n INVITE\r\n"
		"User-Agent:  a  b \r\n\t c\r\n \r\n"
		"Max-Forwards:70\r\n"
		"Proxy-Require: foo\r\n"
		"Proxy-Require: bar,\r\n baz\r\n"
		"X-Anycast-Probe: fra1 1 ab\r\n"
		"Content-Length: 4\r\n"
		"\r\n"
		"To: body";
	struct siphead head;

	(void)state;
	assert_true(scan(&head, text, sizeof(text) - 1));
	CHECK_EQ(2, head.via_cnt, "Via");
	check_slice("Via", "v : SIP/2.0/UDP a ;b\r\n ,c\r\n", head.vias[0]);
	check_slice("Via", "Via:SIP/2.0/TCP d\r\n", head.vias[1]);
	check_slice("From", "FROM:\r\n\t\"A\" <sip:a@b>;tag=1  \r\n", head.from);
	check_slice("From", "\"A\" <sip:a@b>;tag=1", head.from_value);
	check_slice("To", "To :  <sip:b@c>\r\n", head.to);
	check_slice("To", "<sip:b@c>", head.to_value);
	check_slice("Call-ID", "i:x\r\n", head.call_id);
	check_slice("CSeq", "CSeq:\r\n 1\r\n INVITE\r\n", head.cseq);
	check_slice("User-Agent", "a  b \r\n\t c", head.user_agent);
	check_slice("Max-Forwards", "70", head.max_forwards);
	CHECK_EQ(2, head.proxy_require_cnt, "Proxy-Require");
	check_slice("Proxy-Require", "foo", head.proxy_requires[0]);
	check_slice("Proxy-Require", "bar,\r\n baz", head.proxy_requires[1]);
	check_slice("probe", "fra1 1 ab", head.probe);
	check_slice("Content-Length", "4", head.content_length);
	CHECK_EQ(sizeof(text) - 1 - strlen("To: body"), head.body_at, "body");
	CHECK(!head.has_route, "no Route");
}

static void of_a_field_that_stands_twice_the_first_counts(void **state)
{
	static const char text[] = FIRST
		"From: 1\r\nf: 2\r\nTo: 1\r\nt: 2\r\nCall-ID: 1\r\ni: 2\r\n"
		"CSeq: 1\r\nCSeq: 2\r\nUser-Agent: 1\r\nUser-Agent: 2\r\n"
		"Max-Forwards:\r\nMax-Forwards: 2\r\n"
		"X-Anycast-Probe: 1\r\nX-Anycast-Probe: 2\r\n\r\n";
	struct siphead head;

	(void)state;
	assert_true(scan(&head, text, sizeof(text) - 1));
	check_slice("From", "From: 1\r\n", head.from);
	check_slice("From", "1", head.from_value);
	check_slice("To", "To: 1\r\n", head.to);
	check_slice("To", "1", head.to_value);
	check_slice("Call-ID", "Call-ID: 1\r\n", head.call_id);
	check_slice("CSeq", "CSeq: 1\r\n", head.cseq);
	check_slice("User-Agent", "1", head.user_agent);
	check_slice("an empty one is one", "", head.max_forwards);
	check_slice("probe", "1", head.probe);
}

/* RFC 4475 3.3.9 */
static void two_lengths_are_none(void **state)
{
	static const struct {
		const char *what, *text, *want;
		bool has;
	} rows[] = {
		{ "none", FIRST "\r\n", "", false },
		{ "one", FIRST "l: 7\r\n\r\n", "7", true },
		{ "two", FIRST "l: 7\r\nContent-Length: 7\r\n\r\n", "", true },
		{ "three", FIRST "l: 7\r\nl: 8\r\nl: 9\r\n\r\n", "", true },
		{ "an empty one", FIRST "l:\r\n\r\n", "", true },
	};
	struct siphead head;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK(scan(&head, rows[i].text, strlen(rows[i].text)),
		      rows[i].what);
		CHECK_EQ(rows[i].has, head.has_content_length, rows[i].what);
		check_slice(rows[i].what, rows[i].want, head.content_length);
	}
}

static void lines_end_and_fold_as_they_may(void **state)
{
	static const struct {
		const char *what, *text;
		bool ends;
		const char *to;
		const char *body;	/* what is left behind the head */
	} rows[] = {
		{ "CR LF", FIRST "To: a\r\n\r\nb", true, "To: a\r\n", "b" },
		{ "LF", "X y z\nTo: a\n\nb", true, "To: a\n", "b" },
		{ "both", "X y z\nTo: a\r\n\nb", true, "To: a\r\n", "b" },
		{ "empty lines first (7.5)", "\r\n\n\r\n" FIRST
		  "To: a\r\n\r\nb", true, "To: a\r\n", "b" },
		{ "folded twice", FIRST "To: a\r\n b\r\n\tc\r\n\r\n", true,
		  "To: a\r\n b\r\n\tc\r\n", "" },
		{ "folded by a line of white space", FIRST
		  "To: a\r\n \r\nFrom: b\r\n\r\n", true, "To: a\r\n \r\n", "" },
		{ "the first line folds nothing", FIRST
		  " To: a\r\nTo: b\r\n\r\n", true, "To: b\r\n", "" },
		{ "a CR ends no line", FIRST "To: a\rFrom: b\r\n\r\n", true,
		  "To: a\rFrom: b\r\n", "" },
		{ "a line without a colon", FIRST "To\r\nTo: a\r\n\r\n", true,
		  "To: a\r\n", "" },
		{ "no end", FIRST "To: a\r\n", false, "To: a\r\n", "" },
		{ "no line break either", FIRST "To: a", false, "To: a", "" },
		{ "cut in a fold", FIRST "To: a\r\n ", false, "To: a\r\n ",
		  "" },
		{ "half an empty line", FIRST "To: a\r\n\r", false,
		  "To: a\r\n", "" },
		{ "only a first line", FIRST, false, "", "" },
		{ "only empty lines", "\r\n\r\n", false, "", "" },
		{ "nothing", "", false, "", "" },
	};
	struct siphead head;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = strlen(rows[i].text);

		CHECK_EQ(rows[i].ends, scan(&head, rows[i].text, len),
			 rows[i].what);
		check_slice(rows[i].what, rows[i].to, head.to);
		CHECK_EQ(len - strlen(rows[i].body), head.body_at,
			 rows[i].what);
		CHECK(!head.from.len || strstr(rows[i].text, "\nFrom"),
		      rows[i].what);
	}
}

static void what_comes_too_often_is_said_so(void **state)
{
	static char text[16384];
	struct siphead head;

	(void)state;
	for (size_t cnt = 0; cnt < SIPHEAD_VIAS_MAX + 3; cnt++) {
		size_t len = (size_t)snprintf(text, sizeof(text), FIRST);

		for (size_t i = 0; i < cnt; i++)
			len += (size_t)snprintf(text + len, sizeof(text) - len,
						"v: %zu\r\n"
						"Proxy-Require: %zu\r\n", i, i);
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"\r\n");
		assert_true(scan(&head, text, len));
		CHECK_EQ(cnt > SIPHEAD_VIAS_MAX, head.too_many_vias, "Via");
		CHECK_EQ(cnt > SIPHEAD_VIAS_MAX ? SIPHEAD_VIAS_MAX : cnt,
			 head.via_cnt, "Via");
		CHECK_EQ(cnt > SIPHEAD_REQUIRES_MAX ? SIPHEAD_REQUIRES_MAX :
						      cnt,
			 head.proxy_require_cnt, "Proxy-Require");
		if (cnt > 1)
			check_slice("first", "v: 0\r\n", head.vias[0]);
	}
	/* and nothing of it is left for the next message */
	assert_true(scan(&head, FIRST "\r\n", strlen(FIRST) + 2));
	CHECK_EQ(NOTHING, part_of(&head), "a new message");
	CHECK(!head.too_many_vias, "a new message");
}

/* Max-Forwards, RFC 3261 16.6 step 3: in place, whatever its length. */
static void a_number_is_counted_down_where_it_stands(void **state)
{
	static const struct {
		const char *text;
		const char *want;	/* NULL: refused, and left alone */
	} rows[] = {
		{ "70", "69" }, { "1", "0" }, { "10", "09" },
		{ "100", "099" }, { "255", "254" }, { "0000000070", "0000000069" },
		{ "00000000000000000000100", "00000000000000000000099" },
		{ "0", NULL }, { "000", NULL }, { "", NULL }, { "7x", NULL },
		{ "x7", NULL }, { "-1", NULL }, { "7 ", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[64] = "";
		size_t len = strlen(rows[i].text);
		bool done;

		memcpy(text, rows[i].text, len);
		text[len] = '9';	/* what comes behind is not touched */
		done = siphead_count_down(text, len);
		CHECK_EQ('9', text[len], rows[i].text);
		text[len] = '\0';
		CHECK_EQ(!!rows[i].want, done, rows[i].text);
		CHECK_STR(rows[i].want ? rows[i].want : rows[i].text, text,
			  rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_known_by_its_names),
		cmocka_unit_test(fields_come_whole_and_values_trimmed),
		cmocka_unit_test(of_a_field_that_stands_twice_the_first_counts),
		cmocka_unit_test(two_lengths_are_none),
		cmocka_unit_test(lines_end_and_fold_as_they_may),
		cmocka_unit_test(what_comes_too_often_is_said_so),
		cmocka_unit_test(a_number_is_counted_down_where_it_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
