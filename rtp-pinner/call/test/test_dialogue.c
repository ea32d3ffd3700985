/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/call/calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

static void an_offer_gets_an_even_port_at_the_media_address(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0) % 2, 0);
	assert_true(world_says(w, "c=IN IP4 " WORLD_MEDIA4));
	assert_false(world_says(w, "c=IN IP4 203.0.113.1"));
	assert_int_equal(world_used(w), 2);
}

static void media_flows_both_ways_after_the_answer(void **state)
{
	struct world *w = *state;
	uint16_t f;
	uint16_t t;

	world_talk(w);
	f = world_port(w, "f", 0);
	t = world_port(w, "t", 0);
	assert_int_equal(sdp_port(w->reply.sdp, 0), f);
	assert_string_equal(world_route(w, f), "203.0.113.2:5000");
	assert_string_equal(world_route(w, t), "203.0.113.1:4000");
	assert_string_equal(world_rtcp_route(w, f + 1), "203.0.113.2:5001");
	assert_string_equal(world_rtcp_route(w, t + 1), "203.0.113.1:4001");
	assert_string_equal(world_gate(w, f), "strict: 203.0.113.1");
	assert_string_equal(world_gate(w, t), "strict: 203.0.113.2");
	assert_int_equal(world_row(w, f)->dscp, 46);
	assert_int_equal(world_row(w, f)->packet_rate_max, 1000);
}

static void a_callee_that_has_not_answered_is_a_stranger(void **state)
{
	struct world *w = *state;
	uint16_t port;

	world_offer_ok(w, (struct say){
		.from = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	port = sdp_port(w->reply.sdp, 0);
	assert_string_equal(world_gate(w, port), "strict:");
	assert_string_equal(world_route(w, port), "203.0.113.1:4000");
}

static void the_same_offer_again_changes_nothing(void **state)
{
	struct world *w = *state;
	struct say offer = {
		.from = "f",
		.branch = "z1",
		.sdp = audio("203.0.113.1", 4000, NULL),
	};
	char *first;
	unsigned sets;

	world_offer_ok(w, offer);
	first = strdup(w->reply.sdp);
	sets = w->sets;
	world_offer_ok(w, offer);
	assert_string_equal(w->reply.sdp, first);
	assert_int_equal(w->sets, sets);
	assert_int_equal(world_used(w), 2);
	free(first);
}

static void a_second_answer_needs_no_new_offer(void **state)
{
	struct world *w = *state;
	uint16_t f;
	uint32_t epoch;

	world_talk(w);
	f = world_port(w, "f", 0);
	epoch = world_row(w, world_port(w, "t", 0))->epoch;
	world_answer_ok(w, (struct say){
		.from = "f",
		.to = "t",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0), f);
	assert_int_equal(world_row(w, world_port(w, "t", 0))->epoch, epoch);
	world_answer_ok(w, (struct say){
		.from = "f",
		.to = "t",
		.sdp = audio("203.0.113.3", 5010, NULL),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0), f);
	assert_string_equal(world_route(w, f), "203.0.113.3:5010");
	assert_int_not_equal(world_row(w, world_port(w, "t", 0))->epoch, epoch);
}

static void a_reoffer_from_either_side_keeps_the_ports(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		const char *from_addr;
		const char *to_addr;
	} cases[] = {
		{ "f", "t", "203.0.113.7", "203.0.113.2" },
		{ "t", "f", "203.0.113.8", "203.0.113.1" },
		{ "f", NULL, "203.0.113.9", "203.0.113.2" },
	};
	struct world *w = *state;
	uint16_t f;
	uint16_t t;

	world_talk(w);
	f = world_port(w, "f", 0);
	t = world_port(w, "t", 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool by_f = cases[i].from[0] == 'f';

		world_offer_ok(w, (struct say){
			.from = cases[i].from,
			.to = cases[i].to,
			.sdp = audio(cases[i].from_addr, 6000, NULL),
		});
		assert_int_equal(sdp_port(w->reply.sdp, 0), by_f ? t : f);
		world_answer_ok(w, (struct say){
			.from = cases[i].from,
			.to = by_f ? "t" : "f",
			.sdp = audio(cases[i].to_addr, 7000, NULL),
		});
		assert_int_equal(sdp_port(w->reply.sdp, 0), by_f ? f : t);
		assert_int_equal(world_used(w), 2);
	}
	assert_string_equal(world_route(w, f), "203.0.113.2:7000");
	assert_string_equal(world_route(w, t), "203.0.113.9:6000");
}

static void an_offer_in_the_200_is_answered_in_the_ack(void **state)
{
	static const struct {
		const char *offer_to;	/* Kamailio swaps the tags, or not */
		const char *answer_from;
		const char *answer_to;
		unsigned swapped;
	} cases[] = {
		{ "f", "t", "f", 0 },
		{ NULL, "t", "f", 0 },
		{ NULL, "f", "t", 1 },
		{ "f", "f", "t", 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w;
		void *other;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_offer_ok(w, (struct say){
			.from = "t",
			.to = cases[i].offer_to,
			.sdp = audio("203.0.113.2", 5000, NULL),
		});
		world_answer_ok(w, (struct say){
			.from = cases[i].answer_from,
			.to = cases[i].answer_to,
			.sdp = audio("203.0.113.1", 4000, NULL),
		});
		assert_string_equal(world_route(w, world_port(w, "f", 0)),
				    "203.0.113.2:5000");
		assert_string_equal(world_route(w, world_port(w, "t", 0)),
				    "203.0.113.1:4000");
		assert_int_equal(world_counter(w, CALLS_C_ANSWER_SWAPPED),
				 cases[i].swapped);
		assert_int_equal(world_call(w, "c")->leg_cnt, 2);
		world_teardown(&other);
	}
	(void)state;
}

static void a_repeated_answer_is_no_swapped_one(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_offer_ok(w, (struct say){	/* UPDATE of the callee */
		.from = "t",
		.to = "f",
		.sdp = audio("203.0.113.2", 5000, "a=sendonly\r\n"),
	});
	world_answer_ok(w, (struct say){	/* 200 to the INVITE, with SDP */
		.from = "f",
		.to = "t",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_int_equal(world_counter(w, CALLS_C_ANSWER_SWAPPED), 0);
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.2:5000");
	assert_string_equal(world_route(w, world_port(w, "t", 0)),
			    "203.0.113.1:4000");
}

static void both_sides_may_offer_at_once(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.1", 4100, NULL),
	});
	world_offer_ok(w, (struct say){
		.from = "t", .to = "f",
		.sdp = audio("203.0.113.2", 5100, NULL),
	});
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.2", 5200, NULL),
	});
	world_answer_ok(w, (struct say){
		.from = "t", .to = "f",
		.sdp = audio("203.0.113.1", 4200, NULL),
	});
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.2:5200");
	assert_string_equal(world_route(w, world_port(w, "t", 0)),
			    "203.0.113.1:4200");
	assert_int_equal(world_used(w), 2);
}

static void an_update_before_any_answer_is_the_callees_first_word(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_offer_ok(w, (struct say){
		.from = "t", .to = "f",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_int_equal(world_call(w, "c")->leg_cnt, 2);
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.2:5000");
}

static void an_answer_finds_its_offer_whatever_it_calls_the_caller(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_answer_ok(w, (struct say){
		.from = "zz", .to = "t", .branch = "z7",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_int_equal(world_call(w, "c")->leg_cnt, 2);
	assert_string_equal(world_route(w, world_port(w, "t", 0)),
			    "203.0.113.1:4000");
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.2:5000");
}

static void a_callee_stays_with_its_caller_while_it_offers_to_others(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_offer_ok(w, (struct say){
		.from = "t", .to = "x", .branch = "z9",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_string_equal(world_route(w, world_port(w, "t", 0)),
			    "203.0.113.1:4000");
	world_delete(w, (struct say){
		.from = "t", .branch = "z9", .at_once = true,
	});
	world_offer_ok(w, (struct say){
		.from = "t", .sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0), world_port(w, "f", 0));
	assert_int_equal(world_used(w), 2);
}

static void tags_labels_and_branches_can_be_read(void **state)
{
	struct world *w = *state;
	const struct call *call;

	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1", .label = "caller",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t", .branch = "z1", .label = "callee",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	call = world_call(w, "c");
	assert_true(slice_equal(call_leg_tag(&call->legs[0]), slice_str("f")));
	assert_true(slice_equal(call_leg_label(&call->legs[0]),
				slice_str("caller")));
	assert_int_equal(call->legs[0].branch_len, 0);
	assert_true(slice_equal(call_leg_tag(&call->legs[1]), slice_str("t")));
	assert_true(slice_equal(call_leg_branch(&call->legs[1]),
				slice_str("z1")));
	assert_true(slice_equal(call_leg_label(&call->legs[1]),
				slice_str("callee")));
	assert_int_equal(call->legs[0].media[0].type, CALL_AUDIO);
	assert_string_equal(call_proto_text(call->legs[0].media[0].proto),
			    "RTP/AVP");
}

static void tos_and_dscp_are_of_the_call(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .tos = 0xb8 >> 1,
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_int_equal(world_row(w, world_port(w, "f", 0))->dscp, 23);
}

static void flags_reach_the_leg_they_are_said_of(void **state)
{
	struct world *w = *state;
	const uint16_t all = FLOW_F_STRICT_SOURCE | FLOW_F_ASYMMETRIC |
			     FLOW_F_HANDOVER;

	world_offer_ok(w, (struct say){
		.from = "f",
		.flags = NG_F(NG_STRICT_SOURCE) | NG_F(NG_ASYMMETRIC) |
			 NG_F(NG_MEDIA_HANDOVER),
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.flags = NG_F(NG_ASYMMETRIC) | NG_F(NG_SYMMETRIC),
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_int_equal(world_row(w, world_port(w, "f", 0))->flags & all, all);
	assert_int_equal(world_row(w, world_port(w, "t", 0))->flags & all, 0);
}

static void calls_share_the_threads_and_each_stays_on_one(void **state)
{
	struct world *w = *state;
	unsigned threads[2] = { 0 };

	for (unsigned i = 0; i < 4; i++) {
		const char *const ids[] = { "c1", "c2", "c3", "c4" };
		uint8_t thread;

		world_offer_ok(w, (struct say){
			.call = ids[i], .from = "f",
			.sdp = audio_video("203.0.113.1", 4000, 4002),
		});
		thread = world_row(w, sdp_port(w->reply.sdp, 0))->thread;
		assert_int_equal(
			world_row(w, sdp_port(w->reply.sdp, 1))->thread,
			thread);
		threads[thread]++;
	}
	assert_int_equal(threads[0], 2);
	assert_int_equal(threads[1], 2);
}

static void calls_are_listed_newest_first_and_found(void **state)
{
	static const char *const ids[] = { "a", "b", "d" };
	struct world *w = *state;
	const struct call *c;

	for (size_t i = 0; i < 3; i++) {
		w->now_ms++;
		world_offer_ok(w, (struct say){
			.call = ids[i], .from = "f",
			.sdp = audio("203.0.113.1", 4000, NULL),
		});
	}
	c = calls_newest(w->calls);
	for (size_t i = 3; i-- > 0; c = c->older) {
		assert_string_equal(c->id, ids[i]);
		assert_ptr_equal(calls_at(w->calls, c->slot), c);
		assert_ptr_equal(world_call(w, ids[i]), c);
	}
	assert_null(c);
	assert_null(world_call(w, "e"));
	assert_int_equal(calls_slots(w->calls), 3);
}

static void every_change_is_reported_once(void **state)
{
	struct world *w = *state;

	world_talk(w);
	assert_int_equal(w->changes, 2);
	world_delete(w, (struct say){ .from = "f" });
	assert_int_equal(w->changes, 3);
	assert_string_equal(w->ended, "");
	world_pass(w, WORLD_DELETE_DELAY);
	assert_string_equal(w->ended, "c:deleted ");
}

static void every_name_and_counter_is_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CALLS_ENDS; i++)
		assert_non_null(calls_end_name(i));
	for (unsigned i = 0; i < CALLS_COUNTERS; i++) {
		assert_non_null(calls_counter_desc[i].name);
		assert_non_null(calls_counter_desc[i].help);
	}
	assert_null(calls_result_text(CALLS_OK));
	for (unsigned i = 1; i < CALLS_RESULTS; i++)
		assert_non_null(calls_result_text(i));
	for (unsigned i = 0; i < CALL_MEDIA_TYPES; i++)
		assert_non_null(call_media_type_name(i));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_offer_gets_an_even_port_at_the_media_address),
		TEST(media_flows_both_ways_after_the_answer),
		TEST(a_callee_that_has_not_answered_is_a_stranger),
		TEST(the_same_offer_again_changes_nothing),
		TEST(a_second_answer_needs_no_new_offer),
		TEST(a_reoffer_from_either_side_keeps_the_ports),
		TEST(an_offer_in_the_200_is_answered_in_the_ack),
		TEST(a_repeated_answer_is_no_swapped_one),
		TEST(both_sides_may_offer_at_once),
		TEST(an_update_before_any_answer_is_the_callees_first_word),
		TEST(an_answer_finds_its_offer_whatever_it_calls_the_caller),
		TEST(a_callee_stays_with_its_caller_while_it_offers_to_others),
		TEST(tags_labels_and_branches_can_be_read),
		TEST(tos_and_dscp_are_of_the_call),
		TEST(flags_reach_the_leg_they_are_said_of),
		TEST(calls_share_the_threads_and_each_stays_on_one),
		TEST(calls_are_listed_newest_first_and_found),
		TEST(every_change_is_reported_once),
		TEST(every_name_and_counter_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
