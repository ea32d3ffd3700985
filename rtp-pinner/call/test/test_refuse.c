/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is refused, with which words, and that nothing is left of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

static void commands_without_what_they_need_are_named(void **state)
{
	struct world *w = *state;
	const char *good = audio("203.0.113.1", 4000, NULL);
	const struct {
		bool answer;
		struct say say;
		enum calls_result result;
		const char *text;
	} cases[] = {
		{ false, { .from = "f" }, CALLS_NO_SDP,
		  "No SDP body in message" },
		{ false, { .call = "", .from = "f", .sdp = good },
		  CALLS_NO_CALL_ID, "No call-id in message" },
		{ false, { .sdp = good }, CALLS_NO_FROM_TAG,
		  "No from-tag in message" },
		{ true, { .from = "f", .sdp = good }, CALLS_NO_TO_TAG,
		  "No to-tag in message" },
		{ true, { .from = "f", .to = "t", .sdp = good }, CALLS_UNKNOWN,
		  "Unknown call-id" },
		{ true, { .from = "f", .to = "t", .sdp = "hello world" },
		  CALLS_BAD_SDP, "Failed to parse SDP" },
		{ false, { .from = "f", .sdp = "hello world" }, CALLS_BAD_SDP,
		  "Failed to parse SDP" },
		{ false, { .from = "f", .sdp = "v=0\r\n" }, CALLS_NOT_REWRITTEN,
		  "Error rewriting SDP" },
		{ false,
		  { .from = "f",
		    .sdp = "v=0\r\no=- 1 1 IN IP4 1.2.3.4\r\ns=-\r\nt=0 0\r\n"
			   "m=audio 4000 RTP/AVP 0\r\n" },
		  CALLS_BAD_SDP, "Incomplete SDP specification" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum calls_result got = cases[i].answer ?
			world_answer(w, cases[i].say) :
			world_offer(w, cases[i].say);

		assert_int_equal(got, cases[i].result);
		assert_string_equal(w->reply.text, cases[i].text);
		assert_false(w->reply.load_limit);
		assert_null(calls_newest(w->calls));
		assert_int_equal(world_used(w), 0);
	}
}

static void too_long_words_are_refused(void **state)
{
	struct world *w = *state;
	char text[CALL_TEXT_MAX + 2];

	memset(text, 'x', sizeof(text));
	text[CALL_TEXT_MAX + 1] = '\0';
	assert_int_equal(world_offer(w, (struct say){
				 .from = text,
				 .sdp = audio("203.0.113.1", 4000, NULL),
			 }),
			 CALLS_TOO_LONG);
	world_offer_ok(w, (struct say){
		.from = text + 1, .sdp = audio("203.0.113.1", 4000, NULL),
	});
}

static void a_service_address_is_neither_target_nor_advertised(void **state)
{
	struct world *w = *state;
	const struct {
		struct say say;
		enum calls_result result;
	} cases[] = {
		{ { .from = "f", .sdp = audio(WORLD_SERVICE4, 4000, NULL) },
		  CALLS_SERVICE_ADDRESS },
		{ { .from = "f", .sdp = audio("2001:db8:53::53", 4000, NULL) },
		  CALLS_SERVICE_ADDRESS },
		{ { .from = "f",
		    .sdp = audio("203.0.113.1", 4000,
				 "a=rtcp:4001 IN IP4 " WORLD_SERVICE4 "\r\n") },
		  CALLS_SERVICE_ADDRESS },
		{ { .from = "f", .media_address = WORLD_SERVICE4,
		    .sdp = audio("203.0.113.1", 4000, NULL) },
		  CALLS_MEDIA_ADDRESS },
		{ { .from = "f", .media_address = "224.0.0.1",
		    .sdp = audio("203.0.113.1", 4000, NULL) },
		  CALLS_MEDIA_ADDRESS },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(world_offer(w, cases[i].say),
				 cases[i].result);
		assert_false(w->reply.load_limit);
		assert_null(calls_newest(w->calls));
		assert_int_equal(world_used(w), 0);
	}
}

static void a_pinner_with_a_service_address_does_not_start(void **state)
{
	struct world *w = *state;
	const struct calls_ops ops = { 0 };
	struct calls *calls;

	for (unsigned i = 0; i < 5; i++) {
		struct calls_conf conf = world_conf();

		if (i == 0)
			conf.media4 = conf.service[0];
		else if (i == 1)
			conf.media6 = conf.service[1];
		else if (i == 2)
			conf.advertised4 = conf.service[0];
		else if (i == 3)
			conf.media4 = conf.media6 = (struct addr){ 0 };
		else
			conf.port_max = conf.port_min;
		assert_int_equal(calls_new(&calls, &conf, &ops), EINVAL);
		assert_null(calls);
	}
	(void)w;
}

static void media_is_not_sent_round_in_a_circle(void **state)
{
	struct world *w = *state;
	uint16_t told;

	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	told = sdp_port(w->reply.sdp, 0);
	/* the call comes by again, with our own SDP */
	assert_int_equal(world_offer(w, (struct say){
				 .from = "f", .branch = "z2",
				 .sdp = audio(WORLD_MEDIA4, told, NULL),
			 }),
			 CALLS_HAIRPIN);
	assert_int_equal(world_answer(w, (struct say){
				 .from = "f", .to = "t", .branch = "z1",
				 .sdp = audio(WORLD_MEDIA4, told + 1u, NULL),
			 }),
			 CALLS_HAIRPIN);
	assert_int_equal(world_used(w), 2);
	assert_int_equal(world_call(w, "c")->leg_cnt, 2);
	/* through a B2BUA it is another call, and fine */
	world_offer_ok(w, (struct say){
		.call = "d", .from = "b",
		.sdp = audio(WORLD_MEDIA4, told, NULL),
	});
	assert_int_equal(world_counter(w, CALLS_C_REFUSED_HAIRPIN), 2);
}

static void the_circle_is_seen_through_rtcp_and_advertised_addresses(
	void **state)
{
	struct world *w = *state;
	char rtcp[64];
	uint16_t told;

	world_offer_ok(w, (struct say){
		.from = "f", .media_address = "198.18.0.1",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	told = sdp_port(w->reply.sdp, 0);
	snprintf(rtcp, sizeof(rtcp), "a=rtcp:%u IN IP4 " WORLD_MEDIA4 "\r\n",
		 told);
	assert_int_equal(world_answer(w, (struct say){
				 .from = "f", .to = "t",
				 .sdp = audio("203.0.113.2", 5000, rtcp),
			 }),
			 CALLS_HAIRPIN);
	assert_int_equal(world_answer(w, (struct say){
				 .from = "f", .to = "t",
				 .sdp = audio("198.18.0.1", told, NULL),
			 }),
			 CALLS_HAIRPIN);
}

/* The same addresses, in the clothes of IPv6. */
static void mapped_addresses_are_what_they_map(void **state)
{
	static const struct {
		const char *said;
		const char *sent_to;
	} cases[] = {
		{ "::ffff:" WORLD_SERVICE4, "-" },
		{ "::ffff:127.0.0.1", "-" },
		{ "::ffff:224.0.0.1", "-" },
		{ "::ffff:203.0.113.1", "203.0.113.1:4000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w;
		void *other;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		if (world_offer(w, (struct say){
			    .from = "f",
			    .sdp = audio(cases[i].said, 4000, NULL),
		    }) == CALLS_OK)
			assert_string_equal(
				world_route(w, sdp_port(w->reply.sdp, 0)),
				cases[i].sent_to);
		else
			assert_string_equal(cases[i].sent_to, "-");
		world_teardown(&other);
	}
}

static void new_calls_beyond_the_limit_go_elsewhere(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < WORLD_SESSIONS; i++) {
		char id[] = { (char)('a' + i), '\0' };

		world_offer_ok(w, (struct say){
			.call = id, .from = "f",
			.sdp = audio("203.0.113.1", 4000, NULL),
		});
	}
	assert_int_equal(world_offer(w, (struct say){
				 .call = "x", .from = "f",
				 .sdp = audio("203.0.113.1", 4000, NULL),
			 }),
			 CALLS_SESSIONS);
	assert_true(w->reply.load_limit);
	assert_string_equal(w->reply.text, "Parallel session limit reached");
	world_answer_ok(w, (struct say){	/* those that run go on */
		.call = "a", .from = "f", .to = "t",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	world_delete(w, (struct say){
		.call = "b", .from = "f", .at_once = true,
	});
	world_offer_ok(w, (struct say){
		.call = "x", .from = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
}

static void a_draining_pinner_takes_no_new_call(void **state)
{
	struct world *w = *state;

	world_talk(w);
	calls_drain(w->calls, true);
	assert_true(calls_draining(w->calls));
	assert_int_equal(world_offer(w, (struct say){
				 .call = "x", .from = "f",
				 .sdp = audio("203.0.113.1", 4000, NULL),
			 }),
			 CALLS_DRAINING);
	assert_true(w->reply.load_limit);
	assert_string_equal(w->reply.text, "Parallel session limit reached");
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	/* somebody who has nowhere else to go with it */
	world_offer_ok(w, (struct say){
		.call = "y", .from = "f",
		.flags = NG_F(NG_NO_OTHER_RELAY),
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	calls_drain(w->calls, false);
	world_offer_ok(w, (struct say){
		.call = "x", .from = "f",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
}

static void start_with_ports(struct world *w, unsigned pairs)
{
	struct calls_conf conf = world_conf();

	conf.port_max = (uint16_t)(conf.port_min + 2 * pairs - 1);
	world_start(w, &conf);
}

static unsigned ports_free_now(struct world *w)
{
	struct calls_gauges g;

	calls_gauges(w->calls, &g);
	return g.ports_free;
}

static unsigned open_rows(struct world *w)
{
	unsigned open = 0;

	for (unsigned i = 0; i < WORLD_PORTS; i++)
		open += w->rows[i].conf.active;
	return open;
}

static void without_ports_a_new_call_is_refused_and_old_ones_go_on(void **state)
{
	struct world *w = *state;
	struct ng_command offer = {
		.call_id = slice_str("x"), .from_tag = slice_str("f"),
		.sdp = slice_str(audio("203.0.113.1", 4000, NULL)),
		.tos = -1,
	};
	struct calls_reply reply;
	struct ng_command first = offer;

	start_with_ports(w, 3);
	first.call_id = slice_str("c");
	calls_offer(w->calls, &reply, &first, w->now_ms);
	assert_int_equal(reply.result, CALLS_OK);
	free(reply.sdp);
	calls_offer(w->calls, &reply, &offer, w->now_ms);
	assert_int_equal(reply.result, CALLS_PORTS);
	assert_string_equal(reply.text, "Ran out of ports");
	assert_true(reply.load_limit);
	assert_null(world_call(w, "x"));
	assert_int_equal(open_rows(w), 4);

	/* a re-offer with more media than there are ports loses the media */
	first.sdp = slice_str(audio_video("203.0.113.1", 4000, 4002));
	w->now_ms += WORLD_QUARANTINE;
	calls_offer(w->calls, &reply, &first, w->now_ms);
	assert_int_equal(reply.result, CALLS_OK);
	assert_int_not_equal(sdp_port(reply.sdp, 0), 0);
	assert_int_equal(sdp_port(reply.sdp, 1), 0);
	free(reply.sdp);
	assert_int_equal(counter_get(calls_counters(w->calls),
				     CALLS_C_MEDIA_WITHOUT_PORT),
			 1);
	assert_int_equal(open_rows(w), 4);
	w->now_ms += WORLD_QUARANTINE;
	calls_tick(w->calls, w->now_ms);
	assert_int_equal(ports_free_now(w), 1);
}

static void a_port_somebody_else_holds_is_passed_over(void **state)
{
	struct world *w = *state;
	struct calls_reply reply;
	struct ng_command offer = {
		.call_id = slice_str("c"), .from_tag = slice_str("f"),
		.sdp = slice_str(audio("203.0.113.1", 4000, NULL)),
		.tos = -1,
	};

	start_with_ports(w, 3);
	for (unsigned i = 0; i < 2; i++) {	/* RTP port, RTCP port */
		w->taken_port = (uint16_t)(WORLD_PORT_MIN + 2 + i);
		calls_offer(w->calls, &reply, &offer, w->now_ms);
		assert_int_equal(reply.result, CALLS_OK);
		assert_int_equal(open_rows(w), 4);
		free(reply.sdp);
		calls_delete(w->calls, &w->deleted,
			     &(struct ng_command){
				     .call_id = slice_str("c"),
				     .from_tag = slice_str("f"),
			     },
			     w->now_ms);
		w->now_ms += WORLD_QUARANTINE;
		calls_tick(w->calls, w->now_ms);
		calls_tick(w->calls, w->now_ms + WORLD_QUARANTINE);
		w->now_ms += WORLD_QUARANTINE;
		assert_int_equal(open_rows(w), 0);
	}
}

/* However many ports the relay can still open: whole or not at all. */
static void out_of_descriptors_leaves_nothing_behind(void **state)
{
	for (unsigned good = 0; good < 9; good++) {
		struct world *w;
		void *other;
		enum calls_result result;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		w->open_error = EMFILE;
		w->open_good = good;
		result = world_offer(w, (struct say){
			.from = "f",
			.sdp = audio_video("203.0.113.1", 4000, 4002),
		});
		if (good < 8) {
			assert_int_equal(result, CALLS_PORTS);
			assert_int_equal(open_rows(w), 0);
			assert_null(calls_newest(w->calls));
		} else {
			assert_int_equal(result, CALLS_OK);
			assert_int_equal(open_rows(w), 8);
		}
		world_teardown(&other);
	}
	(void)state;
}

static void one_call_does_not_take_the_ports_of_all(void **state)
{
	struct world *w = *state;
	struct calls_conf conf = world_conf();
	static const struct say forks[] = {
		{ .from = "f", .branch = "z1" }, { .from = "f", .branch = "z2" },
		{ .from = "f", .branch = "z3" },
	};

	conf.call_ports_max = 12;	/* f, z1 and z2: two media each */
	world_start(w, &conf);
	for (unsigned i = 0; i < 3; i++) {
		struct say say = forks[i];

		say.sdp = audio_video("203.0.113.1", 4000, 4002);
		assert_int_equal(world_offer(w, say),
				 i < 2 ? CALLS_OK : CALLS_PORTS);
	}
	assert_int_equal(open_rows(w), 12);

	/* the same offer again needs none, and others have theirs */
	world_offer_ok(w, (struct say){
		.from = "f", .branch = "z1",
		.sdp = audio_video("203.0.113.1", 4000, 4002),
	});
	world_offer_ok(w, (struct say){
		.call = "d", .from = "f",
		.sdp = audio_video("203.0.113.1", 4000, 4002),
	});
	assert_int_equal(open_rows(w), 20);
}

static void a_refused_reoffer_leaves_the_call_as_it_was(void **state)
{
	struct world *w = *state;
	uint16_t f;
	uint16_t t;
	unsigned sets;

	world_talk(w);
	f = world_port(w, "f", 0);
	t = world_port(w, "t", 0);
	sets = w->sets;
	assert_int_equal(world_offer(w, (struct say){
				 .from = "f", .to = "t", .label = "new",
				 .sdp = audio_video(WORLD_SERVICE4, 4400, 4402),
			 }),
			 CALLS_SERVICE_ADDRESS);
	assert_int_equal(world_offer(w, (struct say){
				 .from = "f", .to = "t", .label = "new",
				 .media_address = WORLD_SERVICE4,
				 .sdp = audio_video("203.0.113.7", 4400, 4402),
			 }),
			 CALLS_MEDIA_ADDRESS);
	assert_int_equal(w->sets, sets);
	assert_int_equal(world_used(w), 2);
	assert_int_equal(world_port(w, "f", 0), f);
	assert_string_equal(world_route(w, t), "203.0.113.1:4000");
	assert_int_equal(world_call(w, "c")->legs[0].label_len, 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commands_without_what_they_need_are_named),
		TEST(too_long_words_are_refused),
		TEST(a_service_address_is_neither_target_nor_advertised),
		TEST(a_pinner_with_a_service_address_does_not_start),
		TEST(media_is_not_sent_round_in_a_circle),
		TEST(the_circle_is_seen_through_rtcp_and_advertised_addresses),
		cmocka_unit_test(mapped_addresses_are_what_they_map),
		TEST(new_calls_beyond_the_limit_go_elsewhere),
		TEST(a_draining_pinner_takes_no_new_call),
		TEST(without_ports_a_new_call_is_refused_and_old_ones_go_on),
		TEST(one_call_does_not_take_the_ports_of_all),
		TEST(a_port_somebody_else_holds_is_passed_over),
		TEST(out_of_descriptors_leaves_nothing_behind),
		TEST(a_refused_reoffer_leaves_the_call_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
