/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kernel that answers in ways the real one rarely does: the request's socket
 * is one of a pair, and the other end is played here.
 */
#include "common/test/table.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health-agent/kernel/kernel.h"

enum { TABLE = 200, DEVICE = 7, NOW_MS = 100000, TIMEOUT_MS = 2000 };

static struct output *o;
static int kernel;	/* the other end */

/* What was asked, by its first message. */
static struct nlmsghdr asked(void)
{
	_Alignas(4) char bytes[4096];
	struct nlmsghdr head = { 0 };
	ssize_t n = recv(kernel, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n >= (ssize_t)sizeof(head))
		memcpy(&head, bytes, sizeof(head));
	return head;
}

static void say(const void *bytes, size_t len)
{
	assert_int_equal(len, send(kernel, bytes, len, 0));
	kernel_ask(o, NOW_MS);
}

/* The end of a dump, or an ack. */
static void say_error(uint16_t type, uint32_t seq, int err, uint16_t flags)
{
	struct {
		struct nlmsghdr head;
		int32_t error;
	} m = {
		.head = {
			.nlmsg_len = sizeof(m),
			.nlmsg_type = type,
			.nlmsg_flags = flags,
			.nlmsg_seq = seq,
		},
		.error = -err,
	};

	say(&m, sizeof(m));
}

static void say_route(uint32_t seq, const char *prefix, uint32_t metric)
{
	_Alignas(4) uint8_t bytes[256];
	struct rtnl_writer w = { .bytes = bytes, .room = sizeof(bytes) };
	struct rtnl_route r = {
		.table = TABLE,
		.metric = metric,
		.ifindex = DEVICE,
		.protocol = PLAN_PROTOCOL,
		.type = RTN_UNICAST,
	};

	assert_int_equal(0, prefix_parse(&r.prefix, slice_str(prefix)));
	rtnl_write_add(&w, seq, &r);
	say(bytes, w.len);
}

/* Both dumps of an empty table. */
static void answer_dumps(uint16_t flags)
{
	say_error(NLMSG_DONE, asked().nlmsg_seq, 0, flags);
	say_error(NLMSG_DONE, asked().nlmsg_seq, 0, 0);
}

static void want(const char *prefix)
{
	o->want.cnt = 1;
	o->want.routes[0].state = NODE_UP;
	assert_int_equal(0, prefix_parse(&o->want.routes[0].prefix,
					 slice_str(prefix)));
	o->own[0] = o->want.routes[0].prefix;
	o->own_cnt = 1;
	o->has_want = true;
	o->generation = 1;
	o->plan_due = true;
	kernel_ask(o, NOW_MS);
}

static int set_up(void **state)
{
	int fds[2];

	(void)state;
	o = calloc(1, sizeof(*o));
	assert_non_null(o);
	assert_int_equal(0, socketpair(AF_UNIX,
				       SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
				       fds));
	kernel = fds[1];
	*o = (struct output){
		.table_id = TABLE,
		.timeout_ms = TIMEOUT_MS,
		.tun = -1,
		.events = -1,
		.ifindex = DEVICE,
		.request = { .fd = fds[0], .next_seq = UINT32_MAX - 2 },
		.dump_due = true,
	};
	kernel_ask(o, NOW_MS);
	assert_int_equal(KERNEL_DUMP4, o->request.asking);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(kernel);
	output_kernel.free(o);
	return 0;
}

static void an_interrupted_dump_is_made_again(void **state)
{
	(void)state;
	answer_dumps(NLM_F_DUMP_INTR);
	assert_false(o->table_known);
	assert_int_equal(KERNEL_DUMP4, o->request.asking);
	answer_dumps(0);
	assert_true(o->table_known);
	assert_int_equal(KERNEL_IDLE, o->request.asking);
}

static void answers_to_other_questions_are_passed_over(void **state)
{
	uint32_t seq = asked().nlmsg_seq;

	(void)state;
	say_error(NLMSG_DONE, seq - 1, 0, 0);
	say_error(NLMSG_DONE, seq + 1, 0, 0);
	say_error(NLMSG_DONE, 0, 0, 0);
	assert_int_equal(KERNEL_DUMP4, o->request.asking);
	say_route(seq, "192.0.2.53", 1);
	say_route(seq + 1, "192.0.2.54", 1);
	/* not of this family: a kernel without IPv6 dumps what it has */
	say_route(seq, "2001:db8::1", 1);
	say_error(NLMSG_DONE, seq, 0, 0);
	seq = asked().nlmsg_seq;
	say_route(seq, "192.0.2.53", 1);
	say_error(NLMSG_DONE, seq, EOPNOTSUPP, 0);
	assert_true(o->table_known);
	assert_int_equal(1, o->table.ours_cnt);
}

static void a_table_that_cannot_be_read_is_tried_again(void **state)
{
	static const int errors[] = { EPERM, EBUSY, ENOMEM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		say_error(NLMSG_DONE, asked().nlmsg_seq, errors[i], 0);
		assert_false(o->table_known);
		assert_int_equal(-1, o->request.fd);
		assert_int_equal(NOW_MS + KERNEL_RETRY_MS, o->retry_ms);
		close(kernel);
		output_kernel.free(o);
		set_up(NULL);
	}
}

static void garbage_makes_it_ask_anew(void **state)
{
	static const char garbage[] = "\1\2\3\4 this is not netlink at all";

	(void)state;
	say(garbage, sizeof(garbage));
	assert_int_equal(-1, o->request.fd);
	assert_int_equal(1, o->lost);
	assert_int_equal(1, o->errors);
	assert_true(o->dump_due);
}

static void a_kernel_that_says_nothing_is_asked_anew(void **state)
{
	int err;

	(void)state;
	assert_int_equal(NOW_MS + TIMEOUT_MS,
			 output_kernel.step(o, NULL, 0, NOW_MS + 1, &err));
	output_kernel.step(o, NULL, 0, NOW_MS + TIMEOUT_MS - 1, &err);
	assert_int_equal(0, o->timeouts);
	output_kernel.step(o, NULL, 0, NOW_MS + TIMEOUT_MS, &err);
	assert_int_equal(1, o->timeouts);
	assert_false(output_kernel.alive(o, NOW_MS + TIMEOUT_MS));
}

/* What is refused is not asked for again before a second is over. */
static void refusals_are_not_repeated_at_once(void **state)
{
	struct nlmsghdr head;

	(void)state;
	answer_dumps(0);
	want("192.0.2.53");
	head = asked();
	assert_int_equal(RTM_NEWROUTE, head.nlmsg_type);
	say_error(NLMSG_ERROR, head.nlmsg_seq, ENOBUFS, 0);
	answer_dumps(0);
	assert_int_equal(KERNEL_IDLE, o->request.asking);
	assert_int_equal(0, asked().nlmsg_len);
	assert_int_equal(ENOBUFS, o->refused[0]);
	assert_int_equal(1, o->commands);
	assert_int_equal(0, o->done_generation);
}

/* It says that it is done, and the table does not show it. */
static void what_is_not_in_the_table_is_not_believed(void **state)
{
	unsigned rounds = 0;

	(void)state;
	answer_dumps(0);
	want("192.0.2.53");
	while (o->request.asking == KERNEL_CHANGE) {
		say_error(NLMSG_ERROR, asked().nlmsg_seq, 0, 0);
		answer_dumps(0);
		assert_true(++rounds < 20);
	}
	assert_int_equal(KERNEL_ROUNDS_MAX, rounds);
	assert_int_equal(0, o->done_generation);
	assert_true(o->retry_ms > NOW_MS);
}

static void it_is_done_when_the_table_shows_it(void **state)
{
	uint32_t seq;

	(void)state;
	answer_dumps(0);
	want("192.0.2.53");
	say_error(NLMSG_ERROR, asked().nlmsg_seq, 0, 0);
	assert_int_equal(0, o->done_generation);
	seq = asked().nlmsg_seq;
	say_route(seq, "192.0.2.53", PLAN_METRIC_UP);
	say_error(NLMSG_DONE, seq, 0, 0);
	say_error(NLMSG_DONE, asked().nlmsg_seq, ENOENT, 0);
	assert_int_equal(1, o->done_generation);
	assert_int_equal(KERNEL_IDLE, o->request.asking);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STORY(an_interrupted_dump_is_made_again),
		STORY(answers_to_other_questions_are_passed_over),
		STORY(a_table_that_cannot_be_read_is_tried_again),
		STORY(garbage_makes_it_ask_anew),
		STORY(a_kernel_that_says_nothing_is_asked_anew),
		STORY(refusals_are_not_repeated_at_once),
		STORY(what_is_not_in_the_table_is_not_believed),
		STORY(it_is_done_when_the_table_shows_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
