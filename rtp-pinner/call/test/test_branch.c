/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forks: several callees for one caller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

static const char *caller(void)
{
	return audio("203.0.113.1", 4000, NULL);
}

/* Two INVITEs of one caller; the ports the two phones were told. */
static void fork_two(struct world *w, uint16_t ports[2])
{
	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1", .sdp = caller(),
	});
	ports[0] = sdp_port(w->reply.sdp, 0);
	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z2", .sdp = caller(),
	});
	ports[1] = sdp_port(w->reply.sdp, 0);
}

static void each_branch_has_a_port_and_the_caller_one_for_all(void **state)
{
	struct world *w = *state;
	uint16_t ports[2];
	uint16_t f;

	fork_two(w, ports);
	assert_int_not_equal(ports[0], ports[1]);
	assert_int_equal(world_used(w), 3);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t1", .branch = "z1",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	f = sdp_port(w->reply.sdp, 0);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2", .branch = "z2",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0), f);
	assert_int_equal(world_port(w, "t1", 0), ports[0]);
	assert_int_equal(world_port(w, "t2", 0), ports[1]);
	assert_int_equal(world_used(w), 3);
}

static void the_caller_hears_all_and_talks_to_the_last_answerer(void **state)
{
	struct world *w = *state;
	uint16_t ports[2];
	uint16_t f;

	fork_two(w, ports);
	assert_string_equal(world_route(w, ports[0]), "203.0.113.1:4000");
	assert_string_equal(world_route(w, ports[1]), "203.0.113.1:4000");
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2", .branch = "z2",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
	f = world_port(w, "f", 0);
	assert_string_equal(world_route(w, f), "203.0.113.3:6000");
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t1", .branch = "z1",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_string_equal(world_route(w, f), "203.0.113.2:5000");
	assert_string_equal(world_route(w, ports[0]), "203.0.113.1:4000");
	assert_string_equal(world_route(w, ports[1]), "203.0.113.1:4000");
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2", .branch = "z2",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
	assert_string_equal(world_route(w, f), "203.0.113.3:6000");
}

static void a_repeated_invite_of_a_branch_is_that_branch(void **state)
{
	struct world *w = *state;
	uint16_t ports[2];

	fork_two(w, ports);
	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1", .sdp = caller(),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0), ports[0]);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t1", .branch = "z1",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1", .sdp = caller(),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0), ports[0]);
	assert_int_equal(world_call(w, "c")->leg_cnt, 3);
}

static void callees_of_one_invite_share_the_port_they_were_told(void **state)
{
	static const char *const branches[] = { NULL, "z1" };

	for (size_t i = 0; i < 2; i++) {
		struct world *w;
		void *other;
		uint16_t port;
		uint16_t f;
		uint32_t epoch;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_offer_ok(w, (struct say){
			.from = "f", .branch = branches[i], .sdp = caller(),
		});
		port = sdp_port(w->reply.sdp, 0);
		world_answer_ok(w, (struct say){
			.from = "f", .to = "t1", .branch = branches[i],
			.sdp = audio("203.0.113.2", 5000, NULL),
		});
		f = world_port(w, "f", 0);
		epoch = world_row(w, port)->epoch;
		world_answer_ok(w, (struct say){
			.from = "f", .to = "t2", .branch = branches[i],
			.sdp = audio("203.0.113.3", 6000, NULL),
		});
		assert_int_equal(world_port(w, "t1", 0), port);
		assert_int_equal(world_port(w, "t2", 0), port);
		assert_int_equal(world_used(w), 2);
		assert_string_equal(world_route(w, f), "203.0.113.3:6000");
		assert_string_equal(world_route(w, port), "203.0.113.1:4000");
		assert_string_equal(world_gate(w, port),
				    "strict: 203.0.113.3 203.0.113.2");
		assert_int_not_equal(world_row(w, port)->epoch, epoch);
		epoch = world_row(w, port)->epoch;
		world_answer_ok(w, (struct say){	/* t1 speaks again */
			.from = "f", .to = "t1", .branch = branches[i],
			.sdp = audio("203.0.113.2", 5000, NULL),
		});
		assert_string_equal(world_route(w, f), "203.0.113.2:5000");
		assert_int_not_equal(world_row(w, port)->epoch, epoch);
		assert_string_equal(world_gate(w, port),
				    "strict: 203.0.113.2 203.0.113.3");
		world_teardown(&other);
	}
	(void)state;
}

/* Both t1 and t2 have answered at one port, t2 last: A talks to t2. */
static uint16_t share_port(struct world *w)
{
	world_talk(w);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
	return world_port(w, "t", 0);
}

static void who_borrows_a_port_can_move(void **state)
{
	struct world *w = *state;
	uint16_t port = share_port(w);
	uint32_t epoch = world_row(w, port)->epoch;
	uint32_t rtcp_epoch = world_row(w, port + 1)->epoch;

	world_offer_ok(w, (struct say){
		.from = "t2", .to = "f",
		.sdp = audio("203.0.113.9", 6600, NULL),
	});
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.9:6600");
	assert_int_not_equal(world_row(w, port)->epoch, epoch);
	assert_int_not_equal(world_row(w, port + 1)->epoch, rtcp_epoch);
}

static void an_answered_reoffer_takes_a_shared_port_over(void **state)
{
	struct world *w = *state;
	uint16_t port = share_port(w);
	uint16_t f = world_port(w, "f", 0);
	uint32_t epoch = world_row(w, port)->epoch;

	for (unsigned i = 0; i < 2; i++) {
		world_offer_ok(w, (struct say){
			.from = "t", .to = "f", .branch = "z9",
			.sdp = audio("203.0.113.2", 5000, NULL),
		});
		if (i)
			break;
		world_delete(w, (struct say){ .from = "t", .branch = "z9" });
		assert_string_equal(world_route(w, f), "203.0.113.3:6000");
		assert_int_equal(world_row(w, port)->epoch, epoch);
	}
	world_answer_ok(w, (struct say){
		.from = "t", .to = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_string_equal(world_route(w, f), "203.0.113.2:5000");
	assert_int_not_equal(world_row(w, port)->epoch, epoch);
}

static void a_shared_port_outlives_the_callee_it_was_made_for(void **state)
{
	struct world *w = *state;
	uint16_t port;

	world_talk(w);
	port = world_port(w, "t", 0);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
	world_delete(w, (struct say){
		.from = "f", .to = "t", .at_once = true,
	});
	assert_non_null(world_call(w, "c"));
	assert_int_equal(world_port(w, "t2", 0), port);
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.3:6000");
	assert_string_equal(world_route(w, port), "203.0.113.1:4000");
	assert_string_equal(world_gate(w, port), "strict: 203.0.113.3");
	assert_int_equal(world_used(w), 2);
}

/* It is kept for a roll-back of t as well; t2 has it now. */
static void a_shared_port_is_handed_over_amid_a_reoffer(void **state)
{
	struct world *w = *state;
	uint16_t port = share_port(w);

	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .branch = "z9",
		.sdp = audio("203.0.113.7", 4400, NULL),
	});
	world_delete(w, (struct say){
		.from = "nope", .to = "t", .at_once = true,
	});
	assert_int_equal(world_port(w, "t2", 0), port);
	assert_int_equal(world_row(w, port)->active, 1);
	assert_int_equal(world_used(w), 2);
}

static void a_shared_media_stays_when_one_rejects_it(void **state)
{
	struct world *w = *state;
	uint16_t port;

	world_offer_ok(w, (struct say){
		.from = "f", .sdp = audio_video("203.0.113.1", 4000, 4002),
	});
	port = sdp_port(w->reply.sdp, 1);
	for (unsigned i = 0; i < 3; i++)
		world_answer_ok(w, (struct say){
			.from = "f", .to = i == 1 ? "t2" : "t1",
			.sdp = audio_video("203.0.113.2", 5000 + 100 * i,
					   i < 2 ? 5002 : 0),
		});
	assert_int_equal(world_port(w, "t2", 1), port);
	assert_string_equal(world_route(w, port), "203.0.113.1:4002");
}

static void a_branch_that_failed_makes_room_and_the_rest_goes_on(void **state)
{
	struct world *w = *state;
	uint16_t ports[2];
	uint16_t f;

	fork_two(w, ports);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t1", .branch = "z1",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	f = world_port(w, "f", 0);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2", .branch = "z2",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
	world_delete(w, (struct say){ .from = "f", .branch = "z2" });
	assert_string_equal(world_route(w, f), "203.0.113.3:6000");
	world_pass(w, WORLD_DELETE_DELAY - 1);
	assert_int_equal(world_row(w, ports[1])->active, 1);
	world_pass(w, 1);
	assert_int_equal(world_row(w, ports[1])->active, 0);
	assert_string_equal(world_route(w, f), "203.0.113.2:5000");
	assert_int_equal(world_used(w), 2);
	assert_string_equal(w->ended, "");
}

static void a_serial_fork_begins_after_the_first_branch_failed(void **state)
{
	struct world *w = *state;
	uint16_t first;

	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1", .sdp = caller(),
	});
	first = sdp_port(w->reply.sdp, 0);
	world_delete(w, (struct say){ .from = "f", .branch = "z1" });
	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z2", .sdp = caller(),
	});
	assert_int_not_equal(sdp_port(w->reply.sdp, 0), first);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2", .branch = "z2",
		.sdp = audio("203.0.113.3", 6000, NULL),
	});
	world_pass(w, WORLD_DELETE_DELAY);
	assert_int_equal(world_row(w, first)->active, 0);
	assert_string_equal(world_route(w, world_port(w, "f", 0)),
			    "203.0.113.3:6000");
	assert_string_equal(w->ended, "");
}

static void a_challenged_invite_keeps_its_call(void **state)
{
	struct world *w = *state;
	uint16_t port;

	world_offer_ok(w, (struct say){ .from = "f", .sdp = caller() });
	port = sdp_port(w->reply.sdp, 0);
	world_delete(w, (struct say){ .from = "f" });	/* 407 */
	world_offer_ok(w, (struct say){ .from = "f", .sdp = caller() });
	assert_int_equal(sdp_port(w->reply.sdp, 0), port);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t", .sdp = audio("203.0.113.2", 5000, NULL),
	});
	world_pass(w, WORLD_DELETE_DELAY);
	assert_string_equal(w->ended, "");
	assert_int_equal(world_counter(w, CALLS_C_DELETE_REVOKED), 1);
}

static void more_branches_than_fit_are_refused_alone(void **state)
{
	struct world *w = *state;
	char branch[] = "z00";
	unsigned used;

	for (unsigned i = 0; i < CALL_LEGS_MAX - 1; i++) {
		branch[1] = (char)('0' + i / 10);
		branch[2] = (char)('0' + i % 10);
		world_offer_ok(w, (struct say){
			.from = "f", .branch = branch, .sdp = caller(),
		});
	}
	used = world_used(w);
	assert_int_equal(world_offer(w, (struct say){
				 .from = "f", .branch = "zx", .sdp = caller(),
			 }),
			 CALLS_LEGS);
	assert_int_equal(world_used(w), used);
	assert_non_null(world_call(w, "c"));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_branch_has_a_port_and_the_caller_one_for_all),
		TEST(the_caller_hears_all_and_talks_to_the_last_answerer),
		TEST(a_repeated_invite_of_a_branch_is_that_branch),
		TEST(callees_of_one_invite_share_the_port_they_were_told),
		TEST(who_borrows_a_port_can_move),
		TEST(an_answered_reoffer_takes_a_shared_port_over),
		TEST(a_shared_port_outlives_the_callee_it_was_made_for),
		TEST(a_shared_port_is_handed_over_amid_a_reoffer),
		TEST(a_shared_media_stays_when_one_rejects_it),
		TEST(a_branch_that_failed_makes_room_and_the_rest_goes_on),
		TEST(a_serial_fork_begins_after_the_first_branch_failed),
		TEST(a_challenged_invite_keeps_its_call),
		TEST(more_branches_than_fit_are_refused_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
