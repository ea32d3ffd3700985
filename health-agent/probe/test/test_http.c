/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP probes against servers that do as they please: one result each. */
#include "site_bed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/probe.h"
#include "common/clock.h"
#include "health-agent/probe/http_ask.h"

#define FOUND "HTTP/1.1 302 Found\r\n"
#define OURS "Location: http://fra1.www.example.net/check?a=b\r\n"

static struct prober_conf conf_of(const struct fake *f)
{
	struct prober_conf conf = site_conf(f, PROBER_HTTP, PROBER_TCP);

	SET(conf.path, "/check?a=b");
	return conf;
}

static void a_get_wants_its_302(void **state)
{
	static char endless[40000];
	static const struct {
		const char *what, *script;
		unsigned expect;
		enum health_attempt want;
		const char *text;
	} cases[] = {
		{ "the right answer", FOUND OURS "\r\n", 0, HEALTH_GOOD,
		  "302 to http://fra1.www.example.net/check?a=b" },
		{ "with an interim one, in pieces",
		  "HTTP/1.1 103 Early Hints\r\n\r" FAKE_CUT "\nHTTP" FAKE_CUT
		  "/1.1 302 Found\r\nLo" FAKE_CUT
		  "cation: http://fra1.www.example.net/check?a=b\r\n\r\n", 0,
		  HEALTH_GOOD, "302 to http://fra1.www.example.net/check?a=b" },
		{ "byte by byte, from HTTP/1.0", FAKE_BYTEWISE
		  "HTTP/1.0 302 x\r\n" OURS "\r\n", 0, HEALTH_GOOD,
		  "302 to http://fra1.www.example.net/check?a=b" },
		{ "another node",
		  FOUND "Location: http://ams1.www.example.net/check?a=b\r\n"
			"\r\n", 0, HEALTH_BAD,
		  "302 to http://ams1.www.example.net/check?a=b, not "
		  "http://fra1.www.example.net/check?a=b" },
		{ "another path",
		  FOUND "Location: http://fra1.www.example.net/\r\n\r\n", 0,
		  HEALTH_BAD, "302 to http://fra1.www.example.net/, not "
			      "http://fra1.www.example.net/check?a=b" },
		{ "no Location", FOUND "\r\n", 0, HEALTH_BAD,
		  "302 without a Location" },
		{ "two Locations", FOUND OURS OURS "\r\n", 0, HEALTH_BAD,
		  "302 to , not http://fra1.www.example.net/check?a=b" },
		{ "503", "HTTP/1.1 503 Bad\x1b day\r\n\r\n", 0, HEALTH_BAD,
		  "503 Bad? day instead of 302" },
		{ "307", "HTTP/1.1 307 Temporary\r\n" OURS "\r\n", 0,
		  HEALTH_BAD, "307 Temporary instead of 302" },
		{ "a status that is wanted", "HTTP/1.1 204 No Content\r\n\r\n",
		  204, HEALTH_GOOD, "204 No Content" },
		{ "one that is not", "HTTP/1.1 200 OK\r\n\r\nbody", 204,
		  HEALTH_BAD, "200 OK instead of 204" },
		{ "garbage", "SSH-2.0\r\n", 0, HEALTH_BAD,
		  "garbage instead of HTTP" },
		{ "a head without end", endless, 0, HEALTH_BAD,
		  "garbage instead of HTTP" },
		{ "half a head", FOUND OURS, 0, HEALTH_BAD,
		  "no answer in 150 ms" },
		{ "closed", FOUND FAKE_CUT FAKE_CLOSE, 0, HEALTH_BAD,
		  "connection closed before an answer" },
		{ "nothing", "", 0, HEALTH_BAD, "no answer in 150 ms" },
	};

	(void)state;
	memset(endless, 'x', sizeof(endless) - 1);
	memcpy(endless, FOUND "A: ", sizeof(FOUND) + 2);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake f = { .script = { cases[i].script } };
		struct prober_result result;
		struct prober_conf conf;
		uv_loop_t loop;

		fake_tcp(&f, &loop, site);
		conf = conf_of(&f);
		conf.expect = cases[i].expect;
		if (!strstr(cases[i].text, "150 ms"))
			conf.timeout_ms = 5000;
		result = fake_attempt(&f, &conf);
		print_message("%s: %s\n", cases[i].what, result.text);
		assert_int_equal(result.what, cases[i].want);
		assert_string_equal(result.text, cases[i].text);
		assert_int_equal(f.connections, 1);
	}
}

/* For a while behind a reload the server may not have read the site file. */
static void what_the_site_file_said_before_counts_for_a_while(void **state)
{
	static const char before[] =
		FOUND "Location: http://old.example.net/check?a=b\r\n\r\n";
	static const struct {
		const char *script;
		const char *http;	/* before */
		int64_t left_ms;
		enum health_attempt want;
		const char *text;
	} cases[] = {
		{ before, "http://old.example.net", 60000, HEALTH_GOOD,
		  "302 to http://old.example.net/check?a=b, as the site file "
		  "was" },
		{ before, "http://old.example.net", -1, HEALTH_BAD,
		  "302 to http://old.example.net/check?a=b, not "
		  "http://fra1.www.example.net/check?a=b" },
		{ before, "http://older.example.net", 60000, HEALTH_BAD,
		  "302 to http://old.example.net/check?a=b, not "
		  "http://fra1.www.example.net/check?a=b" },
		{ FOUND OURS "\r\n", "http://old.example.net", 60000,
		  HEALTH_GOOD, "302 to http://fra1.www.example.net/check?a=b" },
		{ before, "", 60000, HEALTH_GOOD,
		  "302 Found; there was no http before" },
		{ before, "", -1, HEALTH_BAD,
		  "302 to http://old.example.net/check?a=b, not "
		  "http://fra1.www.example.net/check?a=b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake f = { .script = { cases[i].script } };
		struct site_node former = { .name = "fra1" };
		struct prober_result result;
		struct prober_conf conf;
		uv_loop_t loop;

		fake_tcp(&f, &loop, site);
		conf = conf_of(&f);
		conf.timeout_ms = 5000;
		SET(former.http, cases[i].http);
		conf.former = &former;
		conf.former_until_ms =
			clock_boot_ms() + (uint64_t)cases[i].left_ms;
		result = fake_attempt(&f, &conf);
		assert_string_equal(result.text, cases[i].text);
		assert_int_equal(result.what, cases[i].want);
	}
}

static void it_is_asked_over_tls_too(void **state)
{
	struct fake f = { .script = { FAKE_BYTEWISE FOUND OURS "\r\n" } };
	struct prober_result result;
	struct prober_conf conf;
	uv_loop_t loop;

	(void)state;
	fake_tls(&f, &loop, site, "sip.example.net", 6);
	conf = conf_of(&f);
	conf.transport = PROBER_TLS;
	conf.timeout_ms = 2000;
	SET(conf.tls_name, "sip.example.net");
	result = fake_attempt(&f, &conf);
	assert_int_equal(result.what, HEALTH_GOOD);
	assert_string_equal(result.text,
			    "302 to http://fra1.www.example.net/check?a=b, "
			    "certificate ends in 6 days");
}

static void a_request_is_complete(void **state)
{
	struct fake f = { .port = 8080 };
	struct prober_conf conf = conf_of(&f);
	char text[HTTP_REQUEST_MAX], host[SITE_URL_MAX];
	static const char want[] =
		"GET /check?a=b HTTP/1.1\r\n"
		"Host: sip.example.net:8080\r\n"
		"User-Agent: sip-anycast-health\r\n"
		"X-Anycast-Probe: ";
	const char *value;

	(void)state;
	assert_int_not_equal(http_ask_write(text, &conf, 1700000000), 0);
	assert_memory_equal(text, want, sizeof(want) - 1);
	value = text + sizeof(want) - 1;
	assert_int_equal(probe_check(slice_of(value, strcspn(value, "\r")),
				     site, slice_str("fra1"),
				     slice_str("/check?a=b"), 1700000000),
			 PROBE_VALID);
	assert_non_null(strstr(value, "\r\nConnection: close\r\n\r\n"));

	http_ask_host(host, &conf);
	assert_string_equal(host, "sip.example.net");
	conf.port = 443;
	conf.transport = PROBER_TLS;
	http_ask_write(text, &conf, 1700000000);
	assert_non_null(strstr(text, "\r\nHost: sip.example.net\r\n"));
	/* the node's own server is asked for by the name clients know it by */
	conf.on_node = true;
	http_ask_write(text, &conf, 1700000000);
	assert_non_null(strstr(text, "\r\nHost: fra1.www.example.net\r\n"));
	http_ask_host(host, &conf);
	assert_string_equal(host, "fra1.www.example.net");
	conf.node = site_find_node(site, slice_str("ams1"));
	conf.port = 8080;
	http_ask_write(text, &conf, 1700000000);
	assert_non_null(strstr(text, "\r\nHost: 127.0.0.1:8080\r\n"));
	http_ask_host(host, &conf);
	assert_string_equal(host, "");
	addr_parse(&conf.target, "2001:db8::1", 11);
	http_ask_write(text, &conf, 1700000000);
	assert_non_null(strstr(text, "\r\nHost: [2001:db8::1]:8080\r\n"));
	http_ask_host(host, &conf);
	assert_string_equal(host, "");
}

static void what_is_missing_is_said(void **state)
{
	struct fake f = { .port = 8080 };
	struct prober_conf good = conf_of(&f), conf;
	char text[PROBER_TEXT_MAX];

	(void)state;
	assert_int_equal(http_ask_check(text, &good), 0);
#define BAD(change, words)                                        \
	do {                                                      \
		conf = good;                                      \
		change;                                           \
		assert_int_equal(http_ask_check(text, &conf), EINVAL); \
		assert_string_equal(text, words);                 \
	} while (0)
	BAD(conf.target.family = 0, "it has no target");
	BAD(conf.site = NULL, "it has no node");
	BAD(conf.transport = PROBER_UDP, "HTTP goes over tcp or tls");
	BAD(SET(conf.path, ""), "the path is not of the form /...");
	BAD(SET(conf.path, "/a b"), "the path is not of the form /...");
	BAD(SET(conf.path, "/a\r\nb"), "the path is not of the form /...");
	BAD(SET(conf.path, "/a#b"), "the path is not of the form /...");
	BAD(conf.on_node = true,
	    "a node address redirects nobody: it needs expect");
	BAD(conf.node = site_find_node(site, slice_str("ams1")),
	    "node ams1 has no http to be sent to: it needs expect");
	BAD(conf.expect = 99, "expect 99 is no status");
	BAD(conf.expect = 600, "expect 600 is no status");
#undef BAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_get_wants_its_302),
		cmocka_unit_test(
			what_the_site_file_said_before_counts_for_a_while),
		cmocka_unit_test(it_is_asked_over_tls_too),
		cmocka_unit_test(a_request_is_complete),
		cmocka_unit_test(what_is_missing_is_said),
	};

	return cmocka_run_group_tests(tests, site_setup, site_teardown);
}
