/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The output against the kernel, in a network namespace of its own; what is
 * there is told by ip(8).
 */
#include "common/test/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "health-agent/daemon/conf.h"
#include "health-agent/kernel/kernel.h"

enum { LIMIT_MS = 5000 };

#define P "192.0.2.53"
#define Q "2001:db8:53::53"
#define P_ROUTE(metric) \
	P " dev anycast0 proto 200 scope link metric " metric "\n"
#define Q_ROUTE(metric) Q " dev anycast0 proto 200 metric " metric " pref medium\n"

static struct agent_conf conf = {
	.kernel_table = 200,
	.kernel_device = "anycast0",
	.ack_timeout_ms = 1000,
};
static struct prefix own[2];
static struct link_status status;
static uint64_t generation;

/* ---- what is there ---- */

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s: failed", command);
}

/* Both families of table 200; a line each. */
static const char *routes(void)
{
	static char text[4096];
	FILE *p = popen("ip -4 route show table 200 2>/dev/null;"
			"ip -6 route show table 200 2>/dev/null",
			"r");
	size_t len, from, to = 0;

	assert_non_null(p);
	len = fread(text, 1, sizeof(text) - 1, p);
	pclose(p);
	/* ip leaves spaces at the ends of lines */
	for (from = 0; from < len; from++) {
		if (text[from] == '\n') {
			while (to && text[to - 1] == ' ')
				to--;
		}
		text[to++] = text[from];
	}
	text[to] = '\0';
	return text;
}

static bool has_device(void)
{
	return system("ip link show anycast0 >/dev/null 2>&1") == 0;
}

/* ---- the guardian's part ---- */

static void wish(struct output *o, enum node_state p, enum node_state q)
{
	struct route_set set = { .cnt = 0 };

	if (p != NODE_DOWN)
		set.routes[set.cnt++] = (struct route){ .prefix = own[0],
							.state = (uint8_t)p };
	if (q != NODE_DOWN)
		set.routes[set.cnt++] = (struct route){ .prefix = own[1],
							.state = (uint8_t)q };
	output_kernel.want(o, &set, ++generation, clock_boot_ms());
	output_kernel.status(o, &status);
}

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

static bool both_are_advertised(void)
{
	return status.routes[0].proof == LINK_PROOF_ADVERTISED &&
	       status.routes[1].proof == LINK_PROOF_ADVERTISED;
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

static struct output *begin(void)
{
	struct output *o = NULL;

	memset(&status, 0, sizeof(status));
	assert_int_equal(0, output_kernel.new(&o, &conf, own, 2,
					      clock_boot_ms()));
	output_kernel.status(o, &status);
	assert_true(status.found_known);
	assert_string_equal("kernel", status.output);
	assert_true(output_kernel.alive(o, clock_boot_ms()));
	return o;
}

static int end(struct output *o)
{
	output_kernel.free(o);
	assert_false(has_device());
	assert_string_equal("", routes());
	return 0;
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

static void a_restart_in_place_keeps_them(void **state)
{
	struct output *o = begin(), *next;
	int fd = o->tun;

	(void)state;
	wish(o, NODE_DRAINING, NODE_UP);
	output_kernel.keep(o, true);
	assert_int_equal(0, fcntl(fd, F_GETFD) & FD_CLOEXEC);
	output_kernel.keep(o, false); /* the exec failed */
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_null(getenv(KERNEL_KEPT_DEVICE));
	output_kernel.keep(o, true);

	/* the memory of the old image is gone, the descriptor is not */
	o->tun = -1;
	output_kernel.free(o);
	assert_string_equal(P_ROUTE("10") Q_ROUTE("1"), routes());
	next = begin();
	assert_int_equal(fd, next->tun);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_null(getenv(KERNEL_KEPT_DEVICE));
	assert_int_equal(2, status.found.cnt);
	assert_int_equal(NODE_DRAINING, status.found.routes[0].state);
	assert_int_equal(NODE_UP, status.found.routes[1].state);
	assert_string_equal(P_ROUTE("10") Q_ROUTE("1"), routes());

	/* the same is wanted: nothing is touched */
	wish(next, NODE_DRAINING, NODE_UP);
	assert_int_equal(0, status.commands);
	assert_int_equal(generation, status.generation);
	end(next);
}

/* Somebody sets the device down while there is nobody to hear of it. */
static void a_kept_device_may_be_down(void **state)
{
	struct output *o = begin(), *next;

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	output_kernel.keep(o, true);
	o->tun = -1;
	output_kernel.free(o);
	run("ip link set anycast0 down");
	next = begin();
	assert_int_equal(0, status.found.cnt);
	wish(next, NODE_UP, NODE_UP);	/* refused, set up, and done */
	assert_true(both_are_advertised());
	assert_string_equal(P_ROUTE("1") Q_ROUTE("1"), routes());
	end(next);
}

static void a_kept_descriptor_may_be_anything(void **state)
{
	static const char *const texts[] = {
		"", "x", "-1", "99999", "0x5", "4294967296", "1", "1,200",
		"1,", ",200", "99999,200", "1,200,", "1,4294967296",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		setenv(KERNEL_KEPT_DEVICE, texts[i], 1);
		end(begin());
		assert_null(getenv(KERNEL_KEPT_DEVICE));
	}
}

/* What the next image finds, and is not to have. */
static int keep_for_another(void)
{
	struct output *o = begin();
	int fd = o->tun;

	wish(o, NODE_UP, NODE_UP);
	output_kernel.keep(o, true);
	o->tun = -1;
	output_kernel.free(o);
	assert_true(has_device());
	return fd;
}

static void a_kept_device_of_another_name_goes(void **state)
{
	struct output *o;

	(void)state;
	keep_for_another();
	snprintf(conf.kernel_device, sizeof(conf.kernel_device), "anycast7");
	o = begin();
	assert_false(has_device());
	assert_string_equal("", routes());
	assert_int_equal(0, status.found.cnt);
	end(o);
	snprintf(conf.kernel_device, sizeof(conf.kernel_device), "anycast0");

	/* somebody has renamed it */
	keep_for_another();
	run("ip link set anycast0 down");
	run("ip link set anycast0 name anycast7 up");
	end(begin());
	run("! ip link show anycast7 2>/dev/null");
}

static void a_kept_device_of_another_table_goes(void **state)
{
	struct output *o;

	(void)state;
	keep_for_another();
	conf.kernel_table = 201;
	o = begin();
	assert_string_equal("", routes());
	wish(o, NODE_UP, NODE_UP);
	assert_true(both_are_advertised());
	end(o);
	conf.kernel_table = 200;
}

static void a_kept_device_of_another_output_goes(void **state)
{
	int fd = keep_for_another();

	(void)state;
	output_kernel.forget();
	assert_false(has_device());
	assert_string_equal("", routes());
	assert_int_equal(-1, fcntl(fd, F_GETFD));
	assert_null(getenv(KERNEL_KEPT_DEVICE));
	output_kernel.forget();
}

static void what_somebody_deletes_comes_back(void **state)
{
	struct output *o = begin();

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	run("ip route del " P " table 200");
	run("ip route del " Q " table 200");
	status.routes[0].proof = LINK_PROOF_NONE;
	for (int turns = 0; turns < 3; turns++) {
		struct pollfd fds[OUTPUT_FDS_MAX];
		size_t cnt = output_kernel.fds(o, fds);
		int err;

		assert_true(poll(fds, cnt, turns ? 0 : LIMIT_MS) >= 0);
		output_kernel.step(o, fds, cnt, clock_boot_ms(), &err);
	}
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
	for (int turns = 0; turns < 4; turns++) {
		struct pollfd fds[OUTPUT_FDS_MAX];
		size_t cnt = output_kernel.fds(o, fds);
		int err;

		assert_true(poll(fds, cnt, turns ? 0 : LIMIT_MS) >= 0);
		output_kernel.step(o, fds, cnt, clock_boot_ms(), &err);
	}
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
		struct pollfd fds[OUTPUT_FDS_MAX];
		size_t cnt = output_kernel.fds(o, fds);
		int err;

		assert_int_equal(1, sendto(fd, "x", 1, 0,
					   (struct sockaddr *)&to, sizeof(to)));
		if (i % 256 == 0) {
			poll(fds, cnt, 0);
			output_kernel.step(o, fds, cnt, clock_boot_ms(), &err);
		}
	}
	close(fd);
	TURN_UNTIL(o, something_ails_it);
	while (o->packets < 3000) {
		struct pollfd fds[OUTPUT_FDS_MAX];
		size_t cnt = output_kernel.fds(o, fds);
		int err;

		assert_true(poll(fds, cnt, LIMIT_MS) > 0);
		output_kernel.step(o, fds, cnt, clock_boot_ms(), &err);
	}
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
	size_t cnt;
	int err;

	(void)state;
	wish(o, NODE_UP, NODE_UP);
	/* what it hears of its own doing */
	while (poll(fds, cnt = output_kernel.fds(o, fds), 0) > 0)
		output_kernel.step(o, fds, cnt, now_ms, &err);
	was = o->heard;
	wish(o, NODE_DRAINING, NODE_UP);
	wish(o, NODE_UP, NODE_UP);
	while (poll(fds, cnt = output_kernel.fds(o, fds), 0) > 0)
		output_kernel.step(o, fds, cnt, now_ms, &err);
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

static int own_network(void **state)
{
	(void)state;
	assert_int_equal(0, prefix_parse(&own[0], slice_str(P)));
	assert_int_equal(0, prefix_parse(&own[1], slice_str(Q)));
	return unshare(CLONE_NEWNET);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_come_change_and_go),
		cmocka_unit_test(they_die_with_their_owner),
		cmocka_unit_test(a_restart_in_place_keeps_them),
		cmocka_unit_test(a_kept_device_may_be_down),
		cmocka_unit_test(a_kept_descriptor_may_be_anything),
		cmocka_unit_test(a_kept_device_of_another_name_goes),
		cmocka_unit_test(a_kept_device_of_another_table_goes),
		cmocka_unit_test(a_kept_device_of_another_output_goes),
		cmocka_unit_test(what_somebody_deletes_comes_back),
		cmocka_unit_test(what_somebody_deletes_before_us_is_no_error),
		cmocka_unit_test(foreign_routes_stay_and_are_told),
		cmocka_unit_test(a_route_in_the_way_is_waited_for),
		cmocka_unit_test(
			the_old_state_stays_until_the_new_one_is_there),
		cmocka_unit_test(a_family_without_ip6_is_refused_alone),
		cmocka_unit_test(a_device_that_is_set_down_is_set_up),
		cmocka_unit_test(a_device_that_is_deleted_is_made_again),
		cmocka_unit_test(a_second_goes_by_without_a_change),
		cmocka_unit_test(another_agents_device_is_left_alone),
		cmocka_unit_test(packets_are_dropped_and_counted),
		cmocka_unit_test(the_main_table_has_others_routes),
	};

	if (geteuid() != 0 || access("/dev/net/tun", R_OK | W_OK)) {
		puts("skipped: this needs root and /dev/net/tun");
		return 4;
	}
	return cmocka_run_group_tests(tests, own_network, NULL);
}
