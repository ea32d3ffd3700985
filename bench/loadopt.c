/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/loadopt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind { NUMBER, TEXT, FLAG, ENDPOINT, ADDRESS };

struct option_desc {
	const char *name;
	enum kind kind;
	size_t offset;
	uint64_t min, max;	/* of a number */
	const char *value;	/* what help calls its value; NULL: none */
	const char *help;
};

#define AT(field) offsetof(struct loadopt, field)

static const struct option_desc options[] = {
	{ "target", ENDPOINT, AT(target), 0, 0, "ADDR:PORT",
	  "where requests go (required, IPv4)" },
	{ "status", NUMBER, AT(status), 0, 699, "N",
	  "the right answer's status (302); 0: any final one" },
	{ "contact", TEXT, AT(contact), 0, 0, "HOST[:PORT]",
	  "host of its one Contact; without: it has none" },
	{ "any-contact", FLAG, AT(any_contact), 0, 0, NULL,
	  "one Contact, whatever its host" },
	{ "echo", FLAG, AT(echo), 0, 0, NULL,
	  "the right answer is the request itself, byte for byte" },
	{ "method", TEXT, AT(method), 0, 0, "NAME", "method (INVITE)" },
	{ "user", TEXT, AT(user), 0, 0, "NAME",
	  "user part of the Request-URI (bob)" },
	{ "domain", TEXT, AT(domain), 0, 0, "HOST",
	  "host of Request-URI, From and To (the target's address)" },
	{ "no-body", FLAG, AT(no_body), 0, 0, NULL,
	  "INVITE without a session description" },
	{ "ack", FLAG, AT(ack), 0, 0, NULL, "ACK every right answer" },
	{ "window", NUMBER, AT(window), 1, 65536, "N",
	  "requests outstanding at a time (64)" },
	{ "timeout", NUMBER, AT(timeout_ms), 1, 60000, "MS",
	  "give a request up after this; it is not sent again (500)" },
	{ "count", NUMBER, AT(count), 1, UINT64_MAX, "N",
	  "send this many requests, instead of --duration" },
	{ "duration", NUMBER, AT(duration_ms), 1, 3600000, "MS",
	  "measure for this long (3000)" },
	{ "warmup", NUMBER, AT(warmup_ms), 0, 60000, "MS",
	  "load before the measurement, not counted (0)" },
	{ "source", ADDRESS, AT(source), 0, 0, "ADDR",
	  "first source address (any; 127.64.0.1 with --sources)" },
	{ "sources", NUMBER, AT(sources), 1, 4194304, "N",
	  "spread over N consecutive source addresses (1)" },
	{ "agents", NUMBER, AT(agents), 1, 1048576, "N",
	  "spread over N User-Agents (1)" },
	{ "prime", ENDPOINT, AT(prime), 0, 0, "ADDR:PORT",
	  "before, each source and agent is redirected and follows to here" },
	{ "help", FLAG, AT(help), 0, 0, NULL, "print this" },
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

/* 1 to 20 digits and nothing else. */
static int parse_number(uint64_t *out, const char *text)
{
	char *end;

	if (*text < '0' || *text > '9')
		return EINVAL;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno || *end ? EINVAL : 0;
}

static int parse_endpoint(struct sockaddr_in *out, const char *text)
{
	const char *colon = strchr(text, ':');
	char ip[INET_ADDRSTRLEN];
	uint64_t port;
	size_t len;

	if (!colon || parse_number(&port, colon + 1) || !port || port > 65535)
		return EINVAL;

	len = (size_t)(colon - text);
	if (len >= sizeof(ip))
		return EINVAL;
	memcpy(ip, text, len);
	ip[len] = '\0';

	*out = (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)port) };
	return inet_pton(AF_INET, ip, &out->sin_addr) == 1 ? 0 : EINVAL;
}

/* A text goes into a request as it is: visible ASCII, not too long. */
static int check_text(const char *text)
{
	size_t len = strlen(text);

	if (!len || len > 100)
		return EINVAL;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' || strchr("<>\"", text[i]))
			return EINVAL;
	return 0;
}

static int set_value(struct loadopt *out, const struct option_desc *o,
		     const char *value, FILE *err)
{
	void *field = (char *)out + o->offset;
	uint64_t number;
	int bad = 0;

	switch (o->kind) {
	case FLAG:
		*(bool *)field = true;
		break;
	case TEXT:
		bad = check_text(value);
		*(const char **)field = value;
		break;
	case ENDPOINT:
		bad = parse_endpoint(field, value);
		break;
	case ADDRESS:
		bad = inet_pton(AF_INET, value, field) == 1 ? 0 : EINVAL;
		break;
	case NUMBER:
		bad = parse_number(&number, value);
		if (!bad && (number < o->min || number > o->max)) {
			fprintf(err, "--%s: %s is not in %ju..%ju\n", o->name,
				value, (uintmax_t)o->min, (uintmax_t)o->max);
			return EINVAL;
		}
		if (!bad)
			*(uint64_t *)field = number;
		break;
	}
	if (bad)
		fprintf(err, "--%s: `%s' is not %s\n", o->name, value,
			o->value);
	return bad;
}

static const struct option_desc *find_option(const char *arg)
{
	if (strncmp(arg, "--", 2))
		return NULL;
	for (size_t i = 0; i < OPTIONS; i++)
		if (!strcmp(arg + 2, options[i].name))
			return &options[i];
	return NULL;
}

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
	int bad = 0;

	*out = (struct loadopt){
		.sources = 1, .agents = 1, .window = 64, .timeout_ms = 500,
		.duration_ms = 3000, .status = 302, .method = "INVITE",
		.user = "bob",
	};

	for (int i = 1; i < argc; i++) {
		const struct option_desc *o = find_option(argv[i]);

		if (!o) {
			fprintf(err, "%s: no such option\n", argv[i]);
			bad = EINVAL;
		} else if (o->kind != FLAG && i + 1 == argc) {
			fprintf(err, "--%s wants %s\n", o->name, o->value);
			bad = EINVAL;
		} else if (set_value(out, o,
				     o->kind == FLAG ? "" : argv[++i], err)) {
			bad = EINVAL;
		}
	}
	if (bad || out->help)
		return bad;

	return check_together(out, err);
}

void loadopt_print_help(FILE *out)
{
	fprintf(out,
		"sipload - SIP requests in a closed loop, right answers counted\n"
		"usage: sipload --target ADDR:PORT [option ...]\n");
	for (size_t i = 0; i < OPTIONS; i++)
		fprintf(out, "  --%-11s %-11s %s\n", options[i].name,
			options[i].value ? options[i].value : "",
			options[i].help);
}
