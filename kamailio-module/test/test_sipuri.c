/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/sipuri.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void check_slice(const char *what, const char *field, struct slice got,
			const char *want)
{
	if (!want)
		want = "";
	if (!slice_equal(got, slice_str(want)))
		fail_msg("%s: %s is \"%.*s\", not \"%s\"", what, field,
			 (int)got.len, got.text ? got.text : "", want);
}

static const struct {
	const char *text;
	enum sipuri_scheme scheme;
	const char *user, *password, *host;
	unsigned port;
	const char *params, *headers, *addr;
} good_uris[] = {
	{ .text = "sip:alice@atlanta.com", .scheme = SIPURI_SIP,
	  .user = "alice", .host = "atlanta.com" },
	{ .text = "sip:alice:secretword@atlanta.com;transport=tcp",
	  .scheme = SIPURI_SIP, .user = "alice",
	  .password = "secretword", .host = "atlanta.com",
	  .params = "transport=tcp" },
	{ .text = "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
	  .scheme = SIPURI_SIPS, .user = "alice",
	  .host = "atlanta.com",
	  .headers = "subject=project%20x&priority=urgent" },
	{ .text = "sip:+1-212-555-1212:1234@gateway.com;user=phone",
	  .scheme = SIPURI_SIP, .user = "+1-212-555-1212",
	  .password = "1234", .host = "gateway.com",
	  .params = "user=phone" },
	{ .text = "sips:1212@gateway.com", .scheme = SIPURI_SIPS,
	  .user = "1212", .host = "gateway.com" },
	{ .text = "sip:alice@192.0.2.4", .scheme = SIPURI_SIP,
	  .user = "alice", .host = "192.0.2.4",
	  .addr = "192.0.2.4" },
	{ .text = "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com",
	  .scheme = SIPURI_SIP, .host = "atlanta.com",
	  .params = "method=REGISTER",
	  .headers = "to=alice%40atlanta.com" },
	{ .text = "sip:alice;day=tuesday@atlanta.com",
	  .scheme = SIPURI_SIP, .user = "alice;day=tuesday",
	  .host = "atlanta.com" },
	{ .text = "SIP:a@B.EXAMPLE:5060", .scheme = SIPURI_SIP,
	  .user = "a", .host = "B.EXAMPLE", .port = 5060 },
	{ .text = "sip:a:@b.example", .scheme = SIPURI_SIP,
	  .user = "a", .password = "", .host = "b.example" },
	{ .text = "sip:a?b/c;d=e@f.example", .scheme = SIPURI_SIP,
	  .user = "a?b/c;d=e", .host = "f.example" },
	{ .text = "sip:*21#@pbx", .scheme = SIPURI_SIP,
	  .user = "*21#", .host = "pbx" },
	{ .text = "sip:a%00b%40c@d.example", .scheme = SIPURI_SIP,
	  .user = "a%00b%40c", .host = "d.example" },
	/* RFC 4475 3.1.1.2 */
	{ .text = "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:"
		"&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
	  .scheme = SIPURI_SIP,
	  .user = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
	  .password = "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
	  .host = "example.com" },
	{ .text = "sip:[2001:db8::10]", .scheme = SIPURI_SIP,
	  .host = "[2001:db8::10]", .addr = "2001:db8::10" },
	{ .text = "sip:a@[2001:DB8::10]:5070;lr?x=y",
	  .scheme = SIPURI_SIP, .user = "a",
	  .host = "[2001:DB8::10]", .port = 5070, .params = "lr",
	  .headers = "x=y", .addr = "2001:db8::10" },
	{ .text = "sip:[::ffff:192.0.2.1]", .scheme = SIPURI_SIP,
	  .host = "[::ffff:192.0.2.1]", .addr = "::ffff:192.0.2.1" },
	{ .text = "sip:host.example.:1", .scheme = SIPURI_SIP,
	  .host = "host.example.", .port = 1 },
	{ .text = "sip:100@3cx", .scheme = SIPURI_SIP,
	  .user = "100", .host = "3cx" },
	{ .text = "sip:my_pbx", .scheme = SIPURI_SIP,
	  .host = "my_pbx" },
	{ .text = "sip:h.example;;lr;", .scheme = SIPURI_SIP,
	  .host = "h.example", .params = ";lr;" },
	{ .text = "sip:h.example;line=YWJj==;x=",
	  .scheme = SIPURI_SIP, .host = "h.example",
	  .params = "line=YWJj==;x=" },
	{ .text = "sip:h.example:65535", .scheme = SIPURI_SIP,
	  .host = "h.example", .port = 65535 },
	{ .text = "sip:h.example?", .scheme = SIPURI_SIP,
	  .host = "h.example" },
	{ .text = "tel:+1-201-555-0123", .scheme = SIPURI_TEL,
	  .user = "+1-201-555-0123" },
	{ .text = "tel:7042;phone-context=example.com",
	  .scheme = SIPURI_TEL, .user = "7042",
	  .params = "phone-context=example.com" },
	{ .text = "tel:*21*0123#", .scheme = SIPURI_TEL,
	  .user = "*21*0123#" },
	{ .text = "soap.beep://192.0.2.103:3002",
	  .scheme = SIPURI_OTHER },
	{ .text = "nobodyKnowsThisScheme:totallyopaquecontent",
	  .scheme = SIPURI_OTHER },
	{ .text = "urn:service:sos", .scheme = SIPURI_OTHER },
	{ .text = "mailto:a@b.example", .scheme = SIPURI_OTHER },
};

static void parts_of_good_uris(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good_uris); i++) {
		const char *text = good_uris[i].text;
		struct sipuri uri;
		struct addr addr = { 0 };
		int err = sipuri_parse(&uri, slice_str(text));

		if (err)
			fail_msg("%s: error %d", text, err);
		if (uri.scheme != good_uris[i].scheme)
			fail_msg("%s: scheme %s", text,
				 sipuri_scheme_name(uri.scheme));
		check_slice(text, "user", uri.user, good_uris[i].user);
		check_slice(text, "password", uri.password,
			    good_uris[i].password);
		check_slice(text, "host", uri.host, good_uris[i].host);
		check_slice(text, "params", uri.params, good_uris[i].params);
		check_slice(text, "headers", uri.headers,
			    good_uris[i].headers);
		if (uri.has_password != !!good_uris[i].password)
			fail_msg("%s: has_password", text);
		if (uri.port != good_uris[i].port)
			fail_msg("%s: port %u", text, uri.port);
		if (good_uris[i].addr)
			assert_int_equal(addr_parse(&addr, good_uris[i].addr,
						    strlen(good_uris[i].addr)),
					 0);
		if (!addr_equal(&uri.addr, &addr))
			fail_msg("%s: wrong address", text);
	}
}

static void what_is_no_uri(void **state)
{
	static const char *const rows[] = {
		"", ":", "sip", "sip:", "sips:", "tel:", "x:",
		/* schemes */
		" sip:a@b.example", "1x:y", "s%69p:a@b.example", "si p:a",
		"<sip:a@b.example>",
		/* userinfo */
		"sip:@b.example", "sip::pw@b.example", "sip:a b@c.example",
		"sip:a@b@c.example", "sip:a:b:c@d.example",
		"sip:a\"b@c.example", "sip:a<b@c.example", "sip:a>b@c.example",
		"sip:a\rb@c.example", "sip:a\nb@c.example", "sip:a\tb@c.example",
		"sip:a%@b.example", "sip:a%4@b.example", "sip:a%4g@b.example",
		"sip:a%g4@b.example", "sip:\xc3\xa9@b.example",
		"sip:a\x7f@b.example", "sip:a\\b@c.example",
		"sip:a:p#w@b.example", "sip:a{b@c.example",
		/* hosts */
		"sip:a@", "sip:a@;lr", "sip:a@:5060", "sip:a@.", "sip:a@..b",
		"sip:a@b..c", "sip:a@.b", "sip:a@-b.example",
		"sip:a@b-.example", "sip:a@b.example..",
		"sip:a@10.0.0.300", "sip:a@10.0.0", "sip:a@5060",
		"sip:a@b.example/x", "sip:a@b,c", "sip:a@b%2ec",
		"sip:a@2001:db8::1", "sip:a@[2001:db8::1", "sip:a@[]",
		"sip:a@[2001:db8::1]x", "sip:a@[192.0.2.1]", "sip:a@[b.example]",
		"sip:a@[fe80::1%25eth0]", "sip:a@[2001:db8:::192.0.2.1]",
		/* ports */
		"sip:a@b.example:", "sip:a@b.example:0", "sip:a@b.example:65536",
		"sip:a@b.example:-1", "sip:a@b.example:5060x",
		"sip:a@b.example:99999999999", "sip:a@b.example: 5060",
		"sip:a@[2001:db8::1]:", "sip:a@b.example:5060:5060",
		/* parameters and headers */
		"sip:a@b.example;x=y z", "sip:a@b.example;=y",
		"sip:a@b.example;x=\"y\"", "sip:a@b.example;x=a@b",
		"sip:a@b.example;x=%1", "sip:a@b.example;x=<y>",
		"sip:a@b.example?=x", "sip:a@b.example?a=b&&c=d",
		"sip:a@b.example?a=b;c", "sip:a@b.example?a=%zz",
		"sip:a@b.example ", "sip:a@b.example;lr\r\nX: y",
		/* tel */
		"tel:+", "tel:-.-", "tel:01234x", "tel:1+2", "tel:;x=y",
		"tel:%31", "tel:1;x=a b",
		/* other schemes */
		"urn:a b", "urn:<x>", "urn:\r\nx",
	};
	struct sipuri uri;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int err = sipuri_parse(&uri, slice_str(rows[i]));

		if (err != EBADMSG)
			fail_msg("\"%s\": %d", rows[i], err);
		if (uri.scheme_text.text || uri.host.text || uri.port)
			fail_msg("\"%s\": not zeroed", rows[i]);
	}

	/* a NUL is a control character, not an end */
	assert_int_equal(sipuri_parse(&uri, slice_of("sip:a\0b@c.example", 17)),
			 EBADMSG);
	assert_int_equal(sipuri_parse(&uri, slice_of("sip:c.example\0", 14)),
			 EBADMSG);
	assert_int_equal(sipuri_parse(&uri, slice_of(NULL, 0)), EBADMSG);
}

/* text, then fill times as often as fits into size bytes, as one URI */
static int parse_filled(const char *text, const char *fill, size_t size)
{
	char *buf = malloc(size);
	size_t text_len = strlen(text), fill_len = strlen(fill);
	struct sipuri uri;
	int err;

	assert_non_null(buf);
	memcpy(buf, text, text_len);
	for (size_t i = text_len; i < size; i++)
		buf[i] = fill[(i - text_len) % fill_len];
	err = sipuri_parse(&uri, slice_of(buf, size));
	free(buf);
	return err;
}

static void lengths_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(parse_filled("sip:h.example;x=", "y", SIPURI_LEN_MAX),
			 0);
	assert_int_equal(parse_filled("sip:h.example;x=", "y",
				      SIPURI_LEN_MAX + 1), EMSGSIZE);
	assert_int_equal(parse_filled("sip:h.example", ";x",
				      13 + 2 * SIPURI_ITEMS_MAX), 0);
	assert_int_equal(parse_filled("sip:h.example", ";x",
				      15 + 2 * SIPURI_ITEMS_MAX), EMSGSIZE);
	assert_int_equal(parse_filled("sip:h.example?x", "&y",
				      15 + 2 * SIPURI_ITEMS_MAX), EMSGSIZE);
	/* 63 characters a label, 253 a name */
	assert_int_equal(parse_filled("sip:", "a", 4 + 63), 0);
	assert_int_equal(parse_filled("sip:", "a", 4 + 64), EBADMSG);
	assert_int_equal(parse_filled("sip:", "a.", 4 + 253), 0);
	assert_int_equal(parse_filled("sip:", "a.", 4 + 255), EBADMSG);
}

static bool equal(const char *a, const char *b)
{
	struct sipuri ua, ub;

	assert_int_equal(sipuri_parse(&ua, slice_str(a)), 0);
	assert_int_equal(sipuri_parse(&ub, slice_str(b)), 0);
	if (!sipuri_equal(&ua, &ua) || !sipuri_equal(&ub, &ub))
		fail_msg("%s or %s is not equal to itself", a, b);
	if (sipuri_equal(&ua, &ub) != sipuri_equal(&ub, &ua))
		fail_msg("%s and %s: equal one way only", a, b);
	return sipuri_equal(&ua, &ub);
}

struct pair {
	const char *a, *b;
};

static void uris_that_are_equal(void **state)
{
	static const struct pair rows[] = {
		/* the examples of RFC 3261 19.1.4 */
		{ "sip:%61lice@atlanta.com;transport=TCP",
		  "sip:alice@AtLanTa.CoM;Transport=tcp" },
		{ "sip:carol@chicago.com",
		  "sip:carol@chicago.com;newparam=5" },
		{ "sip:carol@chicago.com",
		  "sip:carol@chicago.com;security=on" },
		{ "sip:carol@chicago.com;newparam=5",
		  "sip:carol@chicago.com;security=on" },
		{ "sip:biloxi.com;transport=tcp;method=REGISTER"
		  "?to=sip:bob%40biloxi.com",
		  "sip:biloxi.com;method=REGISTER;transport=tcp"
		  "?to=sip:bob%40biloxi.com" },
		{ "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		  "sip:alice@atlanta.com?priority=urgent&subject=project%20x" },
		/* its rules */
		{ "SIP:a@b.example", "sip:a@b.example" },
		{ "sip:a@b.example", "sip:a@b.example." },
		{ "sip:a%7Eb@c.example", "sip:a~b@c.example" },
		{ "sip:a%3bb@c.example", "sip:a%3Bb@c.example" },
		{ "sip:a@b.example;%6Dethod=INVITE",
		  "sip:a@b.example;method=inv%69te" },
		{ "sip:a@b.example;x=1;y=2", "sip:a@b.example;y=2;x=1" },
		{ "sip:a@b.example;x=1;x=2", "sip:a@b.example;x=1" },
		{ "sip:a@b.example;", "sip:a@b.example" },
		{ "sip:a@b.example?X=y", "sip:a@b.example?x=Y" },
		{ "sip:a@b.example?x=1&x=2", "sip:a@b.example?x=2&x=1" },
		{ "sip:[2001:db8::9:1]", "sip:[2001:DB8:0:0::9:1]" },
		{ "sip:[::ffff:192.0.2.1]", "sip:[::ffff:c000:201]" },
		/* RFC 3966 section 4 */
		{ "tel:+1-201-555-0123", "tel:+12015550123" },
		{ "tel:(0)aB*;ext=1-2;phone-context=+4-9",
		  "tel:0Ab*;phone-context=+49;EXT=12" },
		{ "TEL:1;phone-context=Example.COM",
		  "tel:1;phone-context=example.com" },
		{ "URN:service:sos", "urn:service:sos" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!equal(rows[i].a, rows[i].b))
			fail_msg("%s is not %s", rows[i].a, rows[i].b);
	}
}

static void uris_that_are_not_equal(void **state)
{
	static const struct pair rows[] = {
		/* the examples of RFC 3261 19.1.4 */
		{ "SIP:ALICE@AtLanTa.CoM;Transport=udp",
		  "sip:alice@AtLanTa.CoM;Transport=UDP" },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060" },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp" },
		{ "sip:bob@biloxi.com",
		  "sip:bob@biloxi.com:6000;transport=tcp" },
		{ "sip:carol@chicago.com",
		  "sip:carol@chicago.com?Subject=next%20meeting" },
		{ "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4" },
		/* its rules */
		{ "sip:a@b.example", "sips:a@b.example" },
		{ "sip:b.example", "sip:a@b.example" },
		{ "sip:a@b.example", "sip:a:@b.example" },
		{ "sip:a:p@b.example", "sip:a:P@b.example" },
		{ "sip:a%3Bb@c.example", "sip:a;b@c.example" },
		{ "sip:a@b.example;x=%3A", "sip:a@b.example;x=:" },
		{ "sip:ab@c.example", "sip:a@c.example" },
		{ "sip:a%00@b.example", "sip:a@b.example" },
		{ "sip:a@b.example:5060", "sip:a@b.example:5061" },
		{ "sip:a@b.example;x=1", "sip:a@b.example;x=2" },
		{ "sip:a@b.example;x", "sip:a@b.example;x=" },
		{ "sip:a@b.example;x=2;x=1", "sip:a@b.example;x=1" },
		{ "sip:a@b.example;user=ip", "sip:a@b.example" },
		{ "sip:a@b.example;ttl=1", "sip:a@b.example" },
		{ "sip:a@b.example;method=INVITE", "sip:a@b.example" },
		{ "sip:a@b.example;maddr=b.example", "sip:a@b.example" },
		{ "sip:a@b.example;%75ser=ip", "sip:a@b.example" },
		{ "sip:a@b.example?x=1", "sip:a@b.example?x=1&x=1" },
		{ "sip:a@b.example?x=1", "sip:a@b.example?x=2" },
		{ "sip:a@b.example?x", "sip:a@b.example?x=" },
		{ "sip:[2001:db8::1]", "sip:[2001:db8::2]" },
		{ "sip:[::ffff:192.0.2.1]", "sip:192.0.2.1" },
		{ "tel:+1", "tel:1" },
		{ "tel:1", "tel:12" },
		{ "tel:1;x=y", "tel:1" },
		{ "tel:1;phone-context=ex-ample.com",
		  "tel:1;phone-context=example.com" },
		{ "tel:1", "sip:1" "@b.example" },
		{ "urn:a", "urn:A" },
		{ "urn:a", "arn:a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (equal(rows[i].a, rows[i].b))
			fail_msg("%s is %s", rows[i].a, rows[i].b);
	}
}

static void parameters_are_walked_in_order(void **state)
{
	static const char text[] = "sip:h.example;;a=1;b;%63=;d==?e=f&g";
	static const struct {
		const char *name, *value;
	} rows[] = {
		{ "a", "1" }, { "b", NULL }, { "%63", "" }, { "d", "=" },
		{ "e", "f" }, { "g", NULL },
	};
	struct sipuri_item item;
	struct sipuri uri;
	struct cursor params, headers;

	(void)state;
	assert_int_equal(sipuri_parse(&uri, slice_str(text)), 0);
	params = cursor_of(uri.params.text, uri.params.len);
	headers = cursor_of(uri.headers.text, uri.headers.len);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (i < 4)
			assert_true(sipuri_next_param(&params, &item));
		else
			assert_true(sipuri_next_header(&headers, &item));
		check_slice(text, "name", item.name, rows[i].name);
		check_slice(text, "value", item.value, rows[i].value);
		assert_int_equal(item.has_value, !!rows[i].value);
	}
	assert_false(sipuri_next_param(&params, &item));
	assert_false(sipuri_next_header(&headers, &item));

	assert_true(sipuri_find_param(&uri, slice_str("C"), &item));
	check_slice(text, "C", item.name, "%63");
	assert_false(sipuri_find_param(&uri, slice_str("e"), &item));
	assert_null(item.name.text);
}

static void hosts_are_compared_as_names(void **state)
{
	static const struct {
		const char *uri, *name;
		bool want;
	} rows[] = {
		{ "sip:a@Sip.Example.NET", "sip.example.net", true },
		{ "sip:sip.example.net.", "sip.example.net", true },
		{ "sip:sip.example.net", "example.net", false },
		{ "sip:example.net", "sip.example.net", false },
		{ "sip:192.0.2.1", "192.0.2.1", false },
		{ "tel:1", "", false },
	};
	struct sipuri uri;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(sipuri_parse(&uri, slice_str(rows[i].uri)), 0);
		if (sipuri_host_is(&uri, slice_str(rows[i].name)) !=
		    rows[i].want)
			fail_msg("%s and %s", rows[i].uri, rows[i].name);
	}
}

static void every_scheme_has_a_name(void **state)
{
	(void)state;
	for (unsigned s = 0; s < SIPURI_SCHEMES; s++)
		assert_true(strlen(sipuri_scheme_name(s)) > 0);
	assert_string_equal(sipuri_scheme_name(SIPURI_SCHEMES), "other");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_good_uris),
		cmocka_unit_test(what_is_no_uri),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(uris_that_are_equal),
		cmocka_unit_test(uris_that_are_not_equal),
		cmocka_unit_test(parameters_are_walked_in_order),
		cmocka_unit_test(hosts_are_compared_as_names),
		cmocka_unit_test(every_scheme_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
