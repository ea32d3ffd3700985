/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Start, stop, restart and what is refused, for both backends. */
#include "rtp-pinner/relay/test/bed.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "rtp-pinner/relay/flow_table.h"

enum {
	BURST = 40,
	QUICK_MS = 60,	/* of the 100 ms after which packets are dropped */
	TRIES = 20,
};

static void alice_says(const struct talk *t, uint16_t seq)
{
	uint8_t rtp[60];

	make_rtp(rtp, sizeof(rtp), seq, 1);
	phone_send(t->alice, MEDIA4, PORT_A, rtp, sizeof(rtp));
}

static void bob_hears(const struct talk *t, uint16_t seq, const char *what)
{
	struct heard h;

	phone_hear(&h, t->bob, what);
	CHECK_EQ(seq, h.bytes[2] << 8 | h.bytes[3], what);
}

static int try_again(struct bed *b)
{
	struct relay *r = NULL;
	int err = relay_new(&r, &b->conf, &b->keeper);

	relay_free(r);
	return err;
}

static void a_second_instance_is_refused(void **state)
{
	struct bed *b = *state;

	bed_start(b);
	assert_int_equal(try_again(b), EBUSY);
	bed_stop(b);
	assert_int_equal(try_again(b), 0);
	relay_free(NULL);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void an_unreserved_range_is_refused(void **state)
{
	static const char file[] = "/proc/sys/net/ipv4/ip_local_reserved_ports";
	struct bed *b = *state;

	b->conf.port_min = 40000;
	b->conf.port_max = 40099;
	assert_int_equal(try_again(b), EINVAL);
	write_text(file, "5060,40000-40098\n");
	assert_int_equal(try_again(b), EINVAL);
	write_text(file, "5060,40000-40099\n");
	assert_int_equal(try_again(b), 0);
	write_text(file, "\n");
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct bed *b = *state;
	const struct relay_conf good = b->conf;
	struct flow_conf c = { .kind = FLOW_RTP };

	b->conf.threads = 0;
	assert_int_equal(try_again(b), EINVAL);
	b->conf.threads = RELAY_THREADS_MAX + 1;
	assert_int_equal(try_again(b), EINVAL);
	b->conf = good;
	b->conf.port_min = b->conf.port_max + 1;
	assert_int_equal(try_again(b), EINVAL);
	b->conf = good;
	b->conf.media4 = b->conf.media6 = (struct addr){ 0 };
	assert_int_equal(try_again(b), EINVAL);
	b->conf.media4 = bed_addr(MEDIA6);
	assert_int_equal(try_again(b), EINVAL);
	b->conf = good;

	bed_start(b);
	assert_int_equal(relay_open(b->relay, BED_PORT_MIN - 1, &c), EINVAL);
	assert_int_equal(relay_open(b->relay, BED_PORT_MAX + 1, &c), EINVAL);
	c.thread = 1;
	assert_int_equal(relay_open(b->relay, PORT_A, &c), EINVAL);
	c.thread = 0;
	assert_int_equal(relay_open(b->relay, PORT_A, &c), 0);
	assert_int_equal(relay_open(b->relay, PORT_A, &c), EEXIST);
	assert_null(relay_row(b->relay, BED_PORT_MIN - 1));
	assert_null(relay_row(b->relay, BED_PORT_MAX + 1));
	assert_ptr_equal(relay_row(b->relay, PORT_A) + 1,
			 relay_row(b->relay, PORT_B));
}

/* As fast as control can, with packets on their way all the time. */
static void ports_open_close_and_open_again(void **state)
{
	struct bed *b = *state;
	uint32_t generation;
	struct talk t;

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	for (int i = 0; i < 100; i++) {
		bed_open(b, &t.call);
		alice_says(&t, 1);
		relay_close(b->relay, PORT_A);
		relay_close(b->relay, PORT_B);
	}
	generation = relay_row(b->relay, PORT_A)->conf.generation;
	assert_int_equal(generation, 100);

	bed_open(b, &t.call);
	alice_says(&t, 777);
	for (struct heard h = { 0 }; h.bytes[3] != (777 & 255);)
		phone_hear(&h, t.bob, "the new call");
	phone_is_idle(t.bob, "bob");
}

static void a_lack_of_descriptors_is_an_error_of_one_port(void **state)
{
	struct bed *b = *state;
	struct rlimit before, few;
	struct flow_conf c = { .kind = FLOW_RTP };
	uint16_t port = PORT_A + 10;
	struct talk t;
	int err;

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	bed_open(b, &t.call);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 45;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	do {
		err = relay_open(b->relay, port++, &c);
	} while (!err && port <= BED_PORT_MAX);
	setrlimit(RLIMIT_NOFILE, &before);
	assert_int_equal(err, EMFILE);
	assert_false(relay_row(b->relay, port - 1)->conf.active);

	alice_says(&t, 1);		/* calls go on */
	bob_hears(&t, 1, "the call");
	assert_int_equal(relay_open(b->relay, port - 1, &c), 0);
}

static void stopping_is_quick_and_can_be_repeated(void **state)
{
	struct bed *b = *state;

	b->conf.threads = 4;
	for (int i = 0; i < 3; i++) {
		uint64_t began;

		bed_start(b);
		began = clock_ms();
		bed_stop(b);
		assert_in_range(clock_ms() - began, 0, 900);
	}
}

static void a_relay_that_never_started_can_be_freed(void **state)
{
	struct bed *b = *state;
	struct talk t;

	bed_make(b);
	t = talk_of(ALICE4, BOB6);
	bed_open(b, &t.call);
	relay_close(b->relay, PORT_A);
	assert_int_equal(relay_open(b->relay, PORT_A, &t.call.a), 0);
	bed_stop(b);
}

/* ---- restart ------------------------------------------------------------ */

static void resume(struct bed *b, const struct talk *t)
{
	bed_make(b);
	assert_true(relay_resumed(b->relay));
	assert_true(relay_row(b->relay, PORT_A)->conf.active);
	bed_open(b, &t->call);
}

static void a_call_goes_on_after_a_restart(void **state)
{
	struct bed *b = *state;
	struct flow_state before;
	struct talk t;

	bed_start(b);
	assert_false(relay_resumed(b->relay));
	t = talk_of(ALICE4, BOB6);
	bed_open(b, &t.call);
	alice_says(&t, 1);
	bob_hears(&t, 1, "before");
	UNTIL(bed_state(b, PORT_B).packets_out == 1, "before");
	before = bed_state(b, PORT_A);
	bed_stop(b);

	resume(b, &t);
	assert_int_equal(relay_start(b->relay), 0);
	alice_says(&t, 2);
	bob_hears(&t, 2, "after");
	UNTIL(bed_state(b, PORT_B).packets_out == 2, "after");
	assert_int_equal(bed_state(b, PORT_A).packets_in, 2);
	assert_int_equal(bed_state(b, PORT_A).generation, before.generation);
}

/* False when it took so long that packets have become old: a slow machine. */
static bool burst_over_restart(struct bed *b, const struct talk *t,
			       int stranger)
{
	uint64_t began = clock_ms();

	bed_stop(b);
	for (uint16_t i = 0; i < BURST; i++)
		alice_says(t, i);
	phone_send(stranger, MEDIA4, PORT_A, "x", 1);
	phone_send(stranger, MEDIA4, PORT_A + 50, "x", 1);
	phone_is_idle(t->alice, "alice");
	phone_is_idle(stranger, "the stranger");
	resume(b, t);
	assert_int_equal(relay_start(b->relay), 0);
	if (clock_ms() - began > QUICK_MS)
		return false;
	for (uint16_t i = 0; i < BURST; i++)
		bob_hears(t, i, "kept");
	return true;
}

/* While nobody runs packets wait, and nobody is told that we are gone. */
static void packets_wait_for_the_restart(void **state)
{
	struct bed *b = *state;
	struct talk t;
	int stranger, tries = 0;

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	stranger = phone_open(STRANGER4, 6000);
	bed_open(b, &t.call);
	while (!burst_over_restart(b, &t, stranger)) {
		uint64_t all = ++tries * BURST;

		if (tries == TRIES)
			skip();		/* never quick enough */
		UNTIL(bed_state(b, PORT_A).packets_in +
		      bed_state(b, PORT_A).drops[FLOW_DROP_OLD] == all,
		      "settled");
		while (recv(t.bob, &all, sizeof(all), MSG_DONTWAIT) >= 0)
			;
	}
	phone_is_idle(t.alice, "alice");
}

/* But not for ever: what is 100 ms old would only add delay. */
static void old_packets_are_dropped(void **state)
{
	struct bed *b = *state;
	struct talk t;
	uint64_t said;

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	bed_open(b, &t.call);
	bed_stop(b);
	alice_says(&t, 1);
	said = clock_ms();
	UNTIL(clock_ms() > said + 120, "120 ms");
	resume(b, &t);
	alice_says(&t, 2);
	assert_int_equal(relay_start(b->relay), 0);
	bob_hears(&t, 2, "the fresh one");
	phone_is_idle(t.bob, "bob");
	assert_int_equal(bed_state(b, PORT_A).drops[FLOW_DROP_OLD], 1);
}

enum { SAID = 600 };

static void *say_on(void *arg)
{
	const struct talk *t = arg;

	for (uint16_t i = 0; i < SAID; i++) {
		alice_says(t, i);
		bed_breathe();
	}
	return NULL;
}

static void nothing_is_lost_in_restarts(void **state)
{
	struct bed *b = *state;
	uint64_t slowest = 0, lost = 0;
	pthread_t speaker;
	struct talk t;

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	bed_open(b, &t.call);
	assert_int_equal(pthread_create(&speaker, NULL, say_on, &t), 0);
	for (int i = 0; i < 4; i++) {
		uint64_t mark = bed_state(b, PORT_A).packets_in + 60, began;

		UNTIL(bed_state(b, PORT_A).packets_in >= mark, "speech");
		began = clock_ms();
		bed_stop(b);
		resume(b, &t);
		assert_int_equal(relay_start(b->relay), 0);
		if (clock_ms() - began > slowest)
			slowest = clock_ms() - began;
	}
	pthread_join(speaker, NULL);
	for (uint16_t i = 0, seq; i < SAID; i = seq + 1) {
		struct heard h;

		phone_hear(&h, t.bob, "every word");
		seq = (uint16_t)(h.bytes[2] << 8 | h.bytes[3]);
		CHECK(seq >= i, "order");
		lost += seq - i;
	}
	print_message("slowest of 4 restarts: %u ms, packets lost: %u\n",
		      (unsigned)slowest, (unsigned)lost);
	assert_int_equal(lost, bed_state(b, PORT_A).drops[FLOW_DROP_OLD]);
	if (slowest <= QUICK_MS)
		assert_int_equal(lost, 0);
	phone_is_idle(t.alice, "alice");
}

/* Calls of thread 2 stay with thread 2. */
static void fewer_threads_come_with_the_next_start(void **state)
{
	struct bed *b = *state;
	struct talk t;

	b->conf.threads = 3;
	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	t.call.a.thread = t.call.b.thread = 2;
	bed_open(b, &t.call);
	bed_stop(b);
	b->conf.threads = 1;
	resume(b, &t);
	assert_int_equal(relay_threads(b->relay), 3);
	assert_int_equal(relay_start(b->relay), 0);
	alice_says(&t, 1);
	bob_hears(&t, 1, "thread 2");

	/* and more are there at once */
	bed_stop(b);
	b->conf.threads = 5;
	resume(b, &t);
	assert_int_equal(relay_threads(b->relay), 5);
	assert_int_equal(relay_start(b->relay), 0);
	alice_says(&t, 2);
	bob_hears(&t, 2, "thread 2 of 5");
}

static void a_call_that_is_not_resumed_is_closed(void **state)
{
	struct bed *b = *state;
	struct talk t;

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	bed_open(b, &t.call);
	bed_stop(b);
	bed_make(b);
	assert_true(relay_row(b->relay, PORT_A)->conf.active);
	relay_close(b->relay, PORT_A);
	relay_close(b->relay, PORT_B);
	assert_false(relay_row(b->relay, PORT_A)->conf.active);
	assert_int_equal(relay_start(b->relay), 0);
	if (b->kind == RELAY_RANGE) {
		alice_says(&t, 1);
		UNTIL(bed_totals(b).unowned == 1, "closed");
	}
	phone_is_idle(t.bob, "bob");
}

/* The table, as a damaged or an older daemon might have left it. */
static struct flow_row *map_kept(const struct bed *b)
{
	size_t size = flow_table_size(&b->conf);
	char path[128];
	void *at;
	int fd = -1;

	if (b->kind == RELAY_RANGE) {
		fd = b->keeper.take(b->keeper.arg, "steer-map");
	} else {
		snprintf(path, sizeof(path), "%s/rows", b->dir);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	assert_true(fd >= 0);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	assert_ptr_not_equal(at, MAP_FAILED);
	return at;
}

static void another_table_is_refused(void **state)
{
	struct bed *b = *state;
	const struct relay_conf good = b->conf;
	struct flow_row *rows;
	uint32_t *layout, *threads;

	bed_start(b);
	bed_stop(b);

	b->conf.port_max--;
	assert_int_equal(try_again(b), EINVAL);
	b->conf = good;
	b->conf.port_min += 2;
	b->conf.port_max += 2;
	assert_int_equal(try_again(b), EINVAL);
	b->conf = good;
	b->conf.media4 = bed_addr(BOB4);
	assert_int_equal(try_again(b), EINVAL);
	b->conf = good;

	rows = map_kept(b);
	layout = (uint32_t *)&rows[BED_PORT_MAX - BED_PORT_MIN + 1] + 2;
	assert_int_equal(*layout, FLOW_LAYOUT);
	*layout = FLOW_LAYOUT + 1;
	assert_int_equal(try_again(b), EINVAL);
	*layout = FLOW_LAYOUT;
	threads = layout + 3;
	assert_int_equal(*threads, 1);
	*threads = RELAY_THREADS_MAX + 1;
	assert_int_equal(try_again(b), EINVAL);
	*threads = 0;
	assert_int_equal(try_again(b), EINVAL);
	*threads = 1;
	assert_int_equal(try_again(b), 0);
	munmap(rows, flow_table_size(&b->conf));
}

static void a_damaged_row_is_dropped_alone(void **state)
{
	struct bed *b = *state;
	struct flow_row *rows;
	struct talk t;

	bed_start(b);
	t = talk_of(ALICE4, BOB6);
	bed_open(b, &t.call);
	bed_stop(b);
	rows = map_kept(b);
	rows[50].conf.active = 1;
	rows[50].conf.thread = 200;
	rows[51].conf.seq |= 1;		/* died while it wrote */
	munmap(rows, flow_table_size(&b->conf));
	resume(b, &t);
	assert_int_equal(relay_start(b->relay), 0);
	assert_false(relay_row(b->relay, PORT_A + 50)->conf.active);
	assert_int_equal(relay_open(b->relay, PORT_A + 50, &t.call.a), 0);
	assert_int_equal(relay_open(b->relay, PORT_A + 51, &t.call.b), 0);
	alice_says(&t, 1);
	bob_hears(&t, 1, "the whole one");
}

/* Rows of another size do not even look like a table of ours. */
static void a_table_of_another_row_size_is_refused(void **state)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	struct bed *b = *state;
	int fd;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "rows", sizeof(uint32_t),
			    2 * sizeof(struct flow_row),
			    (uint32_t)flow_table_needed(&b->conf), &opts);
	assert_true(fd >= 0);
	assert_int_equal(b->keeper.keep(b, "steer-map", fd), 0);
	close(fd);
	assert_int_equal(try_again(b), EINVAL);
}

/* A kept program would steer past the sockets of the other backend. */
static void sockets_do_not_follow_range(void **state)
{
	struct bed *b = *state;

	bed_start(b);
	bed_stop(b);
	b->conf.kind = RELAY_SOCKETS;
	assert_int_equal(try_again(b), EINVAL);
	bed_forget(b);
	assert_int_equal(try_again(b), 0);
}

/* ---- choice ------------------------------------------------------------- */

static void set_effective(uint32_t low, uint32_t high)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	data[0].effective = low & data[0].permitted;
	data[1].effective = high & data[1].permitted;
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static void auto_takes_what_is_permitted(void **state)
{
	struct bed *b = *state;
	struct bed_call call;

	b->conf.kind = RELAY_AUTO;
	bed_make(b);
	assert_true(relay_is_range(b->relay));
	bed_stop(b);
	bed_forget(b);

	set_effective(0, 0);
	b->conf.kind = RELAY_RANGE;
	assert_int_equal(try_again(b), EPERM);
	b->conf.kind = RELAY_AUTO;
	bed_start(b);
	set_effective(~0U, ~0U);
	assert_false(relay_is_range(b->relay));
	assert_non_null(strstr(relay_reason(b->relay), "CAP_BPF"));
	bed_stop(b);

	/* one that lacks a part leaves nothing behind in the way of sockets */
	bed_forget(b);
	set_effective(1U << CAP_NET_ADMIN, 1U << (CAP_BPF - 32));
	bed_start(b);
	set_effective(~0U, ~0U);
	assert_false(relay_is_range(b->relay));
	call = bed_call(BED_PORT_MIN, ALICE4, 4000, BOB4, 5000);
	bed_open(b, &call);
	bed_stop(b);
	bed_forget(b);

	/* exactly what the reason asks for */
	set_effective(1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW,
		      1U << (CAP_BPF - 32));
	bed_start(b);
	set_effective(~0U, ~0U);
	assert_true(relay_is_range(b->relay));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_second_instance_is_refused),
		BOTH(an_unreserved_range_is_refused),
		BOTH(what_makes_no_sense_is_refused),
		BOTH(ports_open_close_and_open_again),
		SOCKETS(a_lack_of_descriptors_is_an_error_of_one_port),
		BOTH(stopping_is_quick_and_can_be_repeated),
		BOTH(a_relay_that_never_started_can_be_freed),
		BOTH(a_call_goes_on_after_a_restart),
		RANGE(packets_wait_for_the_restart),
		RANGE(old_packets_are_dropped),
		RANGE(nothing_is_lost_in_restarts),
		BOTH(fewer_threads_come_with_the_next_start),
		BOTH(a_call_that_is_not_resumed_is_closed),
		BOTH(another_table_is_refused),
		BOTH(a_damaged_row_is_dropped_alone),
		RANGE(a_table_of_another_row_size_is_refused),
		RANGE(sockets_do_not_follow_range),
		RANGE(auto_takes_what_is_permitted),
	};
	int skipped = bed_enter();

	if (skipped)
		return skipped;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
