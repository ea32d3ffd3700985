/* SPDX-License-Identifier: GPL-2.0-or-later */
/* straycost [option ...] - what the pure part of a stray costs, per message
 *
 * A served request over UDP is claimed: its key and rendezvous worked out, the
 * message sealed, opened at the rendezvous, claimed there, sealed and opened
 * again on its way back.  Each of these steps is done many times over with
 * a new Call-ID each, and the least time of some rounds is printed: that of a
 * round nobody else took the processor from.  A step that does not do what it
 * should ends the program.  What the kernel's sockets and the host's parser
 * cost beside is bench/redirect's subject.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/optable.h"
#include "common/clock.h"
#include "kamailio-module/claim.h"
#include "kamailio-module/token.h"

enum {
	EXIT_USAGE = 64,
	SITE_TEXT_MAX = 1 << 19,
	ENTRIES = 65536,
	NOW_S = 1790000000,
};

struct options {
	uint64_t rounds, turns, bytes, nodes;
	bool help;
};

#define ROW(name_, min_, max_, help_) \
	{ #name_, OPTABLE_NUMBER, offsetof(struct options, name_), min_, \
	  max_, "N", help_ }

static const struct optable_row rows[] = {
	ROW(rounds, 1, 1000, "of each step; the least counts (9)"),
	ROW(turns, 1, 100000000, "of a step in a round (20000)"),
	ROW(bytes, 64, 60000, "of the message (900)"),
	ROW(nodes, 2, SITE_NODES_MAX, "in the site file (3)"),
	{ "help", OPTABLE_FLAG, offsetof(struct options, help), 0, 0, NULL,
	  "this" },
};

static const struct optable table = {
	.head = "usage: straycost [option ...]\n"
		"Prints nanoseconds per message for each step of a stray.\n",
	.rows = rows,
	.cnt = sizeof(rows) / sizeof(rows[0]),
};

/* All that the steps work on. */
static struct {
	struct site *site;
	struct nodes *nodes;
	struct claim_env env;
	struct slice call_id;
	struct slice message;
	struct pass_head head;
	uint8_t datagram[PASS_DATAGRAM_MAX];
	size_t len;
	struct pass_buffer buffer;
	char flow[TOKEN_FLOW_MAX];
	char via[TOKEN_VIA_MAX];
	uint64_t sum;		/* of all that is worked out: it is needed */
} work;

static const struct slice from_tag = { "1928301774", 10 };
static const struct slice branch = { "z9hG4bK3ab8.7f1c2d3e.0", 22 };
static const struct slice self = { "n0", 2 };
static const struct slice other = { "n1", 2 };

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "straycost: %s did not do what it should\n", what);
	exit(1);
}

static void step_key(void)
{
	work.sum += owners_key(work.call_id, from_tag, 314159);
}

static void step_rendezvous(void)
{
	uint32_t node = nodes_rendezvous(work.nodes, work.call_id, 0);

	must(node != NODES_NONE, "rendezvous");
	work.sum += node;
}

static void step_encode(void)
{
	must(!pass_encode(work.datagram, &work.len, work.site, other,
			  &work.head, work.message), "encode");
}

static void step_decode(void)
{
	struct pass_head head;
	struct slice message;

	must(pass_decode(&head, &message, &work.buffer, work.site, other,
			 work.datagram, work.len) == PASS_OK, "decode");
	work.sum += message.len;
}

static void step_reject(void)
{
	struct pass_head head;
	struct slice message;

	must(pass_decode(&head, &message, &work.buffer, work.site, self,
			 work.datagram, work.len) == PASS_UNOPENABLE,
	     "reject");
}

static void step_claim(void)
{
	static uint64_t key;
	struct pass_head head = work.head;

	head.key = ++key * 0x9e3779b97f4a7c15;
	must(claim_rule(&head, &work.env).kind == PASS_YOURS, "claim");
}

static void step_find(void)
{
	struct pass_head head = work.head;

	head.claim = false;
	head.key = 1;		/* nobody's */
	must(claim_rule(&head, &work.env).kind == PASS_NOBODY, "find");
}

static void step_flow_write(void)
{
	struct flow flow = {
		.transport = SIP_TCP, .on_service = true, .local_port = 5060,
		.remote_port = 40000, .remote = work.head.source,
	};

	must(token_format_flow(work.flow, work.site, self, &flow, NOW_S),
	     "flow token");
}

static void step_flow_read(void)
{
	struct flow flow;

	must(token_parse_flow(&flow, slice_str(work.flow), work.site, self,
			      NOW_S, 3600) == TOKEN_VALID, "flow token");
}

static void step_via_write(void)
{
	must(token_format_via(work.via, work.site, self, branch),
	     "Via token");
}

static void step_via_read(void)
{
	struct slice node;

	must(token_parse_via(&node, slice_str(work.via), work.site, branch) ==
	     TOKEN_VALID, "Via token");
}

static const struct step {
	const char *name;
	void (*run)(void);
} steps[] = {
	{ "key", step_key },
	{ "rendezvous", step_rendezvous },
	{ "encode", step_encode },
	{ "decode", step_decode },
	{ "reject", step_reject },
	{ "claim", step_claim },
	{ "find", step_find },
	{ "flow-write", step_flow_write },
	{ "flow-read", step_flow_read },
	{ "via-write", step_via_write },
	{ "via-read", step_via_read },
};

/* Nanoseconds of one turn, in the best round. */
static double measure(const struct step *step, const struct options *opt)
{
	static char call_id[] = "0000000000000000@pc33.example.com";
	uint64_t least = UINT64_MAX, turn = 0;

	work.call_id = slice_str(call_id);
	for (uint64_t round = 0; round < opt->rounds; round++) {
		uint64_t from = clock_ns(), took;

		for (uint64_t i = 0; i < opt->turns; i++) {
			turn++;
			memcpy(call_id, &turn, sizeof(turn));
			step->run();
		}
		took = clock_ns() - from;
		if (took < least)
			least = took;
	}
	return (double)least / (double)opt->turns;
}

static void complain(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "straycost: %s\n", line);
}

static void prepare(const struct options *opt)
{
	static char text[SITE_TEXT_MAX], message[PASS_DATAGRAM_MAX];
	size_t at = (size_t)snprintf(text, sizeof(text),
				     "[service]\ndomain = sip.example.net\n"
				     "address = 192.0.2.53\n"
				     "secret = a secret of sixteen or more\n");

	for (unsigned i = 0; i < opt->nodes; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "[node n%u]\naddress = 198.51.%u.%u\n",
				       i, 100 + i / 250, 1 + i % 250);
	must(!site_parse(&work.site, "site", NULL, slice_of(text, at),
			 complain, NULL), "site");
	must(!nodes_new(&work.nodes, work.site, self), "nodes");
	work.env = (struct claim_env){
		.nodes = work.nodes, .now_ms = 1000000,
		.owners = owners_init(aligned_alloc(64, owners_size(ENTRIES)),
				      ENTRIES),
	};
	memset(message, 'x', sizeof(message));
	work.message = slice_of(message, (size_t)opt->bytes);
	work.head = (struct pass_head){
		.kind = PASS_ASK, .claim = true, .hops = PASS_HOPS_MAX,
		.key = 1, .sender = "n0", .origin = "n0",
		.source_port = 40000, .local_port = 5060,
		.local = work.site->ip4,
	};
	must(!addr_parse(&work.head.source, "203.0.113.7", 11), "address");
	/* the rendezvous of the claims is us, and who claims is another */
	site_name_copy(work.head.origin, slice_str("n1"));
}

int main(int argc, char **argv)
{
	struct options opt = { .rounds = 9, .turns = 20000, .bytes = 900,
			       .nodes = 3 };

	if (optable_parse(&table, &opt, argc, (const char *const *)argv,
			  stderr))
		return EXIT_USAGE;
	if (opt.help) {
		optable_print_help(&table, stdout);
		return 0;
	}
	prepare(&opt);
	printf("%zu nodes, message of %zu bytes\n", (size_t)opt.nodes,
	       work.message.len);
	printf("%-12s %10s\n", "step", "ns");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		printf("%-12s %10.0f\n", steps[i].name,
		       measure(&steps[i], &opt));
	free(work.env.owners);
	nodes_free(work.nodes);
	site_free(work.site);
	return work.sum ? 0 : 1;
}
