/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/test/asks.h"

#include "kamailio-module/facts.h"
#include "kamailio-module/totag.h"

#define MESSAGE \
	"INVITE " BOB " SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n" \
	"From: <sip:a@b>;tag=f\r\nTo: <" BOB ">\r\nCall-ID: c\r\n" \
	"CSeq: 1 INVITE\r\n"

struct given {
	struct site *site;
	struct siphead head;
	struct facts_in in;
	struct facts_tags tags;
	struct redirect_req req;
};

static void read_text(struct given *g, const char *text)
{
	struct slice message = slice_str(text);

	assert_true(siphead_scan(&g->head, message));
	g->req = (struct redirect_req){ .family = ADDR_IP4 };
	g->tags = (struct facts_tags){ 0 };
	if (!g->in.head)
		g->in = (struct facts_in){
			.head = &g->head, .datagram = true,
			.source = addr_of("203.0.113.5"),
			.method = slice_str("INVITE"), .uri = slice_str(BOB),
			.call_id = slice_str("c"),
			.cseq_number = slice_str("1"),
			.cseq_method = slice_str("INVITE"),
		};
	g->in.message_len = message.len;
	facts_read_keys(&g->req, &g->tags, &g->in, g->site);
	facts_read(&g->req, &g->tags, &g->in, g->site);
}

static int setup(void **state)
{
	struct given *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	g->site = site_of(SITE_OF_FOUR);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct given *g = *state;

	site_free(g->site);
	free(g);
	return 0;
}

static void each_defect_has_its_name(void **state)
{
	static const struct {
		const char *text;
		enum sip_defect want;
	} rows[] = {
		{ MESSAGE "\r\n", DEFECT_NONE },
		{ MESSAGE "l: 3\r\n\r\nabc", DEFECT_NONE },
		{ MESSAGE "l: 4\r\n\r\nabc", DEFECT_CONTENT_LENGTH },
		{ MESSAGE "l: x\r\n\r\nabc", DEFECT_CONTENT_LENGTH },
		{ MESSAGE "l: 3\r\nl: 3\r\n\r\nabc", DEFECT_CONTENT_LENGTH },
		{ MESSAGE "Max-Forwards: 70\r\n\r\n", DEFECT_NONE },
		{ MESSAGE "Max-Forwards: 256\r\n\r\n", DEFECT_MAX_FORWARDS },
		{ "INVITE x SIP/2.0\r\nTo: <sip:a>\r\n\r\n", DEFECT_FROM },
		{ "INVITE x SIP/2.0\r\nFrom: <sip:a>\r\n\r\n", DEFECT_TO },
	};
	struct given *g = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		read_text(g, rows[i].text);
		CHECK_EQ(rows[i].want, g->req.defect, rows[i].text);
	}
	read_text(g, MESSAGE "l: 4\r\n\r\nabc");
	g->in.datagram = false;
	read_text(g, MESSAGE "l: 4\r\n\r\nabc");
	CHECK_EQ(DEFECT_NONE, g->req.defect, "the stream's host has waited");
	g->in.cseq_method = slice_str("ACK");
	read_text(g, MESSAGE "\r\n");
	CHECK_EQ(DEFECT_CSEQ, g->req.defect, "another method");
	g->in.uri = slice_str("sip:");
	read_text(g, MESSAGE "\r\n");
	CHECK_EQ(DEFECT_URI, g->req.defect, "no URI");
}

static void keys_depend_on_what_they_should(void **state)
{
	struct given *g = *state;
	uint64_t source, transaction;

	read_text(g, MESSAGE "User-Agent: phone\r\n\r\n");
	source = g->req.source_key;
	transaction = g->req.transaction_key;
	read_text(g, MESSAGE "Subject: x\r\nUser-Agent: phone\r\n\r\n");
	assert_true(g->req.source_key == source);
	assert_true(g->req.transaction_key == transaction);
	read_text(g, MESSAGE "User-Agent: other\r\n\r\n");
	assert_true(g->req.source_key != source);
	assert_true(g->req.transaction_key == transaction);
	g->in.cseq_number = slice_str("2");
	read_text(g, MESSAGE "User-Agent: phone\r\n\r\n");
	assert_true(g->req.source_key == source);
	assert_true(g->req.transaction_key != transaction);
	g->in.cseq_number = slice_str("1");
	g->in.source = addr_of("203.0.113.6");
	read_text(g, MESSAGE "User-Agent: phone\r\n\r\n");
	assert_true(g->req.source_key != source);
	assert_true(g->req.transaction_key != transaction);
}

static void our_tag_is_known(void **state)
{
	struct given *g = *state;
	char text[512], tag[TOTAG_LEN];

	read_text(g, MESSAGE "\r\n");
	assert_false(g->req.has_to_tag);
	totag_format(tag, g->tags.digest);
	snprintf(text, sizeof(text),
		 "ACK " BOB " SIP/2.0\r\nFrom: <sip:a@b>;tag=f\r\n"
		 "To: <" BOB ">;tag=%.*s\r\nProxy-Require: x\r\n\r\n",
		 TOTAG_LEN, tag);
	read_text(g, text);
	assert_true(g->req.has_to_tag && g->req.to_tag_is_ours);
	assert_true(g->req.has_proxy_require);
	g->in.call_id = slice_str("d");
	read_text(g, text);
	assert_true(g->req.has_to_tag && !g->req.to_tag_is_ours);
}

static void the_call_key_is_made_when_asked_for(void **state)
{
	struct given *g = *state;
	struct nodes *nodes;
	uint8_t states[] = { NODE_UP, NODE_UP, NODE_UP, NODE_UP };

	assert_int_equal(nodes_new(&nodes, g->site, slice_str("fra1")), 0);
	nodes_set_states(nodes, states, ARRAY_SIZE(states));
	read_text(g, MESSAGE "\r\n");
	facts_read_call_key(&g->req, &g->tags, nodes, g->site, false);
	assert_true(g->req.call_key == 0);
	facts_read_call_key(&g->req, &g->tags, nodes, g->site, true);
	assert_true(g->req.call_key != 0);
	g->req.call_key = 0;
	states[FRA1] = NODE_DRAINING;
	nodes_set_states(nodes, states, ARRAY_SIZE(states));
	facts_read_call_key(&g->req, &g->tags, nodes, g->site, false);
	assert_true(g->req.call_key != 0);
	nodes_free(nodes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_defect_has_its_name,
						setup, teardown),
		cmocka_unit_test_setup_teardown(keys_depend_on_what_they_should,
						setup, teardown),
		cmocka_unit_test_setup_teardown(our_tag_is_known, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			the_call_key_is_made_when_asked_for, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
