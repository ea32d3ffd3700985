/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

/* What a delete of the call of world_talk() (f, t, branch z1) matches. */
static void tags_and_branch_decide_what_a_delete_means(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		const char *branch;
		bool ends;
		int leg;	/* the party named; -1: none */
	} cases[] = {
		{ "f", NULL, NULL, true, 0 },
		{ "t", NULL, NULL, true, 1 },	/* BYE of the callee */
		{ "f", "t", NULL, true, 1 },
		{ "t", "f", NULL, true, 0 },
		{ "f", NULL, "z1", true, 1 },	/* CANCEL, reply to INVITE */
		{ "f", NULL, "zb", true, 0 },	/* the BYE's own branch */
		{ "t", NULL, "zb", true, 1 },
		{ "f", "nope", NULL, false, -1 },
		{ "nope", NULL, NULL, false, -1 },
		{ "nope", "t", NULL, true, 1 },
		{ "nope", NULL, "z1", true, 1 },
		{ "nope", NULL, "zb", false, -1 },
		{ NULL, NULL, NULL, true, -1 },
		{ NULL, "t", NULL, true, -1 },
		{ NULL, NULL, "z1", true, -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w;
		void *other;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_talk(w);
		world_delete(w, (struct say){
			.from = cases[i].from,
			.to = cases[i].to,
			.branch = cases[i].branch,
		});
		assert_int_equal(w->deleted.result, CALLS_OK);
		assert_int_equal(w->deleted.leg, cases[i].leg < 0 ?
						 CALL_NONE : cases[i].leg);
		if (cases[i].ends)
			assert_null(w->deleted.warning);
		else
			assert_string_equal(
				w->deleted.warning,
				"Call-ID not found or tags didn't match");
		if (cases[i].from && cases[i].ends) {
			assert_ptr_equal(w->deleted.call, world_call(w, "c"));
			assert_string_equal(
				world_route(w, world_port(w, "f", 0)),
				"203.0.113.2:5000");
		}
		world_pass(w, WORLD_DELETE_DELAY);
		if (cases[i].ends) {
			assert_string_equal(w->ended, "c:deleted ");
			assert_int_equal(world_used(w), 0);
		} else {
			assert_string_equal(w->ended, "");
		}
		world_teardown(&other);
	}
	(void)state;
}

static void an_unknown_call_is_deleted_with_a_warning(void **state)
{
	struct world *w = *state;

	world_delete(w, (struct say){ .from = "f" });
	assert_int_equal(w->deleted.result, CALLS_OK);
	assert_non_null(w->deleted.warning);
	assert_null(w->deleted.call);
	world_delete(w, (struct say){ .from = "f", .flags = NG_F(NG_FATAL) });
	assert_int_equal(w->deleted.result, CALLS_UNMATCHED);
	assert_string_equal(w->deleted.text,
			    "Call-ID not found or tags didn't match");
	world_delete(w, (struct say){ .call = "", .from = "f" });
	assert_int_equal(w->deleted.result, CALLS_NO_CALL_ID);
}

static void a_delete_without_delay_ends_the_call_at_once(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_delete(w, (struct say){ .from = "f", .at_once = true });
	assert_null(world_call(w, "c"));
	assert_string_equal(w->ended, "c:deleted ");
	world_delete(w, (struct say){ .from = "f", .at_once = true });
	assert_non_null(w->deleted.warning);
	assert_string_equal(w->ended, "c:deleted ");
}

static uint32_t ending(struct world *w)
{
	struct calls_gauges g;

	calls_gauges(w->calls, &g);
	return g.ending;
}

static void a_call_that_awaits_its_end_is_known(void **state)
{
	struct world *w = *state;

	world_talk(w);
	assert_int_equal(ending(w), 0);
	world_delete(w, (struct say){ .from = "f" });
	world_delete(w, (struct say){ .from = "t" });
	assert_int_equal(ending(w), 1);
	/* somebody signals: it goes on */
	world_offer_ok(w, (struct say){
		.from = "t", .to = "f",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_int_equal(ending(w), 0);
	world_delete(w, (struct say){ .from = "f" });
	world_pass(w, WORLD_DELETE_DELAY);
	assert_null(world_call(w, "c"));
	assert_int_equal(ending(w), 0);
}

static void a_second_delete_does_not_put_the_first_off(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_delete(w, (struct say){ .from = "f" });
	world_pass(w, WORLD_DELETE_DELAY / 2);
	world_delete(w, (struct say){ .from = "t" });
	assert_null(w->deleted.warning);
	world_pass(w, WORLD_DELETE_DELAY / 2);
	assert_null(world_call(w, "c"));
}

static void an_offer_or_answer_takes_a_delete_back(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_delete(w, (struct say){ .from = "f" });
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	world_pass(w, WORLD_DELETE_DELAY);
	assert_non_null(world_call(w, "c"));
	world_delete(w, (struct say){ .from = "f" });
	world_offer_ok(w, (struct say){
		.from = "t", .to = "f",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	world_pass(w, WORLD_DELETE_DELAY);
	assert_non_null(world_call(w, "c"));
	assert_int_equal(world_counter(w, CALLS_C_DELETE_REVOKED), 2);
}

static void the_last_branch_takes_the_call_with_it(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z2",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_delete(w, (struct say){ .from = "f", .branch = "z1" });
	world_pass(w, 1000);
	world_delete(w, (struct say){ .from = "f", .branch = "z2" });
	world_pass(w, WORLD_DELETE_DELAY - 1000);
	assert_non_null(world_call(w, "c"));
	assert_int_equal(world_used(w), 2);
	world_pass(w, 1000);
	assert_null(world_call(w, "c"));
	assert_int_equal(world_used(w), 0);
}

static void a_bye_to_one_of_two_that_answered_leaves_the_other(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < 2; i++) {
		const char *const branches[] = { "z1", "z2" };

		world_offer_ok(w, (struct say){
			.from = "f", .branch = branches[i],
			.sdp = audio("203.0.113.1", 4000, NULL),
		});
	}
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t1", .branch = "z1",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2", .branch = "z2",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
	world_delete(w, (struct say){
		.from = "f", .to = "t2", .branch = "zb", .at_once = true,
	});
	assert_non_null(world_call(w, "c"));
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.2:5000");
	world_delete(w, (struct say){
		.from = "f", .to = "t1", .branch = "zc", .at_once = true,
	});
	assert_null(world_call(w, "c"));
}

/* ---- re-offers that are refused ---- */

static void reoffer(struct world *w, const char *from, const char *to,
		    const char *branch, const char *addr)
{
	world_offer_ok(w, (struct say){
		.from = from, .to = to, .branch = branch,
		.sdp = audio_video(addr, 4400, 4402),
	});
}

static void a_refused_reoffer_is_undone_and_the_call_goes_on(void **state)
{
	static const struct {
		const char *offered_in;
		const char *deleted_in;
		const char *to;
		enum ng_message_type type;
	} cases[] = {
		{ "z9", "z9", NULL, NG_SIP_REPLY },
		{ "z9", "z9", "t", NG_SIP_UNSET },
		{ NULL, NULL, NULL, NG_SIP_UNSET },
		{ NULL, "z9", NULL, NG_SIP_UNSET },
		{ "z9", NULL, NULL, NG_SIP_REPLY },
		{ "z9", "z9", NULL, NG_SIP_REQUEST },	/* CANCEL of it */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w;
		void *other;
		uint16_t f;
		uint16_t t;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_talk(w);
		f = world_port(w, "f", 0);
		t = world_port(w, "t", 0);
		reoffer(w, "f", "t", cases[i].offered_in, "203.0.113.7");
		assert_string_equal(world_route(w, t), "203.0.113.7:4400");
		assert_int_equal(world_used(w), 4);
		world_delete(w, (struct say){
			.from = "f", .to = cases[i].to,
			.branch = cases[i].deleted_in, .type = cases[i].type,
			.at_once = true,
		});
		assert_true(w->deleted.rolled_back);
		assert_null(w->deleted.warning);
		assert_string_equal(world_route(w, t), "203.0.113.1:4000");
		assert_string_equal(world_route(w, f), "203.0.113.2:5000");
		assert_string_equal(world_gate(w, f), "strict: 203.0.113.1");
		assert_int_equal(world_port(w, "f", 0), f);
		assert_int_equal(world_port(w, "f", 1), 0);
		assert_int_equal(world_used(w), 2);
		assert_int_equal(world_counter(w, CALLS_C_ROLLED_BACK), 1);
		world_pass(w, WORLD_DELETE_DELAY);
		assert_non_null(world_call(w, "c"));
		world_teardown(&other);
	}
	(void)state;
}

static void the_terms_of_a_refused_reoffer_are_undone_too(void **state)
{
	struct world *w = *state;
	uint16_t f;

	world_talk(w);
	f = world_port(w, "f", 0);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .branch = "z9", .gate = NG_GATE_OFF,
		.family = 6, .flags = NG_F(NG_MEDIA_HANDOVER),
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_string_equal(world_gate(w, f), "off: 203.0.113.1");
	assert_true(world_row(w, f)->flags & FLOW_F_HANDOVER);
	assert_true(world_says(w, WORLD_MEDIA6));
	world_delete(w, (struct say){ .from = "f", .branch = "z9" });
	assert_string_equal(world_gate(w, f), "strict: 203.0.113.1");
	assert_false(world_row(w, f)->flags & FLOW_F_HANDOVER);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_true(world_says(w, WORLD_MEDIA4));
}

static void a_bye_during_a_reoffer_ends_the_call(void **state)
{
	static const struct {
		const char *from;
		const char *branch;
	} cases[] = {
		{ "f", "zb" },	/* known as another transaction */
		{ "t", "zb" },	/* by the one who did not offer */
		{ "t", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w;
		void *other;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_talk(w);
		reoffer(w, "f", "t", "z9", "203.0.113.7");
		world_delete(w, (struct say){
			.from = cases[i].from, .branch = cases[i].branch,
			.at_once = true,
		});
		assert_null(world_call(w, "c"));
		assert_int_equal(world_used(w), 0);
		world_teardown(&other);
	}
	(void)state;
}

/* The answer has got lost: after Timer C it is a BYE. */
static void a_delete_long_after_a_reoffer_ends_the_call(void **state)
{
	struct world *w = *state;

	world_talk(w);
	reoffer(w, "f", "t", NULL, "203.0.113.1");
	for (unsigned i = 0; i < 7; i++) {
		world_packet(w, world_port(w, "f", 0));
		world_pass(w, 30 * 1000);
	}
	world_delete(w, (struct say){ .from = "f", .at_once = true });
	assert_null(world_call(w, "c"));
	assert_int_equal(world_used(w), 0);
}

static void a_refusal_heard_twice_is_one_refusal(void **state)
{
	struct world *w = *state;
	const struct say refusal = {
		.from = "f", .branch = "z9", .at_once = true,
	};

	world_talk(w);
	reoffer(w, "f", "t", "z9", "203.0.113.7");
	world_delete(w, refusal);
	world_delete(w, refusal);
	assert_true(w->deleted.rolled_back);
	assert_non_null(world_call(w, "c"));
	assert_int_equal(world_counter(w, CALLS_C_ROLLED_BACK), 1);
}

static void after_a_refusal_a_delete_is_a_bye(void **state)
{
	struct world *w = *state;

	world_talk(w);
	reoffer(w, "f", "t", NULL, "203.0.113.7");
	world_delete(w, (struct say){ .from = "f" });
	assert_true(w->deleted.rolled_back);
	world_delete(w, (struct say){ .from = "f", .at_once = true });
	assert_null(world_call(w, "c"));
}

static void an_answered_reoffer_is_not_undone(void **state)
{
	struct world *w = *state;

	world_talk(w);
	reoffer(w, "f", "t", "z9", "203.0.113.7");
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio_video("203.0.113.2", 5000, 5002),
	});
	assert_int_equal(world_used(w), 4);
	world_delete(w, (struct say){ .from = "f", .branch = "zb" });
	assert_false(w->deleted.rolled_back);
	assert_string_equal(world_route(w, world_port(w, "t", 0)),
			    "203.0.113.7:4400");
	assert_string_equal(world_route(w, world_port(w, "t", 1)),
			    "203.0.113.7:4402");
}

static void glare_is_undone_on_both_sides(void **state)
{
	struct world *w = *state;

	world_talk(w);
	reoffer(w, "f", "t", "z8", "203.0.113.7");
	reoffer(w, "t", "f", "z9", "203.0.113.8");
	world_delete(w, (struct say){ .from = "f", .branch = "z8" });
	assert_true(w->deleted.rolled_back);
	assert_string_equal(world_route(w, world_port(w, "t", 0)),
			    "203.0.113.1:4000");
	world_delete(w, (struct say){ .from = "t", .branch = "z9" });
	assert_true(w->deleted.rolled_back);
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.2:5000");
	world_pass(w, WORLD_DELETE_DELAY);
	assert_non_null(world_call(w, "c"));
	assert_int_equal(world_used(w), 2);
}

/* What was latched for the refused one must not pass for the next. */
static void an_epoch_is_not_used_twice(void **state)
{
	struct world *w = *state;
	uint32_t before;
	uint32_t refused;
	uint16_t f;

	world_talk(w);
	f = world_port(w, "f", 0);
	before = world_row(w, f)->epoch;
	reoffer(w, "f", "t", "z8", "203.0.113.7");
	refused = world_row(w, f)->epoch;
	world_delete(w, (struct say){ .from = "f", .branch = "z8" });
	assert_int_not_equal(world_row(w, f)->epoch, before);
	assert_int_not_equal(world_row(w, f)->epoch, refused);
	assert_int_not_equal(world_row(w, f + 1)->epoch, before);
	reoffer(w, "f", "t", "z9", "203.0.113.9");
	assert_int_not_equal(world_row(w, f)->epoch, refused);
}

/* t wants fax, f something else; t is answered. */
static void who_is_answered_after_glare_has_its_media(void **state)
{
	struct world *w = *state;
	const char *fax = "v=0\r\no=- 1 1 IN IP4 203.0.113.2\r\ns=-\r\n"
			  "c=IN IP4 203.0.113.2\r\nt=0 0\r\n"
			  "m=image 5000 udptl t38\r\n";

	world_talk(w);
	world_offer_ok(w, (struct say){
		.from = "t", .to = "f", .branch = "z8", .sdp = fax,
	});
	reoffer(w, "f", "t", "z9", "203.0.113.7");
	world_delete(w, (struct say){ .from = "f", .branch = "z9" });
	world_answer_ok(w, (struct say){
		.from = "t", .to = "f", .branch = "z8", .sdp = fax,
	});
	assert_int_equal(world_row(w, world_port(w, "f", 0))->kind,
			 FLOW_OTHER);
	assert_int_equal(world_row(w, world_port(w, "t", 0))->kind,
			 FLOW_OTHER);
}

static void a_refusal_undoes_all_offers_since_the_last_answer(void **state)
{
	struct world *w = *state;

	world_talk(w);
	reoffer(w, "f", "t", "z8", "203.0.113.7");
	reoffer(w, "f", "t", "z9", "203.0.113.9");
	assert_int_equal(world_used(w), 4);
	world_delete(w, (struct say){ .from = "f", .branch = "z9" });
	assert_string_equal(world_route(w, world_port(w, "t", 0)),
			    "203.0.113.1:4000");
	assert_int_equal(world_used(w), 2);
}

/* Kamailio 6.0 says that it was a reply: to a re-INVITE without SDP, then. */
static void a_refused_request_without_sdp_does_not_end_the_call(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_delete(w, (struct say){
		.from = "f", .branch = "z9", .type = NG_SIP_REPLY,
		.at_once = true,
	});
	assert_non_null(world_call(w, "c"));
	assert_null(w->deleted.warning);
	world_delete(w, (struct say){
		.from = "f", .branch = "zb", .type = NG_SIP_REQUEST,
		.at_once = true,
	});
	assert_null(world_call(w, "c"));
}

static void a_callee_that_refuses_is_known_by_no_tag(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_delete(w, (struct say){ .from = "f", .to = "t486" });
	assert_null(w->deleted.warning);
	world_pass(w, WORLD_DELETE_DELAY);
	assert_null(world_call(w, "c"));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tags_and_branch_decide_what_a_delete_means),
		TEST(an_unknown_call_is_deleted_with_a_warning),
		TEST(a_delete_without_delay_ends_the_call_at_once),
		TEST(a_call_that_awaits_its_end_is_known),
		TEST(a_second_delete_does_not_put_the_first_off),
		TEST(an_offer_or_answer_takes_a_delete_back),
		TEST(the_last_branch_takes_the_call_with_it),
		TEST(a_bye_to_one_of_two_that_answered_leaves_the_other),
		TEST(a_refused_reoffer_is_undone_and_the_call_goes_on),
		TEST(the_terms_of_a_refused_reoffer_are_undone_too),
		TEST(a_bye_during_a_reoffer_ends_the_call),
		TEST(a_delete_long_after_a_reoffer_ends_the_call),
		TEST(a_refusal_heard_twice_is_one_refusal),
		TEST(after_a_refusal_a_delete_is_a_bye),
		TEST(an_answered_reoffer_is_not_undone),
		TEST(glare_is_undone_on_both_sides),
		TEST(an_epoch_is_not_used_twice),
		TEST(who_is_answered_after_glare_has_its_media),
		TEST(a_refusal_undoes_all_offers_since_the_last_answer),
		TEST(a_refused_request_without_sdp_does_not_end_the_call),
		TEST(a_callee_that_refuses_is_known_by_no_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
