/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/test/sites.h"

#include <ctype.h>

#include "kamailio-module/token.h"

#define NOW UINT64_C(1790000000)
#define BRANCH "z9hG4bK3ab8.7f1c2d3e.0"
#define CHANGED SITE_OF_FOUR_WITH("another secret of sixteen")
#define CHANGING SITE_OF_FOUR_WITH("another secret of sixteen\n" \
				   "previous-secret = a secret of sixteen or more")

#define SITE_OF_FOUR_WITH(secret) \
	"[service]\ndomain = sip.example.net\n" \
	"address = 192.0.2.53, 2001:db8:53::53\nsecret = " secret "\n" \
	"[node fra1]\naddress = 198.51.100.11, 2001:db8:11::11\n" \
	"[node ams1]\naddress = 198.51.100.12\n"

static const struct {
	const char *what;
	enum sip_transport transport;
	bool on_service;
	uint16_t local_port, remote_port;
	const char *remote;
} flows[] = {
	{ "UDP", SIP_UDP, true, 5060, 40000, "203.0.113.7" },
	{ "UDP at the node", SIP_UDP, false, 5070, 1, "203.0.113.7" },
	{ "TCP", SIP_TCP, true, 65535, 65535, "255.255.255.254" },
	{ "TLS over IPv6", SIP_TLS, true, 5061, 5061, "2001:db8::1" },
	{ "ws", SIP_WS, false, 80, 40000, "0.0.0.1" },
	{ "wss, all ones", SIP_WSS, true, 443, 443,
	  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
};

static struct flow flow_of(size_t i)
{
	return (struct flow){
		.transport = flows[i].transport,
		.on_service = flows[i].on_service,
		.local_port = flows[i].local_port,
		.remote_port = flows[i].remote_port,
		.remote = addr_of(flows[i].remote),
	};
}

static enum token_verdict read_flow(struct flow *out, const char *text,
				    const struct site *site, const char *node,
				    uint64_t wall_s)
{
	return token_parse_flow(out, slice_str(text), site, slice_str(node),
				wall_s, TOKEN_LIFETIME_S);
}

/* RFC 3261 25.1: unreserved, so nothing in it is ever escaped. */
static bool is_user_safe(const char *text)
{
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("-_", *text))
			return false;
	return true;
}

static void a_flow_comes_back_as_it_went(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(flows); i++) {
		struct flow flow = flow_of(i), got;
		char text[TOKEN_FLOW_MAX];
		size_t len = token_format_flow(text, site, slice_str("fra1"),
					       &flow, NOW);

		CHECK_EQ(strlen(text), len, flows[i].what);
		CHECK_EQ(flow.remote.family == ADDR_IP4 ? 42 : 58, len, text);
		CHECK(is_user_safe(text), text);
		CHECK_EQ(TOKEN_VALID, read_flow(&got, text, site, "fra1", NOW),
			 flows[i].what);
		CHECK(token_flow_equal(&flow, &got), flows[i].what);
		CHECK_EQ(TOKEN_FORGED, read_flow(&got, text, site, "ams1", NOW),
			 "another node's");
		CHECK(!addr_is_set(&got.remote), "nothing of a forged one");
	}
	site_free(site);
}

static void flows_differ_in_every_part(void **state)
{
	struct flow one = flow_of(0);
	struct flow others[5] = { one, one, one, one, one };

	(void)state;
	others[0].transport = SIP_TCP;
	others[1].on_service = !one.on_service;
	others[2].local_port++;
	others[3].remote_port++;
	others[4].remote = addr_of("203.0.113.8");
	assert_true(token_flow_equal(&one, &one));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		CHECK(!token_flow_equal(&one, &others[i]), "differs");
}

static void what_is_no_flow_has_no_token(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct flow flow = flow_of(0);
	char text[TOKEN_FLOW_MAX] = "x";

	(void)state;
	assert_int_equal(token_format_flow(text, site, slice_str("Fra1"),
					   &flow, NOW), 0);
	assert_string_equal(text, "");
	flow.remote_port = 0;
	assert_int_equal(token_format_flow(text, site, slice_str("fra1"),
					   &flow, NOW), 0);
	flow = flow_of(0);
	flow.local_port = 0;
	assert_int_equal(token_format_flow(text, site, slice_str("fra1"),
					   &flow, NOW), 0);
	flow = flow_of(0);
	flow.remote = (struct addr){ 0 };
	assert_int_equal(token_format_flow(text, site, slice_str("fra1"),
					   &flow, NOW), 0);
	site_free(site);
}

static void a_changed_character_is_noticed(void **state)
{
	static const char others[] = "AQgwB_-9 .";
	struct site *site = site_of(SITE_OF_FOUR);
	struct flow flow = flow_of(3), got;
	char text[TOKEN_FLOW_MAX], changed[TOKEN_FLOW_MAX];
	size_t len = token_format_flow(text, site, slice_str("fra1"), &flow,
				       NOW);

	(void)state;
	for (size_t at = 0; at < len; at++) {
		for (size_t i = 0; others[i]; i++) {
			if (text[at] == others[i])
				continue;
			memcpy(changed, text, sizeof(changed));
			changed[at] = others[i];
			CHECK(read_flow(&got, changed, site, "fra1", NOW) !=
			      TOKEN_VALID, changed);
		}
		/* cut, and cut at its head */
		CHECK(token_parse_flow(&got, slice_of(text, at), site,
				       slice_str("fra1"), NOW, 3600) !=
		      TOKEN_VALID, "cut");
		CHECK(at == 0 || read_flow(&got, text + at, site, "fra1",
					   NOW) != TOKEN_VALID, text + at);
	}
	site_free(site);
}

static void a_user_that_is_no_token_is_none(void **state)
{
	static const struct {
		const char *text;
		enum token_verdict want;
	} rows[] = {
		{ "", TOKEN_NONE },
		{ "bob", TOKEN_NONE },
		{ "f1", TOKEN_NONE },
		{ "F1-AAAA", TOKEN_NONE },
		{ "f2-AAAA", TOKEN_NONE },
		{ "f1-", TOKEN_MALFORMED },
		{ "f1-A", TOKEN_MALFORMED },
		{ "f1-A+/A", TOKEN_MALFORMED },
		{ "f1-AAAA", TOKEN_MALFORMED },
		{ "f1-CBPEnEAAAcV9HMsAcQcAAAAAAAAAAAAAAAAAAAAA==",
		  TOKEN_MALFORMED },
		{ "f1-CBPEnEAAAcV9HMsAcQcAAAAAAAAAAAAAAAAAAAA",
		  TOKEN_FORGED },
		/* transport 7, unknown flag, port 0 */
		{ "f1-DxPEnEAAAcV9HMsAcQcAAAAAAAAAAAAAAAAAAAA",
		  TOKEN_MALFORMED },
		{ "f1-iBPEnEAAAcV9HMsAcQcAAAAAAAAAAAAAAAAAAAA",
		  TOKEN_MALFORMED },
		{ "f1-CAAAnEAAAcV9HMsAcQcAAAAAAAAAAAAAAAAAAAA",
		  TOKEN_MALFORMED },
		/* IPv6 said, IPv4 there */
		{ "f1-GBPEnEAAAcV9HMsAcQcAAAAAAAAAAAAAAAAAAAA",
		  TOKEN_MALFORMED },
		{ "f1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		  "AAAAAAAAAAAAAAAAAAAAAA", TOKEN_MALFORMED },
	};
	struct site *site = site_of(SITE_OF_FOUR);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flow got;

		CHECK_STR(token_verdict_name(rows[i].want),
			  token_verdict_name(read_flow(&got, rows[i].text,
						       site, "fra1", NOW)),
			  rows[i].text);
	}
	site_free(site);
}

static void a_flow_token_lasts_its_lifetime(void **state)
{
	static const struct {
		int64_t later_s;
		enum token_verdict want;
	} rows[] = {
		{ 0, TOKEN_VALID },	  { 59, TOKEN_VALID },
		{ 3599, TOKEN_VALID },	  { 3600, TOKEN_VALID },
		{ 3720, TOKEN_STALE },	  { 86400, TOKEN_STALE },
		{ -60, TOKEN_VALID },	  { -3600, TOKEN_VALID },
		{ -3720, TOKEN_STALE },	  { -1790000000, TOKEN_STALE },
	};
	struct site *site = site_of(SITE_OF_FOUR);
	struct flow flow = flow_of(0), got;
	char text[TOKEN_FLOW_MAX];

	(void)state;
	token_format_flow(text, site, slice_str("fra1"), &flow, NOW);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_EQ(rows[i].want,
			 read_flow(&got, text, site, "fra1",
				   (uint64_t)((int64_t)NOW + rows[i].later_s)),
			 "age");
		CHECK(token_flow_equal(&flow, &got), "still told");
	}
	CHECK_EQ(TOKEN_STALE,
		 token_parse_flow(&got, slice_str(text), site,
				  slice_str("fra1"), NOW + 120, 0),
		 "no lifetime at all");
	site_free(site);
}

/* Whoever reads a new site file first, either understands the other. */
static void tokens_survive_a_change_of_the_secret(void **state)
{
	struct site *before = site_of(SITE_OF_FOUR);
	struct site *during = site_of(CHANGING);
	struct site *after = site_of(CHANGED);
	const struct site *sites[] = { before, during, after };
	static const enum token_verdict want[3][3] = {	/* writer, reader */
		{ TOKEN_VALID, TOKEN_VALID, TOKEN_FORGED },
		{ TOKEN_VALID, TOKEN_VALID, TOKEN_FORGED },
		{ TOKEN_FORGED, TOKEN_VALID, TOKEN_VALID },
	};
	struct flow flow = flow_of(0), got;

	(void)state;
	for (size_t w = 0; w < 3; w++) {
		char text[TOKEN_FLOW_MAX], via[TOKEN_VIA_MAX];

		token_format_flow(text, sites[w], slice_str("fra1"), &flow,
				  NOW);
		token_format_via(via, sites[w], slice_str("fra1"),
				 slice_str(BRANCH));
		for (size_t r = 0; r < 3; r++) {
			struct slice node;

			CHECK_EQ(want[w][r],
				 read_flow(&got, text, sites[r], "fra1", NOW),
				 "flow");
			CHECK_EQ(want[w][r],
				 token_parse_via(&node, slice_str(via),
						 sites[r], slice_str(BRANCH)),
				 "via");
		}
	}
	site_free(before);
	site_free(during);
	site_free(after);
}

static void a_via_token_names_its_node_for_its_branch(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	char text[TOKEN_VIA_MAX];
	struct slice node;
	size_t len = token_format_via(text, site, slice_str("fra1"),
				      slice_str(BRANCH));

	(void)state;
	assert_int_equal(len, strlen("fra1.") + 20);
	assert_int_equal(len, strlen(text));
	assert_int_equal(strspn(text + 5, "0123456789abcdef"), 20);
	CHECK_EQ(TOKEN_VALID, token_parse_via(&node, slice_str(text), site,
					      slice_str(BRANCH)), text);
	assert_true(slice_equal(node, slice_str("fra1")));
	CHECK_EQ(TOKEN_FORGED,
		 token_parse_via(&node, slice_str(text), site,
				 slice_str(BRANCH "1")), "another branch");
	assert_int_equal(node.len, 0);
	for (size_t at = 5; at < len; at++) {
		char was = text[at];

		text[at] = was == '0' ? '1' : '0';
		CHECK_EQ(TOKEN_FORGED,
			 token_parse_via(&node, slice_str(text), site,
					 slice_str(BRANCH)), text);
		text[at] = was;
	}
	memcpy(text, "ams1", 4);
	CHECK_EQ(TOKEN_FORGED, token_parse_via(&node, slice_str(text), site,
					       slice_str(BRANCH)), text);

	/* the longest name */
	len = token_format_via(text, site,
			       slice_str("a234567890123456789012345678901"),
			       slice_str(BRANCH));
	assert_int_equal(len, TOKEN_VIA_MAX - 1);
	assert_int_equal(token_format_via(text, site, slice_str("fra.1"),
					  slice_str(BRANCH)), 0);
	assert_int_equal(token_format_via(text, site, slice_str("fra1"),
					  slice_str("")), 0);
	site_free(site);
}

static void what_is_no_via_token_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum token_verdict want;
	} rows[] = {
		{ "", TOKEN_NONE },
		{ "fra1", TOKEN_MALFORMED },
		{ "fra1.", TOKEN_MALFORMED },
		{ ".0123456789abcdef0123", TOKEN_MALFORMED },
		{ "fra1.0123456789abcdef012", TOKEN_MALFORMED },
		{ "fra1.0123456789abcdef01234", TOKEN_MALFORMED },
		{ "FRA1.0123456789abcdef0123", TOKEN_MALFORMED },
		{ "-fra.0123456789abcdef0123", TOKEN_MALFORMED },
		{ "fra1.0123456789abcdef0123", TOKEN_FORGED },
		{ "fra1.....................", TOKEN_FORGED },
		{ "nowhere.0123456789abcdef0123", TOKEN_FORGED },
	};
	struct site *site = site_of(SITE_OF_FOUR);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct slice node;

		CHECK_STR(token_verdict_name(rows[i].want),
			  token_verdict_name(token_parse_via(
				  &node, slice_str(rows[i].text), site,
				  slice_str(BRANCH))),
			  rows[i].text);
		CHECK(!node.len, rows[i].text);
	}
	site_free(site);
}

/* Nodes of different versions must agree: a change here is a new prefix. */
static void the_form_on_the_wire_does_not_change(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct flow flow = flow_of(0);
	char text[TOKEN_FLOW_MAX], via[TOKEN_VIA_MAX];

	(void)state;
	token_format_flow(text, site, slice_str("fra1"), &flow, NOW);
	assert_string_equal(text, "f1-CBPEnEABxzh1ywBxB3o-agrH_pOUPIrbvjP6GK0");
	token_format_via(via, site, slice_str("fra1"), slice_str(BRANCH));
	assert_string_equal(via, "fra1.c6b8e0ffebe76c706570");
	site_free(site);
}

static void every_verdict_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < TOKEN_VERDICTS; i++)
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(token_verdict_name(i),
				     token_verdict_name(j)) != 0, "names");
	assert_string_equal(token_verdict_name(TOKEN_VERDICTS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_comes_back_as_it_went),
		cmocka_unit_test(flows_differ_in_every_part),
		cmocka_unit_test(what_is_no_flow_has_no_token),
		cmocka_unit_test(a_changed_character_is_noticed),
		cmocka_unit_test(a_user_that_is_no_token_is_none),
		cmocka_unit_test(a_flow_token_lasts_its_lifetime),
		cmocka_unit_test(tokens_survive_a_change_of_the_secret),
		cmocka_unit_test(a_via_token_names_its_node_for_its_branch),
		cmocka_unit_test(what_is_no_via_token_is_refused),
		cmocka_unit_test(the_form_on_the_wire_does_not_change),
		cmocka_unit_test(every_verdict_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
