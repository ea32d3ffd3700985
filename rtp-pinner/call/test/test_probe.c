/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls of this node's health agent: always admitted, in no figure, and never
 * there for long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

static struct calls_gauges gauges(struct world *w)
{
	struct calls_gauges g;

	calls_gauges(w->calls, &g);
	return g;
}

static enum calls_result probe_offer(struct world *w, const char *call)
{
	return world_offer(w, (struct say){
		.call = call, .from = "pf", .probe = true, .label = "probe",
		.sdp = audio("198.51.100.11", 50000, NULL),
	});
}

static void probe_answer_ok(struct world *w, const char *call)
{
	world_answer_ok(w, (struct say){
		.call = call, .from = "pf", .to = "pt", .probe = true,
		.sdp = audio("198.51.100.11", 50002, NULL),
	});
}

static void a_draining_pinner_takes_probes(void **state)
{
	struct world *w = *state;

	calls_drain(w->calls, true);
	assert_int_equal(probe_offer(w, "p"), CALLS_OK);
	probe_answer_ok(w, "p");
	assert_int_equal(world_used(w), 2);
	/* nobody else's, whatever is there */
	assert_int_equal(world_offer(w, (struct say){
				 .call = "x", .from = "f",
				 .sdp = audio("203.0.113.1", 4000, NULL),
			 }),
			 CALLS_DRAINING);
	world_delete(w, (struct say){ .call = "p", .from = "pf",
				      .at_once = true });
	assert_int_equal(world_used(w), 0);
}

static void a_probe_takes_no_session_from_a_call(void **state)
{
	static const char *const names[WORLD_SESSIONS] = {
		"1", "2", "3", "4", "5", "6", "7", "8",
	};
	struct world *w = *state;

	assert_int_equal(probe_offer(w, "p"), CALLS_OK);
	for (unsigned i = 0; i < WORLD_SESSIONS; i++)
		world_offer_ok(w, (struct say){
			.call = names[i], .from = "f",
			.sdp = audio("203.0.113.1", 4000, NULL),
		});
	assert_int_equal(world_offer(w, (struct say){
				 .call = "one more", .from = "f",
				 .sdp = audio("203.0.113.1", 4000, NULL),
			 }),
			 CALLS_SESSIONS);
	/* that it is full is no fault */
	assert_int_equal(probe_offer(w, "q"), CALLS_OK);
	assert_int_equal(gauges(w).sessions, WORLD_SESSIONS);
	assert_int_equal(gauges(w).probes, 2);
}

static void probes_are_in_no_figure_and_in_no_store(void **state)
{
	struct world *w = *state;

	assert_int_equal(probe_offer(w, "p"), CALLS_OK);
	probe_answer_ok(w, "p");
	assert_int_equal(w->changes, 0);
	assert_int_equal(gauges(w).sessions, 0);
	assert_int_equal(gauges(w).answered, 0);
	assert_int_equal(gauges(w).probes, 1);
	assert_true(world_row(w, world_call(w, "p")->legs[0].media[0].port)
			    ->flags & FLOW_F_PROBE);
	world_delete(w, (struct say){ .call = "p", .from = "pf",
				      .at_once = true });
	assert_int_equal(gauges(w).probes, 0);
	assert_int_equal(gauges(w).answered, 0);
	assert_int_equal(world_counter(w, CALLS_C_PROBES), 1);
	assert_int_equal(world_counter(w, CALLS_C_PROBES_LEFT), 0);
	assert_int_equal(world_counter(w, CALLS_C_CREATED), 0);
	assert_int_equal(world_counter(w, CALLS_C_ENDED_DELETED), 0);

	world_talk(w);
	assert_int_equal(gauges(w).answered, 1);
	assert_int_equal(world_counter(w, CALLS_C_CREATED), 1);
	assert_false(world_row(w, world_port(w, "f", 0))->flags & FLOW_F_PROBE);
}

/* The agent was killed: with an offer, or in the middle. */
static void a_probe_that_is_left_goes_by_itself(void **state)
{
	struct world *w = *state;

	assert_int_equal(probe_offer(w, "p"), CALLS_OK);
	assert_int_equal(probe_offer(w, "q"), CALLS_OK);
	probe_answer_ok(w, "q");
	assert_int_equal(calls_next_ms(w->calls), w->now_ms + CALLS_PROBE_MS);
	for (unsigned i = 0; i < 9; i++) {
		world_pass(w, CALLS_PROBE_MS / 10);
		/* media and signals do not keep it */
		world_packet(w, world_call(w, "q")->legs[0].media[0].port);
		assert_int_equal(probe_offer(w, "p"), CALLS_OK);
	}
	world_pass(w, CALLS_PROBE_MS / 10 - 1);
	assert_non_null(world_call(w, "p"));
	world_pass(w, 1);
	assert_null(world_call(w, "p"));
	assert_null(world_call(w, "q"));
	assert_int_equal(world_used(w), 0);
	assert_int_equal(gauges(w).probes, 0);
	assert_int_equal(world_counter(w, CALLS_C_PROBES_LEFT), 2);
	assert_int_equal(world_counter(w, CALLS_C_ENDED_SILENCE), 0);
	assert_int_equal(world_counter(w, CALLS_C_ENDED_OFFER_TIMEOUT), 0);
}

static void without_ports_a_probe_is_refused_too(void **state)
{
	const struct ng_command offer = {
		.call_id = slice_str("p"),
		.from_tag = slice_str("pf"),
		.sdp = slice_str(audio("198.51.100.11", 50000, NULL)),
		.is_probe = true,
		.tos = -1,
		.delete_delay_ms = -1,
	};
	struct world *w = *state;
	struct calls_conf conf = world_conf();
	struct calls_reply reply;

	conf.port_max = WORLD_PORT_MIN + 1;	/* half of what it takes */
	world_start(w, &conf);
	calls_offer(w->calls, &reply, &offer, w->now_ms);
	assert_int_equal(reply.result, CALLS_PORTS);
	assert_true(reply.load_limit);
	assert_string_equal(reply.text, "Ran out of ports");
	assert_int_equal(gauges(w).probes, 0);
	assert_null(calls_newest(w->calls));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_draining_pinner_takes_probes),
		TEST(a_probe_takes_no_session_from_a_call),
		TEST(probes_are_in_no_figure_and_in_no_store),
		TEST(a_probe_that_is_left_goes_by_itself),
		TEST(without_ports_a_probe_is_refused_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
