/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtcp-mux and ICE: what is offered on, what is answered, what rows do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

#define MUX "a=rtcp-mux\r\n"

struct mux_case {
	uint64_t flags;
	bool asks;		/* the caller offers rtcp-mux */
	bool offered;		/* the callee is offered it */
	bool accepts;		/* the callee does */
	bool answered;		/* the caller is answered with it */
	bool callee_muxed;
};

#define OFFER NG_F(NG_RTCP_MUX_OFFER)
#define REQUIRE NG_F(NG_RTCP_MUX_REQUIRE)
#define DEMUX NG_F(NG_RTCP_MUX_DEMUX)
#define ACCEPT NG_F(NG_RTCP_MUX_ACCEPT)
#define REJECT NG_F(NG_RTCP_MUX_REJECT)

static const struct mux_case cases[] = {
	{ 0, false, false, false, false, false },
	{ 0, true, true, true, true, true },
	{ 0, true, true, false, false, false },
	{ OFFER, false, true, true, false, true },
	{ OFFER, false, true, false, false, false },
	{ OFFER, true, true, true, true, true },
	{ REQUIRE, false, true, false, false, true },
	{ REQUIRE, true, true, true, true, true },
	{ DEMUX, true, false, false, true, false },
	{ DEMUX, false, false, false, false, false },
	{ ACCEPT, true, true, false, true, false },
	{ ACCEPT, true, true, true, true, true },
	{ ACCEPT, false, false, false, false, false },
	{ REJECT, true, true, true, false, true },
	{ REJECT | OFFER, true, true, true, false, true },
};

static void check_rows(struct world *w, const struct mux_case *c)
{
	uint16_t f = world_port(w, "f", 0);
	uint16_t t = world_port(w, "t", 0);
	const char *to_f = c->answered ? "203.0.113.1:4000" :
					 "203.0.113.1:4001";
	const char *to_t = c->callee_muxed ? "203.0.113.2:5000" :
					     "203.0.113.2:5001";

	assert_string_equal(world_rtcp_route(w, f), to_t);
	assert_string_equal(world_rtcp_route(w, t), to_f);
	assert_string_equal(world_rtcp_route(w, f + 1), to_t);
	assert_string_equal(world_rtcp_route(w, t + 1), to_f);
	assert_string_equal(world_route(w, f), "203.0.113.2:5000");
	if (c->answered)
		assert_true(world_row(w, f)->flags & FLOW_F_RTCP_MUX);
	if (c->callee_muxed)
		assert_true(world_row(w, t)->flags & FLOW_F_RTCP_MUX);
}

static void rtcp_is_bridged_between_muxed_and_plain_legs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct mux_case *c = &cases[i];
		struct world *w;
		void *other;
		char line[32];

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_offer_ok(w, (struct say){
			.from = "f", .flags = c->flags,
			.sdp = audio("203.0.113.1", 4000,
				     c->asks ? MUX : NULL),
		});
		assert_int_equal(world_says(w, MUX), c->offered);
		snprintf(line, sizeof(line), "a=rtcp:%u\r\n",
			 sdp_port(w->reply.sdp, 0) +
				 !(c->flags & REQUIRE));
		assert_true(world_says(w, line));
		world_answer_ok(w, (struct say){
			.from = "f", .to = "t",
			.sdp = audio("203.0.113.2", 5000,
				     c->accepts ? MUX : NULL),
		});
		assert_int_equal(world_says(w, MUX), c->answered);
		snprintf(line, sizeof(line), "a=rtcp:%u\r\n",
			 sdp_port(w->reply.sdp, 0) + !c->answered);
		assert_true(world_says(w, line));
		check_rows(w, c);
		world_teardown(&other);
	}
}

static void a_leg_can_stop_muxing(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 3; i++) {
		const char *line = i % 2 ? NULL : MUX;

		world_offer_ok(w, (struct say){
			.from = "f", .sdp = audio("203.0.113.1", 4000, line),
		});
		world_answer_ok(w, (struct say){
			.from = "f", .to = "t",
			.sdp = audio("203.0.113.2", 5000, line),
		});
		assert_string_equal(
			world_rtcp_route(w, world_port(w, "f", 0)),
			line ? "203.0.113.2:5000" : "203.0.113.2:5001");
	}
}

/* The party that refuses sends its RTCP where a=rtcp has told it to. */
static void an_offer_within_a_muxed_call_may_be_refused(void **state)
{
	struct world *w = *state;
	char line[32];
	uint16_t t;

	for (unsigned i = 0; i < 2; i++) {
		world_offer_ok(w, (struct say){
			.from = "f", .sdp = audio("203.0.113.1", 4000, MUX),
		});
		t = sdp_port(w->reply.sdp, 0);
		snprintf(line, sizeof(line), "a=rtcp:%u\r\n", t + 1);
		assert_true(world_says(w, line));
		world_answer_ok(w, (struct say){
			.from = "f", .to = "t",
			.sdp = audio("203.0.113.2", 5000, i ? NULL : MUX),
		});
	}
	assert_string_equal(world_rtcp_route(w, t + 1), "203.0.113.1:4001");
	assert_string_equal(world_rtcp_route(w, world_port(w, "f", 0) + 1),
			    "203.0.113.2:5001");
}

static void a_named_rtcp_port_is_where_rtcp_goes(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f",
		.sdp = audio("203.0.113.1", 4000,
			     "a=rtcp:4100 IN IP4 203.0.113.8\r\n"),
	});
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_string_equal(world_rtcp_route(w, world_port(w, "t", 0) + 1),
			    "203.0.113.8:4100");
	assert_string_equal(world_gate(w, world_port(w, "f", 0)),
			    "strict: 203.0.113.1 203.0.113.8");
}

#define UFRAG(x) "a=ice-ufrag:" x "\r\na=ice-pwd:0123456789012345678901\r\n"
#define CAND(a) "a=candidate:1 1 UDP 99 " a " 4000 typ host\r\n"

static void ice_is_passed_through_or_removed(void **state)
{
	static const struct {
		enum ng_ice ice;
		bool answers;	/* the callee does ICE */
		bool offered;
		bool passed;
	} table[] = {
		{ NG_ICE_UNSET, true, true, true },
		{ NG_ICE_DEFAULT, true, true, true },
		{ NG_ICE_FORCE, true, true, true },
		{ NG_ICE_UNSET, false, true, false },
		{ NG_ICE_REMOVE, false, false, false },
		{ NG_ICE_REMOVE, true, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct world *w;
		void *other;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_offer_ok(w, (struct say){
			.from = "f", .ice = table[i].ice,
			.sdp = audio("203.0.113.1", 4000,
				     UFRAG("ff") CAND("10.0.0.1")),
		});
		assert_int_equal(world_says(w, "ice-ufrag:ff"),
				 table[i].offered);
		assert_int_equal(world_says(w, " " WORLD_MEDIA4 " "),
				 table[i].offered);
		assert_false(world_says(w, "10.0.0.1"));
		world_answer_ok(w, (struct say){
			.from = "f", .to = "t",
			.sdp = audio("203.0.113.2", 5000,
				     table[i].answers ?
					     UFRAG("tt") CAND("10.0.0.2") :
					     NULL),
		});
		assert_int_equal(world_says(w, "ice-ufrag:tt"),
				 table[i].passed);
		assert_int_equal(!!(world_row(w, world_port(w, "f", 0))->flags &
				    FLOW_F_ICE),
				 table[i].passed);
		assert_int_equal(!!(world_row(w, world_port(w, "t", 0))->flags &
				    FLOW_F_ICE),
				 table[i].passed);
		world_teardown(&other);
	}
}

static void a_new_ufrag_unlatches_and_the_same_does_not(void **state)
{
	struct world *w = *state;
	static const char *const lines[] = {
		UFRAG("aa"), UFRAG("aa"), UFRAG("bb"),
	};
	uint32_t epoch = 0;

	for (unsigned i = 0; i < 3; i++) {
		uint32_t now;

		world_offer_ok(w, (struct say){
			.from = "f",
			.sdp = audio("203.0.113.1", 4000, lines[i]),
		});
		now = world_row(w, world_port(w, "f", 0))->epoch;
		assert_int_equal(now != epoch, i != 1);
		epoch = now;
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rtcp_is_bridged_between_muxed_and_plain_legs),
		TEST(a_leg_can_stop_muxing),
		TEST(an_offer_within_a_muxed_call_may_be_refused),
		TEST(a_named_rtcp_port_is_where_rtcp_goes),
		cmocka_unit_test(ice_is_passed_through_or_removed),
		TEST(a_new_ufrag_unlatches_and_the_same_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
