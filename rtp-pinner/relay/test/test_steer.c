/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steering program by itself, run by the kernel on made-up lookups. */
#include "rtp-pinner/relay/test/bed.h"

#include <bpf/bpf.h>
#include <netinet/in.h>
#include <unistd.h>

#include "rtp-pinner/relay/flow_access.h"
#include "rtp-pinner/relay/flow_table.h"
#include "rtp-pinner/relay/sock.h"
#include "rtp-pinner/relay/steer.h"

enum {
	OPEN = BED_PORT_MIN,	/* alice's, both families */
	OTHERS = OPEN + 1,	/* bob's, of a thread that is not there */
	LEARNING = OPEN + 2,
	CHANGING = OPEN + 3,	/* its conf is being written */
	CLOSED = OPEN + 4,
	RATE = 5,
	NOT_STEERED = 0,	/* the answers: sockets, or left alone */
	TO_THREAD = 1,
	TO_SINK = 2,
};

struct rig {
	struct relay_conf conf;
	struct steer *steer;
	struct flow_table rows;
	int fds[2];		/* thread 0, sink */
	uint64_t cookies[2];
};

static struct rig rig;

static void open_socket(int index, uint32_t key)
{
	socklen_t len = sizeof(rig.cookies[index]);

	assert_int_equal(sock_open(&rig.fds[index], &rig.conf.media4,
				   BED_PORT_MIN, SOCK_DGRAM, 0,
				   SOCK_F_REUSEPORT | SOCK_F_DUAL_STACK), 0);
	assert_int_equal(getsockopt(rig.fds[index], SOL_SOCKET, SO_COOKIE,
				    &rig.cookies[index], &len), 0);
	assert_int_equal(steer_set_socket(rig.steer, key, rig.fds[index]), 0);
}

static struct flow_conf row_of(const char *const *gate, uint8_t cnt)
{
	struct flow_conf c = { .active = 1, .gate_cnt = cnt };

	for (uint8_t i = 0; i < cnt; i++) {
		c.gate[i] = bed_endpoint(gate[i], 0);
		c.gate[i].prefix_len = c.gate[i].family == 6 ? 128 : 32;
	}
	return c;
}

static void write_row(uint16_t port, const struct flow_conf *c)
{
	flow_conf_write(flow_table_find(&rig.rows, port), c);
}

static int set_up(void **state)
{
	static const char *const alice[] = { ALICE4, ALICE6 };
	struct flow_conf c;

	(void)state;
	rig.conf = (struct relay_conf){
		.port_min = BED_PORT_MIN,
		.port_max = BED_PORT_MAX,
		.threads = 1,
		.media4 = bed_addr(MEDIA4),
		.media6 = bed_addr(MEDIA6),
	};
	assert_int_equal(steer_new(&rig.steer, &rig.conf, -1,
				   (uint32_t)flow_table_needed(&rig.conf)), 0);
	assert_int_equal(flow_table_map(&rig.rows, steer_rows_fd(rig.steer),
					&rig.conf), 0);
	open_socket(0, 0);
	open_socket(1, STEER_SINK);

	c = row_of(alice, 2);
	write_row(OPEN, &c);
	c.thread = 5;
	write_row(OTHERS, &c);
	c.thread = 0;
	c.gate_cnt = 0;
	c.gate_mode = FLOW_GATE_LEARN;
	write_row(LEARNING, &c);
	c.gate_mode = FLOW_GATE_STRICT;
	write_row(CHANGING, &c);
	rig.rows.row[CHANGING - BED_PORT_MIN].conf.seq |= 1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	flow_table_unmap(&rig.rows);
	steer_free(rig.steer);
	close(rig.fds[0]);
	close(rig.fds[1]);
	return 0;
}

static void fill(uint32_t *ip4, uint32_t *ip6, const char *text)
{
	struct addr a = bed_addr(text);

	memcpy(a.family == ADDR_IP4 ? ip4 : ip6, a.bytes_be,
	       a.family == ADDR_IP4 ? 4 : 16);
}

/* Which socket a packet goes to; errno ENOTSUP where the kernel cannot say. */
static int look_up(uint32_t protocol, const char *from, const char *to,
		   uint16_t port)
{
	struct bpf_sk_lookup ctx = {
		.family = strchr(to, ':') ? AF_INET6 : AF_INET,
		.protocol = protocol,
		.local_port = port,
		.remote_port = htons(4000),
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .ctx_out = &ctx,
		    .ctx_size_out = sizeof(ctx));
	int err;

	fill(&ctx.remote_ip4, ctx.remote_ip6, from);
	fill(&ctx.local_ip4, ctx.local_ip6, to);
	err = bpf_prog_test_run_opts(steer_program_fd(rig.steer), &opts);
	if (err)
		return err;
	assert_int_equal(opts.retval, 1);	/* SK_PASS */
	for (int i = 0; i < 2; i++)
		if (ctx.cookie == rig.cookies[i])
			return i + 1;
	return NOT_STEERED;
}

static void packets_are_steered_by_row_and_gate(void **state)
{
	static const struct {
		const char *name, *from, *to;
		uint16_t port;
		uint8_t protocol;
		int want;
	} rows[] = {
		{ "alice", ALICE4, MEDIA4, OPEN, IPPROTO_UDP, TO_THREAD },
		{ "alice 6", ALICE6, MEDIA6, OPEN, IPPROTO_UDP, TO_THREAD },
		{ "bob", BOB4, MEDIA4, CLOSED, IPPROTO_UDP, TO_SINK },
		{ "last port", ALICE4, MEDIA4, BED_PORT_MAX, IPPROTO_UDP,
		  TO_SINK },
		{ "below", ALICE4, MEDIA4, BED_PORT_MIN - 1, IPPROTO_UDP,
		  NOT_STEERED },
		{ "above", ALICE4, MEDIA4, BED_PORT_MAX + 1, IPPROTO_UDP,
		  NOT_STEERED },
		{ "TCP", ALICE4, MEDIA4, OPEN, IPPROTO_TCP, NOT_STEERED },
		{ "to bob", ALICE4, BOB4, OPEN, IPPROTO_UDP, NOT_STEERED },
		{ "to bob 6", ALICE6, BOB6, OPEN, IPPROTO_UDP, NOT_STEERED },
		{ "no thread", ALICE4, MEDIA4, OTHERS, IPPROTO_UDP, TO_SINK },
		{ "learning", STRANGER4, MEDIA4, LEARNING, IPPROTO_UDP,
		  TO_THREAD },
		{ "changing", STRANGER6, MEDIA6, CHANGING, IPPROTO_UDP,
		  TO_THREAD },
		/* one stranger a while is shown to the thread, then no more */
		{ "sample", STRANGER4, MEDIA4, OPEN, IPPROTO_UDP, TO_THREAD },
		{ "stranger", STRANGER4, MEDIA4, OPEN, IPPROTO_UDP, TO_SINK },
		{ "stranger 6", STRANGER6, MEDIA6, OPEN, IPPROTO_UDP, TO_SINK },
		/* an IPv6 address that spells IPv4 is not that one */
		{ "mapped", "::ffff:" ALICE4, MEDIA6, OPEN, IPPROTO_UDP,
		  TO_SINK },
		{ "alice still", ALICE6, MEDIA6, OPEN, IPPROTO_UDP, TO_THREAD },
	};
	uint64_t verdicts[STEER_VERDICTS];

	(void)state;
	if (look_up(IPPROTO_UDP, ALICE4, MEDIA4, OPEN) < 0) {
		print_message("this kernel does not run sk_lookup in a test\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want, look_up(rows[i].protocol, rows[i].from,
					       rows[i].to, rows[i].port),
			 rows[i].name);

	assert_int_equal(steer_read(rig.steer, verdicts), 0);
	assert_int_equal(verdicts[STEER_THREAD], 6);
	assert_int_equal(verdicts[STEER_SAMPLE], 1);
	assert_int_equal(verdicts[STEER_STRANGER], 3);
	assert_int_equal(verdicts[STEER_FREE], 2);
	assert_int_equal(verdicts[STEER_ORPHAN], 1);
	assert_int_equal(rig.rows.row[0].steer.stopped, 3);
}

/* However many ports strangers try, few of their packets reach a thread. */
static void samples_are_few(void **state)
{
	static const char *const alice[] = { ALICE4 };
	struct flow_conf c = row_of(alice, 1);
	int shown = 0;

	(void)state;
	if (look_up(IPPROTO_UDP, ALICE4, MEDIA4, OPEN) < 0)
		skip();
	for (uint16_t port = OPEN + 10; port <= BED_PORT_MAX; port++) {
		write_row(port, &c);
		for (int i = 0; i < 50; i++)
			shown += look_up(IPPROTO_UDP, STRANGER4, MEDIA4,
					 port) == TO_THREAD;
	}
	/* one each, and one more should this take a quarter of a second */
	assert_in_range(shown, BED_PORT_MAX - OPEN - 9,
			10 * (BED_PORT_MAX - OPEN - 9));
}

/* From the gate too: the thread and its socket serve many calls.  Whom the leg
 * hears has a budget of his own.
 */
static void a_flood_from_the_gate_ends_in_the_sink(void **state)
{
	static const char *const alice[] = { ALICE4, ALICE6 };
	static const char *const from[] = { ALICE4, ALICE6 };
	struct flow_conf c = row_of(alice, 2);
	struct flow_row *row = flow_table_find(&rig.rows, OPEN);
	uint64_t verdicts[STEER_VERDICTS];
	int shown[2] = { 0 };

	(void)state;
	if (look_up(IPPROTO_UDP, ALICE4, MEDIA4, OPEN) < 0)
		skip();
	c.packet_rate_max = RATE;
	write_row(OPEN, &c);
	row->state.latched = 1;
	row->state.source = bed_endpoint(ALICE4, 4000);
	memset(&row->steer, 0, sizeof(row->steer));
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 100; i++)
			shown[k] += look_up(IPPROTO_UDP, from[k],
					     k ? MEDIA6 : MEDIA4, OPEN) ==
				     TO_THREAD;
	/* the first look at the clock began a second, in which as many pass */
	assert_int_equal(shown[0], STEER_RATE_SLACK * RATE * 2);
	assert_int_equal(shown[1], STEER_RATE_SLACK * RATE);
	assert_int_equal(steer_read(rig.steer, verdicts), 0);
	assert_int_equal(verdicts[STEER_FLOOD],
			 200 - STEER_RATE_SLACK * RATE * 3);

	/* another port of alice's is not whom the leg hears */
	row->state.source.port++;
	assert_int_equal(look_up(IPPROTO_UDP, ALICE4, MEDIA4, OPEN), TO_SINK);

	/* a second later */
	row->steer.second_ns -= 1000000000;
	assert_int_equal(look_up(IPPROTO_UDP, ALICE4, MEDIA4, OPEN), TO_THREAD);

	c.packet_rate_max = 0;
	write_row(OPEN, &c);
	row->state.source.port--;
	assert_int_equal(look_up(IPPROTO_UDP, ALICE4, MEDIA4, OPEN), TO_THREAD);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			packets_are_steered_by_row_and_gate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(samples_are_few, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_flood_from_the_gate_ends_in_the_sink, set_up,
			tear_down),
	};
	int skipped = bed_enter();

	if (skipped)
		return skipped;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
