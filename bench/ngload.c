/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ngload - calls through an ng daemon, from offer to delete, and their cost
 *
 * Keeps --window calls going, each with its own Call-ID, tags, branches and
 * bodies, none with any media: offer, answer, delete.  One thread; it spins,
 * so give it a core of its own.
 *
 * Prints `key value` lines; exits 0 when every call went through, 1 otherwise,
 * 64 on a bad command line, 71 on a system error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cpuwatch.h"
#include "bench/ngrun.h"
#include "bench/optable.h"
#include "common/clock.h"

enum {
	FIRST_PORT = 16384,
	PORT_PAIRS = 8192,
	EXIT_USAGE = 64,
	EXIT_SYSTEM = 71,
};

struct options {
	struct sockaddr_in ng;
	uint64_t calls;
	uint64_t warmup;
	uint64_t window;
	uint64_t timeout_ms;
	uint64_t group;
	uint64_t core;
	bool ping;
	bool help;
};

#define AT(field) offsetof(struct options, field)

static const struct optable_row rows[] = {
	{ "ng", OPTABLE_ENDPOINT, AT(ng), 0, 0, "ADDR:PORT",
	  "the daemon's control port (required)" },
	{ "calls", OPTABLE_NUMBER, AT(calls), 1, UINT32_MAX, "N",
	  "calls to measure (5000)" },
	{ "warmup", OPTABLE_NUMBER, AT(warmup), 0, UINT32_MAX, "N",
	  "calls before, not counted (0)" },
	{ "window", OPTABLE_NUMBER, AT(window), 1, 4096, "N",
	  "calls in progress at a time (8)" },
	{ "timeout", OPTABLE_NUMBER, AT(timeout_ms), 1, 60000, "MS",
	  "give a call up after this; nothing is sent again (2000)" },
	{ "group", OPTABLE_NUMBER, AT(group), 1, INT32_MAX, "PGID",
	  "process group of the daemon, to account its CPU time" },
	{ "core", OPTABLE_NUMBER, AT(core), 0, 1023, "N",
	  "the core the daemon runs on (0)" },
	{ "ping", OPTABLE_FLAG, AT(ping), 0, 0, NULL,
	  "only ask once whether it is there" },
	{ "help", OPTABLE_FLAG, AT(help), 0, 0, NULL, "print this" },
};

static const struct optable table = {
	.head = "ngload - calls through an ng daemon, from offer to delete\n"
		"usage: ngload --ng ADDR:PORT [option ...]\n",
	.rows = rows,
	.cnt = sizeof(rows) / sizeof(rows[0]),
};

static void describe_call(void *arg, struct ngmsg_call *call)
{
	uint32_t host = 0x0ac80000 | (uint32_t)(call->number % 65024 + 256);

	(void)arg;
	call->caller = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)(FIRST_PORT + call->number %
					     PORT_PAIRS * 2)),
		.sin_addr.s_addr = htonl(host),
	};
	call->callee = call->caller;
	call->callee.sin_addr.s_addr = htonl(host | 0x10000);
}

static void print_run(const struct ngrun *r, uint64_t elapsed_ns)
{
	printf("calls %" PRIu64 "\n", r->done);
	printf("calls_refused %" PRIu64 "\n", r->refused);
	printf("calls_timeout %" PRIu64 "\n", r->timeouts);
	printf("strays %" PRIu64 "\n", r->strays);
	printf("elapsed_ms %" PRIu64 "\n", elapsed_ns / 1000000);
	for (unsigned op = NGMSG_OFFER; op < NGMSG_OPS; op++) {
		const struct histogram *h = &r->latency_ns[op];

		printf("%s_p50_us %.1f\n", ngmsg_op_name(op),
		       (double)histogram_permille(h, 500) / 1000);
		printf("%s_p99_us %.1f\n", ngmsg_op_name(op),
		       (double)histogram_permille(h, 990) / 1000);
	}
}

static int run_calls(struct ngrun *r, uint64_t first, uint64_t cnt,
		     bool ping)
{
	struct ngrun_job job = {
		.first = first,
		.cnt = cnt,
		.from = ping ? NGMSG_PING : NGMSG_OFFER,
		.to = ping ? NGMSG_PING : NGMSG_DELETE,
		.describe = describe_call,
	};

	return cnt ? ngrun_do(r, &job) : 0;
}

static int run(const struct options *o, struct ngrun *r)
{
	struct cpusample before = { 0 }, after = { 0 };
	struct cpuwatch cpu = { 0 };
	uint64_t start_ns;
	int err = run_calls(r, 0, o->warmup, false);

	memset(r->latency_ns, 0, sizeof(r->latency_ns));
	r->done = 0;
	if (!err && o->group)
		err = cpuwatch_open(&cpu, (pid_t)o->group, (unsigned)o->core);
	if (!err && o->group)
		err = cpuwatch_read(&cpu, &before);
	start_ns = clock_ns();
	if (!err)
		err = run_calls(r, o->warmup, o->calls, false);
	if (!err && o->group)
		err = cpuwatch_read(&cpu, &after);
	if (err)
		return err;

	print_run(r, clock_ns() - start_ns);
	if (o->group) {
		after = cpusample_since(&after, &before);
		printf("cpu_tasks_us %" PRIu64 "\n", after.tasks_ns / 1000);
		printf("cpu_user_us %" PRIu64 "\n", after.user_ns / 1000);
		printf("cpu_system_us %" PRIu64 "\n", after.system_ns / 1000);
	}
	if (r->refused)
		fprintf(stderr, "ngload: first refusal: %s\n", r->said);
	return 0;
}

int main(int argc, char **argv)
{
	static struct ngrun r = { .fd = -1 };
	struct options o = { .calls = 5000, .window = 8, .timeout_ms = 2000 };
	uint64_t wanted;
	bool right;
	int err;

	if (optable_parse(&table, &o, argc, (const char *const *)argv, stderr))
		return EXIT_USAGE;
	if (o.help) {
		optable_print_help(&table, stdout);
		return 0;
	}
	if (o.ng.sin_family != AF_INET) {
		fprintf(stderr, "--ng is missing\n");
		return EXIT_USAGE;
	}

	wanted = o.ping ? 1 : o.calls;
	err = ngrun_open(&r, &o.ng, o.window, o.timeout_ms);
	if (!err)
		err = o.ping ? run_calls(&r, 0, 1, true) : run(&o, &r);
	right = r.done == wanted && !r.refused && !r.timeouts;
	ngrun_close(&r);
	if (err) {
		fprintf(stderr, "ngload: %s\n", strerror(err));
		return EXIT_SYSTEM;
	}
	return right ? 0 : 1;
}
