/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/test/asks.h"

#include "kamailio-module/answer.h"

static struct world world;
static struct answer_text text;

static struct reply fill(const struct redirect_req *req,
			 struct redirect_answer *decided,
			 const struct answer_conf *conf,
			 const struct siphead *head)
{
	const struct facts_tags tags = { .digest = 0x123 };
	const struct answer_in in = {
		.req = req, .tags = &tags, .head = head, .nodes = world.nodes,
		.site = world.site, .conf = conf,
	};
	struct reply out;

	memset(&out, 0xa5, sizeof(out));
	answer_fill(&out, &text, decided, &in);
	return out;
}

static const struct siphead no_head;

static void a_redirect_names_its_nodes(void **state)
{
	struct redirect_req req = { .family = ADDR_IP4, .uri = ask_uri(BOB) };
	struct redirect_answer decided = {
		.action = REDIRECT_TO_NODE, .reason = REASON_OWN_NODE,
		.status = 302, .node = FRA1,
	};
	const struct answer_conf conf = {
		.fallback_contacts = 2, .expires_s = 9, .server_header = "s",
	};
	struct reply r;

	(void)state;
	ask_states(&world, "UUUU");
	r = fill(&req, &decided, &conf, &no_head);
	assert_int_equal(r.status, 302);
	assert_int_equal(r.contact_cnt, 3);
	assert_true(slice_equal(r.contacts[0],
				slice_str("sip:bob@198.51.100.11:5070")));
	assert_false(slice_equal(r.contacts[1], r.contacts[2]));
	assert_int_equal(r.expires_s, 9);
	assert_string_equal(r.server, "s");
	assert_true(slice_equal(r.to_tag, slice_str("a1-0000000000000123")));
	assert_true(!r.allow && !r.retry_after_s && !r.unsupported.len);

	req.has_to_tag = true;
	r = fill(&req, &decided, &(struct answer_conf){ 0 }, &no_head);
	assert_int_equal(r.contact_cnt, 1);
	assert_int_equal(r.to_tag.len, 0);
}

static void a_contact_too_long_is_a_414(void **state)
{
	static char uri[3000];
	struct redirect_req req = { .family = ADDR_IP4 };
	struct redirect_answer decided = {
		.action = REDIRECT_TO_NODE, .status = 302, .node = FRA1,
	};
	struct reply r;

	(void)state;
	memset(uri, 'b', sizeof(uri) - 1);
	memcpy(uri, "sip:", 4);
	memcpy(uri + sizeof(uri) - 6, "@x.yz", 5);
	req.uri = ask_uri(uri);
	r = fill(&req, &decided, &(struct answer_conf){ 0 }, &no_head);
	assert_int_equal(r.status, 414);
	assert_int_equal(r.contact_cnt, 0);
	assert_string_equal(r.phrase, sip_status_text(414));
	assert_int_equal(decided.action, REDIRECT_REFUSE);
	assert_int_equal(decided.reason, REASON_URI_TOO_LONG);
}

static void each_reason_says_its_own(void **state)
{
	struct redirect_req req = { .family = ADDR_IP4, .uri = ask_uri(BOB) };
	const struct answer_conf conf = { .options_retry_after_s = 7 };
	const struct siphead head = {
		.proxy_requires = { slice_str("a"), slice_str("b") },
		.proxy_require_cnt = 2,
	};
	struct redirect_answer decided = {
		.action = REDIRECT_ANSWER, .reason = REASON_OPTIONS_NO_NODE,
		.status = 503, .node = NODES_NONE,
	};
	struct reply r;

	(void)state;
	r = fill(&req, &decided, &conf, &head);
	assert_int_equal(r.retry_after_s, 7);
	assert_true(!r.allow && !r.unsupported.len && !r.contact_cnt);
	decided.reason = REASON_OPTIONS;
	r = fill(&req, &decided, &conf, &head);
	assert_non_null(r.allow);
	assert_int_equal(r.retry_after_s, 0);
	decided.reason = REASON_PROXY_REQUIRE;
	r = fill(&req, &decided, &conf, &head);
	assert_true(slice_equal(r.unsupported, slice_str("a, b")));
	decided.status = 400;
	req.defect = DEFECT_CSEQ;
	r = fill(&req, &decided, &conf, &head);
	assert_string_equal(r.phrase, sip_defect_text(DEFECT_CSEQ));
}

static int setup(void **state)
{
	(void)state;
	world_init(&world, SITE_OF_FOUR, "fra1");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_fini(&world);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_redirect_names_its_nodes),
		cmocka_unit_test(a_contact_too_long_is_a_414),
		cmocka_unit_test(each_reason_says_its_own),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
