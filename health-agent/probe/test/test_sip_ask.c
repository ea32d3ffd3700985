/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The requests as written; what replies mean is in test_sip.c, on the wire. */
#include "site_bed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/probe.h"
#include "health-agent/probe/sip_ask.h"

static const struct addr local4 = {
	.family = ADDR_IP4, .bytes_be = { 192, 0, 2, 53 },
};
static const struct addr local6 = {
	.family = ADDR_IP6,
	.bytes_be = { 0x20, 1, 0x0d, 0xb8, 0, 0x53, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		      0x53 },
};

static struct prober_conf conf_of(enum prober_method method,
				  enum prober_transport transport,
				  const struct addr *target, bool on_node)
{
	return (struct prober_conf){
		.kind = PROBER_SIP,
		.timeout_ms = 500,
		.site = site,
		.node = site_find_node(site, slice_str("fra1")),
		.target = *target,
		.port = 5060,
		.transport = transport,
		.method = method,
		.on_node = on_node,
	};
}

static void renew(struct sip_ask *ask, const struct addr *local)
{
	static const uint8_t random[SIP_ASK_RANDOM] = { 0xab, 1, 2, 3 };

	sip_ask_renew(ask, random, local, 40000, 1700000000);
}

static void an_invite_is_complete(void **state)
{
	static const char want[] =
		"INVITE sip:probe@sip.example.net SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.53:40000;rport;branch="
		"z9hG4bKab010203000000000000\r\n"
		"From: <sip:probe@sip.example.net>;tag=0000000000\r\n"
		"To: <sip:probe@sip.example.net>\r\n"
		"Call-ID: 00000000000000000000000000000000\r\n"
		"CSeq: 1 INVITE\r\n"
		"Contact: <sip:probe@192.0.2.53:40000>\r\n"
		"Max-Forwards: 70\r\n"
		"User-Agent: sip-anycast-health\r\n"
		"X-Anycast-Probe: fra1 1700000000 ";
	struct prober_conf conf =
		conf_of(PROBER_INVITE, PROBER_UDP, &local4, false);
	char text[SIP_REQUEST_MAX];
	struct sip_ask ask;

	(void)state;
	assert_int_equal(sip_ask_init(&ask, &conf), 0);
	renew(&ask, &local4);
	assert_int_not_equal(sip_ask_write(text, &ask), 0);
	assert_memory_equal(text, want, sizeof(want) - 1);
	assert_int_equal(probe_check(slice_str(ask.probe), site,
				     slice_str("fra1"), slice_str(ask.call_id),
				     1700000000), PROBE_VALID);
	assert_string_equal(ask.contact, "sip:probe@198.51.100.11:5060");
}

static void it_goes_where_a_client_would_send_it(void **state)
{
	static const struct {
		enum prober_method method;
		enum prober_transport transport;
		const struct addr *target;
		bool on_node;
		const char *uri, *via, *contact;
	} cases[] = {
		{ PROBER_INVITE, PROBER_TCP, &local4, false,
		  "INVITE sip:probe@sip.example.net ",
		  "Via: SIP/2.0/TCP 192.0.2.53:40000;",
		  "sip:probe@198.51.100.11:5060;transport=tcp" },
		{ PROBER_INVITE, PROBER_TLS, &local6, false,
		  "INVITE sip:probe@sip.example.net ",
		  "Via: SIP/2.0/TLS [2001:db8:53::53]:40000;",
		  "sip:probe@fra1.sip.example.net:5061;transport=tls" },
		{ PROBER_INVITE, PROBER_UDP, &local6, false,
		  "INVITE sip:probe@sip.example.net ",
		  "Via: SIP/2.0/UDP [2001:db8:53::53]:40000;",
		  "sip:probe@[2001:db8:1::11]:5060" },
		{ PROBER_OPTIONS, PROBER_UDP, &local4, false,
		  "OPTIONS sip:sip.example.net ",
		  "Via: SIP/2.0/UDP 192.0.2.53:40000;", "" },
		{ PROBER_OPTIONS, PROBER_UDP, &local4, true,
		  "OPTIONS sip:198.51.100.11:5060 ",
		  "Via: SIP/2.0/UDP 192.0.2.53:40000;", "" },
		{ PROBER_OPTIONS, PROBER_TLS, &local4, true,
		  "OPTIONS sip:fra1.sip.example.net:5061;transport=tls ",
		  "Via: SIP/2.0/TLS 192.0.2.53:40000;", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prober_conf conf =
			conf_of(cases[i].method, cases[i].transport,
				cases[i].target, cases[i].on_node);
		char text[SIP_REQUEST_MAX];
		struct sip_ask ask;

		assert_int_equal(sip_ask_check(text, &conf), 0);
		assert_int_equal(sip_ask_init(&ask, &conf), 0);
		renew(&ask, cases[i].target);
		sip_ask_write(text, &ask);
		print_message("%s", text);
		assert_memory_equal(text, cases[i].uri, strlen(cases[i].uri));
		assert_non_null(strstr(text, cases[i].via));
		assert_string_equal(ask.contact, cases[i].contact);
	}
}

static const struct sip_reply answer = {
	.status = 200, .to_tag = "t1", .contact = "sip:b@192.0.2.9",
};

static void what_was_begun_is_ended(void **state)
{
	struct prober_conf conf =
		conf_of(PROBER_INVITE, PROBER_UDP, &local4, false);
	struct sip_reply reply = answer;
	char text[SIP_REQUEST_MAX];
	struct sip_ask ask;

	(void)state;
	sip_ask_init(&ask, &conf);
	renew(&ask, &local4);

	/* of a 200: in transactions of their own, to whom it names */
	assert_int_not_equal(sip_ask_ack(text, &ask, &reply), 0);
	assert_memory_equal(text, "ACK sip:b@192.0.2.9 SIP/2.0\r\n", 29);
	assert_null(strstr(text, "branch=z9hG4bKab010203000000000000\r\n"));
	assert_non_null(strstr(text, "To: <sip:probe@sip.example.net>;tag=t1"));
	assert_non_null(strstr(text, "CSeq: 1 ACK\r\n"));
	assert_int_not_equal(sip_ask_bye(text, &ask, &reply), 0);
	assert_memory_equal(text, "BYE sip:b@192.0.2.9 SIP/2.0\r\n", 29);
	assert_non_null(strstr(text, "CSeq: 2 BYE\r\n"));

	/* of any other: within the INVITE's */
	reply.status = 302;
	assert_int_not_equal(sip_ask_ack(text, &ask, &reply), 0);
	assert_memory_equal(text, "ACK sip:probe@sip.example.net SIP", 33);
	assert_non_null(strstr(text,
			       "branch=z9hG4bKab010203000000000000\r\n"));
	assert_int_equal(sip_ask_bye(text, &ask, &reply), 0);

	reply.status = 180;
	assert_int_equal(sip_ask_ack(text, &ask, &reply), 0);
	assert_int_equal(sip_ask_bye(text, &ask, &reply), 0);
	assert_int_not_equal(sip_ask_cancel(text, &ask), 0);
	assert_memory_equal(text, "CANCEL sip:probe@sip.example.net SIP", 36);
	assert_non_null(strstr(text, "CSeq: 1 CANCEL\r\n"));

	conf.method = PROBER_OPTIONS;
	reply.status = 200;
	assert_int_equal(sip_ask_ack(text, &ask, &reply), 0);
	assert_int_equal(sip_ask_bye(text, &ask, &reply), 0);
	assert_int_equal(sip_ask_cancel(text, &ask), 0);
}

static void what_is_missing_is_said(void **state)
{
	struct prober_conf good =
		conf_of(PROBER_INVITE, PROBER_UDP, &local4, false);
	char text[PROBER_TEXT_MAX];
	struct prober_conf conf;

	(void)state;
	conf = good;
	conf.port = 0;
	assert_int_equal(sip_ask_check(text, &conf), EINVAL);
	assert_string_equal(text, "it has no target");
	conf = good;
	conf.node = NULL;
	assert_int_equal(sip_ask_check(text, &conf), EINVAL);
	assert_string_equal(text, "it has no node");
	conf = good;
	conf.transport = 7;
	assert_int_equal(sip_ask_check(text, &conf), EINVAL);
	assert_string_equal(text, "it has no transport");
	conf = good;
	conf.on_node = true;
	assert_int_equal(sip_ask_check(text, &conf), EINVAL);
	assert_string_equal(text, "a node address redirects nobody: ask it by "
				  "OPTIONS");
	conf = good;
	conf.node = site_find_node(site, slice_str("ams1"));
	conf.target = local6;
	assert_int_equal(sip_ask_check(text, &conf), EINVAL);
	assert_string_equal(text, "node ams1 has no IPv6 address to be sent "
				  "to");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invite_is_complete),
		cmocka_unit_test(it_goes_where_a_client_would_send_it),
		cmocka_unit_test(what_was_begun_is_ended),
		cmocka_unit_test(what_is_missing_is_said),
	};

	return cmocka_run_group_tests(tests, site_setup, site_teardown);
}
