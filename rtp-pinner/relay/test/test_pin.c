/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scripts of packets on a scripted clock: who passes, and where the leg is sent
 * to afterwards.  The phone says in its SDP that it is at 192.0.2.10:4000, and
 * signals from 198.51.100.1 where there is NAT.
 */
#include "common/test/table.h"

#include "rtp-pinner/relay/pin.h"
#include "rtp-pinner/relay/test/endpoint.h"

enum {
	STEPS_MAX = 10,
};

enum want {
	END,
	OK,
	STRANGER,	/* outside the gate */
	OTHER,		/* another source is latched */
	EPOCH,		/* no packet: new SDP, saying `from' */
};

struct step {
	enum want want;
	uint64_t at_ms;
	enum pin_kind kind;
	uint32_t ssrc;
	const char *from;
	const char *target;	/* NULL: as before */
};

struct script {
	const char *name;
	const char *gate[4];	/* none: the SDP's and 198.51.100.1 */
	enum flow_gate_mode mode;
	uint16_t flags;
	enum flow_kind kind;	/* 0: FLOW_RTP */
	struct step steps[STEPS_MAX];
};

#define SDP "192.0.2.10:4000"
#define NAT "198.51.100.1:61000"
#define NAT2 "198.51.100.1:62000"
#define EVIL "203.0.113.66:4000"

static const struct script scripts[] = {
	{ .name = "no NAT: the phone sends from where it says", .steps = {
		{ OK, 0, PIN_RTP, 1, SDP, SDP },
		{ OK, 20, PIN_RTP, 1, SDP, SDP },
	} },
	{ .name = "NAT: the phone is where its signalling came from",
	  .steps = {
		{ OK, 0, PIN_RTP, 1, NAT, NAT },
		{ OK, 20, PIN_RTP, 1, NAT, NAT },
	} },
	{ .name = "ports are not gated", .steps = {
		{ OK, 0, PIN_RTP, 1, "192.0.2.10:9", "192.0.2.10:9" },
	} },
	{ .name = "spoofed first: a stranger gets nothing before the phone",
	  .steps = {
		{ STRANGER, 0, PIN_RTP, 1, EVIL, SDP },
		{ STRANGER, 1, PIN_RTCP, 1, EVIL, SDP },
		{ STRANGER, 2, PIN_OTHER, 0, EVIL, SDP },
		{ OK, 20, PIN_RTP, 7, NAT, NAT },
	} },
	{ .name = "spoofed later: nor after it, with its SSRC, nor in silence",
	  .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, NAT },
		{ STRANGER, 1, PIN_RTP, 7, EVIL, NAT },
		{ STRANGER, 5000, PIN_RTP, 7, EVIL, NAT },
		{ STRANGER, 5001, PIN_RTP, 8, "[2001:db8::66]:4000", NAT },
		{ OK, 5020, PIN_RTP, 7, NAT, NAT },
	} },
	{ .name = "another source of the same NAT must wait for silence",
	  .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, NAT },
		{ OTHER, 999, PIN_RTP, 8, NAT2, NAT },
		{ OK, 1000, PIN_RTP, 7, NAT, NAT },
		{ OTHER, 1999, PIN_RTP, 8, NAT2, NAT },
		{ OK, 2000, PIN_RTP, 8, NAT2, NAT2 },
		{ OTHER, 2001, PIN_RTP, 7, NAT, NAT2 },
	} },
	{ .name = "the phone's stream moves: NAT gave it another port",
	  .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, NAT },
		{ OK, 20, PIN_RTP, 7, NAT2, NAT2 },
		{ OK, 40, PIN_RTP, 7, NAT2, NAT2 },
	} },
	{ .name = "SSRC change: all SSRCs of a source are its own", .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, NAT },
		{ OK, 20, PIN_RTP, 8, NAT, NAT },
		{ OK, 40, PIN_RTP, 7, NAT2, NAT2 },
		{ OK, 60, PIN_RTP, 8, NAT, NAT },
	} },
	{ .name = "SSRCs of the one before are forgotten with it", .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, NAT },
		{ OK, 1000, PIN_RTP, 8, NAT2, NAT2 },
		{ OTHER, 1020, PIN_RTP, 7, NAT, NAT2 },
	} },
	{ .name = "the ninth SSRC drives out the first", .steps = {
		{ OK, 0, PIN_RTP, 1, NAT, NAT }, { OK, 1, PIN_RTP, 2, NAT, 0 },
		{ OK, 2, PIN_RTP, 3, NAT, 0 }, { OK, 3, PIN_RTP, 4, NAT, 0 },
		{ OK, 4, PIN_RTP, 5, NAT, 0 }, { OK, 5, PIN_RTP, 6, NAT, 0 },
		{ OK, 6, PIN_RTP, 7, NAT, 0 }, { OK, 7, PIN_RTP, 8, NAT, 0 },
		{ OK, 8, PIN_RTP, 9, NAT, NAT },
		{ OTHER, 9, PIN_RTP, 1, NAT2, NAT },
	} },
	{ .name = "re-INVITE: new SDP unlatches", .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, NAT },
		{ EPOCH, 10, 0, 0, "192.0.2.10:5000", "192.0.2.10:5000" },
		{ STRANGER, 20, PIN_RTP, 7, EVIL, "192.0.2.10:5000" },
		{ OK, 30, PIN_RTP, 9, NAT2, NAT2 },
		{ OTHER, 40, PIN_RTP, 7, NAT, NAT2 },
	} },
	{ .name = "RTCP first: it passes, but confirms nothing",
	  .flags = FLOW_F_RTCP_MUX, .steps = {
		{ OK, 0, PIN_RTCP, 7, NAT, SDP },
		{ OK, 20, PIN_RTP, 7, SDP, SDP },
		{ OTHER, 40, PIN_RTCP, 7, NAT, SDP },
		{ OK, 41, PIN_RTCP, 7, SDP, SDP },
		{ OK, 1020, PIN_RTCP, 7, NAT, SDP },
		{ OK, 1021, PIN_RTP, 9, NAT, NAT },
	} },
	{ .name = "RTCP of the phone does not hold its latch",
	  .flags = FLOW_F_RTCP_MUX, .steps = {
		{ OK, 0, PIN_RTP, 7, SDP, SDP },
		{ OK, 900, PIN_RTCP, 7, SDP, SDP },
		{ OK, 1000, PIN_RTP, 9, NAT, NAT },
	} },
	{ .name = "an RTCP port latches by itself", .kind = FLOW_RTCP,
	  .steps = {
		{ OK, 0, PIN_RTCP, 7, NAT, NAT },
		{ OTHER, 10, PIN_RTCP, 9, NAT2, NAT },
		{ OK, 20, PIN_RTCP, 7, NAT2, NAT2 },
		{ OK, 5000, PIN_RTCP, 9, NAT, NAT },
		{ STRANGER, 9000, PIN_RTCP, 9, EVIL, NAT },
	} },
	{ .name = "other media: silence only", .kind = FLOW_OTHER, .steps = {
		{ OK, 0, PIN_OTHER, 0, NAT, NAT },
		{ OTHER, 999, PIN_OTHER, 0, NAT2, NAT },
		{ OK, 1000, PIN_OTHER, 0, NAT2, NAT2 },
		{ STRANGER, 9000, PIN_OTHER, 0, EVIL, NAT2 },
	} },
	{ .name = "DTLS latches an RTP port, and its RTP follows",
	  .flags = FLOW_F_SRTP, .steps = {
		{ OK, 0, PIN_OTHER, 0, NAT, NAT },
		{ OK, 100, PIN_RTP, 7, NAT, NAT },
		{ OTHER, 200, PIN_OTHER, 0, NAT2, NAT },
		{ OK, 300, PIN_RTP, 7, NAT2, NAT2 },
	} },
	{ .name = "handover: any source in the gate may take over",
	  .flags = FLOW_F_HANDOVER, .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, NAT },
		{ OK, 1, PIN_RTP, 8, NAT2, NAT2 },
		{ OK, 2, PIN_RTP, 7, NAT, NAT },
		{ STRANGER, 3, PIN_RTP, 7, EVIL, NAT },
	} },
	{ .name = "strict source: the first one until there is new SDP",
	  .flags = FLOW_F_STRICT_SOURCE | FLOW_F_RTCP_MUX, .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, NAT },
		{ OTHER, 20, PIN_RTP, 7, NAT2, NAT },
		{ OTHER, 9000, PIN_RTP, 8, NAT2, NAT },
		{ OTHER, 9001, PIN_RTCP, 8, NAT2, NAT },
		{ EPOCH, 9010, 0, 0, SDP, SDP },
		{ OK, 9020, PIN_RTP, 8, NAT2, NAT2 },
	} },
	{ .name = "asymmetric: heard from anywhere in the gate, sent by SDP",
	  .flags = FLOW_F_ASYMMETRIC, .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, SDP },
		{ OTHER, 20, PIN_RTP, 8, NAT2, SDP },
		{ OK, 40, PIN_RTP, 7, NAT2, SDP },
	} },
	{ .name = "a prefix of the operator's widens the gate",
	  .gate = { "192.0.2.10", "203.0.113.64/27", "[2001:db8:5::]/47" },
	  .steps = {
		{ STRANGER, 0, PIN_RTP, 7, "203.0.113.63:1", SDP },
		{ STRANGER, 0, PIN_RTP, 7, "203.0.113.96:1", SDP },
		{ STRANGER, 0, PIN_RTP, 7, "[2001:db8:6::1]:1", SDP },
		{ OK, 1, PIN_RTP, 7, "203.0.113.95:1", "203.0.113.95:1" },
		{ OK, 2, PIN_RTP, 7, "203.0.113.64:1", "203.0.113.64:1" },
		{ OK, 3, PIN_RTP, 7, "[2001:db8:4::1]:1",
		  "[2001:db8:4::1]:1" },
	} },
	{ .name = "learn: the first source becomes the gate",
	  .mode = FLOW_GATE_LEARN, .gate = { "192.0.2.10" },
	  .flags = FLOW_F_RTCP_MUX, .steps = {
		{ STRANGER, 0, PIN_RTCP, 7, EVIL, SDP },
		{ OK, 1, PIN_RTP, 7, NAT, NAT },
		{ STRANGER, 2, PIN_RTP, 7, EVIL, NAT },
		{ STRANGER, 9000, PIN_RTP, 7, EVIL, NAT },
		{ OK, 9001, PIN_RTP, 8, NAT2, NAT2 },
	} },
	{ .name = "learn: a named address takes over from a learned one",
	  .mode = FLOW_GATE_LEARN, .gate = { "192.0.2.10" }, .steps = {
		{ OK, 1, PIN_RTP, 6, EVIL, EVIL },
		{ OK, 2, PIN_RTP, 7, SDP, SDP },
		{ STRANGER, 3, PIN_RTP, 7, EVIL, SDP },
	} },
	{ .name = "off: any source, latched all the same",
	  .mode = FLOW_GATE_OFF, .steps = {
		{ OK, 0, PIN_RTP, 7, EVIL, EVIL },
		{ OTHER, 1, PIN_RTP, 8, NAT, EVIL },
		{ OK, 1000, PIN_RTP, 8, NAT, NAT },
	} },
	{ .name = "ICE: media latches nothing, before and after",
	  .flags = FLOW_F_ICE, .steps = {
		{ OK, 0, PIN_RTP, 7, NAT, SDP },
		{ OK, 1, PIN_OTHER, 0, NAT2, SDP },
		{ STRANGER, 2, PIN_RTP, 7, EVIL, SDP },
	} },
	{ .name = "ICE with learn: media alone teaches nothing",
	  .mode = FLOW_GATE_LEARN, .flags = FLOW_F_ICE, .steps = {
		{ STRANGER, 0, PIN_RTP, 7, EVIL, SDP },
	} },
};

static struct flow_conf conf_of(const struct script *s)
{
	static const char *const usual[4] = { "192.0.2.10", "198.51.100.1" };
	const char *const *gate = s->gate[0] ? s->gate : usual;
	struct flow_conf c = {
		.active = 1,
		.generation = 5,
		.epoch = 1,
		.kind = s->kind ? (uint8_t)s->kind : FLOW_RTP,
		.gate_mode = (uint8_t)s->mode,
		.flags = s->flags,
		.signalled = source(SDP),
	};

	while (c.gate_cnt < 4 && gate[c.gate_cnt]) {
		c.gate[c.gate_cnt] = endpoint(gate[c.gate_cnt]);
		c.gate_cnt++;
	}
	return c;
}

static enum want judge(struct flow_state *s, const struct flow_conf *c,
		       const struct step *step)
{
	static const enum want wants[] = {
		[PIN_PASS] = OK,
		[PIN_STRANGER] = STRANGER,
		[PIN_OTHER_SOURCE] = OTHER,
	};
	struct flow_endpoint from = source(step->from);
	struct pin_packet p = {
		.from = &from,
		.standing = pin_standing(s, c, &from),
		.kind = step->kind,
		.ssrc = step->ssrc,
	};

	return wants[pin_judge(s, c, &p, step->at_ms + 1000000)];
}

static void sources_are_pinned_as_scripted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct flow_conf c = conf_of(&scripts[i]);
		struct flow_state s = { .latched = 1 };	/* of an older call */

		pin_begin(&s, &c);
		for (size_t k = 0; k < STEPS_MAX; k++) {
			const struct step *step = &scripts[i].steps[k];
			char name[128];

			if (step->want == END)
				break;
			snprintf(name, sizeof(name), "%s, step %zu",
				 scripts[i].name, k);
			if (step->want == EPOCH) {
				c.epoch++;
				c.signalled = source(step->from);
			} else {
				CHECK_EQ(step->want, judge(&s, &c, step), name);
			}
			pin_begin(&s, &c);
			if (step->target)
				CHECK_STR(step->target,
					  endpoint_text(pin_target(&s, &c)),
					  name);
		}
	}
}

static void own_port_latches_only_where_sdp_names_it(void **state)
{
	static const struct {
		const char *from;
		enum pin_verdict want;
	} rows[] = {
		{ "192.0.2.10:30000", PIN_PASS },
		{ "192.0.2.10:30002", PIN_OTHER_SOURCE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flow_conf c = conf_of(&scripts[0]);
		struct flow_state s = { 0 };
		struct flow_endpoint from = source(rows[i].from);
		struct pin_packet p = { .from = &from, .kind = PIN_RTP,
					.own = true };

		c.signalled = source("192.0.2.10:30000");
		pin_begin(&s, &c);
		CHECK_EQ(rows[i].want, pin_judge(&s, &c, &p, 1), rows[i].from);
		CHECK_EQ(rows[i].want == PIN_PASS, s.latched, rows[i].from);
	}
}

static void checks_latch_by_nomination_and_success_only(void **state)
{
	struct flow_conf c = conf_of(&scripts[0]);
	struct flow_state a = { 0 }, b = { 0 };
	struct flow_endpoint nat = source(NAT), peer = source("192.0.2.77:9");
	struct flow_endpoint nat2 = source(NAT2);
	struct pin_packet rtp = { .from = &nat, .kind = PIN_RTP };

	(void)state;
	c.flags = FLOW_F_ICE;
	pin_begin(&a, &c);
	pin_begin(&b, &c);

	/* a bare request, nominating or not, changes nothing */
	pin_check(&a, &nat, 77, true, 1000);
	pin_check(&a, &nat, 78, false, 1000);
	assert_string_equal(SDP, endpoint_text(pin_target(&a, &c)));
	assert_false(a.latched);

	/* a success without nomination tells where to send, no more */
	pin_check_succeeded(&a, pin_check_find(&a, 78, 1010), &b, &peer, 1010);
	assert_string_equal(NAT, endpoint_text(pin_target(&a, &c)));
	assert_string_equal("192.0.2.77:9", endpoint_text(pin_target(&b, &c)));
	assert_false(a.latched);

	pin_check_succeeded(&a, pin_check_find(&a, 77, 1020), &b, &peer, 1020);
	assert_true(a.latched && b.latched);
	assert_int_equal(PIN_PASS, pin_judge(&a, &c, &rtp, 1030));
	rtp.from = &nat2;
	assert_int_equal(PIN_OTHER_SOURCE, pin_judge(&a, &c, &rtp, 1040));

	/* a second nominated pair may be the one that is used */
	pin_check(&a, &nat2, 79, true, 1050);
	assert_int_equal(PIN_OTHER_SOURCE, pin_judge(&a, &c, &rtp, 1060));
	pin_check_succeeded(&a, pin_check_find(&a, 79, 1070), &b, &peer, 1070);
	assert_int_equal(PIN_PASS, pin_judge(&a, &c, &rtp, 1080));
	rtp.from = &nat;
	assert_int_equal(PIN_PASS, pin_judge(&a, &c, &rtp, 1090));
	assert_string_equal(NAT, endpoint_text(pin_target(&a, &c)));

	/* an ICE restart forgets all of it */
	c.epoch++;
	pin_begin(&a, &c);
	assert_false(a.latched);
	assert_null(pin_check_find(&a, 79, 1100));
	assert_string_equal(SDP, endpoint_text(pin_target(&a, &c)));
}

static void checks_are_found_until_they_are_old(void **state)
{
	struct flow_state s = { 0 };
	struct flow_endpoint nat = source(NAT), evil = source(EVIL);

	(void)state;
	pin_check(&s, &nat, 1, false, 1000);
	pin_check(&s, &evil, 1, true, 1001);	/* the first keeps it */
	assert_true(pin_same_source(&nat, &pin_check_find(&s, 1, 1002)->from));
	assert_false(pin_check_find(&s, 1, 1002)->use_candidate);
	assert_non_null(pin_check_find(&s, 1, 1000 + PIN_CHECK_MS - 1));
	assert_null(pin_check_find(&s, 1, 1000 + PIN_CHECK_MS));
	assert_null(pin_check_find(&s, 2, 1000));

	/* the oldest gives way */
	for (uint64_t id = 2; id <= FLOW_CHECKS_MAX + 1; id++)
		pin_check(&s, &nat, id, false, 1000 + id);
	assert_null(pin_check_find(&s, 1, 1020));
	for (uint64_t id = 2; id <= FLOW_CHECKS_MAX + 1; id++)
		assert_non_null(pin_check_find(&s, id, 1020));
}

/* Half of the entries are for whom the leg has latched on, half for others. */
static void checks_of_others_do_not_push_out_those_of_the_latched(void **state)
{
	struct flow_endpoint nat = source(NAT), evil = source(EVIL);
	struct flow_state s = { .latched = 1, .source = nat };

	(void)state;
	pin_check(&s, &evil, 50, false, 999);
	for (uint64_t id = 1; id <= 5; id++)
		pin_check(&s, &nat, id, false, 1000 + id);
	for (uint64_t id = 100; id < 120; id++) {
		evil.port++;
		pin_check(&s, &evil, id, false, 1000 + id);
	}
	for (uint64_t id = 2; id <= 5; id++)
		assert_non_null(pin_check_find(&s, id, 1200));
	assert_null(pin_check_find(&s, 115, 1200));
	for (uint64_t id = 116; id < 120; id++)
		assert_non_null(pin_check_find(&s, id, 1200));

	for (uint64_t id = 200; id < 220; id++)
		pin_check(&s, &nat, id, false, 1000 + id);
	for (uint64_t id = 116; id < 120; id++)
		assert_non_null(pin_check_find(&s, id, 1300));
	assert_non_null(pin_check_find(&s, 216, 1300));
}

static void packets_above_the_rate_are_refused(void **state)
{
	struct flow_conf c = { .packet_rate_max = 3 };
	struct flow_state s = { 0 };

	(void)state;
	for (uint64_t second = 5000; second < 8000; second += 1000) {
		for (int i = 0; i < 3; i++)
			assert_true(pin_in_rate(&s, &c, false, second + i));
		assert_false(pin_in_rate(&s, &c, false, second + 3));
		assert_false(pin_in_rate(&s, &c, false, second + 999));
		for (int i = 0; i < 3; i++)
			assert_true(pin_in_rate(&s, &c, true, second + 999));
		assert_false(pin_in_rate(&s, &c, true, second + 999));
	}
	c.packet_rate_max = 0;
	for (int i = 0; i < 10; i++)
		assert_true(pin_in_rate(&s, &c, false, 9000));
}

static void silent_strict_leg_complains_of_one_outside_source(void **state)
{
	struct row {
		const char *name;
		uint64_t since_ms, last_ms, heard_ms;
		unsigned packets;
		enum flow_gate_mode mode;
		bool want;
	};
	static const struct row rows[] = {
		{ "never heard", 8000, 9990, 0, 100, FLOW_GATE_STRICT, true },
		{ "heard long ago", 8000, 9990, 8000, 100, 0, true },
		{ "not 2 s yet", 8001, 9990, 0, 100, 0, false },
		{ "heard", 8000, 9990, 8001, 100, 0, false },
		{ "heard after the clock was read", 8000, 9990, 10001, 100, 0,
		  false },
		{ "the stranger has stopped", 7000, 9000, 0, 100, 0, false },
		{ "a stray packet or two", 8000, 9990, 0, 2, 0, false },
		{ "sampled", 8000, 9990, 0, PIN_COMPLAINT_PACKETS, 0, true },
		{ "learn", 8000, 9990, 0, 100, FLOW_GATE_LEARN, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct flow_conf c = { .active = 1, .kind = FLOW_RTP,
				       .gate_mode = (uint8_t)r->mode };
		struct flow_state s = { .last_ms = r->heard_ms };
		struct flow_endpoint evil = source(EVIL), who;

		for (unsigned k = 0; k < r->packets; k++)
			pin_stranger(&s, &evil, k ? r->last_ms : r->since_ms);
		/* Others in between do not hide the one that sends. */
		evil.port++;
		pin_stranger(&s, &evil, r->since_ms + 1);
		CHECK_EQ(r->want, pin_complaint(&who, &c, &s, 10000), r->name);
		if (r->want)
			CHECK_STR(EVIL, endpoint_text(&who), r->name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sources_are_pinned_as_scripted),
		cmocka_unit_test(own_port_latches_only_where_sdp_names_it),
		cmocka_unit_test(checks_latch_by_nomination_and_success_only),
		cmocka_unit_test(checks_are_found_until_they_are_old),
		cmocka_unit_test(
			checks_of_others_do_not_push_out_those_of_the_latched),
		cmocka_unit_test(packets_above_the_rate_are_refused),
		cmocka_unit_test(
			silent_strict_leg_complains_of_one_outside_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
