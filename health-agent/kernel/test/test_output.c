/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/kernel/test/bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

enum { LIMIT_MS = 5000 };

/* Turn the guardian's loop until done, which has a limit. */
static void turn_until(struct output *o, bool (*done)(void), const char *what)
{
	uint64_t end_ms = clock_boot_ms() + LIMIT_MS;

	for (;;) {
		struct pollfd fds[OUTPUT_FDS_MAX];
		size_t cnt = output_kernel.fds(o, fds);
		uint64_t now_ms = clock_boot_ms();
		uint64_t next_ms;
		int err;

		output_kernel.status(o, &status);
		if (done())
			return;
		if (now_ms >= end_ms)
			fail_msg("not in %d ms: %s\n%s%s", LIMIT_MS, what,
				 routes(), status.output_text);
		poll(fds, cnt, 0);
		next_ms = output_kernel.step(o, fds, cnt, now_ms, &err);
		assert_int_equal(0, err);
		if (next_ms > now_ms) {
			cnt = output_kernel.fds(o, fds);
			poll(fds, cnt, (int)(next_ms - now_ms) + 1);
			now_ms = clock_boot_ms();
			output_kernel.step(o, fds, cnt, now_ms, &err);
		}
	}
}

#define TURN_UNTIL(o, done) turn_until(o, done, #done)

/* One turn of it; what poll(2) said. */
static int turn(struct output *o, int wait_ms)
{
	struct pollfd fds[OUTPUT_FDS_MAX];
	size_t cnt = output_kernel.fds(o, fds);
	int err, ready = poll(fds, cnt, wait_ms);

	assert_true(ready >= 0);
	output_kernel.step(o, fds, cnt, clock_boot_ms(), &err);
	return ready;
}

/* Until nothing more is to be read. */
static void drain(struct output *o, uint64_t now_ms)
{
	struct pollfd fds[OUTPUT_FDS_MAX];
	size_t cnt;
	int err;

	while (poll(fds, cnt = output_kernel.fds(o, fds), 0) > 0)
		output_kernel.step(o, fds, cnt, now_ms, &err);
}

static bool only_the_first_is_advertised(void)
{
	return status.routes[0].proof == LINK_PROOF_ADVERTISED &&
	       status.routes[1].proof == LINK_PROOF_REFUSED;
}

static bool it_is_put_back(void)
{
	return status.resyncs > 0 && both_are_advertised();
}

static bool something_ails_it(void)
{
	return status.output_text[0];
}

static bool nothing_ails_it(void)
{
	return !status.output_text[0];
}

static bool it_is_in_the_way(void)
{
	return status.routes[0].proof == LINK_PROOF_REFUSED;
}

/* ---- stories ---- */

static void routes_come_change_and_go(void **state)
{
	struct output *o = begin();

	(void)state;
	assert_int_equal(0, status.found.cnt);
	assert_string_equal("", routes());

	/* the kernel answers at once: no loop is needed */
	wish(o, NODE_UP, NODE_UP);
	assert_true(both_are_advertised());
	assert_int_equal(generation, status.generation);
	assert_string_equal(P_ROUTE("1") Q_ROUTE("1"), routes());

	wish(o, NODE_DRAINING, NODE_DEGRADED);
	assert_true(both_are_advertised());
	assert_string_equal(P_ROUTE("10") Q_ROUTE("5"), routes());

	wish(o, NODE_DOWN, NODE_UP);
	assert_int_equal(LINK_PROOF_NONE, status.routes[0].proof);
	assert_int_equal(LINK_PROOF_ADVERTISED, status.routes[1].proof);
	assert_string_equal(Q_ROUTE("1"), routes());

	wish(o, NODE_DOWN, NODE_DOWN);
	assert_string_equal("", routes());
	assert_int_equal(generation, status.generation);
	assert_int_equal(0, status.errors);
	end(o);
}

static void they_die_with_their_owner(void **state)
{
	struct output *o = begin();

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	assert_string_equal(P_ROUTE("1") Q_ROUTE("1"), routes());
	end(o);
}

static void what_somebody_deletes_comes_back(void **state)
{
	struct output *o = begin();

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	run("ip route del " P " table 200");
	run("ip route del " Q " table 200");
	status.routes[0].proof = LINK_PROOF_NONE;
	for (int turns = 0; turns < 3; turns++)
		turn(o, turns ? 0 : LIMIT_MS);
	assert_string_equal(P_ROUTE("1") Q_ROUTE("1"), routes());
	output_kernel.status(o, &status);
	assert_true(status.resyncs >= 1);
	assert_true(status.events >= 2);
	end(o);
}

/* ... at the moment we withdraw it: it is gone, and that is all we want. */
static void what_somebody_deletes_before_us_is_no_error(void **state)
{
	struct output *o = begin();

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	run("ip route del " P " table 200");
	run("ip route del " Q " table 200");
	wish(o, NODE_DOWN, NODE_DOWN);
	assert_int_equal(generation, status.generation);
	assert_int_equal(0, status.errors);
	assert_string_equal("", status.output_text);
	end(o);
}

static void foreign_routes_stay_and_are_told(void **state)
{
	struct output *o = begin();

	(void)state;
	run("ip link set lo up");
	run("ip route add 203.0.113.0/24 dev lo proto static table 200");
	run("ip route add 203.0.113.0/24 dev lo proto 200 metric 7 table 201");
	TURN_UNTIL(o, something_ails_it);
	assert_string_equal("in table 200, not ours: 1 route, "
			    "203.0.113.0/24 proto 4 metric 0",
			    status.output_text);
	wish(o, NODE_UP, NODE_DOWN);
	wish(o, NODE_DOWN, NODE_DOWN);
	assert_string_equal("203.0.113.0/24 dev lo proto static scope link\n",
			    routes());
	run("ip route flush table 200; ip route flush table 201");
	TURN_UNTIL(o, nothing_ails_it);
	end(o);
}

/* The same prefix with our metric: it is refused, and retried until it can. */
static void a_route_in_the_way_is_waited_for(void **state)
{
	struct output *o = begin();

	(void)state;
	run("ip link set lo up");
	run("ip route add " P " dev lo proto static metric 1 table 200");
	wish(o, NODE_UP, NODE_UP);
	TURN_UNTIL(o, it_is_in_the_way);
	assert_string_equal(P ": somebody else has this route with our metric",
			    status.output_text);
	assert_int_equal(LINK_PROOF_ADVERTISED, status.routes[1].proof);
	assert_true(status.generation < generation);
	assert_true(status.errors > 0);
	run("ip route del " P " dev lo table 200");
	TURN_UNTIL(o, both_are_advertised);
	assert_int_equal(generation, status.generation);
	assert_string_equal("", status.output_text);
	end(o);
}

static void the_old_state_stays_until_the_new_one_is_there(void **state)
{
	struct output *o = begin();

	(void)state;
	run("ip link set lo up");
	wish(o, NODE_UP, NODE_DOWN);
	run("ip route add " P " dev lo proto static metric 10 table 200");
	wish(o, NODE_DRAINING, NODE_DOWN);
	assert_int_equal(LINK_PROOF_UNWANTED, status.routes[0].proof);
	assert_string_equal(P_ROUTE("1") P
			    " dev lo proto static scope link metric 10\n",
			    routes());
	run("ip route flush table 200 proto static");
	wish(o, NODE_DRAINING, NODE_DOWN);
	assert_string_equal(P_ROUTE("10"), routes());
	end(o);
}

static void a_family_without_ip6_is_refused_alone(void **state)
{
	struct output *o = begin();

	(void)state;
	run("echo 1 >/proc/sys/net/ipv6/conf/anycast0/disable_ipv6");
	wish(o, NODE_UP, NODE_UP);
	TURN_UNTIL(o, only_the_first_is_advertised);
	assert_string_equal(P_ROUTE("1"), routes());
	assert_string_equal(Q ": IPv6 is switched off "
			    "(net.ipv6.conf.anycast0.disable_ipv6)",
			    status.output_text);
	run("echo 0 >/proc/sys/net/ipv6/conf/anycast0/disable_ipv6");
	TURN_UNTIL(o, both_are_advertised);
	end(o);
}

static void a_device_that_is_set_down_is_set_up(void **state)
{
	struct output *o = begin();

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	run("ip link set anycast0 down");
	status.routes[0].proof = LINK_PROOF_NONE;
	for (int turns = 0; turns < 4; turns++)
		turn(o, turns ? 0 : LIMIT_MS);
	assert_string_equal(P_ROUTE("1") Q_ROUTE("1"), routes());
	output_kernel.status(o, &status);
	assert_int_equal(0, status.errors);	/* it was heard of */
	end(o);
}

static void a_device_that_is_deleted_is_made_again(void **state)
{
	struct output *o = begin();

	(void)state;
	wish(o, NODE_UP, NODE_DRAINING);
	run("ip link del anycast0");
	TURN_UNTIL(o, has_device);
	TURN_UNTIL(o, both_are_advertised);
	assert_string_equal(P_ROUTE("1") Q_ROUTE("10"), routes());
	assert_string_equal("", status.output_text);
	end(o);
}

/* The descriptor goes on telling nothing bad of it. */
static void a_device_that_is_moved_away_is_made_again(void **state)
{
	struct output *o = begin();

	(void)state;
	wish(o, NODE_UP, NODE_DRAINING);
	run("ip netns add anycast-$PPID");
	run("ip link set anycast0 netns anycast-$PPID");
	TURN_UNTIL(o, has_device);
	TURN_UNTIL(o, both_are_advertised);
	assert_string_equal(P_ROUTE("1") Q_ROUTE("10"), routes());
	assert_string_equal("", status.output_text);
	run("test -z \"$(ip -n anycast-$PPID link show type tun)\"");

	/* what was told of it is lost */
	close(o->events);
	assert_int_equal(0, nl_open_events(&o->events, 200, 0, UINT32_MAX));
	run("ip link set anycast0 netns anycast-$PPID");
	status.routes[0].proof = LINK_PROOF_NONE;
	TURN_UNTIL(o, has_device);
	TURN_UNTIL(o, both_are_advertised);
	assert_string_equal(P_ROUTE("1") Q_ROUTE("10"), routes());
	run("ip netns del anycast-$PPID");
	end(o);
}

static void packets_are_dropped_and_counted(void **state)
{
	struct output *o = begin();
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	run("ip link set lo up; ip addr add 198.51.100.1/32 dev lo");
	run("ip route add " P " dev anycast0");
	run("ip route add 224.0.0.9 dev anycast0");
	inet_pton(AF_INET, "224.0.0.9", &to.sin_addr);
	assert_int_equal(1, sendto(fd, "x", 1, 0, (struct sockaddr *)&to,
				   sizeof(to)));
	inet_pton(AF_INET, P, &to.sin_addr);
	/* more than the queue of the device has */
	for (unsigned i = 0; i < 3000; i++) {
		assert_int_equal(1, sendto(fd, "x", 1, 0,
					   (struct sockaddr *)&to, sizeof(to)));
		if (i % 256 == 0)
			turn(o, 0);
	}
	close(fd);
	TURN_UNTIL(o, something_ails_it);
	while (o->packets < 3000)
		assert_true(turn(o, LIMIT_MS) > 0);
	output_kernel.status(o, &status);
	assert_string_equal("3000 packets came to anycast0 and were dropped: "
			    "a rule looks into its table",
			    status.output_text);
	end(o);
}

/* Idle: the device itself brings no packets, nothing is changed. */
static void a_second_goes_by_without_a_change(void **state)
{
	struct output *o = begin();
	uint64_t now_ms = clock_boot_ms();
	uint64_t acked_ms = now_ms + 2 * KERNEL_PROOF_MS;
	struct pollfd fds[OUTPUT_FDS_MAX];
	uint64_t was;
	int err;

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	/* what it hears of its own doing */
	drain(o, now_ms);
	was = o->heard;
	wish(o, NODE_DRAINING, NODE_UP);
	wish(o, NODE_UP, NODE_UP);
	drain(o, now_ms);
	assert_int_equal(was, o->heard);
	output_kernel.status(o, &status);
	assert_true(output_kernel.step(o, NULL, 0, acked_ms, &err) > acked_ms);
	assert_false(output_kernel.status(o, &status));
	assert_int_equal(acked_ms, status.last_ack_ms);
	assert_int_equal(6, status.commands);
	assert_int_equal(0, poll(fds, output_kernel.fds(o, fds), 0));
	assert_int_equal(0, o->packets);
	assert_true(output_kernel.alive(o, acked_ms));
	assert_false(output_kernel.alive(o, acked_ms + KERNEL_PROOF_MS + 1000));
	end(o);
}

/* As where there are no descriptors left: it waits, and does not spin. */
static void without_a_socket_it_waits(void **state)
{
	struct output *o = begin();
	uint64_t now_ms = clock_boot_ms() + 2 * KERNEL_PROOF_MS;
	int err;

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	kernel_ask_anew(o, now_ms);
	assert_int_equal(now_ms + KERNEL_RETRY_MS,
			 output_kernel.step(o, NULL, 0, now_ms, &err));
	/* but never with a withdrawal */
	wish(o, NODE_DOWN, NODE_DOWN);
	assert_string_equal("", routes());
	end(o);
}

static void another_agents_device_is_left_alone(void **state)
{
	struct output *o = begin(), *other = NULL;

	(void)state;
	wish(o, NODE_UP, NODE_DOWN);
	assert_int_equal(EBUSY, output_kernel.new(&other, &conf, own, 2,
						  clock_boot_ms()));
	assert_null(other);
	assert_string_equal(P_ROUTE("1"), routes());
	end(o);

	/* one that would outlive us */
	run("ip tuntap add dev anycast0 mode tun");
	assert_int_equal(EBUSY, output_kernel.new(&other, &conf, own, 2,
						  clock_boot_ms()));
	run("ip link del anycast0");
}

/* Everybody's table, which FRR follows. */
static void the_main_table_has_others_routes(void **state)
{
	struct output *o;

	(void)state;
	conf.kernel_table = 254;
	o = begin();
	run("ip link set lo up");
	run("ip route add 203.0.113.0/24 dev lo proto static");
	wish(o, NODE_UP, NODE_UP);
	assert_true(both_are_advertised());
	assert_string_equal("", status.output_text);
	run("ip route show " P " | grep -q 'dev anycast0 proto 200.*metric 1'");
	run("ip -6 route show " Q " | grep -q 'dev anycast0 proto 200 metric 1'");

	run("ip route del " P);
	TURN_UNTIL(o, it_is_put_back);
	run("ip route add 203.0.113.0/25 dev lo proto 200");
	TURN_UNTIL(o, something_ails_it);
	assert_string_equal("in table 254, not ours: 1 route, 203.0.113.0/25 "
			    "proto 200 metric 0",
			    status.output_text);
	wish(o, NODE_DOWN, NODE_DOWN);
	run("test -z \"$(ip route show dev anycast0)\"");
	run("test \"$(ip route show dev lo | wc -l)\" = 2");
	run("ip route flush dev lo");
	end(o);
	conf.kernel_table = 200;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_come_change_and_go),
		cmocka_unit_test(they_die_with_their_owner),
		cmocka_unit_test(what_somebody_deletes_comes_back),
		cmocka_unit_test(what_somebody_deletes_before_us_is_no_error),
		cmocka_unit_test(foreign_routes_stay_and_are_told),
		cmocka_unit_test(a_route_in_the_way_is_waited_for),
		cmocka_unit_test(
			the_old_state_stays_until_the_new_one_is_there),
		cmocka_unit_test(a_family_without_ip6_is_refused_alone),
		cmocka_unit_test(a_device_that_is_set_down_is_set_up),
		cmocka_unit_test(a_device_that_is_deleted_is_made_again),
		cmocka_unit_test(a_device_that_is_moved_away_is_made_again),
		cmocka_unit_test(a_second_goes_by_without_a_change),
		cmocka_unit_test(without_a_socket_it_waits),
		cmocka_unit_test(another_agents_device_is_left_alone),
		cmocka_unit_test(packets_are_dropped_and_counted),
		cmocka_unit_test(the_main_table_has_others_routes),
	};

	if (bed_cannot())
		return 4;
	return cmocka_run_group_tests(tests, own_network, NULL);
}
