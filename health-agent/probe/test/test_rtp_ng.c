/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the relay is asked and answers; asked of rtp-pinner's own reader. */
#include "common/test/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/probe.h"
#include "health-agent/probe/rtp_ng.h"
#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/ng/message.h"

enum { WALL_S = 1764117821 };

static const uint8_t random_bytes[RTP_NG_RANDOM] = { 8, 7, 6, 5, 4, 3, 2, 1 };
static struct site site;
static struct site_node node = { .name = "fra1" };
static struct prober_conf conf = { .site = &site, .node = &node };
static struct rtp_ng *ng;
static struct ng_dict *dict;

static void set_target(const char *text)
{
	assert_int_equal(0, addr_parse(&conf.target, text, strlen(text)));
}

static int set_up(void **state)
{
	(void)state;
	set_target("198.51.100.11");
	assert_int_equal(0, secret_derive(&site.keys, slice_str("a secret of "
								"the tests")));
	assert_int_equal(0, ng_dict_new(&dict, 256, 1 << 14));
	assert_int_equal(0, rtp_ng_new(&ng, &conf));
	rtp_ng_renew(ng, random_bytes, WALL_S);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rtp_ng_free(ng);
	ng_dict_free(dict);
	return 0;
}

/* As the relay reads it. */
static struct ng_command command_of(const char *text, size_t len)
{
	struct slice cookie, body;
	struct ng_command command;
	enum ng_encoding encoding;
	const char *reason;

	assert_int_equal(0, ng_message_split(&cookie, &body,
					     slice_of(text, len)));
	assert_int_equal(0, ng_message_read(dict, &encoding, &reason, body));
	assert_int_equal(NG_JSON, encoding);
	assert_int_equal(0, ng_command_read(&command, &reason, dict));
	assert_int_equal(0, command.unknown_cnt);
	assert_int_equal(0, command.refused_cnt);
	return command;
}

static void check_text(const char *want, struct slice got)
{
	char text[512];

	snprintf(text, sizeof(text), "%.*s", (int)got.len, got.text);
	assert_string_equal(want, text);
}

#define SDP(family, addr, port)                                              \
	"v=0\r\no=anycast-health 1 1 IN " family " " addr                    \
	"\r\ns=health probe\r\nc=IN " family " " addr                        \
	"\r\nt=0 0\r\nm=audio " port " RTP/AVP 0\r\na=rtcp-mux\r\n"

static void a_call_is_offered_answered_and_deleted(void **state)
{
	char text[RTP_NG_MAX];
	struct ng_command c;

	(void)state;
	c = command_of(text, rtp_ng_offer(text, ng, 50000));
	assert_int_equal(NG_OFFER, c.verb);
	check_text("anycast-probe-0102030405060708", c.call_id);
	check_text("caller", c.from_tag);
	check_text("", c.to_tag);
	check_text("health probe", c.label);
	check_text(SDP("IP4", "198.51.100.11", "50000"), c.sdp);
	assert_int_equal(NG_F(NG_LOAD_LIMIT), c.flags);
	assert_int_equal(ADDR_IP4, c.address_family);
	assert_int_equal(NG_ICE_REMOVE, c.ice);

	c = command_of(text, rtp_ng_answer(text, ng, 50002));
	assert_int_equal(NG_ANSWER, c.verb);
	check_text("anycast-probe-0102030405060708", c.call_id);
	check_text("caller", c.from_tag);
	check_text("callee", c.to_tag);
	check_text(SDP("IP4", "198.51.100.11", "50002"), c.sdp);

	c = command_of(text, rtp_ng_delete(text, ng));
	assert_int_equal(NG_DELETE, c.verb);
	check_text("anycast-probe-0102030405060708", c.call_id);
	check_text("caller", c.from_tag);
	assert_int_equal(0, c.delete_delay_ms);
}

static void ip6_is_told_as_such(void **state)
{
	char text[RTP_NG_MAX];
	struct ng_command c;

	(void)state;
	set_target("2001:db8:1::11");
	c = command_of(text, rtp_ng_offer(text, ng, 1));
	check_text(SDP("IP6", "2001:db8:1::11", "1"), c.sdp);
	assert_int_equal(ADDR_IP6, c.address_family);
}

/* The relay judges it with the same secret, name, call and clock. */
static void it_is_signed_for_this_node_and_call(void **state)
{
	const char *const id = "anycast-probe-0102030405060708";
	char text[RTP_NG_MAX];
	struct ng_command c;
	struct site other = { .has_previous = false };

	(void)state;
	assert_int_equal(0, secret_derive(&other.keys,
					  slice_str("another secret than "
						    "ours")));
	c = command_of(text, rtp_ng_offer(text, ng, 50000));
	assert_int_equal(PROBE_VALID,
			 probe_check(c.probe, &site, slice_str("fra1"),
				     slice_str(id), WALL_S + 5));
	assert_int_equal(PROBE_STALE,
			 probe_check(c.probe, &site, slice_str("fra1"),
				     slice_str(id), WALL_S + 60));
	assert_int_equal(PROBE_OTHER_NODE,
			 probe_check(c.probe, &site, slice_str("ams1"),
				     slice_str(id), WALL_S));
	assert_int_equal(PROBE_FORGED,
			 probe_check(c.probe, &other, slice_str("fra1"),
				     slice_str(id), WALL_S));
	assert_int_equal(PROBE_FORGED,
			 probe_check(c.probe, &site, slice_str("fra1"),
				     slice_str("another call"), WALL_S));
}

#define GOOD_SDP "v=0\\r\\nc=IN IP4 198.51.100.11\\r\\nm=audio 30000 RTP/AVP 0\\r\\n"

static void answers_are_judged(void **state)
{
	static const struct {
		const char *body;	/* behind the cookie */
		enum rtp_ng_meaning want;
		const char *text;
	} rows[] = {
		{ "{\"result\":\"ok\",\"sdp\":\"" GOOD_SDP "\"}", RTP_NG_MEDIA,
		  "" },
		{ "d6:result2:ok3:sdp49:c=IN IP4 198.51.100.11\r\n"
		  "m=audio 30000 RTP/AVP 0\r\ne",
		  RTP_NG_MEDIA, "" },
		{ "{\"result\":\"load limit\",\"message\":\"Parallel session "
		  "limit reached\"}",
		  RTP_NG_FULL, "load limit: Parallel session limit reached" },
		{ "{\"result\":\"load limit\",\"message\":\"Ran out of "
		  "ports\"}",
		  RTP_NG_REFUSED, "load limit: Ran out of ports" },
		{ "{\"result\":\"load limit\"}", RTP_NG_REFUSED,
		  "load limit: " },
		{ "{\"result\":\"error\",\"error-reason\":\"Failed to parse "
		  "SDP\"}",
		  RTP_NG_REFUSED, "it says: Failed to parse SDP" },
		{ "{\"result\":\"error\",\"error-reason\":\"\\u001b[2J\\r\\nx"
		  "\"}",
		  RTP_NG_REFUSED, "it says: ?[2J??x" },
		{ "{}", RTP_NG_REFUSED, "it says: " },
		{ "{\"result\":\"ok\"}", RTP_NG_REFUSED,
		  "no audio in the SDP it returns" },
		{ "{\"result\":\"ok\",\"sdp\":1}", RTP_NG_REFUSED,
		  "no audio in the SDP it returns" },
		{ "{\"result\":\"ok\",\"sdp\":\"v=0\\r\\n\"}", RTP_NG_REFUSED,
		  "no audio in the SDP it returns" },
		{ "{\"result\":\"ok\"", RTP_NG_STRANGE, "" },
		{ "", RTP_NG_STRANGE, "" },
		{ "garbage", RTP_NG_STRANGE, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char asked[RTP_NG_MAX], datagram[512], text[PROBER_TEXT_MAX];
		struct addr media = { 0 };
		uint16_t port = 0;
		int len;

		rtp_ng_offer(asked, ng, 50000);
		len = snprintf(datagram, sizeof(datagram), "%.*s %s",
			       (int)strcspn(asked, " "), asked, rows[i].body);
		CHECK_EQ(rows[i].want,
			 rtp_ng_read(ng, text, &media, &port,
				     slice_of(datagram, (size_t)len)),
			 rows[i].body);
		CHECK_STR(rows[i].text, text, rows[i].body);
		CHECK_EQ(rows[i].want == RTP_NG_MEDIA ? 30000 : 0, port,
			 rows[i].body);
	}
}

/* Of the command before, or of another call. */
static void other_answers_are_strange(void **state)
{
	static const char good[] = "{\"result\":\"ok\",\"sdp\":\"" GOOD_SDP
				   "\"}";
	char offer[RTP_NG_MAX], answer[RTP_NG_MAX], datagram[512];
	char text[PROBER_TEXT_MAX];
	struct addr media;
	uint16_t port;
	int len;

	(void)state;
	rtp_ng_offer(offer, ng, 50000);
	rtp_ng_answer(answer, ng, 50002);
	offer[strcspn(offer, " ")] = '\0';
	answer[strcspn(answer, " ")] = '\0';
	assert_string_not_equal(offer, answer);
	len = snprintf(datagram, sizeof(datagram), "%s %s", offer, good);
	assert_int_equal(RTP_NG_STRANGE,
			 rtp_ng_read(ng, text, &media, &port,
				     slice_of(datagram, (size_t)len)));
	len = snprintf(datagram, sizeof(datagram), "%s %s", answer, good);
	assert_int_equal(RTP_NG_MEDIA,
			 rtp_ng_read(ng, text, &media, &port,
				     slice_of(datagram, (size_t)len)));
	len = snprintf(datagram, sizeof(datagram), "%s%s", answer, good);
	assert_int_equal(RTP_NG_STRANGE,
			 rtp_ng_read(ng, text, &media, &port,
				     slice_of(datagram, (size_t)len)));
}

static void the_first_audio_says_where(void **state)
{
	static const struct {
		const char *sdp, *want;	/* NULL: nothing usable */
		uint16_t port;
	} rows[] = {
		{ "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n",
		  "192.0.2.1", 4000 },
		{ "c=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0", "192.0.2.1",
		  4000 },
		{ "c=IN IP6 2001:db8::1\r\nm=audio 65535 RTP/AVP 0\r\n",
		  "2001:db8::1", 65535 },
		/* the one of the media wins, that of the next does not */
		{ "c=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n"
		  "c=IN IP4 192.0.2.2\r\nm=video 5000 RTP/AVP 9\r\n"
		  "c=IN IP4 192.0.2.3\r\n",
		  "192.0.2.2", 4000 },
		{ "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 192.0.2.2\r\n",
		  "192.0.2.2", 4000 },
		{ "c=IN IP4 192.0.2.1/127\r\nm=audio 4000 RTP/AVP 0\r\n",
		  "192.0.2.1", 4000 },
		{ "", NULL, 0 },
		{ "\r\n=\r\nx", NULL, 0 },
		{ "c=IN IP4 192.0.2.1\r\n", NULL, 0 },
		{ "m=audio 4000 RTP/AVP 0\r\n", NULL, 0 },
		{ "c=IN IP4 host.example\r\nm=audio 4000 RTP/AVP 0\r\n", NULL,
		  0 },
		{ "c=IN IP4\r\nm=audio 4000 RTP/AVP 0\r\n", NULL, 0 },
		{ "c=IN IP4 192.0.2.1\r\nm=audio 0 RTP/AVP 0\r\n", NULL, 0 },
		{ "c=IN IP4 192.0.2.1\r\nm=audio 65536 RTP/AVP 0\r\n", NULL,
		  0 },
		{ "c=IN IP4 192.0.2.1\r\nm=audio\r\n", NULL, 0 },
		{ "c=IN IP4 192.0.2.1\r\nm=video 4000 RTP/AVP 0\r\n", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[ADDR_TEXT_MAX];
		struct addr addr;
		uint16_t port;

		CHECK_EQ(rows[i].want ? 0 : EBADMSG,
			 rtp_ng_media(&addr, &port, slice_str(rows[i].sdp)),
			 rows[i].sdp);
		if (!rows[i].want)
			continue;
		addr_format(text, &addr);
		CHECK_STR(rows[i].want, text, rows[i].sdp);
		CHECK_EQ(rows[i].port, port, rows[i].sdp);
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STORY(a_call_is_offered_answered_and_deleted),
		STORY(ip6_is_told_as_such),
		STORY(it_is_signed_for_this_node_and_call),
		STORY(answers_are_judged),
		STORY(other_answers_are_strange),
		cmocka_unit_test(the_first_audio_says_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
