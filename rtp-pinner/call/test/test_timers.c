/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

static void an_offer_nobody_answers_ends(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_int_equal(calls_next_ms(w->calls),
			 w->now_ms + WORLD_OFFER_TIMEOUT);
	world_pass(w, WORLD_OFFER_TIMEOUT - 1);
	assert_string_equal(w->ended, "");
	world_offer_ok(w, (struct say){	/* again: the time starts anew */
		.from = "f", .sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_pass(w, WORLD_OFFER_TIMEOUT - 1);
	assert_string_equal(w->ended, "");
	world_pass(w, 1);
	assert_string_equal(w->ended, "c:offer-timeout ");
	assert_int_equal(world_used(w), 0);
	assert_int_equal(calls_next_ms(w->calls), UINT64_MAX);
}

static void a_lost_bye_is_found_out_by_silence(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_pass(w, 50 * 1000);
	world_packet(w, world_port(w, "f", 0));
	world_pass(w, WORLD_SILENCE_TIMEOUT - 1);
	assert_string_equal(w->ended, "");
	world_pass(w, 1);
	assert_string_equal(w->ended, "c:silence ");
}

static void any_port_of_the_call_breaks_the_silence(void **state)
{
	struct world *w = *state;
	uint16_t ports[4];

	world_talk(w);
	ports[0] = world_port(w, "f", 0);
	ports[1] = (uint16_t)(ports[0] + 1);
	ports[2] = world_port(w, "t", 0);
	ports[3] = (uint16_t)(ports[2] + 1);
	for (unsigned i = 0; i < 4; i++) {
		world_pass(w, WORLD_SILENCE_TIMEOUT - 1);
		world_packet(w, ports[i]);
	}
	assert_non_null(world_call(w, "c"));
	world_pass(w, WORLD_SILENCE_TIMEOUT);
	assert_null(world_call(w, "c"));
}

static void a_command_breaks_the_silence_too(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_pass(w, WORLD_SILENCE_TIMEOUT - 1);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_pass(w, WORLD_SILENCE_TIMEOUT - 1);
	assert_non_null(world_call(w, "c"));
}

static void hold_may_be_silent_for_longer(void **state)
{
	static const struct {
		const char *addr;
		const char *line;
	} holds[] = {
		{ "203.0.113.1", "a=sendonly\r\n" },
		{ "203.0.113.1", "a=inactive\r\n" },
		{ "0.0.0.0", NULL },
	};

	for (size_t i = 0; i < 3; i++) {
		struct world *w;
		void *other;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_talk(w);
		world_offer_ok(w, (struct say){
			.from = "f", .to = "t",
			.sdp = audio(holds[i].addr, 4000, holds[i].line),
		});
		world_pass(w, WORLD_HOLD_TIMEOUT - 1);
		assert_non_null(world_call(w, "c"));
		world_pass(w, 1);
		assert_string_equal(w->ended, "c:hold-timeout ");
		world_teardown(&other);
	}
	(void)state;
}

static void a_branch_that_rings_on_ends_alone(void **state)
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
	for (unsigned i = 0; i < WORLD_OFFER_TIMEOUT / 1000; i++) {
		world_packet(w, world_port(w, "f", 0));
		assert_int_equal(world_used(w), 3);
		world_pass(w, 1000);
	}
	assert_int_equal(world_used(w), 2);
	assert_int_equal(world_counter(w, CALLS_C_BRANCH_ENDED), 1);
	assert_non_null(world_call(w, "c"));
}

static void a_timeout_of_0_is_none(void **state)
{
	struct world *w = *state;
	struct calls_conf conf = world_conf();

	conf.silence_timeout_ms = 0;
	conf.offer_timeout_ms = 0;
	world_start(w, &conf);
	world_offer_ok(w, (struct say){
		.call = "d", .from = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	world_talk(w);
	assert_int_equal(calls_next_ms(w->calls), UINT64_MAX);
	world_pass(w, 1000 * 1000 * 1000);
	assert_non_null(world_call(w, "c"));
	assert_non_null(world_call(w, "d"));
}

static void deadlines_are_met_in_their_order(void **state)
{
	struct world *w = *state;
	static const unsigned delays[] = { 3, 1, 4, 2, 0 };

	for (unsigned i = 0; i < 5; i++) {
		char id[] = { (char)('a' + delays[i]), '\0' };

		w->now_ms = 2000 * 1000 + delays[i];
		world_offer_ok(w, (struct say){
			.call = id, .from = "f",
			.sdp = audio("203.0.113.1", 4000, NULL),
		});
		w->now_ms = 2000 * 1000;
	}
	world_pass(w, WORLD_OFFER_TIMEOUT + 10);
	assert_string_equal(w->ended,
			    "a:offer-timeout b:offer-timeout c:offer-timeout "
			    "d:offer-timeout e:offer-timeout ");
}

static void ports_rest_after_a_call(void **state)
{
	struct world *w = *state;
	struct calls_gauges g;

	world_talk(w);
	world_delete(w, (struct say){ .from = "f", .at_once = true });
	calls_gauges(w->calls, &g);
	assert_int_equal(g.ports_quarantined, 2);
	world_pass(w, WORLD_QUARANTINE);
	calls_gauges(w->calls, &g);
	assert_int_equal(g.ports_quarantined, 0);
	assert_int_equal(g.ports_free, WORLD_PORTS / 2);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_offer_nobody_answers_ends),
		TEST(a_lost_bye_is_found_out_by_silence),
		TEST(any_port_of_the_call_breaks_the_silence),
		TEST(a_command_breaks_the_silence_too),
		TEST(hold_may_be_silent_for_longer),
		TEST(a_branch_that_rings_on_ends_alone),
		TEST(a_timeout_of_0_is_none),
		TEST(deadlines_are_met_in_their_order),
		TEST(ports_rest_after_a_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
