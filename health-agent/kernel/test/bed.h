/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bed.h - the output against the kernel, in a network namespace of its own; what
 * is there is told by ip(8).  P and Q are the own prefixes.
 */
#ifndef KERNEL_TEST_BED_H
#define KERNEL_TEST_BED_H

#include "common/test/table.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "health-agent/daemon/conf.h"
#include "health-agent/kernel/kernel.h"

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

static bool both_are_advertised(void)
{
	return status.routes[0].proof == LINK_PROOF_ADVERTISED &&
	       status.routes[1].proof == LINK_PROOF_ADVERTISED;
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

static int own_network(void **state)
{
	(void)state;
	assert_int_equal(0, prefix_parse(&own[0], slice_str(P)));
	assert_int_equal(0, prefix_parse(&own[1], slice_str(Q)));
	return unshare(CLONE_NEWNET);
}

/* 4: skipped. */
static inline int bed_cannot(void)
{
	if (geteuid() == 0 && !access("/dev/net/tun", R_OK | W_OK))
		return 0;
	puts("skipped: this needs root and /dev/net/tun");
	return 4;
}

#endif
