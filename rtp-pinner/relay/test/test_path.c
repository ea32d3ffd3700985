/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packets through the calls of small_table.h. */
#include "common/test/table.h"

#include "rtp-pinner/relay/path.h"
#include "rtp-pinner/relay/pin.h"
#include "rtp-pinner/relay/test/small_table.h"

#define RTP "\x80\x00\0\1\0\0\0\1\0\0\0\7payload"
#define RTCP "\x80\xc9\0\1\0\0\0\7"
#define COOKIE "\x21\x12\xa4\x42"
#define STUN(type, id) type "\0\0" COOKIE "0123456789" id
#define NOMINATE(id) "\0\1\0\4" COOKIE "0123456789" id "\0\x25\0\0"
#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define A "192.0.2.10:4000"
#define B "192.0.2.20:5000"

enum {
	NOW_US = 50000000,
	SENT = -1,
	UNOWNED = -2,
};

static struct small_table t;

static struct path_out out;

/* SENT, UNOWNED, or why it was dropped. */
static int send_at(uint16_t port, const char *from, const uint8_t *bytes,
		   size_t len, uint64_t ms)
{
	struct path_packet pkt = { .port = port, .from = source(from),
				   .bytes = bytes, .len = len };
	enum path_verdict verdict = path_packet(&out, &t.path, &pkt,
						NOW_US + ms * 1000);

	switch (verdict) {
	case PATH_SEND:
		path_sent(&t.path, &out, len);
		return SENT;
	case PATH_DROP:
		return (int)out.drop;
	default:
		return UNOWNED;
	}
}

static struct flow_conf *begin(uint16_t port)
{
	static struct flow_conf c;

	if (!flow_conf_read(&c, small_row(&t, port)))
		abort();
	return &c;
}

static void end(uint16_t port, const struct flow_conf *c)
{
	flow_conf_write(small_row(&t, port), c);
}

struct path_case {
	const char *name;
	uint16_t port;
	const char *from;
	const uint8_t *bytes;
	size_t len;
	int want;
	uint16_t port_out;
	const char *to;
	bool rtcp;
};

static const struct path_case path_cases[] = {
	{ "A to B", 30000, A, BYTES(RTP), SENT, 30002, B, false },
	{ "B to A", 30002, B, BYTES(RTP), SENT, 30000, A, false },
	{ "RTCP of A", 30001, "192.0.2.10:4001", BYTES(RTCP), SENT, 30003,
	  "192.0.2.20:5001", true },
	{ "C to D: IPv4 to IPv6", 30004, "192.0.2.30:6000", BYTES(RTP), SENT,
	  30006, "[2001:db8::40]:7000", false },
	{ "D to C", 30006, "[2001:db8::40]:7000", BYTES(RTP), SENT, 30004,
	  "192.0.2.30:6000", false },
	{ "RTCP of C leaves the mux", 30004, "192.0.2.30:6000", BYTES(RTCP),
	  SENT, 30007, "[2001:db8::40]:7001", true },
	{ "RTCP of D joins it", 30007, "[2001:db8::40]:7001", BYTES(RTCP), SENT,
	  30004, "192.0.2.30:6000", true },
	{ "T.38 is any datagram", 30008, "192.0.2.50:8000", BYTES("?"), SENT,
	  30010, "192.0.2.60:9000", false },
	{ "also one that looks like RTCP", 30008, "192.0.2.50:8000",
	  BYTES(RTCP), SENT, 30010, "192.0.2.60:9000", false },
	{ "or like STUN", 30008, "192.0.2.50:8000", BYTES(STUN("\0\1", "aa")),
	  SENT, 30010, "192.0.2.60:9000", false },
	{ "or is empty", 30008, "192.0.2.50:8000", BYTES(""), SENT, 30010,
	  "192.0.2.60:9000", false },
	{ "ZRTP", 30000, A, BYTES("\x10\0\0\0ZRTP\0\0\0\7"), SENT, 30002, B,
	  false },
	{ "a free port", 30012, A, BYTES(RTP), UNOWNED, 0, "-", false },
	{ "below the range", 29999, A, BYTES(RTP), UNOWNED, 0, "-", false },
	{ "above the range", 30016, A, BYTES(RTP), UNOWNED, 0, "-", false },
	{ "a stranger", 30000, B, BYTES(RTP), FLOW_DROP_STRANGER, 0, "-",
	  false },
	{ "IPv6 where the gate is IPv4", 30000, "[2001:db8::9]:1", BYTES(RTP),
	  FLOW_DROP_STRANGER, 0, "-", false },
	{ "nobody's port", 30000, "192.0.2.10:0", BYTES(RTP),
	  FLOW_DROP_NOT_MEDIA, 0, "-", false },
	{ "garbage", 30000, A, BYTES("garbage, garbage"), FLOW_DROP_NOT_MEDIA,
	  0, "-", false },
	{ "an empty packet", 30000, A, BYTES(""), FLOW_DROP_NOT_MEDIA, 0, "-",
	  false },
	{ "RTCP on an RTP port", 30000, A, BYTES(RTCP), FLOW_DROP_NOT_MEDIA, 0,
	  "-", false },
	{ "RTP on an RTCP port", 30001, "192.0.2.10:4001", BYTES(RTP),
	  FLOW_DROP_NOT_MEDIA, 0, "-", false },
	{ "DTLS without SRTP", 30000, A, BYTES("\x16\xfe\xff" RTP),
	  FLOW_DROP_NOT_MEDIA, 0, "-", false },
	{ "STUN without ICE", 30000, A, BYTES(STUN("\0\1", "aa")),
	  FLOW_DROP_STUN, 0, "-", false },
};

static void packets_go_where_their_row_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(path_cases); i++) {
		const struct path_case *c = &path_cases[i];
		struct flow_row *row = small_row(&t, c->port);

		small_init(&t);
		CHECK_EQ(c->want,
			 send_at(c->port, c->from, c->bytes, c->len, 0),
			 c->name);
		CHECK_EQ(c->port, out.port_in, c->name);
		CHECK_EQ(c->port_out, out.port_out, c->name);
		CHECK_STR(c->to, endpoint_text(&out.to), c->name);
		CHECK_EQ(c->rtcp, out.rtcp, c->name);
		if (c->want >= 0)
			CHECK_EQ(1, row->state.drops[c->want], c->name);
		if (c->want != SENT)
			continue;
		CHECK_EQ(46, out.dscp, c->name);
		CHECK_EQ(1, row->state.packets_in, c->name);
		CHECK_EQ(c->len, row->state.bytes_in, c->name);
		row = small_row(&t, c->port_out);
		CHECK_EQ(1, row->state.packets_out, c->name);
		CHECK_EQ(c->len, row->state.bytes_out, c->name);
	}
}

static void set_closed(struct flow_conf *c)
{
	c->active = 0;
}

static void set_other_thread(struct flow_conf *c)
{
	c->thread++;
}

static void set_other_call(struct flow_conf *c)
{
	c->call++;
}

static void set_no_sink(struct flow_conf *c)
{
	c->sink = 0;
}

static void set_itself_as_sink(struct flow_conf *c)
{
	c->sink = 30000;
}

static void set_sink_outside(struct flow_conf *c)
{
	c->sink = 9;
}

static void rows_that_lead_nowhere_get_nothing(void **state)
{
	static const struct {
		const char *name;
		int want;
		uint16_t port;	/* whose conf is other than usual */
		void (*set)(struct flow_conf *c);
	} rows[] = {
		{ "closed", UNOWNED, 30000, set_closed },
		{ "of another thread", UNOWNED, 30000, set_other_thread },
		{ "no sink", FLOW_DROP_NO_SINK, 30000, set_no_sink },
		{ "its own sink", FLOW_DROP_NO_SINK, 30000,
		  set_itself_as_sink },
		{ "sink outside", FLOW_DROP_NO_SINK, 30000, set_sink_outside },
		{ "sink closed", FLOW_DROP_NO_SINK, 30002, set_closed },
		{ "sink of another thread", FLOW_DROP_NO_SINK, 30002,
		  set_other_thread },
		{ "sink of another call", FLOW_DROP_NO_SINK, 30002,
		  set_other_call },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flow_conf *c;

		small_init(&t);
		c = begin(rows[i].port);
		rows[i].set(c);
		end(rows[i].port, c);
		CHECK_EQ(rows[i].want, send_at(30000, A, BYTES(RTP), 0),
			 rows[i].name);
	}
}

static void forbidden_targets_get_nothing(void **state)
{
	static const struct {
		const char *target;
		int want;
	} rows[] = {
		{ "-", FLOW_DROP_NO_TARGET },
		{ "192.0.2.20:0", FLOW_DROP_NO_TARGET },
		{ "0.0.0.0:5000", FLOW_DROP_FORBIDDEN },
		{ "[::]:5000", FLOW_DROP_FORBIDDEN },
		{ "239.1.1.1:5000", FLOW_DROP_FORBIDDEN },
		{ "[ff02::1]:5000", FLOW_DROP_FORBIDDEN },
		{ "255.255.255.255:5000", FLOW_DROP_FORBIDDEN },
		{ "[::ffff:192.0.2.20]:5000", FLOW_DROP_FORBIDDEN },
		{ "192.0.2.53:5060", FLOW_DROP_FORBIDDEN },	/* service */
		{ "192.0.2.1:30000", FLOW_DROP_FORBIDDEN },	/* this call */
		{ "192.0.2.1:30002", FLOW_DROP_FORBIDDEN },
		{ "192.0.2.1:30003", FLOW_DROP_FORBIDDEN },
		{ "[2001:db8::1]:30002", FLOW_DROP_FORBIDDEN },
		{ "192.0.2.1:30012", SENT },		/* of no call */
		{ "192.0.2.1:30008", SENT },		/* of another */
		{ "192.0.2.1:30016", SENT },		/* not ours */
		{ "192.0.2.20:30000", SENT },
		{ "192.0.2.1:5060", FLOW_DROP_FORBIDDEN },	/* our SIP */
		{ "[2001:db8::1]:5060", FLOW_DROP_FORBIDDEN },
		{ "192.0.2.1:53", FLOW_DROP_FORBIDDEN },
		{ "192.0.2.1:4000", SENT },	/* a media server beside us */
		{ "192.0.2.20:5060", SENT },
		{ "192.0.2.20:53", SENT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct flow_conf *c;

		small_init(&t);
		t.path.closed[0] = 5060;
		t.path.closed_cnt = 1;
		c = begin(30002);
		c->signalled = source(rows[i].target);
		end(30002, c);
		CHECK_EQ(rows[i].want, send_at(30000, A, BYTES(RTP), 0),
			 rows[i].target);
	}
}

static void no_media_address_of_a_family_is_no_way_to_it(void **state)
{
	(void)state;
	small_init(&t);
	t.path.media6 = (struct addr){ 0 };
	assert_int_equal(FLOW_DROP_NO_TARGET,
			 send_at(30004, "192.0.2.30:6000", BYTES(RTP), 0));
}

/* A calls through a B2BUA that leaves media alone: call 1's B is port 30004 of
 * call 2, whose C is port 30002 of call 1.
 */
static void calls_in_a_row_pass_but_not_in_a_circle(void **state)
{
	struct flow_conf *c;

	(void)state;
	small_init(&t);
	c = begin(30002);
	c->signalled = source("192.0.2.1:30004");
	c->gate[0] = endpoint("192.0.2.1");
	end(30002, c);
	c = begin(30004);
	c->signalled = source("192.0.2.1:30002");
	c->gate[0] = endpoint("192.0.2.1");
	end(30004, c);

	assert_int_equal(SENT, send_at(30000, A, BYTES(RTP), 0));
	assert_string_equal("192.0.2.1:30004", endpoint_text(&out.to));
	assert_int_equal(SENT, send_at(30004, "192.0.2.1:30002", BYTES(RTP),
				       1));
	assert_string_equal("[2001:db8::40]:7000", endpoint_text(&out.to));
	/* Ports of ours that SDP has not named are nobody's phone. */
	assert_int_equal(FLOW_DROP_OTHER_SOURCE,
			 send_at(30004, "192.0.2.1:30008", BYTES(RTP), 5000));

	/* D is told to be A: round and round it would go. */
	c = begin(30006);
	c->signalled = source("192.0.2.1:30000");
	end(30006, c);
	assert_int_equal(FLOW_DROP_FORBIDDEN,
			 send_at(30000, A, BYTES(RTP), 10));
}

static void a_latched_source_is_the_target_and_checked_as_such(void **state)
{
	struct flow_conf *c;

	(void)state;
	small_init(&t);
	assert_int_equal(SENT, send_at(30000, "192.0.2.10:9999", BYTES(RTP),
				       0));
	assert_int_equal(SENT, send_at(30002, B, BYTES(RTP), 1));
	assert_string_equal("192.0.2.10:9999", endpoint_text(&out.to));

	/* Without a gate a service address may speak, but is not answered. */
	small_init(&t);
	c = begin(30000);
	c->gate_mode = FLOW_GATE_OFF;
	end(30000, c);
	assert_int_equal(SENT, send_at(30000, "192.0.2.53:5060", BYTES(RTP),
				       0));
	assert_int_equal(FLOW_DROP_FORBIDDEN,
			 send_at(30002, B, BYTES(RTP), 1));
}

static void late_long_and_too_many_packets_are_dropped(void **state)
{
	struct path_packet pkt = { .port = 30000, .from = source(A),
				   .bytes = (const uint8_t *)RTP,
				   .len = sizeof(RTP) - 1 };
	struct flow_conf *c;

	(void)state;
	small_init(&t);
	t.path.began_us = NOW_US - 1000;
	pkt.age_us = PATH_AGE_MAX_US;
	assert_int_equal(PATH_SEND, path_packet(&out, &t.path, &pkt, NOW_US));
	pkt.age_us++;
	t.path.began_us = NOW_US - pkt.age_us;	/* it came to this run */
	assert_int_equal(PATH_SEND, path_packet(&out, &t.path, &pkt, NOW_US));
	t.path.began_us++;
	assert_int_equal(PATH_DROP, path_packet(&out, &t.path, &pkt, NOW_US));
	assert_int_equal(FLOW_DROP_OLD, out.drop);
	pkt.truncated = true;
	assert_int_equal(PATH_DROP, path_packet(&out, &t.path, &pkt, NOW_US));
	assert_int_equal(FLOW_DROP_TOO_BIG, out.drop);

	c = begin(30000);
	c->packet_rate_max = 2;
	end(30000, c);
	for (int i = 0; i < 5; i++)	/* strangers use up nothing */
		assert_int_equal(FLOW_DROP_STRANGER,
				 send_at(30000, B, BYTES(RTP), 0));
	assert_int_equal(SENT, send_at(30000, A, BYTES(RTP), 0));
	assert_int_equal(SENT, send_at(30000, A, BYTES(RTP), 0));
	assert_int_equal(FLOW_DROP_RATE, send_at(30000, A, BYTES(RTP), 999));
	assert_int_equal(SENT, send_at(30000, A, BYTES(RTP), 1000));
}

static void a_row_that_is_being_written_drops(void **state)
{
	(void)state;
	small_init(&t);
	small_row(&t, 30002)->conf.seq++;
	assert_int_equal(FLOW_DROP_BUSY, send_at(30000, A, BYTES(RTP), 0));
	small_row(&t, 30000)->conf.seq++;
	assert_int_equal(FLOW_DROP_BUSY, send_at(30000, A, BYTES(RTP), 0));
}

static void srtp_lets_dtls_pass_and_hides_its_rtcp(void **state)
{
	struct flow_conf *c;

	(void)state;
	small_init(&t);
	c = begin(30004);
	c->flags |= FLOW_F_SRTP;
	end(30004, c);
	assert_int_equal(SENT, send_at(30004, "192.0.2.30:6000",
				       BYTES("\x16\xfe\xff" RTP), 0));
	assert_int_equal(30006, out.port_out);
	assert_int_equal(SENT, send_at(30004, "192.0.2.30:6000", BYTES(RTCP),
				       1));
	assert_int_equal(30007, out.port_out);
	assert_false(out.rtcp);
}

static void ice_on_call_1(void)
{
	for (uint16_t port = 30000; port <= 30003; port++) {
		struct flow_conf *c = begin(port);

		c->flags |= FLOW_F_ICE;
		end(port, c);
	}
}

/* B is behind NAT: its SDP names an address nothing reaches, its gate the one
 * it is seen at.
 */
static void ice_checks_pass_end_to_end_and_nominate(void **state)
{
	const char *nat = "198.51.100.7:61000";
	struct flow_conf *c;

	(void)state;
	small_init(&t);
	ice_on_call_1();
	c = begin(30002);
	c->signalled = source("192.0.2.20:5000");
	c->gate[0] = endpoint("198.51.100.7");
	end(30002, c);

	/* A's check goes where SDP says; B's comes from its NAT. */
	assert_int_equal(SENT, send_at(30000, A, BYTES(STUN("\0\1", "a1")), 0));
	assert_string_equal(B, endpoint_text(&out.to));
	assert_int_equal(SENT, send_at(30002, nat, BYTES(STUN("\0\1", "b1")),
				       5));
	assert_string_equal(A, endpoint_text(&out.to));
	assert_int_equal(30000, out.port_out);

	/* A answers: that goes to B's source, and A's next check too. */
	assert_int_equal(SENT, send_at(30000, A, BYTES(STUN("\1\1", "b1")), 9));
	assert_string_equal(nat, endpoint_text(&out.to));
	assert_int_equal(SENT, send_at(30000, A, BYTES(NOMINATE("a2")), 10));
	assert_string_equal(nat, endpoint_text(&out.to));
	assert_false(small_row(&t, 30000)->state.latched);

	/* An answer to nothing, by anybody, is dropped. */
	assert_int_equal(FLOW_DROP_STUN,
			 send_at(30002, nat, BYTES(STUN("\1\1", "xx")), 11));
	assert_int_equal(FLOW_DROP_STRANGER,
			 send_at(30002, B, BYTES(STUN("\1\1", "a2")), 11));
	/* A refusal is passed on, but nominates nobody. */
	assert_int_equal(SENT, send_at(30002, nat, BYTES(STUN("\1\x11", "a2")),
				       12));
	assert_false(small_row(&t, 30000)->state.latched);

	assert_int_equal(SENT, send_at(30002, nat, BYTES(STUN("\1\1", "a2")),
				       13));
	assert_string_equal(A, endpoint_text(&out.to));
	assert_true(small_row(&t, 30000)->state.latched);
	assert_true(small_row(&t, 30002)->state.latched);

	/* Media and later checks follow. */
	assert_int_equal(SENT, send_at(30000, A, BYTES(RTP), 20));
	assert_string_equal(nat, endpoint_text(&out.to));
	assert_int_equal(FLOW_DROP_OTHER_SOURCE,
			 send_at(30000, "192.0.2.10:9", BYTES(RTP), 30));
	assert_int_equal(SENT, send_at(30000, A, BYTES(STUN("\0\x11", "ii")),
				       40));
	assert_int_equal(30002, out.port_out);
}

/* The copies of all calls share a ring: no port may fill it. */
static void rtcp_beyond_measure_is_relayed_but_not_copied(void **state)
{
	const char *a = "192.0.2.10:4001";
	int copied = 0;

	(void)state;
	small_init(&t);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(SENT, send_at(30001, a, BYTES(RTCP), 0));
		copied += out.rtcp;
		assert_true(out.rtcp_over == !out.rtcp);
	}
	assert_int_equal(PATH_COPIES_MAX, copied);
	assert_int_equal(SENT, send_at(30001, a, BYTES(RTCP), 999));
	assert_false(out.rtcp);
	assert_int_equal(SENT, send_at(30001, a, BYTES(RTCP), 1000));
	assert_true(out.rtcp);
}

/* Who shares the gate (a NAT, or everybody where it is off) but is not heard
 * must not use up the rate of who is.
 */
static void others_do_not_use_up_the_rate(void **state)
{
	const char *other = "192.0.2.10:9";
	struct flow_conf *c;

	(void)state;
	small_init(&t);
	ice_on_call_1();
	c = begin(30000);
	c->packet_rate_max = 3;
	end(30000, c);
	assert_int_equal(SENT, send_at(30002, B, BYTES(NOMINATE("b1")), 0));
	assert_int_equal(SENT, send_at(30000, A, BYTES(STUN("\1\1", "b1")), 0));
	assert_true(small_row(&t, 30000)->state.latched);

	for (int i = 0; i < 5; i++) {
		assert_int_equal(FLOW_DROP_OTHER_SOURCE,
				 send_at(30000, other, BYTES(RTP), 1));
		assert_int_equal(FLOW_DROP_NOT_MEDIA,
				 send_at(30000, other, BYTES("garbage"), 1));
		/* A's answer came before the latch: it was the first */
		assert_int_equal(i < 2 ? SENT : FLOW_DROP_RATE,
				 send_at(30000, other,
					 BYTES(STUN("\0\x11", "ii")), 1));
	}
	assert_int_equal(SENT, send_at(30000, A, BYTES(RTP), 2));
	assert_int_equal(SENT, send_at(30000, A, BYTES(STUN("\0\1", "a1")), 2));
	assert_int_equal(SENT, send_at(30000, A, BYTES(RTP), 2));
	assert_int_equal(FLOW_DROP_RATE, send_at(30000, A, BYTES(RTP), 2));
	assert_int_equal(FLOW_DROP_RATE,
			 send_at(30000, A, BYTES(STUN("\0\1", "a2")), 2));
}

static void ice_answers_cross_from_mux_to_rtcp_port(void **state)
{
	struct flow_conf *c;

	(void)state;
	small_init(&t);
	for (uint16_t port = 30004; port <= 30007; port++) {
		if (port == 30005)
			continue;
		c = begin(port);
		c->flags |= FLOW_F_ICE;
		end(port, c);
	}
	assert_int_equal(SENT, send_at(30007, "[2001:db8::40]:7001",
				       BYTES(STUN("\0\1", "d1")), 0));
	assert_string_equal("192.0.2.30:6000", endpoint_text(&out.to));
	assert_int_equal(SENT, send_at(30004, "192.0.2.30:6000",
				       BYTES(STUN("\1\1", "d1")), 1));
	assert_int_equal(30007, out.port_out);
	assert_string_equal("[2001:db8::40]:7001", endpoint_text(&out.to));
}

static void only_whole_binding_messages_are_stun(void **state)
{
	static const struct {
		const char *name;
		const uint8_t *bytes;
		size_t len;
	} rows[] = {
		{ "TURN allocate", BYTES(STUN("\0\3", "aa")) },
		{ "trailing byte", BYTES(STUN("\0\1", "aa") "!") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		small_init(&t);
		ice_on_call_1();
		CHECK_EQ(FLOW_DROP_STUN, send_at(30000, A, rows[i].bytes,
						 rows[i].len, 0),
			 rows[i].name);
	}
}

static void a_reopened_port_begins_anew(void **state)
{
	struct flow_conf *c;

	(void)state;
	small_init(&t);
	assert_int_equal(SENT, send_at(30000, "192.0.2.10:9", BYTES(RTP), 0));
	c = begin(30000);
	c->generation++;
	end(30000, c);
	/* Already as a target it is the new one. */
	assert_int_equal(SENT, send_at(30002, B, BYTES(RTP), 1));
	assert_string_equal(A, endpoint_text(&out.to));
	assert_int_equal(0, small_row(&t, 30000)->state.packets_in);
}

static void strangers_rtp_is_remembered_for_the_complaint(void **state)
{
	struct flow_endpoint who;
	struct flow_row *row;
	struct flow_conf c;

	(void)state;
	small_init(&t);
	row = small_row(&t, 30000);
	for (uint64_t ms = 0; ms <= 2000; ms += 20) {
		send_at(30000, "203.0.113.5:7", BYTES(RTP), ms);
		send_at(30000, "203.0.113.6:7", BYTES("scan"), ms);
	}
	assert_true(flow_conf_read(&c, row));
	assert_true(pin_complaint(&who, &c, &row->state, NOW_US / 1000 + 2000));
	assert_string_equal("203.0.113.5:7", endpoint_text(&who));
	assert_int_equal(202, row->state.drops[FLOW_DROP_STRANGER]);
	assert_int_equal(0, row->state.packets_in);
}

static void what_became_of_a_packet_is_counted(void **state)
{
	(void)state;
	small_init(&t);
	assert_int_equal(SENT, send_at(30000, A, BYTES(RTP), 0));
	path_refused(&t.path, &out);
	path_icmp_error(&t.path, 30002);
	path_icmp_error(&t.path, 1);
	assert_int_equal(1, small_row(&t, 30000)->state.drops[FLOW_DROP_SEND]);
	assert_int_equal(1, small_row(&t, 30002)->state.errors);
	assert_int_equal(1, small_row(&t, 30000)->state.sources[0].received);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_go_where_their_row_says),
		cmocka_unit_test(rows_that_lead_nowhere_get_nothing),
		cmocka_unit_test(forbidden_targets_get_nothing),
		cmocka_unit_test(no_media_address_of_a_family_is_no_way_to_it),
		cmocka_unit_test(calls_in_a_row_pass_but_not_in_a_circle),
		cmocka_unit_test(
			a_latched_source_is_the_target_and_checked_as_such),
		cmocka_unit_test(late_long_and_too_many_packets_are_dropped),
		cmocka_unit_test(a_row_that_is_being_written_drops),
		cmocka_unit_test(srtp_lets_dtls_pass_and_hides_its_rtcp),
		cmocka_unit_test(ice_checks_pass_end_to_end_and_nominate),
		cmocka_unit_test(rtcp_beyond_measure_is_relayed_but_not_copied),
		cmocka_unit_test(others_do_not_use_up_the_rate),
		cmocka_unit_test(ice_answers_cross_from_mux_to_rtcp_port),
		cmocka_unit_test(only_whole_binding_messages_are_stun),
		cmocka_unit_test(a_reopened_port_begins_anew),
		cmocka_unit_test(strangers_rtp_is_remembered_for_the_complaint),
		cmocka_unit_test(what_became_of_a_packet_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
