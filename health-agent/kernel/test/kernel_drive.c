/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_drive.c - the output `kernel' by hand, for tests/health/kernel.py
 *
 *	kernel_drive TABLE PREFIX...
 *
 * A guardian without worker.  On stdin, a line each:
 *
 *	want [PREFIX=STATE]...	exactly that from now on
 *	restart			execute this program anew, routes as they are
 *	usage			what it has cost
 *
 * On stdout, a line whenever the status has changed: "GENERATION PREFIX=PROOF...
 * TEXT"; "found PREFIX=STATE..." at the start.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "health-agent/daemon/conf.h"
#include "health-agent/kernel/kernel.h"

static const char *const proofs[LINK_PROOFS] = {
	[LINK_PROOF_NONE] = "none",
	[LINK_PROOF_ADVERTISED] = "advertised",
	[LINK_PROOF_PENDING] = "pending",
	[LINK_PROOF_SESSION_DOWN] = "session-down",
	[LINK_PROOF_MISSING] = "missing",
	[LINK_PROOF_REFUSED] = "refused",
	[LINK_PROOF_UNWANTED] = "unwanted",
};

static struct output *output;
static struct link_status status;
static uint64_t generation;
static bool found_told;

static void print_prefix(const struct prefix *p, const char *word)
{
	char text[PREFIX_TEXT_MAX];

	prefix_format(text, p);
	printf(" %s=%s", text, word);
}

static void tell(void)
{
	if (!output_kernel.status(output, &status))
		return;
	if (status.found_known && !found_told) {
		found_told = true;
		printf("found");
		for (size_t i = 0; i < status.found.cnt; i++)
			print_prefix(&status.found.routes[i].prefix,
				     node_state_name(
					     status.found.routes[i].state));
		putchar('\n');
	}
	printf("%" PRIu64, status.generation);
	for (size_t i = 0; i < status.route_cnt; i++)
		print_prefix(&status.routes[i].prefix,
			     proofs[status.routes[i].proof]);
	printf(" %s\n", status.output_text);
	fflush(stdout);
}

static void want(char *words)
{
	struct route_set set = { .cnt = 0 };
	char *rest = NULL;

	for (char *word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		struct route *r = &set.routes[set.cnt];
		char *state = strchr(word, '=');
		enum node_state value;

		if (!state || set.cnt == ROUTE_PREFIXES_MAX ||
		    node_state_parse(&value, slice_str(state + 1)) ||
		    prefix_parse(&r->prefix,
				 slice_of(word, (size_t)(state - word))))
			exit(2);
		r->state = (uint8_t)value;
		set.cnt++;
	}
	output_kernel.want(output, &set, ++generation, clock_boot_ms());
}

static void usage(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	printf("usage %ld us user, %ld us system\n",
	       1000000 * (long)r.ru_utime.tv_sec + (long)r.ru_utime.tv_usec,
	       1000000 * (long)r.ru_stime.tv_sec + (long)r.ru_stime.tv_usec);
	fflush(stdout);
}

/* Lines come whole: the test writes them by one write(). */
static void take_lines(char *argv[])
{
	char text[4096], *line, *rest = text;
	ssize_t n = read(STDIN_FILENO, text, sizeof(text) - 1);

	if (n <= 0)
		exit(0);
	text[n] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "want", 4)) {
			want(line + 4);
		} else if (!strcmp(line, "usage")) {
			usage();
		} else if (!strcmp(line, "restart")) {
			output_kernel.keep(output, true);
			execv("/proc/self/exe", argv);
			exit(2);
		}
	}
}

int main(int argc, char *argv[])
{
	static struct agent_conf conf = {
		.kernel_device = "anycast0",
		.ack_timeout_ms = 2000,
	};
	struct prefix own[ROUTE_PREFIXES_MAX];
	uint64_t next_ms = 0;
	size_t cnt = 0;
	int err;

	if (argc < 2)
		return 2;
	conf.kernel_table = (uint32_t)strtoul(argv[1], NULL, 10);
	for (int i = 2; i < argc && cnt < ROUTE_PREFIXES_MAX; i++)
		if (prefix_parse(&own[cnt++], slice_str(argv[i])))
			return 2;
	if (output_kernel.new(&output, &conf, own, cnt, clock_boot_ms()))
		return 1;
	for (;;) {
		struct pollfd fds[OUTPUT_FDS_MAX + 1];
		size_t used = output_kernel.fds(output, fds);
		uint64_t now_ms = clock_boot_ms();
		int wait_ms = next_ms > now_ms ? (int)(next_ms - now_ms) : 0;

		tell();
		fds[used] = (struct pollfd){
			.fd = STDIN_FILENO,
			.events = POLLIN,
		};
		poll(fds, used + 1, wait_ms);
		if (fds[used].revents)
			take_lines(argv);
		next_ms = output_kernel.step(output, fds, used, clock_boot_ms(),
					     &err);
	}
}
