/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/test/sites.h"

#include "kamailio-module/contact.h"

static struct sipuri uri_of(const char *text)
{
	struct sipuri uri;

	if (sipuri_parse(&uri, slice_str(text)))
		fail_msg("%s is no URI", text);
	return uri;
}

static const char *contact(const struct site *site, const char *uri_text,
			   enum sip_transport transport,
			   enum addr_family family, uint32_t node,
			   enum contact_style style)
{
	static char out[8192];
	struct sipuri uri = uri_of(uri_text);
	size_t len = contact_format(out, sizeof(out) - 1, &uri, transport,
				    family, site, &site->nodes[node], style);

	out[len] = '\0';
	return out;
}

struct row {
	const char *what, *uri;
	enum sip_transport transport;
	enum addr_family family;
	uint32_t node;
	const char *want;
};

static void check_rows(const struct row *rows, size_t cnt,
		       enum contact_style style)
{
	struct site *site = site_of(SITE_OF_FOUR);

	for (size_t i = 0; i < cnt; i++)
		CHECK_STR(rows[i].want,
			  contact(site, rows[i].uri, rows[i].transport,
				  rows[i].family, rows[i].node, style),
			  rows[i].what);
	site_free(site);
}

#define BOB "sip:bob@sip.example.net"

static void a_contact_has_the_family_and_transport_of_its_request(void **state)
{
	static const struct row rows[] = {
		{ "UDP", BOB, SIP_UDP, ADDR_IP4, FRA1,
		  "sip:bob@198.51.100.11:5070" },
		{ "UDP, IPv6", BOB, SIP_UDP, ADDR_IP6, FRA1,
		  "sip:bob@[2001:db8:11::11]:5070" },
		{ "TCP", BOB, SIP_TCP, ADDR_IP4, FRA1,
		  "sip:bob@198.51.100.11:5070;transport=tcp" },
		{ "TCP, IPv6", BOB, SIP_TCP, ADDR_IP6, FRA1,
		  "sip:bob@[2001:db8:11::11]:5070;transport=tcp" },
		{ "TLS names the host of the certificate", BOB, SIP_TLS,
		  ADDR_IP4, FRA1,
		  "sip:bob@fra1.sip.example.net:5071;transport=tls" },
		{ "TLS, IPv6: the same host", BOB, SIP_TLS, ADDR_IP6, FRA1,
		  "sip:bob@fra1.sip.example.net:5071;transport=tls" },
		{ "TLS, a node without a host", BOB, SIP_TLS, ADDR_IP6, TYO1,
		  "sip:bob@[2001:db8:13::13]:5061;transport=tls" },
		{ "sips over TLS (RFC 3261 26.2.2)",
		  "sips:bob@sip.example.net", SIP_TLS, ADDR_IP4, FRA1,
		  "sips:bob@fra1.sip.example.net:5071" },
		{ "sips over TCP stays sips", "sips:bob@sip.example.net",
		  SIP_TCP, ADDR_IP4, AMS1,
		  "sips:bob@ams1.sip.example.net:5061" },
		{ "a node with the service's ports", BOB, SIP_UDP, ADDR_IP4,
		  AMS1, "sip:bob@198.51.100.12:5060" },
		{ "no such family", BOB, SIP_UDP, ADDR_IP6, AMS1, "" },
		{ "no such family, though the host has a name", BOB, SIP_TLS,
		  ADDR_IP6, AMS1, "" },
		{ "no such family", BOB, SIP_TCP, ADDR_IP4, TYO1, "" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), CONTACT_NODE);
}

/* RFC 3261 19.1.1: maddr is where it goes, whatever the host */
static void maddr_style_keeps_the_domain(void **state)
{
	static const struct row rows[] = {
		{ "UDP", BOB, SIP_UDP, ADDR_IP4, FRA1,
		  "sip:bob@sip.example.net:5070;maddr=198.51.100.11" },
		{ "TCP, IPv6", BOB, SIP_TCP, ADDR_IP6, FRA1,
		  "sip:bob@sip.example.net:5070;transport=tcp"
		  ";maddr=[2001:db8:11::11]" },
		{ "TLS", BOB, SIP_TLS, ADDR_IP4, FRA1,
		  "sip:bob@sip.example.net:5071;transport=tls"
		  ";maddr=fra1.sip.example.net" },
		{ "sips", "sips:bob@sip.example.net", SIP_TLS, ADDR_IP4, FRA1,
		  "sips:bob@sip.example.net:5071;maddr=fra1.sip.example.net" },
		{ "tel", "tel:+4930123", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:+4930123@sip.example.net:5060;user=phone"
		  ";maddr=198.51.100.12" },
		{ "an old maddr goes", BOB ";maddr=203.0.113.1;a=b", SIP_UDP,
		  ADDR_IP4, AMS1,
		  "sip:bob@sip.example.net:5060;a=b;maddr=198.51.100.12" },
		{ "no such family", BOB, SIP_UDP, ADDR_IP6, AMS1, "" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), CONTACT_MADDR);
}

/* RFC 3261 19.1.2, 25.1 */
static void the_user_part_stays_as_it_was_written(void **state)
{
	static const struct row rows[] = {
		{ "none", "sip:sip.example.net", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:198.51.100.12:5060" },
		{ "a password", "sip:bob:secret@sip.example.net", SIP_UDP,
		  ADDR_IP4, AMS1, "sip:bob:secret@198.51.100.12:5060" },
		{ "an empty password", "sip:bob:@sip.example.net", SIP_UDP,
		  ADDR_IP4, AMS1, "sip:bob:@198.51.100.12:5060" },
		{ "escapes", "sip:%62ob%40home%00@sip.example.net", SIP_UDP,
		  ADDR_IP4, AMS1, "sip:%62ob%40home%00@198.51.100.12:5060" },
		{ "every character there is (RFC 4475 3.1.1.2)",
		  "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:"
		  "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
		  SIP_UDP, ADDR_IP4, AMS1,
		  "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:"
		  "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
		  "@198.51.100.12:5060" },
		{ "user parameters", "sip:+49;isub=1@sip.example.net", SIP_UDP,
		  ADDR_IP4, AMS1, "sip:+49;isub=1@198.51.100.12:5060" },
		{ "a star code's # is escaped", "sip:*21#@sip.example.net",
		  SIP_UDP, ADDR_IP4, AMS1, "sip:*21%23@198.51.100.12:5060" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), CONTACT_NODE);
}

/* RFC 3261 table 1 and 19.1.1 */
static void only_parameters_that_may_go_along_do(void **state)
{
	static const struct row rows[] = {
		{ "user", BOB ";user=phone", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:bob@198.51.100.12:5060;user=phone" },
		{ "others, in their order, with and without values",
		  BOB ";b=2;a;c=;d=%20x", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:bob@198.51.100.12:5060;b=2;a;c=;d=%20x" },
		{ "not lr", BOB ";lr;a", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:bob@198.51.100.12:5060;a" },
		{ "not method", BOB ";method=BYE", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:bob@198.51.100.12:5060" },
		{ "not maddr and ttl", BOB ";maddr=239.1.1.1;ttl=9", SIP_UDP,
		  ADDR_IP4, AMS1, "sip:bob@198.51.100.12:5060" },
		{ "our transport, not theirs", BOB ";transport=udp", SIP_TCP,
		  ADDR_IP4, AMS1,
		  "sip:bob@198.51.100.12:5060;transport=tcp" },
		{ "no transport over UDP", BOB ";transport=tcp", SIP_UDP,
		  ADDR_IP4, AMS1, "sip:bob@198.51.100.12:5060" },
		{ "in any case", BOB ";LR;Method=x;MAddr=y;TTL=1;TRANSPORT=sctp",
		  SIP_UDP, ADDR_IP4, AMS1, "sip:bob@198.51.100.12:5060" },
		{ "escaped (19.1.4: the same name)",
		  BOB ";%6cr;%4Daddr=203.0.113.1;me%74hod=BYE", SIP_UDP,
		  ADDR_IP4, AMS1, "sip:bob@198.51.100.12:5060" },
		{ "what only begins like one", BOB ";lrx;xlr;methods=a",
		  SIP_UDP, ADDR_IP4, AMS1,
		  "sip:bob@198.51.100.12:5060;lrx;xlr;methods=a" },
		{ "empty ones vanish", BOB ";;a;;", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:bob@198.51.100.12:5060;a" },
		{ "headers do not go along", BOB ";a?Subject=hi&Route=x",
		  SIP_UDP, ADDR_IP4, AMS1, "sip:bob@198.51.100.12:5060;a" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), CONTACT_NODE);
}

/* RFC 3261 19.1.6 */
static void a_telephone_number_becomes_a_sip_uri(void **state)
{
	static const struct row rows[] = {
		{ "global", "tel:+358-555-1234567", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:+358-555-1234567@198.51.100.12:5060;user=phone" },
		{ "with parameters, which are the number's",
		  "tel:+358-555-1234567;postd=pp22;isub=1411", SIP_TCP,
		  ADDR_IP4, AMS1,
		  "sip:+358-555-1234567;postd=pp22;isub=1411"
		  "@198.51.100.12:5060;transport=tcp;user=phone" },
		{ "local", "tel:7042;phone-context=example.com", SIP_TLS,
		  ADDR_IP4, AMS1,
		  "sip:7042;phone-context=example.com"
		  "@ams1.sip.example.net:5061;transport=tls;user=phone" },
		{ "what a user part cannot hold is escaped",
		  "tel:*21#;x=[a]:b", SIP_UDP, ADDR_IP4, AMS1,
		  "sip:*21%23;x=%5Ba%5D%3Ab@198.51.100.12:5060;user=phone" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), CONTACT_NODE);
}

static void what_does_not_fit_is_not_written(void **state)
{
	static const char *const uris[] = {
		BOB ";a=b", "tel:+1", "sips:a:b@c;d",
	};
	struct site *site = site_of(SITE_OF_FOUR);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
		struct sipuri uri = uri_of(uris[i]);
		size_t full = strlen(contact(site, uris[i], SIP_TLS, ADDR_IP4,
					     FRA1, CONTACT_MADDR));
		char out[256];

		for (size_t size = 0; size < sizeof(out); size++)
			CHECK_EQ(size < full ? 0 : full,
				 contact_format(out, size, &uri, SIP_TLS,
						ADDR_IP4, site,
						&site->nodes[FRA1],
						CONTACT_MADDR), uris[i]);
	}
	site_free(site);
}

/* ---- whatever comes in: what goes out is a URI that leads to that node */

static const char *const anything[] = {
	BOB, BOB ":5060", "sip:sip.example.net", "sips:bob@sip.example.net",
	"sip:bob:pw@192.0.2.53:5060;transport=udp;lr;maddr=1.2.3.4;ttl=3",
	"sip:bob@[2001:db8:53::53];user=phone;method=INVITE?a=b",
	"sip:%23%40@voice.example.com;x=%3B;y", "tel:+49301234;isub=5",
	"tel:1;phone-context=+44", "sips:*21#@example.net;gr=urn:uuid:1",
	"sip:a;b=c@sip.example.net;%74ransport=tcp;%6Dethod=x",
};

static bool has_param(const struct sipuri *uri, const char *name)
{
	struct sipuri_item item;

	return sipuri_find_param(uri, slice_str(name), &item);
}

static void check_contact(const char *from, const char *text,
			  enum sip_transport transport,
			  const struct site_node *node,
			  enum contact_style style)
{
	struct sipuri was = uri_of(from), is = uri_of(text);
	bool sips = was.scheme == SIPURI_SIPS;
	bool tls = sips || transport == SIP_TLS;
	struct sipuri_item item;
	const char *want_transport = sips                   ? NULL :
				     transport == SIP_TCP   ? "tcp" :
				     transport == SIP_TLS   ? "tls" :
							      NULL;

	/* RFC 3261 8.3: never back to where it came from */
	CHECK(!sipuri_equal(&was, &is), text);
	CHECK_EQ(sips ? SIPURI_SIPS : SIPURI_SIP, is.scheme, text);
	CHECK_EQ(tls ? node->sips_port : node->sip_port, is.port, text);
	CHECK_EQ(!!want_transport,
		 sipuri_find_param(&is, slice_str("transport"), &item), text);
	if (want_transport)
		CHECK(slice_equal(item.value, slice_str(want_transport)), text);
	CHECK(!has_param(&is, "lr"), text);
	CHECK(!has_param(&is, "method"), text);
	CHECK(!has_param(&is, "ttl"), text);
	CHECK_EQ(style == CONTACT_MADDR, has_param(&is, "maddr"), text);
	CHECK(!is.headers.len, text);
	CHECK_EQ(was.user.len || was.scheme == SIPURI_TEL, !!is.user.len,
		 text);
	CHECK(!strstr(text, "null"), text);
	CHECK_EQ(was.scheme == SIPURI_TEL || has_param(&was, "user"),
		 has_param(&is, "user"), text);
}

static void every_contact_leads_to_its_node(void **state)
{
	static const enum sip_transport transports[] = {
		SIP_UDP, SIP_TCP, SIP_TLS,
	};
	static const enum addr_family families[] = { ADDR_IP4, ADDR_IP6 };
	struct site *site = site_of(SITE_OF_FOUR);
	unsigned checked = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(anything) * 3 * 2 * 4 * 2; i++) {
		const char *from = anything[i / 48];
		enum sip_transport transport = transports[i % 3];
		enum addr_family family = families[i / 3 % 2];
		uint32_t index = i / 6 % 4;
		enum contact_style style = i / 24 % 2 ? CONTACT_MADDR :
							CONTACT_NODE;
		const char *text = contact(site, from, transport, family,
					   index, style);
		const struct site_node *node = &site->nodes[index];
		bool reachable = addr_is_set(family == ADDR_IP6 ? &node->ip6 :
								  &node->ip4);
		struct nodes *nodes;
		struct redirect_answer answer;

		CHECK_EQ(reachable, !!text[0], from);
		if (!reachable)
			continue;
		check_contact(from, text, transport, node, style);
		checked++;

		/* brought back to the service, it is known for what it is */
		assert_int_equal(nodes_new(&nodes, site, slice_str(node->name)),
				 0);
		answer = redirect_decide(
			&(struct redirect_req){
				.method = SIP_METHOD_INVITE,
				.transport = transport,
				.family = family,
				.on_service = true,
				.uri = uri_of(text),
			},
			&(struct redirect_env){ .nodes = nodes });
		CHECK_STR("names-this-node",
			  redirect_reason_name(answer.reason), text);
		nodes_free(nodes);
	}
	/* 3 of 4 nodes in each family */
	CHECK_EQ(ARRAY_SIZE(anything) * 3 * 2 * 3 * 2, checked, "contacts");
	site_free(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_contact_has_the_family_and_transport_of_its_request),
		cmocka_unit_test(maddr_style_keeps_the_domain),
		cmocka_unit_test(the_user_part_stays_as_it_was_written),
		cmocka_unit_test(only_parameters_that_may_go_along_do),
		cmocka_unit_test(a_telephone_number_becomes_a_sip_uri),
		cmocka_unit_test(what_does_not_fit_is_not_written),
		cmocka_unit_test(every_contact_leads_to_its_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
