/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/append.h"

#include <errno.h>

#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/ng/ngjson.h"
#include "rtp-pinner/ng/test/one_dict.h"

/* A delete has the fewest keys it must have. */
static int read_with(struct ng_command *out, const char *json)
{
	const char *reason;
	char text[1024];

	snprintf(text, sizeof(text),
		 "{\"command\":\"delete\",\"call-id\":\"c\",%s}", json);
	CHECK_EQ(0, ngjson_read(dict, slice_str(text)), json);
	return ng_command_read(out, &reason, dict);
}

static void each_verb_must_have_its_keys(void **state)
{
	static const struct {
		const char *json, *reason;	/* NULL: fine */
	} rows[] = {
		{ "{}", "Dictionary contains no key \"command\"" },
		{ "{\"command\":1}", "Dictionary contains no key \"command\"" },
		{ "{\"command\":\"\"}", "Unrecognized command" },
		{ "{\"command\":\"start recording\"}",
		  "Unrecognized command" },
		{ "{\"command\":\"ping\"}", NULL },
		{ "{\"command\":\"list\"}", NULL },
		{ "{\"command\":\"statistics\"}", NULL },
		{ "{\"command\":\"drain\"}", NULL },
		{ "{\"command\":\"undrain\"}", NULL },
		{ "{\"command\":\"node-info\"}", NULL },
		{ "{\"command\":\"delete\"}", "No call-id in message" },
		{ "{\"command\":\"query\"}", "No call-id in message" },
		{ "{\"command\":\"query\",\"call-id\":\"c\"}", NULL },
		{ "{\"command\":\"offer\",\"call-id\":\"c\"}",
		  "No SDP body in message" },
		{ "{\"command\":\"offer\",\"sdp\":\"v\"}",
		  "No call-id in message" },
		{ "{\"command\":\"offer\",\"sdp\":\"\",\"call-id\":\"c\"}",
		  "No from-tag in message" },
		{ "{\"command\":\"offer\",\"sdp\":\"v\",\"call-id\":\"c\","
		  "\"from-tag\":\"f\"}",
		  NULL },
		{ "{\"command\":\"answer\",\"sdp\":\"v\",\"call-id\":\"c\","
		  "\"from-tag\":\"f\"}",
		  "No to-tag in message" },
		{ "{\"command\":\"answer\",\"sdp\":\"v\",\"call-id\":\"c\","
		  "\"from-tag\":\"f\",\"to-tag\":\"t\"}",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ng_command c;
		const char *reason;

		CHECK_EQ(0, ngjson_read(dict, slice_str(rows[i].json)),
			 rows[i].json);
		CHECK_EQ(rows[i].reason ? EBADMSG : 0,
			 ng_command_read(&c, &reason, dict), rows[i].json);
		if (rows[i].reason)
			CHECK_STR(rows[i].reason, reason, rows[i].json);
	}
}

static void flags_are_read_in_every_spelling(void **state)
{
	static const struct {
		const char *json;
		uint64_t want;
		unsigned unknown, refused;
	} rows[] = {
		{ "\"flags\":[\"strict-source\"]", NG_F(NG_STRICT_SOURCE), 0,
		  0 },
		{ "\"flags\":[\"strict source\",\"Strict_Source\"]",
		  NG_F(NG_STRICT_SOURCE), 0, 0 },
		{ "\"flags\":\"strict source\"", NG_F(NG_STRICT_SOURCE), 0, 0 },
		{ "\"flags\":\"strict-source, media handover\"",
		  NG_F(NG_STRICT_SOURCE) | NG_F(NG_MEDIA_HANDOVER), 0, 0 },
		{ "\"flags\":\"strict-source reset\"", NG_F(NG_STRICT_SOURCE),
		  0, 0 },
		{ "\"flags\":[\"no-other-relay\"]", NG_F(NG_NO_OTHER_RELAY), 0,
		  0 },
		{ "\"flags\":\"\"", 0, 0, 0 },
		{ "\"flags\":\",,\"", 0, 0, 0 },
		{ "\"flags\":[\"what\"]", 0, 1, 0 },
		{ "\"flags\":\"what is this\"", 0, 3, 0 },
		{ "\"flags\":[1,[\"reset\"]]", 0, 2, 0 },
		{ "\"flags\":7", 0, 1, 0 },
		{ "\"flags\":[\"symmetric\",\"asymmetric\"]",
		  NG_F(NG_ASYMMETRIC), 0, 0 },
		{ "\"flags\":[\"trust-address\",\"SIP-source-address\"]",
		  NG_F(NG_SIP_SOURCE_ADDRESS), 0, 0 },
		{ "\"flags\":[\"port-latching\",\"no-port-latching\"]",
		  NG_F(NG_NO_PORT_LATCHING), 0, 0 },
		{ "\"flags\":[\"replace-origin\",\"rtcp-mux-demux\"]",
		  NG_F(NG_REPLACE_ORIGIN) | NG_F(NG_RTCP_MUX_DEMUX), 0, 0 },
		{ "\"flags\":[\"replace-everything\"]", 0, 1, 0 },
		{ "\"flags\":[\"record-call\",\"SDES-off\","
		  "\"codec-strip-PCMU\",\"transcode-opus\",\"generate-mid\"]",
		  0, 0, 5 },
		{ "\"flags\":[\"early-media\",\"loop-protect\",\"all\"]", 0, 0,
		  0 },
		{ "\"replace\":[\"origin\",\"session connection\"]",
		  NG_F(NG_REPLACE_ORIGIN) |
			  NG_F(NG_REPLACE_SESSION_CONNECTION),
		  0, 0 },
		{ "\"replace\":\"origin,username,session-name\"",
		  NG_F(NG_REPLACE_ORIGIN), 0, 2 },
		{ "\"RTCP mux\":[\"require\"]",
		  NG_F(NG_RTCP_MUX_OFFER) | NG_F(NG_RTCP_MUX_REQUIRE), 0, 0 },
		{ "\"rtcp-mux\":\"accept\"", NG_F(NG_RTCP_MUX_ACCEPT), 0, 0 },
		{ "\"supports\":[\"load limit\",\"x\"]", NG_F(NG_LOAD_LIMIT),
		  1, 0 },
		{ "\"SDES\":[\"off\"],\"DTLS\":\"off\",\"codec\":{},"
		  "\"T.38\":[\"force\"],\"ptime\":20",
		  0, 0, 5 },
		{ "\"nonsense\":1,\"call-id\":7", 0, 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ng_command c;

		read_with(&c, rows[i].json);
		CHECK_EQ(rows[i].want, c.flags, rows[i].json);
		CHECK_EQ(rows[i].unknown, c.unknown_cnt, rows[i].json);
		CHECK_EQ(rows[i].refused, c.refused_cnt, rows[i].json);
	}
}

static void received_from_comes_in_every_shape(void **state)
{
	static const struct {
		const char *json, *want;
		unsigned unknown;
	} rows[] = {
		{ "\"x\":0", "", 1 },
		{ "\"received-from\":[\"IP4\",\"192.0.2.1\"]", "192.0.2.1", 0 },
		{ "\"received from\":\"192.0.2.1\"", "192.0.2.1", 0 },
		{ "\"received-from\":\"IP6 2001:db8::1\"", "2001:db8::1", 0 },
		{ "\"received-from\":\"[2001:db8::1]\"", "2001:db8::1", 0 },
		{ "\"received-from\":[\"IP6\",\"::ffff:192.0.2.1\"]",
		  "192.0.2.1", 0 },
		{ "\"received-from\":[\"IP4\",\"not-one\"]", "", 1 },
		{ "\"received-from\":[\"?\",\"192.0.2.1\"]", "192.0.2.1", 1 },
		{ "\"received-from\":[]", "", 0 },
		{ "\"received-from\":\"192.0.2.1\","
		  "\"received_from\":[\"IP4\",\"192.0.2.9\"]",
		  "192.0.2.1", 0 },
		{ "\"received-from\":[\"IP4\",\"192.0.2.9\"],"
		  "\"received_from\":\"192.0.2.1\"",
		  "192.0.2.1", 0 },
		{ "\"received-from\":[\"IP4\",\"192.0.2.9\"],"
		  "\"received_from\":\"nonsense\"",
		  "", 1 },
		{ "\"received-from\":[\"IP4\",\"192.0.2.9\"],"
		  "\"received_from\":[\"IP4\",\"192.0.2.1\"]",
		  "192.0.2.1", 0 },
		{ "\"rtpp-flags\":\"received-from=192.0.2.1\"", "192.0.2.1",
		  0 },
		{ "\"rtpp-flags\":\"received-from=[IP6 2001:db8::1] reset\"",
		  "2001:db8::1", 0 },
		{ "\"rtpp-flags\":\"received-from=[2001:db8::1]\"",
		  "2001:db8::1", 0 },
		{ "\"rtpp-flags\":\"received-from=192.0.2.1\","
		  "\"received-from\":[\"IP4\",\"192.0.2.9\"]",
		  "192.0.2.1", 0 },
		{ "\"received-from\":\"192.0.2.1,192.0.2.2,192.0.2.1,"
		  "192.0.2.3,192.0.2.4,192.0.2.5\"",
		  "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4", 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ng_command c;
		char got[NG_RECEIVED_MAX * ADDR_TEXT_MAX] = "";

		read_with(&c, rows[i].json);
		for (size_t a = 0; a < c.received_cnt; a++) {
			char text[ADDR_TEXT_MAX];

			addr_format(text, &c.received[a]);
			append(got, sizeof(got), "%s%s", a ? " " : "", text);
		}
		CHECK_STR(rows[i].want, got, rows[i].json);
		CHECK_EQ(rows[i].unknown, c.unknown_cnt, rows[i].json);
	}
}

static void a_gate_is_named_or_a_prefix(void **state)
{
	static const struct {
		const char *json;
		enum ng_gate gate;
		size_t prefixes;
		unsigned first_len, unknown;
	} rows[] = {
		{ "\"gate\":\"strict\"", NG_GATE_STRICT, 0, 0, 0 },
		{ "\"gate\":\"learn\"", NG_GATE_LEARN, 0, 0, 0 },
		{ "\"gate\":[\"off\"]", NG_GATE_OFF, 0, 0, 0 },
		{ "\"gate\":\"192.0.2.0/24\"", NG_GATE_PREFIX, 1, 24, 0 },
		{ "\"gate\":\"192.0.2.7\"", NG_GATE_PREFIX, 1, 32, 0 },
		{ "\"gate\":\"2001:db8::/32\"", NG_GATE_PREFIX, 1, 32, 0 },
		{ "\"gate\":[\"192.0.2.0/24\",\"198.51.100.0/24\"]",
		  NG_GATE_PREFIX, 2, 24, 0 },
		{ "\"gate\":\"192.0.2.0/24\",\"gate \":1", NG_GATE_PREFIX, 1,
		  24, 1 },
		{ "\"gate\":\"prefix\",\"gate-prefix\":\"192.0.2.0/25,"
		  "198.51.100.0/24\"",
		  NG_GATE_PREFIX, 2, 25, 0 },
		{ "\"gate_prefix\":\"192.0.2.0/0\"", NG_GATE_PREFIX, 1, 0, 0 },
		{ "\"gate\":\"prefix\"", NG_GATE_STRICT, 0, 0, 1 },
		{ "\"gate\":\"prefix\",\"gate-prefix\":\"192.0.2.0/33\"",
		  NG_GATE_STRICT, 0, 0, 2 },
		{ "\"gate\":\"of\"", NG_GATE_UNSET, 0, 0, 1 },
		{ "\"gate\":\"2001:db8::/129\"", NG_GATE_UNSET, 0, 0, 1 },
		{ "\"rtpp-flags\":\"gate=learn\"", NG_GATE_LEARN, 0, 0, 0 },
		{ "\"rtpp-flags\":\"gate=[192.0.2.0/24 2001:db8::/32] fast\"",
		  NG_GATE_PREFIX, 2, 24, 0 },
		{ "\"gate\":\"1.0.0.0/8,2.0.0.0/8,3.0.0.0/8,4.0.0.0/8,"
		  "5.0.0.0/8,6.0.0.0/8,7.0.0.0/8,8.0.0.0/8,9.0.0.0/8\"",
		  NG_GATE_PREFIX, 8, 8, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ng_command c;

		CHECK_EQ(0, read_with(&c, rows[i].json), rows[i].json);
		CHECK_EQ(rows[i].gate, c.gate, rows[i].json);
		CHECK_EQ(rows[i].prefixes, c.gate_prefix_cnt, rows[i].json);
		if (c.gate_prefix_cnt)
			CHECK_EQ(rows[i].first_len, c.gate_prefixes[0].len,
				 rows[i].json);
		CHECK_EQ(rows[i].unknown, c.unknown_cnt, rows[i].json);
	}
}

static void numbers_are_integers_or_text(void **state)
{
	static const struct {
		const char *json;
		int tos;
		int64_t delay_ms;
		unsigned limit, unknown;
	} rows[] = {
		{ "\"TOS\":184", 184, -1, 0, 0 },
		{ "\"tos\":\"184\"", 184, -1, 0, 0 },
		{ "\"TOS\":0", 0, -1, 0, 0 },
		{ "\"TOS\":256", -1, -1, 0, 1 },
		{ "\"TOS\":-1", -1, -1, 0, 1 },
		{ "\"TOS\":[]", -1, -1, 0, 1 },
		{ "\"TOS\":\"EF\"", -1, -1, 0, 1 },
		{ "\"delete-delay\":3", -1, 3000, 0, 0 },
		{ "\"delete delay\":\"0\"", -1, 0, 0, 0 },
		{ "\"delete_delay\":-1", -1, -1, 0, 0 },
		{ "\"delete_delay\":\"-1\"", -1, -1, 0, 0 },
		{ "\"delete delay\":0,\"delete-delay\":\"5\"", -1, 5000, 0, 0 },
		{ "\"delete delay\":99999999999", -1, -1, 0, 1 },
		{ "\"delete delay\":\"\"", -1, -1, 0, 1 },
		{ "\"delete delay\":\"-\"", -1, -1, 0, 1 },
		{ "\"limit\":32", -1, -1, 32, 0 },
		{ "\"limit\":\"7\"", -1, -1, 7, 0 },
		{ "\"limit\":0", -1, -1, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ng_command c;

		CHECK_EQ(0, read_with(&c, rows[i].json), rows[i].json);
		CHECK_EQ(rows[i].tos, c.tos, rows[i].json);
		CHECK_EQ(rows[i].delay_ms, c.delete_delay_ms, rows[i].json);
		CHECK_EQ(rows[i].limit, c.limit, rows[i].json);
		CHECK_EQ(rows[i].unknown, c.unknown_cnt, rows[i].json);
	}
}

static void the_other_keys_have_few_values(void **state)
{
	static const struct {
		const char *json;
		enum ng_ice ice;
		unsigned family;
		enum ng_message_type type;
		const char *media, *transport;
		unsigned unknown, refused;
	} rows[] = {
		{ "\"ICE\":\"remove\"", NG_ICE_REMOVE, 0, 0, "-", "", 0, 0 },
		{ "\"ice\":[\"force\"]", NG_ICE_FORCE, 0, 0, "-", "", 0, 0 },
		{ "\"ICE\":\"default\"", NG_ICE_DEFAULT, 0, 0, "-", "", 0, 0 },
		{ "\"ICE\":\"force_relay\"", NG_ICE_PASS, 0, 0, "-", "", 0, 0 },
		{ "\"ICE\":\"optional,lite-both\"", NG_ICE_PASS, 0, 0, "-", "",
		  0, 1 },
		{ "\"ICE\":\"melt\"", NG_ICE_UNSET, 0, 0, "-", "", 1, 0 },
		{ "\"address family\":\"IP6\"", 0, 6, 0, "-", "", 0, 0 },
		{ "\"address-family\":\"ip4\"", 0, 4, 0, "-", "", 0, 0 },
		{ "\"address-family\":\"IP5\"", 0, 0, 0, "-", "", 1, 0 },
		{ "\"media-address\":\"192.0.2.1\"", 0, 0, 0, "192.0.2.1", "",
		  0, 0 },
		{ "\"media address\":\"[2001:db8::1]\"", 0, 0, 0,
		  "2001:db8::1", "", 0, 0 },
		/* or it would be no service address to whoever compares */
		{ "\"media-address\":\"::ffff:192.0.2.1\"", 0, 0, 0,
		  "192.0.2.1", "", 0, 0 },
		{ "\"media-address\":\"host\"", 0, 0, 0, "-", "", 1, 0 },
		{ "\"rtpp-flags\":\"media-address=[2001:db8::1]\"", 0, 0, 0,
		  "2001:db8::1", "", 0, 0 },
		{ "\"sip-message-type\":\"sip_request\"", 0, 0, NG_SIP_REQUEST,
		  "-", "", 0, 0 },
		{ "\"sip message type\":\"SIP-reply\"", 0, 0, NG_SIP_REPLY,
		  "-", "", 0, 0 },
		{ "\"sip-message-type\":\"x\"", 0, 0, 0, "-", "", 1, 0 },
		{ "\"transport protocol\":\"RTP/SAVPF\"", 0, 0, 0, "-",
		  "RTP/SAVPF", 0, 0 },
		{ "\"rtpp-flags\":\"SRTP AVPF\"", 0, 0, 0, "-", "RTP/SAVPF", 0,
		  0 },
		{ "\"rtpp-flags\":\"RTP/SAVPF RTP AVP\"", 0, 0, 0, "-",
		  "RTP/AVP", 0, 0 },
		{ "\"rtpp-flags\":\"DTLS\"", 0, 0, 0, "-", "UDP/TLS/RTP/SAVP",
		  0, 0 },
		{ "\"rtpp-flags\":\"UDP/TLS/RTP/SAVPF\"", 0, 0, 0, "-",
		  "UDP/TLS/RTP/SAVPF", 0, 0 },
		{ "\"direction\":[\"ext\",\"int\"]", 0, 0, 0, "-", "", 0, 0 },
		{ "\"direction\":\"ext\"", 0, 0, 0, "-", "", 0, 0 },
		{ "\"rtpp-flags\":\"direction=ext internal external\"", 0, 0,
		  0, "-", "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char media[ADDR_TEXT_MAX];
		struct ng_command c;

		CHECK_EQ(0, read_with(&c, rows[i].json), rows[i].json);
		CHECK_EQ(rows[i].ice, c.ice, rows[i].json);
		CHECK_EQ(rows[i].family, c.address_family, rows[i].json);
		CHECK_EQ(rows[i].type, c.message_type, rows[i].json);
		addr_format(media, &c.media_address);
		CHECK_STR(rows[i].media, media, rows[i].json);
		CHECK(slice_equal(slice_str(rows[i].transport),
				  c.transport_protocol),
		      rows[i].json);
		CHECK_EQ(rows[i].unknown, c.unknown_cnt, rows[i].json);
		CHECK_EQ(rows[i].refused, c.refused_cnt, rows[i].json);
	}
}

static void rtpp_flags_are_split_as_kamailio_writes_them(void **state)
{
	static const struct {
		const char *flags;
		uint64_t want;
		const char *to_tag, *label;
		unsigned unknown, refused;
	} rows[] = {
		{ "", 0, "", "", 0, 0 },
		{ "   ", 0, "", "", 0, 0 },
		{ "  fatal   symmetric ", NG_F(NG_FATAL) | NG_F(NG_SYMMETRIC),
		  "", "", 0, 0 },
		{ "to-tag", 0, "t", "", 0, 0 },
		{ "to-tag=other", 0, "other", "", 0, 0 },
		{ "label=x label=y", 0, "", "y", 0, 0 },
		{ "label=", 0, "", "", 0, 0 },
		{ "replace=origin replace-username", NG_F(NG_REPLACE_ORIGIN),
		  "", "", 0, 1 },
		{ "flags=[fatal symmetric]",
		  NG_F(NG_FATAL) | NG_F(NG_SYMMETRIC), "", "", 0, 0 },
		{ "flags=[ fatal ] symmetric",
		  NG_F(NG_FATAL) | NG_F(NG_SYMMETRIC), "", "", 0, 0 },
		{ "codec=[strip=[PCMU PCMA]] fatal", NG_F(NG_FATAL), "", "", 1,
		  0 },
		{ "flags=[fatal symmetric", NG_F(NG_SYMMETRIC), "", "", 1, 0 },
		{ "=x y=z what", 0, "", "", 3, 0 },
		{ "rtpp-flags=fatal", 0, "", "", 1, 0 },
		{ "via-branch=auto", 0, "", "", 0, 0 },
		{ "]] [[ fatal", NG_F(NG_FATAL), "", "", 2, 0 },
		/* brackets that do not close cost a look at all the rest */
		{ "x=[ x=[ x=[ flags=[fatal symmetric]",
		  NG_F(NG_FATAL) | NG_F(NG_SYMMETRIC), "", "", 3, 0 },
		{ "x=[ x=[ x=[ x=[ flags=[fatal symmetric]", 0, "", "", 6, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ng_command c;
		char json[256];

		snprintf(json, sizeof(json),
			 "\"to-tag\":\"t\",\"rtpp-flags\":\"%s\"",
			 rows[i].flags);
		CHECK_EQ(0, read_with(&c, json), json);
		CHECK_EQ(rows[i].want, c.flags, json);
		CHECK(slice_equal(slice_str(rows[i].to_tag), c.to_tag), json);
		CHECK(slice_equal(slice_str(rows[i].label), c.label), json);
		CHECK_EQ(rows[i].unknown, c.unknown_cnt, json);
		CHECK_EQ(rows[i].refused, c.refused_cnt, json);
		CHECK(!c.via_branch.len, json);
	}
}

/* Whether it is one is for who has the key to say. */
static void a_probe_is_only_said_to_be_one(void **state)
{
	static const char *const spellings[] = {
		"\"anycast-probe\":\"a 1 x\"",
		"\"anycast probe\":\"a 1 x\"",
		"\"anycast_probe\":\"\",\"Anycast-Probe\":\"a 1 x\"",
	};
	struct ng_command c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		CHECK_EQ(0, read_with(&c, spellings[i]), spellings[i]);
		CHECK(slice_equal(slice_str("a 1 x"), c.probe), spellings[i]);
		CHECK(!c.is_probe, spellings[i]);
		CHECK_EQ(0, c.unknown_cnt, spellings[i]);
	}
	CHECK_EQ(0, read_with(&c, "\"anycast-probe\":1"), "a number");
	CHECK(!c.probe.text, "a number");
	CHECK_EQ(1, c.unknown_cnt, "a number");
}

static void every_verb_and_flag_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NG_VERBS; i++)
		assert_string_not_equal(ng_verb_name(i), "?");
	assert_string_equal(ng_verb_name(NG_VERBS), "?");
	for (unsigned i = 0; i < NG_FLAGS; i++)
		assert_string_not_equal(ng_flag_name(i), "?");
	assert_string_equal(ng_flag_name(NG_FLAGS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verb_must_have_its_keys),
		cmocka_unit_test(flags_are_read_in_every_spelling),
		cmocka_unit_test(received_from_comes_in_every_shape),
		cmocka_unit_test(a_gate_is_named_or_a_prefix),
		cmocka_unit_test(numbers_are_integers_or_text),
		cmocka_unit_test(the_other_keys_have_few_values),
		cmocka_unit_test(rtpp_flags_are_split_as_kamailio_writes_them),
		cmocka_unit_test(a_probe_is_only_said_to_be_one),
		cmocka_unit_test(every_verb_and_flag_has_a_name),
	};

	return cmocka_run_group_tests(tests, dict_setup, dict_teardown);
}
