/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include "rtp-pinner/daemon/why.h"
#include "rtp-pinner/relay/pin.h"

static struct flow_endpoint stranger(void)
{
	return (struct flow_endpoint){
		.family = ADDR_IP4,
		.port = 4000,
		.bytes_be = { 203, 0, 113, 9 },
	};
}

static void the_reason_is_told_in_one_sentence(void **state)
{
	static const struct {
		const char *what;
		struct flow_conf conf;
		struct flow_state state;
		bool stranger;
		uint64_t stopped;
		const char *want;
	} rows[] = {
		{ "closed",
		  { .kind = FLOW_RTP },
		  { 0 },
		  false,
		  0,
		  "the port is closed" },
		{ "never heard",
		  { .active = 1, .kind = FLOW_RTP },
		  { 0 },
		  false,
		  0,
		  "nothing has come to this port" },
		{ "RTCP never heard is usual",
		  { .active = 1, .kind = FLOW_RTCP },
		  { 0 },
		  false,
		  0,
		  "" },
		{ "heard now",
		  { .active = 1, .kind = FLOW_RTP },
		  { .last_ms = 9500, .drops = { 3 } },
		  true,
		  0,
		  "" },
		{ "heard before",
		  { .active = 1, .kind = FLOW_RTP },
		  { .last_ms = 3000 },
		  false,
		  0,
		  "silent for 7 s" },
		{ "a stranger",
		  { .active = 1, .kind = FLOW_RTP },
		  { .drops = { [FLOW_DROP_STRANGER] = 3 } },
		  true,
		  40,
		  "203.0.113.9:4000 sends to it from outside the gate (43 "
		  "packets dropped); if that is the party, use "
		  "gate=203.0.113.9 or a [peer] in the site file" },
		{ "no other leg",
		  { .active = 1, .kind = FLOW_RTP },
		  { .drops = { [FLOW_DROP_NO_SINK] = 5,
			       [FLOW_DROP_STUN] = 1 } },
		  false,
		  0,
		  "5 packets came and there is no other leg to send them "
		  "to" },
		{ "no address",
		  { .active = 1, .kind = FLOW_RTP },
		  { .drops = { [FLOW_DROP_NO_TARGET] = 5 } },
		  false,
		  0,
		  "5 packets came and the other leg has told no address "
		  "(hold, or no SDP yet)" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flow_state s = rows[i].state;
		struct flow_steer steer = { .stopped = rows[i].stopped };
		char got[WHY_TEXT_MAX];
		size_t len;

		if (rows[i].stranger)
			s.stranger = stranger();
		len = why_silent(got, &rows[i].conf, &s, &steer, 10000);
		CHECK_STR(rows[i].want, got, rows[i].what);
		CHECK_EQ(strlen(got), len, rows[i].what);
	}
}

static void every_reason_has_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FLOW_DROPS; i++) {
		struct flow_conf conf = { .active = 1, .kind = FLOW_RTP };
		struct flow_state s = { .drops = { 0 } };
		struct flow_steer steer = { 0 };
		char got[WHY_TEXT_MAX];

		s.drops[i] = UINT32_MAX;
		assert_true(why_silent(got, &conf, &s, &steer, 10000) > 10);
	}
}

static void only_a_lasting_stranger_on_a_silent_strict_leg_is_told(void **state)
{
	static const struct {
		const char *what;
		uint8_t mode, kind;
		uint64_t last_ms, since_ms, at_ms;
		uint32_t rtp;
		bool want;
	} rows[] = {
		{ "two seconds of RTP", FLOW_GATE_STRICT, FLOW_RTP, 0, 7000,
		  9900, 100, true },
		{ "heard the party before", FLOW_GATE_STRICT, FLOW_RTP, 7000,
		  7000, 9900, 100, true },
		{ "hears the party", FLOW_GATE_STRICT, FLOW_RTP, 9000, 7000,
		  9900, 100, false },
		{ "one second only", FLOW_GATE_STRICT, FLOW_RTP, 0, 8900, 9900,
		  100, false },
		{ "is over", FLOW_GATE_STRICT, FLOW_RTP, 0, 1000, 7000, 100,
		  false },
		{ "no RTP", FLOW_GATE_STRICT, FLOW_RTP, 0, 7000, 9900, 0,
		  false },
		{ "open gate", FLOW_GATE_OFF, FLOW_RTP, 0, 7000, 9900, 100,
		  false },
		{ "RTCP", FLOW_GATE_STRICT, FLOW_RTCP, 0, 7000, 9900, 100,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flow_conf conf = {
			.active = 1,
			.gate_mode = rows[i].mode,
			.kind = rows[i].kind,
		};
		struct flow_endpoint who;
		struct flow_state s = {
			.last_ms = rows[i].last_ms,
			.stranger = stranger(),
			.stranger_rtp = rows[i].rtp,
			.stranger_since_ms = rows[i].since_ms,
			.stranger_ms = rows[i].at_ms,
		};

		CHECK_EQ(rows[i].want, pin_complaint(&who, &conf, &s, 10000),
			 rows[i].what);
	}
}

static void endpoints_are_printed_for_a_person(void **state)
{
	struct flow_endpoint four = stranger();
	struct flow_endpoint six = {
		.family = ADDR_IP6,
		.port = 65535,
		.bytes_be = { 0x20, 1, 0xd, 0xb8, [15] = 1 },
	};
	struct flow_endpoint none = { 0 };
	char text[ADDR_TEXT_MAX + 6];

	(void)state;
	why_format_endpoint(text, &four);
	assert_string_equal(text, "203.0.113.9:4000");
	why_format_endpoint(text, &six);
	assert_string_equal(text, "[2001:db8::1]:65535");
	why_format_endpoint(text, &none);
	assert_string_equal(text, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reason_is_told_in_one_sentence),
		cmocka_unit_test(every_reason_has_words),
		cmocka_unit_test(
			only_a_lasting_stranger_on_a_silent_strict_leg_is_told),
		cmocka_unit_test(endpoints_are_printed_for_a_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
