/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What passes a relay and what does not, the same table for both backends. */
#include "rtp-pinner/relay/test/bed.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "common/clock.h"
#include "rtp-pinner/relay/rawip.h"
#include "rtp-pinner/relay/sock.h"

static const char *media_of(const char *phone)
{
	return strchr(phone, ':') ? MEDIA6 : MEDIA4;
}

/* One packet is heard, as it was sent, from the media address. */
static void heard_as_sent(int from, const char *from_addr, uint16_t port_in,
			  int to, const char *to_addr, uint16_t port_out,
			  const uint8_t *bytes, size_t len)
{
	struct heard h;

	phone_send(from, media_of(from_addr), port_in, bytes, len);
	phone_hear(&h, to, to_addr);
	CHECK_EQ(len, h.len, to_addr);
	CHECK(!memcmp(bytes, h.bytes, len), to_addr);
	CHECK_STR(media_of(to_addr), h.from, to_addr);
	CHECK_EQ(port_out, h.port, to_addr);
}

static void alice_to_bob(const struct talk *t, const uint8_t *bytes, size_t len)
{
	heard_as_sent(t->alice, t->call.alice, t->call.port_a, t->bob,
		      t->call.bob, t->call.port_b, bytes, len);
}

static void bob_to_alice(const struct talk *t, const uint8_t *bytes, size_t len)
{
	heard_as_sent(t->bob, t->call.bob, t->call.port_b, t->alice,
		      t->call.alice, t->call.port_a, bytes, len);
}

static void a_call_is_relayed_both_ways(void **state)
{
	static const struct {
		const char *alice, *bob;
	} rows[] = {
		{ ALICE4, BOB4 },
		{ ALICE6, BOB6 },
		{ ALICE4, BOB6 },
		{ ALICE6, BOB4 },
	};
	struct bed *b = *state;

	bed_start(b);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct talk t = talk_of(rows[i].alice, rows[i].bob);
		uint8_t rtp[173];	/* odd: the checksum pads it */

		bed_open(b, &t.call);
		for (uint16_t seq = 0; seq < 5; seq++) {
			make_rtp(rtp, sizeof(rtp) - seq, seq, 1);
			alice_to_bob(&t, rtp, sizeof(rtp) - seq);
			make_rtp(rtp, sizeof(rtp) - seq, seq, 2);
			bob_to_alice(&t, rtp, sizeof(rtp) - seq);
		}
		UNTIL(bed_state(b, PORT_B).packets_out == 5, rows[i].bob);
		CHECK_EQ(5, bed_state(b, PORT_A).packets_in, rows[i].alice);
		CHECK_EQ(5 * 171, bed_state(b, PORT_A).bytes_in,
			 rows[i].alice);
		CHECK_EQ(5 * 171, bed_state(b, PORT_B).bytes_out, rows[i].bob);
		relay_close(b->relay, PORT_A);
		relay_close(b->relay, PORT_B);
		talk_end(&t);
	}
	UNTIL(bed_totals(b).packets_out == 40, "totals");
	assert_int_equal(bed_totals(b).packets_in, 40);
	assert_int_equal(bed_totals(b).bytes_out, 40 * 171);
}

struct copies {
	size_t cnt;
	uint16_t port;
	size_t len;
	uint8_t bytes[RELAY_RTCP_MAX];
};

static void copy_rtcp(void *arg, uint16_t port, uint64_t at_ms,
		      const uint8_t *bytes, size_t len)
{
	struct copies *c = arg;

	assert_in_range(at_ms, clock_ms() - BED_WAIT_MS, clock_ms());
	c->cnt++;
	c->port = port;
	c->len = len;
	memcpy(c->bytes, bytes, len);
}

/* RTCP on its own ports: 20002 and 20003, beside 20000 and 20001. */
static void rtcp_has_its_ports_and_control_a_copy(void **state)
{
	struct bed *b = *state;
	struct copies copies = { 0 };
	uint8_t rtcp[28], rtp[40];
	struct talk t;

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	t.call.port_a += 2;
	t.call.port_b += 2;
	t.call.a.kind = t.call.b.kind = FLOW_RTCP;
	t.call.a.sink_rtcp = t.call.port_b;
	t.call.b.sink_rtcp = t.call.port_a;
	t.call.a.sink = t.call.b.sink = 0;
	bed_open(b, &t.call);

	make_rtcp(rtcp, sizeof(rtcp), 7);
	alice_to_bob(&t, rtcp, sizeof(rtcp));
	UNTIL((copies.cnt += relay_take_rtcp(b->relay, 9, copy_rtcp, &copies)),
	      "a copy");
	assert_int_equal(copies.cnt, 2);	/* counted there and here */
	assert_int_equal(copies.port, t.call.port_a);
	assert_int_equal(copies.len, sizeof(rtcp));
	assert_memory_equal(copies.bytes, rtcp, sizeof(rtcp));
	assert_int_equal(relay_take_rtcp(b->relay, 9, copy_rtcp, &copies), 0);

	make_rtp(rtp, sizeof(rtp), 1, 1);
	phone_send(t.alice, MEDIA4, t.call.port_a, rtp, sizeof(rtp));
	UNTIL(bed_totals(b).drops[FLOW_DROP_NOT_MEDIA] == 1, "RTP there");
	phone_is_idle(t.bob, "RTP at the RTCP port");
}

static void muxed_rtcp_shares_the_port(void **state)
{
	struct bed *b = *state;
	struct copies copies = { 0 };
	uint8_t rtcp[28], rtp[40];
	struct talk t;

	bed_start(b);
	t = talk_of(ALICE6, BOB4);
	t.call.a.flags = t.call.b.flags = FLOW_F_RTCP_MUX;
	t.call.a.sink_rtcp = t.call.a.sink;
	t.call.b.sink_rtcp = t.call.b.sink;
	bed_open(b, &t.call);
	make_rtp(rtp, sizeof(rtp), 1, 1);
	make_rtcp(rtcp, sizeof(rtcp), 1);
	alice_to_bob(&t, rtp, sizeof(rtp));
	alice_to_bob(&t, rtcp, sizeof(rtcp));
	bob_to_alice(&t, rtcp, sizeof(rtcp));
	bob_to_alice(&t, rtp, sizeof(rtp));
	UNTIL(bed_totals(b).packets_out == 4, "totals");
	assert_int_equal(relay_take_rtcp(b->relay, 9, copy_rtcp, &copies), 2);
}

/* Silence both ways, and whoever is named hears and is heard as before. */
static void a_stranger_gets_nothing(void **state)
{
	struct bed *b = *state;
	uint8_t rtp[60];
	struct talk t;
	int strangers[2];

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	strangers[0] = phone_open(STRANGER4, 6000);
	strangers[1] = phone_open(STRANGER6, 6000);
	bed_open(b, &t.call);
	for (uint16_t i = 0; i < 50; i++) {
		make_rtp(rtp, sizeof(rtp), i, 1);
		phone_send(strangers[0], MEDIA4, PORT_A, rtp, sizeof(rtp));
		phone_send(strangers[0], MEDIA4, PORT_B, rtp, sizeof(rtp));
		phone_send(strangers[1], MEDIA6, PORT_A, rtp, sizeof(rtp));
		phone_send(strangers[1], MEDIA6, PORT_B, rtp, sizeof(rtp));
	}
	make_rtp(rtp, sizeof(rtp), 100, 1);
	alice_to_bob(&t, rtp, sizeof(rtp));	/* the first each hears */
	bob_to_alice(&t, rtp, sizeof(rtp));
	phone_is_idle(t.alice, "alice");
	phone_is_idle(t.bob, "bob");
	phone_is_idle(strangers[0], "the stranger");
	phone_is_idle(strangers[1], "the IPv6 stranger");

	UNTIL(bed_totals(b).drops[FLOW_DROP_STRANGER] +
	      bed_totals(b).gate_drops == 200, "drops");
	/* some reach the thread, which can say who it is */
	assert_true(bed_state(b, PORT_A).drops[FLOW_DROP_STRANGER] > 0);
	assert_true(bed_state(b, PORT_A).stranger_rtp > 0);
	if (b->kind == RELAY_RANGE) {
		assert_true(bed_totals(b).gate_drops > 190);
		assert_true(relay_row(b->relay, PORT_B)->steer.stopped > 90);
	}
}

/* Prefixes widen the gate; learn and off let the thread decide. */
static void the_gate_is_what_its_row_says(void **state)
{
	static const struct {
		const char *name, *entry;
		uint8_t prefix_len, mode;
		const char *from;
		bool passes;
	} rows[] = {
		{ "4 host", "127.0.1.1", 32, FLOW_GATE_STRICT, ALICE4, true },
		{ "4 neighbour", "127.0.1.0", 32, FLOW_GATE_STRICT, ALICE4,
		  false },
		{ "4 in /24", "127.0.1.0", 24, FLOW_GATE_STRICT, ALICE4, true },
		{ "4 not in /24", "127.0.0.0", 24, FLOW_GATE_STRICT, ALICE4,
		  false },
		{ "4 in /23", "127.0.0.0", 23, FLOW_GATE_STRICT, ALICE4, true },
		{ "4 any", "0.0.0.0", 0, FLOW_GATE_STRICT, ALICE4, true },
		{ "6 is not 4", "::", 0, FLOW_GATE_STRICT, ALICE4, false },
		{ "4 is not 6", "0.0.0.0", 0, FLOW_GATE_STRICT, ALICE6, false },
		{ "6 host", ALICE6, 128, FLOW_GATE_STRICT, ALICE6, true },
		{ "6 neighbour", "2001:db8:1::3", 128, FLOW_GATE_STRICT, ALICE6,
		  false },
		{ "6 in /64", "2001:db8:1::", 64, FLOW_GATE_STRICT, ALICE6,
		  true },
		{ "6 in /47", "2001:db8::", 47, FLOW_GATE_STRICT, ALICE6,
		  true },
		{ "6 not in /48", "2001:db8::", 48, FLOW_GATE_STRICT, ALICE6,
		  false },
		{ "learn", "192.0.2.1", 32, FLOW_GATE_LEARN, ALICE4, true },
		{ "off", "192.0.2.1", 32, FLOW_GATE_OFF, ALICE6, true },
	};
	struct bed *b = *state;

	bed_start(b);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *name = rows[i].name;
		struct talk t = talk_of(rows[i].from, BOB4);
		struct heard h;
		uint8_t rtp[60], mark[60];

		t.call.a.gate_mode = rows[i].mode;
		t.call.a.gate[0] = bed_endpoint(rows[i].entry, 0);
		t.call.a.gate[0].prefix_len = rows[i].prefix_len;
		/* the last entry counts as the first does */
		t.call.a.gate[FLOW_GATE_MAX - 1] = t.call.a.gate[0];
		for (size_t k = 0; k + 1 < FLOW_GATE_MAX; k++) {
			t.call.a.gate[k] = bed_endpoint("192.0.2.9", 0);
			t.call.a.gate[k].prefix_len = 32;
		}
		t.call.a.gate_cnt = FLOW_GATE_MAX;
		bed_open(b, &t.call);

		make_rtp(rtp, sizeof(rtp), 1, 1);
		phone_send(t.alice, media_of(rows[i].from), PORT_A, rtp,
			   sizeof(rtp));
		if (rows[i].passes) {
			phone_hear(&h, t.bob, name);
			CHECK(!memcmp(rtp, h.bytes, sizeof(rtp)), name);
		} else {
			uint64_t before = bed_totals(b).packets_in;

			/* bob's own packet proves that alice's had its turn */
			make_rtp(mark, sizeof(mark), 2, 2);
			phone_send(t.bob, MEDIA4, PORT_B, mark, sizeof(mark));
			UNTIL(bed_totals(b).packets_in == before + 1, name);
			phone_is_idle(t.bob, name);
		}
		relay_close(b->relay, PORT_A);
		relay_close(b->relay, PORT_B);
		talk_end(&t);
	}
}

/* Not so with sockets: nothing of ours is there, and the kernel answers. */
static void a_free_port_is_silent(void **state)
{
	struct bed *b = *state;
	int stranger4, stranger6;
	uint8_t rtp[60];
	struct talk t;

	bed_start(b);
	t = talk_of(ALICE4, BOB4);
	bed_open(b, &t.call);
	stranger4 = phone_open(STRANGER4, 6000);
	stranger6 = phone_open(STRANGER6, 6000);
	make_rtp(rtp, sizeof(rtp), 1, 1);
	for (uint16_t port = BED_PORT_MIN; port <= BED_PORT_MAX; port++) {
		phone_send(stranger4, MEDIA4, port, rtp, sizeof(rtp));
		phone_send(stranger6, MEDIA6, port, rtp, sizeof(rtp));
	}
	alice_to_bob(&t, rtp, sizeof(rtp));
	phone_is_idle(stranger4, "the stranger");
	phone_is_idle(stranger6, "the IPv6 stranger");
	/* two ports are open, 98 are not */
	UNTIL(bed_totals(b).unowned - bed_totals(b).gate_drops == 2 * 98,
	      "unowned");

	/* and a port that has been closed is as free as any */
	relay_close(b->relay, PORT_A);
	phone_send(t.alice, MEDIA4, PORT_A, rtp, sizeof(rtp));
	UNTIL(bed_totals(b).unowned - bed_totals(b).gate_drops == 2 * 98 + 1,
	      "a closed port");
	phone_is_idle(t.alice, "alice");
	phone_is_idle(t.bob, "bob");
}

/* Others' ports and addresses are left alone, whoever asks. */
static void only_the_range_is_taken(void **state)
{
	struct bed *b = *state;
	int other = phone_open(BOB4, BED_PORT_MIN);
	int below = phone_open(MEDIA4, BED_PORT_MIN - 1);
	int above = phone_open(MEDIA6, BED_PORT_MAX + 1);
	int sender4, sender6;
	struct heard h;

	bed_start(b);
	sender4 = phone_open(ALICE4, 5000);
	sender6 = phone_open(ALICE6, 5000);
	phone_send(sender4, BOB4, BED_PORT_MIN, "1", 1);
	phone_send(sender4, MEDIA4, BED_PORT_MIN - 1, "22", 2);
	phone_send(sender6, MEDIA6, BED_PORT_MAX + 1, "333", 3);
	phone_hear(&h, other, "another address");
	assert_int_equal(h.len, 1);
	phone_hear(&h, below, "below the range");
	assert_int_equal(h.len, 2);
	phone_hear(&h, above, "above the range");
	assert_int_equal(h.len, 3);
}

static void packets_carry_the_code_point(void **state)
{
	static const struct {
		const char *alice, *bob;
		uint8_t dscp_a, dscp_b;	/* of what leaves towards each */
	} rows[] = {
		{ ALICE4, BOB4, 46, 46 },
		{ ALICE6, BOB6, 46, 0 },
		{ ALICE4, BOB6, 34, 8 },
		{ ALICE6, BOB4, 63, 46 },
	};
	struct bed *b = *state;

	bed_start(b);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct talk t = talk_of(rows[i].alice, rows[i].bob);
		struct heard h;
		uint8_t rtp[60];

		t.call.a.dscp = rows[i].dscp_a;
		t.call.b.dscp = rows[i].dscp_b;
		bed_open(b, &t.call);
		make_rtp(rtp, sizeof(rtp), 1, 1);
		phone_send(t.alice, media_of(rows[i].alice), PORT_A, rtp,
			   sizeof(rtp));
		phone_hear(&h, t.bob, rows[i].bob);
		CHECK_EQ(rows[i].dscp_b << 2, h.tos, rows[i].bob);
		phone_send(t.bob, media_of(rows[i].bob), PORT_B, rtp,
			   sizeof(rtp));
		phone_hear(&h, t.alice, rows[i].alice);
		CHECK_EQ(rows[i].dscp_a << 2, h.tos, rows[i].alice);

		/* a re-INVITE may change it */
		t.call.b.dscp = 18;
		relay_set(b->relay, PORT_B, &t.call.b);
		phone_send(t.alice, media_of(rows[i].alice), PORT_A, rtp,
			   sizeof(rtp));
		phone_hear(&h, t.bob, rows[i].bob);
		CHECK_EQ(18 << 2, h.tos, rows[i].bob);
		relay_close(b->relay, PORT_A);
		relay_close(b->relay, PORT_B);
		talk_end(&t);
	}
}

/* lo has an MTU of 1500: 1472 bytes fit as IPv4, 1452 as IPv6. */
static void big_packets_are_fragmented(void **state)
{
	static const struct {
		const char *alice, *bob;
		size_t len;
	} rows[] = {
		{ ALICE4, BOB4, 1472 },
		{ ALICE4, BOB4, 1473 },
		{ ALICE4, BOB6, 1452 },
		{ ALICE4, BOB6, 1453 },
		{ ALICE4, BOB6, 1472 },
		{ ALICE4, BOB4, 2048 },
		{ ALICE6, BOB6, 2048 },
		{ ALICE6, BOB4, 2047 },
	};
	struct bed *b = *state;

	bed_start(b);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct talk t = talk_of(rows[i].alice, rows[i].bob);
		uint8_t rtp[2049];

		bed_open(b, &t.call);
		make_rtp(rtp, sizeof(rtp), 1, 1);
		alice_to_bob(&t, rtp, rows[i].len);
		alice_to_bob(&t, rtp, 60);

		phone_send(t.alice, media_of(rows[i].alice), PORT_A, rtp,
			   sizeof(rtp));
		UNTIL(bed_state(b, PORT_A).drops[FLOW_DROP_TOO_BIG] == 1,
		      "2049 bytes");
		phone_is_idle(t.bob, "2049 bytes");
		relay_close(b->relay, PORT_A);
		relay_close(b->relay, PORT_B);
		talk_end(&t);
	}
}

static void an_icmp_error_is_counted_at_its_port(void **state)
{
	static const struct {
		const char *alice, *bob;
	} rows[] = {
		{ ALICE4, BOB4 },
		{ ALICE4, BOB6 },
	};
	struct bed *b = *state;

	bed_start(b);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct talk t = talk_of(rows[i].alice, rows[i].bob);
		uint8_t rtp[60];

		bed_open(b, &t.call);
		make_rtp(rtp, sizeof(rtp), 1, 1);
		phone_close(t.bob);
		phone_send(t.alice, media_of(rows[i].alice), PORT_A, rtp,
			   sizeof(rtp));
		UNTIL(bed_state(b, PORT_B).errors == 1, rows[i].bob);
		CHECK_EQ(0, bed_state(b, PORT_A).errors, rows[i].alice);
		CHECK_EQ(i + 1, bed_totals(b).icmp_errors, rows[i].bob);

		/* bob is back, and hears the very next packet */
		t.bob = phone_open(rows[i].bob, BOB_PORT);
		alice_to_bob(&t, rtp, sizeof(rtp));
		relay_close(b->relay, PORT_A);
		relay_close(b->relay, PORT_B);
		talk_end(&t);
	}
}

/* Port unreachable, about a packet of PORT_B that nobody sent. */
static void *forge_icmp(void *arg)
{
	uint8_t icmp[8 + 20 + 8] = { 3, 3, [8] = 0x45, [17] = IPPROTO_UDP,
				     [28] = PORT_B >> 8, [29] = PORT_B & 0xff };
	struct addr media = bed_addr(MEDIA4), stranger = bed_addr(STRANGER4);
	struct flow_endpoint to = { .family = 4 };
	union sock_addr name;
	socklen_t len;
	uint16_t check;
	int fd;

	memcpy(to.bytes_be, media.bytes_be, 4);
	memcpy(icmp + 20, media.bytes_be, 4);
	memcpy(icmp + 24, stranger.bytes_be, 4);
	check = rawip_checksum(0, icmp, sizeof(icmp));
	memcpy(icmp + 2, &check, sizeof(check));
	len = sock_address(&name, &to);
	if (sock_open(&fd, &stranger, 0, SOCK_RAW, IPPROTO_ICMP, 0))
		return NULL;
	while (!__atomic_load_n((bool *)arg, __ATOMIC_RELAXED))
		sendto(fd, icmp, sizeof(icmp), 0, &name.sa, len);
	close(fd);
	return NULL;
}

/* Anybody can send those: they shall cost no packet. */
static void forged_icmp_errors_silence_nobody(void **state)
{
	struct bed *b = *state;
	bool stop = false;
	pthread_t forgers[2];
	struct talk t;
	uint8_t rtp[60];
	int heard = 0;

	bed_start(b);
	t = talk_of(ALICE4, BOB4);
	bed_open(b, &t.call);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&forgers[i], NULL, forge_icmp,
						&stop), 0);
	for (int i = 0; i < 2000 && heard == i; i++) {
		struct pollfd p = { .fd = t.bob, .events = POLLIN };
		struct heard h;

		make_rtp(rtp, sizeof(rtp), (uint16_t)i, 1);
		phone_send(t.alice, MEDIA4, PORT_A, rtp, sizeof(rtp));
		if (poll(&p, 1, BED_WAIT_MS) != 1)
			break;
		phone_hear(&h, t.bob, "bob");
		heard++;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(forgers[i], NULL);
	assert_int_equal(heard, 2000);
	assert_true(bed_totals(b).icmp_errors > 0);
}

/* Calls side by side; one of them has a target no route leads to.  The packets
 * wait before the threads start, so that they come in one batch.
 */
static void a_bad_target_stops_nobody_else(void **state)
{
	struct bed *b = *state;
	uint16_t bad = PORT_A + 20;
	uint8_t rtp[60];
	struct talk t;
	struct bed_call lost;
	int lonely;

	bed_make(b);
	t = talk_of(ALICE4, BOB4);
	lost = bed_call(bad, ALICE4, 5000, "198.51.100.1", 5000);
	lonely = phone_open(ALICE4, 5000);
	bed_open(b, &t.call);
	bed_open(b, &lost);
	for (uint16_t i = 0; i < 64; i++) {
		make_rtp(rtp, sizeof(rtp), i, 1);
		if (i % 8 == 5)
			phone_send(lonely, MEDIA4, bad, rtp, sizeof(rtp));
		else
			phone_send(t.alice, MEDIA4, PORT_A, rtp, sizeof(rtp));
	}
	assert_int_equal(relay_start(b->relay), 0);
	for (uint16_t i = 0; i < 64; i++) {
		struct heard h;

		if (i % 8 == 5)
			continue;
		phone_hear(&h, t.bob, "bob");
		assert_int_equal(h.bytes[3], i);
	}
	UNTIL(bed_state(b, bad).drops[FLOW_DROP_SEND] == 8, "refused");
	assert_int_equal(bed_state(b, bad + 1).packets_out, 0);
	assert_int_equal(bed_totals(b).drops[FLOW_DROP_SEND], 8);
	UNTIL(bed_state(b, PORT_B).packets_out == 56, "relayed");
}

/* A call per thread, each relayed by its own. */
static void every_thread_relays(void **state)
{
	struct bed *b = *state;

	b->conf.threads = 3;
	bed_start(b);
	assert_int_equal(relay_threads(b->relay), 3);
	for (uint8_t i = 0; i < 3; i++) {
		uint16_t first = (uint16_t)(PORT_A + 10 * i);
		struct talk t = talk_of(ALICE4, BOB6);
		uint8_t rtp[60];

		t.call = bed_call(first, ALICE4, ALICE_PORT, BOB6, BOB_PORT);
		t.call.a.thread = t.call.b.thread = i;
		bed_open(b, &t.call);
		make_rtp(rtp, sizeof(rtp), 1, i);
		alice_to_bob(&t, rtp, sizeof(rtp));
		bob_to_alice(&t, rtp, sizeof(rtp));
		relay_close(b->relay, first);
		relay_close(b->relay, first + 1);
		talk_end(&t);
	}
	UNTIL(bed_totals(b).packets_out == 6, "totals");
}

/* Both families are not always there. */
static void one_family_is_enough(void **state)
{
	struct bed *b = *state;

	for (int i = 0; i < 2; i++) {
		const char *alice = i ? ALICE6 : ALICE4;
		const char *bob = i ? BOB6 : BOB4;
		struct talk t;
		uint8_t rtp[60];

		b->conf.media4 = i ? (struct addr){ 0 } : bed_addr(MEDIA4);
		b->conf.media6 = i ? bed_addr(MEDIA6) : (struct addr){ 0 };
		bed_start(b);
		t = talk_of(alice, bob);
		bed_open(b, &t.call);
		make_rtp(rtp, sizeof(rtp), 1, 1);
		alice_to_bob(&t, rtp, sizeof(rtp));
		bob_to_alice(&t, rtp, sizeof(rtp));
		relay_close(b->relay, PORT_A);
		relay_close(b->relay, PORT_B);
		talk_end(&t);
		bed_stop(b);
		bed_forget(b);
		bed_unlink(b, "rows");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_call_is_relayed_both_ways),
		BOTH(rtcp_has_its_ports_and_control_a_copy),
		BOTH(muxed_rtcp_shares_the_port),
		BOTH(a_stranger_gets_nothing),
		BOTH(the_gate_is_what_its_row_says),
		RANGE(a_free_port_is_silent),
		BOTH(only_the_range_is_taken),
		BOTH(packets_carry_the_code_point),
		BOTH(big_packets_are_fragmented),
		BOTH(an_icmp_error_is_counted_at_its_port),
		BOTH(forged_icmp_errors_silence_nobody),
		BOTH(a_bad_target_stops_nobody_else),
		BOTH(every_thread_relays),
		BOTH(one_family_is_enough),
	};
	int skipped = bed_enter();

	if (skipped)
		return skipped;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
