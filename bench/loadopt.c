/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/loadopt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "bench/optable.h"

#define AT(field) offsetof(struct loadopt, field)

static const struct optable_row rows[] = {
	{ "target", OPTABLE_ENDPOINT, AT(target), 0, 0, "ADDR:PORT",
	  "where requests go (required, IPv4)" },
	{ "status", OPTABLE_NUMBER, AT(status), 0, 699, "N",
	  "the right answer's status (302); 0: any final one" },
	{ "contact", OPTABLE_TEXT, AT(contact), 0, 0, "HOST[:PORT]",
	  "host of its one Contact; without: it has none" },
	{ "any-contact", OPTABLE_FLAG, AT(any_contact), 0, 0, NULL,
	  "one Contact, whatever its host" },
	{ "echo", OPTABLE_FLAG, AT(echo), 0, 0, NULL,
	  "the right answer is the request itself, byte for byte" },
	{ "method", OPTABLE_TEXT, AT(method), 0, 0, "NAME", "method (INVITE)" },
	{ "user", OPTABLE_TEXT, AT(user), 0, 0, "NAME",
	  "user part of the Request-URI (bob)" },
	{ "domain", OPTABLE_TEXT, AT(domain), 0, 0, "HOST",
	  "host of Request-URI, From and To (the target's address)" },
	{ "no-body", OPTABLE_FLAG, AT(no_body), 0, 0, NULL,
	  "INVITE without a session description" },
	{ "ack", OPTABLE_FLAG, AT(ack), 0, 0, NULL, "ACK every right answer" },
	{ "window", OPTABLE_NUMBER, AT(window), 1, 65536, "N",
	  "requests outstanding at a time (64)" },
	{ "timeout", OPTABLE_NUMBER, AT(timeout_ms), 1, 60000, "MS",
	  "give a request up after this; it is not sent again (500)" },
	{ "count", OPTABLE_NUMBER, AT(count), 1, UINT64_MAX, "N",
	  "send this many requests, instead of --duration" },
	{ "duration", OPTABLE_NUMBER, AT(duration_ms), 1, 3600000, "MS",
	  "measure for this long (3000)" },
	{ "warmup", OPTABLE_NUMBER, AT(warmup_ms), 0, 60000, "MS",
	  "load before the measurement, not counted (0)" },
	{ "source", OPTABLE_ADDRESS, AT(source), 0, 0, "ADDR",
	  "first source address (any; 127.64.0.1 with --sources)" },
	{ "sources", OPTABLE_NUMBER, AT(sources), 1, 4194304, "N",
	  "spread over N consecutive source addresses (1)" },
	{ "agents", OPTABLE_NUMBER, AT(agents), 1, 1048576, "N",
	  "spread over N User-Agents (1)" },
	{ "prime", OPTABLE_ENDPOINT, AT(prime), 0, 0, "ADDR:PORT",
	  "before, each source and agent is redirected and follows to here" },
	{ "help", OPTABLE_FLAG, AT(help), 0, 0, NULL, "print this" },
};

static const struct optable table = {
	.head = "sipload - SIP requests in a closed loop, right answers counted\n"
		"usage: sipload --target ADDR:PORT [option ...]\n",
	.rows = rows,
	.cnt = sizeof(rows) / sizeof(rows[0]),
};

/* What only shows once all options are known. */
static int check_together(struct loadopt *o, FILE *err)
{
	int bad = 0;

	if (o->target.sin_family != AF_INET) {
		fprintf(err, "--target is missing\n");
		bad = EINVAL;
	}
	if (o->echo && (o->ack || o->contact || o->any_contact ||
			o->prime.sin_family)) {
		fprintf(err, "--echo goes with neither --ack, --contact, "
			"--any-contact nor --prime\n");
		bad = EINVAL;
	}
	if (o->contact && o->any_contact) {
		fprintf(err, "--contact and --any-contact exclude each "
			"other\n");
		bad = EINVAL;
	}
	if (o->sources > 1 && !o->source.s_addr)
		o->source.s_addr = htonl(0x7f400001);
	if (strcmp(o->method, "INVITE"))
		o->no_body = true;
	return bad;
}

int loadopt_parse(struct loadopt *out, int argc, const char *const *argv,
		  FILE *err)
{
	int bad;

	*out = (struct loadopt){
		.sources = 1, .agents = 1, .window = 64, .timeout_ms = 500,
		.duration_ms = 3000, .status = 302, .method = "INVITE",
		.user = "bob",
	};

	bad = optable_parse(&table, out, argc, argv, err);
	if (bad || out->help)
		return bad;

	return check_together(out, err);
}

void loadopt_print_help(FILE *out)
{
	optable_print_help(&table, out);
}
