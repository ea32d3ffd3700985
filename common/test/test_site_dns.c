/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keys the zones are made from: dns and dns-... of [service]. */
#include "common/test/site_errors.h"

#define DNS S "dns = yes\n"	/* five lines */
#define A_TTL "whole seconds, 1s to 24h"
#define A_TRANSPORT "udp, tcp and tls, each once, with commas between them"

static struct site *parse(const char *text)
{
	struct lines errors = { 0 };
	struct site *site;
	int err = site_parse(&site, "c", NULL, slice_str(text), lines_add,
			     &errors);

	assert_string_equal(errors.text, "");
	assert_int_equal(err, 0);
	return site;
}

static void a_site_has_no_dns_unless_it_says_so(void **state)
{
	struct site *site = parse(S N);

	(void)state;
	assert_false(site->dns);
	site_free(site);
	/* what dns alone needs is not looked at */
	site = parse(S "dns-port = 5060\ndns-transport = tls\n" N);
	assert_false(site->dns);
	site_free(site);
}

static void dns_alone_is_enough(void **state)
{
	struct site *site = parse(DNS N);

	(void)state;
	assert_true(site->dns);
	assert_int_equal(site->dns_port, 53);
	assert_int_equal(site->dns_server_cnt, 1);
	assert_string_equal(site->dns_servers[0], "ns.sip.example.net");
	assert_int_equal(site->dns_transport_cnt, 2);
	assert_int_equal(site->dns_transports[0], SITE_UDP);
	assert_int_equal(site->dns_transports[1], SITE_TCP);
	assert_int_equal(site->dns_ttl_s, 300);
	assert_int_equal(site->dns_serial, 0);
	site_free(site);

	site = parse(DNS "tls = yes\n" N);
	assert_int_equal(site->dns_transport_cnt, 3);
	assert_int_equal(site->dns_transports[2], SITE_TLS);
	site_free(site);
}

static void every_key_reaches_its_field(void **state)
{
	struct site *site = parse(DNS "tls = yes\ndns-port = 5353\n"
				  "dns-server = NS1.sip.example.net, "
				  "ns.example.org\n"
				  "dns-transport = tls,udp\ndns-ttl = 1h\n"
				  "dns-serial = 4294967295\n" N);

	(void)state;
	assert_int_equal(site->dns_port, 5353);
	assert_int_equal(site->dns_server_cnt, 2);
	assert_string_equal(site->dns_servers[0], "ns1.sip.example.net");
	assert_string_equal(site->dns_servers[1], "ns.example.org");
	assert_int_equal(site->dns_transport_cnt, 2);
	assert_int_equal(site->dns_transports[0], SITE_TLS);
	assert_int_equal(site->dns_transports[1], SITE_UDP);
	assert_int_equal(site->dns_ttl_s, 3600);
	assert_true(site->dns_serial == 4294967295);
	site_free(site);
}

static void values_that_are_none_are_named(void **state)
{
	static const struct row rows[] = {
		{ DNS "dns-ttl = 1500ms\n" N, "c:6: [service] dns-ttl: `1500ms' "
		  "is not allowed: " A_TTL "\n" },
		{ DNS "dns-ttl = 0\n" N, "c:6: [service] dns-ttl: `0' is not "
		  "allowed: " A_TTL "\n" },
		{ DNS "dns-ttl = 25h\n" N, "c:6: [service] dns-ttl: `25h' is "
		  "not allowed: " A_TTL "\n" },
		{ DNS "dns-serial = 0\n" N, "c:6: [service] dns-serial: `0' is "
		  "not allowed: a number, 1 to 4294967295\n" },
		{ DNS "dns-transport = udp, ws\n" N, "c:6: [service] "
		  "dns-transport: `udp, ws' is not allowed: " A_TRANSPORT
		  " (`ws' is none)\n" },
		{ DNS "dns-transport = udp,tcp,udp\n" N, "c:6: [service] "
		  "dns-transport: `udp,tcp,udp' is not allowed: " A_TRANSPORT
		  " (udp is there twice)\n" },
		{ DNS "dns-transport =\n" N, "c:6: [service] dns-transport: `' "
		  "is not allowed: " A_TRANSPORT " (`' is none)\n" },
		{ DNS "dns-server = a,b,c,d,e,f,g,h,i\n" N, "c:6: [service] "
		  "dns-server: `a,b,c,d,e,f,g,h,i' is not allowed: up to 8 host "
		  "names with commas between them (i is one too many)\n" },
		{ DNS "dns-server = _ns.a\n" N, "c:6: [service] dns-server: "
		  "`_ns.a' is not allowed: up to 8 host names with commas "
		  "between them (`_ns.a': only a-z, 0-9, '-' and '.' make a "
		  "name)\n" },
		{ S "dns = on\n" N, "c:5: [service] dns: `on' is not allowed: "
		  "yes or no\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void what_contradicts_itself_is_named(void **state)
{
	static const struct row rows[] = {
		{ DNS "dns-transport = tls\n" N, "c:6: [service] dns-transport: "
		  "`tls' is not allowed: the service has no tls = yes\n" },
		{ DNS "alias = a.example\ndns-server = a.example, "
		  "sip.example.net\n" N,
		  "c:7: [service] dns-server: `a.example' is not allowed: it "
		  "names the service itself\n"
		  "c:7: [service] dns-server: `sip.example.net' is not allowed: "
		  "it names the service itself\n" },
		{ DNS "dns-port = 5060\n" N, "c:6: [service] dns-port: `5060' "
		  "is not allowed: sip-port of [service] has this port "
		  "already\n" },
		{ DNS "dns-port = 7053\n" N, "c:6: [service] dns-port: `7053' "
		  "is not allowed: agent-port of [service] has this port "
		  "already\n" },
		{ DNS "dns-port = 7054\n" N, "c:6: [service] dns-port: `7054' "
		  "is not allowed: stray-port of [service] has this port "
		  "already\n" },
		{ DNS "http-port = 53\n" N, "c:6: [service] http-port: `53' is "
		  "not allowed: dns-port has this port already\n" },
		{ DNS "dns-port = 443\ntls = yes\n" N, "c:6: [service] "
		  "dns-port: `443' is not allowed: https-port of [service] has "
		  "this port already\n" },
		{ DNS N "sip-port = 53\n", "c:8: [node fra1] sip-port: `53' is "
		  "not allowed: dns-port has this port already\n" },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void transports_have_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SITE_TRANSPORTS; i++)
		assert_non_null(site_transport_name((enum site_transport)i));
	assert_string_equal(site_transport_name(SITE_TLS), "tls");
	assert_string_equal(site_transport_name(SITE_TRANSPORTS), "?");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_site_has_no_dns_unless_it_says_so),
		cmocka_unit_test(dns_alone_is_enough),
		cmocka_unit_test(every_key_reaches_its_field),
		cmocka_unit_test(values_that_are_none_are_named),
		cmocka_unit_test(what_contradicts_itself_is_named),
		cmocka_unit_test(transports_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
