/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the sections of an SDP become: hold, port 0, bundle, T.38, families. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "rtp-pinner/call/test/world.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 203.0.113.1\r\ns=-\r\n"
#define FROM1 "c=IN IP4 203.0.113.1\r\nt=0 0\r\n"
#define FROM2 "c=IN IP4 203.0.113.2\r\nt=0 0\r\n"

static void exchange(struct world *w, const char *offer, const char *answer)
{
	world_offer_ok(w, (struct say){ .from = "f", .sdp = offer });
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t", .sdp = answer,
	});
}

static void a_held_party_is_sent_nothing_and_resumes_where_it_was(void **state)
{
	struct world *w = *state;
	uint16_t f;
	uint16_t t;
	uint32_t epoch;

	world_talk(w);
	f = world_port(w, "f", 0);
	t = world_port(w, "t", 0);
	epoch = world_row(w, f)->epoch;
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .sdp = audio("0.0.0.0", 4000, NULL),
	});
	assert_true(world_says(w, "c=IN IP4 0.0.0.0"));
	assert_int_equal(sdp_port(w->reply.sdp, 0), t);
	assert_string_equal(world_route(w, t), "-");
	assert_string_equal(world_rtcp_route(w, t + 1), "-");
	assert_string_equal(world_route(w, f), "203.0.113.2:5000");
	assert_string_equal(world_gate(w, f), "strict: 203.0.113.1");
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.2", 5000, "a=recvonly\r\n"),
	});
	assert_string_equal(world_route(w, t), "-");
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_string_equal(world_route(w, t), "203.0.113.1:4000");
	assert_int_equal(world_row(w, f)->epoch, epoch);
	assert_int_equal(world_port(w, "f", 0), f);
}

static void a_direction_line_survives_and_stops_nothing(void **state)
{
	static const char *const lines[] = {
		"a=sendonly\r\n", "a=recvonly\r\n", "a=inactive\r\n",
	};
	struct world *w = *state;

	for (size_t i = 0; i < 3; i++) {
		exchange(w, audio("203.0.113.1", 4000, lines[i]),
			 audio("203.0.113.2", 5000, lines[2 - i]));
		assert_true(world_says(w, lines[2 - i]));
		assert_string_equal(world_route(w, world_port(w, "t", 0)),
				    "203.0.113.1:4000");
	}
}

static void zero_address_can_be_replaced(void **state)
{
	struct world *w = *state;

	world_talk(w);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .sdp = audio("0.0.0.0", 4000, NULL),
		.flags = NG_F(NG_REPLACE_ZERO_ADDRESS),
	});
	assert_true(world_says(w, "c=IN IP4 " WORLD_MEDIA4));
	assert_string_equal(world_route(w, world_port(w, "t", 0)), "-");
}

static void with_ice_0_0_0_0_says_that_candidates_follow(void **state)
{
	static const char ice[] = "a=ice-ufrag:ff\r\n"
				  "a=ice-pwd:0123456789012345678901\r\n";
	struct world *w = *state;
	uint16_t f;
	uint16_t t;

	world_offer_ok(w, (struct say){
		.from = "f", .received = "198.18.0.9",
		.sdp = audio("0.0.0.0", 9, ice),
	});
	assert_true(world_says(w, "c=IN IP4 " WORLD_MEDIA4));
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t", .sdp = audio("203.0.113.2", 5000, ice),
	});
	f = world_port(w, "f", 0);
	t = world_port(w, "t", 0);
	assert_int_equal(world_row(w, t)->sink, f);
	assert_string_equal(world_route(w, t), "-");
	assert_string_equal(world_gate(w, f), "strict: 198.18.0.9");
}

static void a_media_with_port_0_gets_no_port(void **state)
{
	struct world *w = *state;

	exchange(w, audio_video("203.0.113.1", 4000, 0),
		 audio_video("203.0.113.2", 5000, 0));
	assert_int_equal(sdp_port(w->reply.sdp, 1), 0);
	assert_int_equal(world_used(w), 2);
}

static void a_media_the_answer_rejects_gives_its_ports_back(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .sdp = audio_video("203.0.113.1", 4000, 4002),
	});
	assert_int_equal(world_used(w), 4);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio_video("203.0.113.2", 5000, 0),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 1), 0);
	assert_int_equal(world_used(w), 2);
	/* offered again later */
	exchange(w, audio_video("203.0.113.1", 4000, 4002),
		 audio_video("203.0.113.2", 5000, 5002));
	assert_string_equal(world_route(w, world_port(w, "f", 1)),
			    "203.0.113.2:5002");
	assert_int_equal(world_used(w), 4);
}

static void another_branch_may_take_what_one_rejects(void **state)
{
	struct world *w = *state;
	uint16_t video;

	for (unsigned i = 0; i < 2; i++) {
		const char *const branches[] = { "z1", "z2" };

		world_offer_ok(w, (struct say){
			.from = "f", .branch = branches[i],
			.sdp = audio_video("203.0.113.1", 4000, 4002),
		});
	}
	video = world_port(w, "f", 1);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t1", .branch = "z1",
		.sdp = audio_video("203.0.113.2", 5000, 0),
	});
	assert_int_equal(world_port(w, "f", 1), video);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t2", .branch = "z2",
		.sdp = audio_video("203.0.113.3", 6000, 6002),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 1), video);
	assert_string_equal(world_route(w, video), "203.0.113.3:6002");
}

static void a_reoffer_removes_a_media_at_its_answer(void **state)
{
	struct world *w = *state;
	uint16_t video;

	exchange(w, audio_video("203.0.113.1", 4000, 4002),
		 audio_video("203.0.113.2", 5000, 5002));
	video = world_port(w, "t", 1);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio_video("203.0.113.1", 4000, 0),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 1), 0);
	assert_int_equal(world_row(w, video)->active, 1);
	assert_string_equal(world_route(w, video), "-");
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio_video("203.0.113.2", 5000, 0),
	});
	assert_int_equal(world_row(w, video)->active, 0);
	assert_int_equal(world_used(w), 2);
}

static void a_reoffer_adds_a_media(void **state)
{
	struct world *w = *state;
	uint16_t f;

	world_talk(w);
	f = world_port(w, "f", 0);
	exchange(w, audio_video("203.0.113.1", 4000, 4002),
		 audio_video("203.0.113.2", 5000, 5002));
	assert_int_equal(world_port(w, "f", 0), f);
	assert_string_equal(world_route(w, world_port(w, "f", 1)),
			    "203.0.113.2:5002");
	assert_int_equal(world_used(w), 4);
}

static void answers_with_other_sections_than_offered_are_taken(void **state)
{
	struct world *w = *state;

	/* fewer */
	exchange(w, audio_video("203.0.113.1", 4000, 4002),
		 audio("203.0.113.2", 5000, NULL));
	assert_int_equal(world_used(w), 2);
	/* more */
	exchange(w, audio("203.0.113.1", 4000, NULL),
		 audio_video("203.0.113.2", 5000, 5002));
	assert_int_not_equal(sdp_port(w->reply.sdp, 1), 0);
	assert_int_equal(world_used(w), 4);
}

static void fax_takes_one_port_and_any_datagram(void **state)
{
	struct world *w = *state;
	uint16_t f;

	world_talk(w);
	f = world_port(w, "f", 0);
	exchange(w, HEAD FROM1 "m=image 4600 udptl t38\r\na=T38FaxVersion:0\r\n",
		 HEAD FROM2 "m=image 5600 udptl t38\r\n");
	assert_true(world_says(w, "udptl t38"));
	assert_false(world_says(w, "a=rtcp"));
	assert_int_equal(world_port(w, "f", 0), f);
	assert_int_equal(world_row(w, f)->kind, FLOW_OTHER);
	assert_string_equal(world_route(w, f), "203.0.113.2:5600");
	assert_string_equal(world_rtcp_route(w, f), "-");
	/* and back to speech */
	exchange(w, audio("203.0.113.1", 4000, NULL),
		 audio("203.0.113.2", 5000, NULL));
	assert_int_equal(world_row(w, f)->kind, FLOW_RTP);
	assert_string_equal(world_rtcp_route(w, f + 1), "203.0.113.2:5001");
}

static void a_call_of_fax_can_turn_to_speech(void **state)
{
	struct world *w = *state;
	uint16_t f;

	exchange(w, HEAD FROM1 "m=image 4600 udptl t38\r\n",
		 HEAD FROM2 "m=image 5600 udptl t38\r\n");
	f = world_port(w, "f", 0);
	assert_int_equal(world_row(w, f + 1)->active, 0);
	exchange(w, audio("203.0.113.1", 4000, NULL),
		 audio("203.0.113.2", 5000, NULL));
	assert_int_equal(world_row(w, f + 1)->active, 1);
	assert_int_equal(world_row(w, f + 1)->kind, FLOW_RTCP);
	world_delete(w, (struct say){ .from = "f", .at_once = true });
	assert_int_equal(world_row(w, f + 1)->active, 0);
}

static void what_is_not_udp_is_left_alone(void **state)
{
	struct world *w = *state;

	exchange(w,
		 HEAD FROM1 "m=audio 4000 RTP/AVP 0\r\n"
			    "m=message 7000 TCP/MSRP *\r\n",
		 HEAD FROM2 "m=audio 5000 RTP/AVP 0\r\n"
			    "m=message 7001 TCP/MSRP *\r\n");
	assert_int_equal(sdp_port(w->reply.sdp, 1), 7001);
	assert_int_equal(world_used(w), 2);
}

static void srtp_is_told_to_the_row_and_passes(void **state)
{
	static const char *const protos[] = {
		"RTP/SAVP", "UDP/TLS/RTP/SAVPF",
	};
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		char sdp[512];

		snprintf(sdp, sizeof(sdp),
			 HEAD FROM1 "m=audio 4000 %s 0\r\na=crypto:1 X inline:y\r\n",
			 protos[i]);
		exchange(w, sdp, sdp);
		assert_true(world_says(w, protos[i]));
		assert_true(world_says(w, "a=crypto:1 X inline:y"));
		assert_true(world_row(w, world_port(w, "t", 0))->flags &
			    FLOW_F_SRTP);
	}
}

static void a_transport_is_renamed_where_that_needs_no_keys(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .transport = "RTP/AVPF",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_true(world_says(w, "RTP/AVPF 0"));
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = HEAD FROM2 "m=audio 5000 RTP/AVPF 0\r\n",
	});
	assert_true(world_says(w, "RTP/AVP 0"));
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .transport = "RTP/SAVP",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_true(world_says(w, "RTP/AVP 0"));
	assert_int_equal(world_counter(w, CALLS_C_TRANSPORT_KEPT), 1);
}

static void payload_types_of_the_other_side_give_the_clock(void **state)
{
	struct world *w = *state;
	const struct flow_conf *row;

	exchange(w, audio("203.0.113.1", 4000, NULL),
		 HEAD FROM2 "m=audio 5000 RTP/AVP 0 111\r\n"
			    "a=rtpmap:111 opus/48000/2\r\n");
	row = world_row(w, world_port(w, "f", 0));
	assert_int_equal(row->rates[0].payload_type, 0);
	assert_int_equal(row->rates[0].rate_khz, 8);
	assert_int_equal(row->rates[1].payload_type, 111);
	assert_int_equal(row->rates[1].rate_khz, 48);
	assert_int_equal(row->rates[2].payload_type, 96);
	assert_int_equal(row->rates[3].rate_khz, 0);
}

/* ---- bundle ---- */

#define BUNDLE "a=group:BUNDLE 0 1\r\n"
#define SECTION(type, port, mid) \
	"m=" type " " port " RTP/AVP 96\r\na=rtcp-mux\r\na=mid:" mid "\r\n"

static void a_bundle_ends_up_on_one_transport(void **state)
{
	struct world *w = *state;
	uint16_t f;

	world_offer_ok(w, (struct say){
		.from = "f",
		.sdp = HEAD FROM1 BUNDLE SECTION("audio", "4000", "0")
			SECTION("video", "4002", "1"),
	});
	assert_int_equal(world_used(w), 4);
	assert_int_not_equal(sdp_port(w->reply.sdp, 0),
			     sdp_port(w->reply.sdp, 1));
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = HEAD FROM2 BUNDLE SECTION("audio", "5000", "0")
			SECTION("video", "5000", "1"),
	});
	assert_int_equal(world_used(w), 2);
	f = world_port(w, "f", 0);
	assert_int_equal(sdp_port(w->reply.sdp, 0), f);
	assert_int_equal(sdp_port(w->reply.sdp, 1), f);
	assert_int_equal(world_port(w, "f", 1), f);
	assert_string_equal(world_route(w, f), "203.0.113.2:5000");
	assert_string_equal(world_rtcp_route(w, f), "203.0.113.2:5000");
	/* a re-offer of a bundle keeps it */
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = HEAD FROM1 BUNDLE SECTION("audio", "4000", "0")
			SECTION("video", "4000", "1"),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0),
			 sdp_port(w->reply.sdp, 1));
	assert_int_equal(world_used(w), 2);
}

static void bundle_only_media_have_port_0_until_the_answer(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f",
		.sdp = HEAD FROM1 BUNDLE SECTION("audio", "4000", "0")
			SECTION("video", "0", "1") "a=bundle-only\r\n",
	});
	assert_int_equal(sdp_port(w->reply.sdp, 1), 0);
	assert_int_equal(world_used(w), 2);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = HEAD FROM2 BUNDLE SECTION("audio", "5000", "0")
			SECTION("video", "5000", "1"),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 1),
			 sdp_port(w->reply.sdp, 0));
	assert_int_equal(world_used(w), 2);
}

static void a_bundle_that_is_not_accepted_stays_apart(void **state)
{
	struct world *w = *state;

	exchange(w,
		 HEAD FROM1 BUNDLE SECTION("audio", "4000", "0")
			SECTION("video", "4002", "1"),
		 HEAD FROM2 SECTION("audio", "5000", "0")
			SECTION("video", "5002", "1"));
	assert_int_equal(world_used(w), 4);
	assert_string_equal(world_route(w, world_port(w, "f", 1)),
			    "203.0.113.2:5002");
}

/* ---- families and addresses ---- */

static void each_leg_is_answered_in_its_own_family(void **state)
{
	static const struct {
		const char *caller;
		uint8_t family;
		const char *offered;
		const char *callee;
		const char *answered;
	} cases[] = {
		{ "203.0.113.1", 0, "IP4 " WORLD_MEDIA4, "203.0.113.2",
		  "IP4 " WORLD_MEDIA4 },
		{ "203.0.113.1", 6, "IP6 " WORLD_MEDIA6, "2001:db8::2",
		  "IP4 " WORLD_MEDIA4 },
		{ "2001:db8::1", 0, "IP6 " WORLD_MEDIA6, "2001:db8::2",
		  "IP6 " WORLD_MEDIA6 },
		{ "2001:db8::1", 4, "IP4 " WORLD_MEDIA4, "203.0.113.2",
		  "IP6 " WORLD_MEDIA6 },
		{ "2001:db8::1", 0, "IP6 " WORLD_MEDIA6, "203.0.113.2",
		  "IP6 " WORLD_MEDIA6 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w;
		void *other;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_offer_ok(w, (struct say){
			.from = "f", .family = cases[i].family,
			.sdp = audio(cases[i].caller, 4000, NULL),
		});
		assert_true(world_says(w, cases[i].offered));
		world_answer_ok(w, (struct say){
			.from = "f", .to = "t",
			.sdp = audio(cases[i].callee, 5000, NULL),
		});
		assert_true(world_says(w, cases[i].answered));
		world_offer_ok(w, (struct say){	/* and back, unasked */
			.from = "t", .to = "f",
			.sdp = audio(cases[i].callee, 5000, NULL),
		});
		assert_true(world_says(w, cases[i].answered));
		world_teardown(&other);
	}
	(void)state;
}

static void one_family_of_ours_serves_both(void **state)
{
	struct world *w = *state;
	struct calls_conf conf = world_conf();

	conf.media6 = (struct addr){ 0 };
	world_start(w, &conf);
	world_offer_ok(w, (struct say){
		.from = "f", .family = 6,
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_true(world_says(w, "IP4 " WORLD_MEDIA4));
}

static void media_address_is_taken_word_for_word(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .media_address = "2001:db8:9::9",
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_true(world_says(w, "c=IN IP6 2001:db8:9::9"));
}

static void sip_source_address_is_where_media_goes_first(void **state)
{
	struct world *w = *state;

	world_offer_ok(w, (struct say){
		.from = "f", .received = "198.18.0.9",
		.flags = NG_F(NG_SIP_SOURCE_ADDRESS),
		.sdp = audio("10.0.0.1", 4000, NULL),
	});
	assert_string_equal(world_route(w, sdp_port(w->reply.sdp, 0)),
			    "198.18.0.9:4000");
	assert_string_equal(world_gate(w, world_port(w, "f", 0)),
			    "strict: 198.18.0.9");
}

static void latch(struct world *w, uint16_t port, uint8_t last)
{
	struct flow_row *row = &w->rows[port - WORLD_PORT_MIN];

	row->state.generation = row->conf.generation;
	row->state.epoch = row->conf.epoch;
	row->state.latched = 1;
	row->state.source = (struct flow_endpoint){
		.family = 4, .port = 4000,
		.bytes_be = { 198, 18, 0, last },
	};
}

/* Its NAT has got another address; the SDP is what it was. */
static void who_is_not_in_the_gate_any_more_is_unlatched(void **state)
{
	static const struct {
		const char *received;
		enum ng_gate gate;
		bool unlatches;
	} cases[] = {
		{ "198.18.0.9", NG_GATE_UNSET, false },
		{ "198.18.0.10", NG_GATE_UNSET, true },
		{ "198.18.0.10", NG_GATE_LEARN, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w;
		void *other;
		uint16_t f;
		uint32_t epoch;

		assert_int_equal(world_setup(&other), 0);
		w = other;
		world_offer_ok(w, (struct say){
			.from = "f", .received = "198.18.0.9",
			.gate = cases[i].gate,
			.sdp = audio("10.0.0.1", 4000, NULL),
		});
		f = world_port(w, "f", 0);
		epoch = world_row(w, f)->epoch;
		latch(w, f, 9);
		world_offer_ok(w, (struct say){
			.from = "f", .received = cases[i].received,
			.gate = cases[i].gate,
			.sdp = audio("10.0.0.1", 4000, NULL),
		});
		assert_int_equal(world_row(w, f)->epoch != epoch,
				 cases[i].unlatches);
		world_teardown(&other);
	}
}

static void new_ports_for_a_new_endpoint_only_where_asked_for(void **state)
{
	struct world *w = *state;
	uint16_t t;

	world_talk(w);
	t = world_port(w, "t", 0);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .flags = NG_F(NG_NO_PORT_LATCHING),
		.sdp = audio("203.0.113.1", 4000, NULL),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0), t);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .flags = NG_F(NG_PORT_LATCHING),
		.sdp = audio("203.0.113.9", 4000, NULL),
	});
	assert_int_equal(sdp_port(w->reply.sdp, 0), t);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .flags = NG_F(NG_NO_PORT_LATCHING),
		.sdp = audio("203.0.113.7", 4000, NULL),
	});
	assert_int_not_equal(sdp_port(w->reply.sdp, 0), t);
	assert_int_equal(world_row(w, t)->active, 1);
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t",
		.sdp = audio("203.0.113.2", 5000, NULL),
	});
	assert_int_equal(world_row(w, t)->active, 0);
	assert_int_equal(world_used(w), 2);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

/* Its peer saw it at our port, so that is the address its ICE selected. */
static void a_phone_whose_ice_is_done_names_our_port(void **state)
{
	static const char *const ice =
		"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n";
	struct world *w = *state;
	uint16_t port;

	world_offer_ok(w, (struct say){
		.from = "f", .sdp = audio("203.0.113.1", 4000, ice),
	});
	world_answer_ok(w, (struct say){
		.from = "f", .to = "t", .sdp = audio("203.0.113.2", 5000, ice),
	});
	port = world_port(w, "t", 0);
	world_offer_ok(w, (struct say){
		.from = "f", .to = "t", .sdp = audio(WORLD_MEDIA4, port, ice),
	});
	assert_int_equal(world_port(w, "t", 0), port);
	assert_string_equal(world_route(w, port), "203.0.113.1:4000");
	assert_non_null(strstr(world_gate(w, world_port(w, "f", 0)),
			       "203.0.113.1"));

	/* without ICE it is a circle, as ever */
	assert_int_equal(world_offer(w, (struct say){
				 .from = "f", .to = "t",
				 .sdp = audio(WORLD_MEDIA4, port, NULL),
			 }),
			 CALLS_HAIRPIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_held_party_is_sent_nothing_and_resumes_where_it_was),
		TEST(a_direction_line_survives_and_stops_nothing),
		TEST(zero_address_can_be_replaced),
		TEST(with_ice_0_0_0_0_says_that_candidates_follow),
		TEST(a_media_with_port_0_gets_no_port),
		TEST(a_media_the_answer_rejects_gives_its_ports_back),
		TEST(another_branch_may_take_what_one_rejects),
		TEST(a_reoffer_removes_a_media_at_its_answer),
		TEST(a_reoffer_adds_a_media),
		TEST(answers_with_other_sections_than_offered_are_taken),
		TEST(fax_takes_one_port_and_any_datagram),
		TEST(a_call_of_fax_can_turn_to_speech),
		TEST(what_is_not_udp_is_left_alone),
		TEST(srtp_is_told_to_the_row_and_passes),
		TEST(a_transport_is_renamed_where_that_needs_no_keys),
		TEST(payload_types_of_the_other_side_give_the_clock),
		TEST(a_bundle_ends_up_on_one_transport),
		TEST(bundle_only_media_have_port_0_until_the_answer),
		TEST(a_bundle_that_is_not_accepted_stays_apart),
		TEST(each_leg_is_answered_in_its_own_family),
		TEST(one_family_of_ours_serves_both),
		TEST(media_address_is_taken_word_for_word),
		TEST(a_phone_whose_ice_is_done_names_our_port),
		TEST(sip_source_address_is_where_media_goes_first),
		TEST(who_is_not_in_the_gate_any_more_is_unlatched),
		TEST(new_ports_for_a_new_endpoint_only_where_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
