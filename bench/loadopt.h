/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loadopt.h - the load generator's command line
 *
 * One table (loadopt.c) gives the names, the help, the ranges and the
 * defaults.  Pure but for the messages on the given stream.
 */
#ifndef BENCH_LOADOPT_H
#define BENCH_LOADOPT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct loadopt {
	struct sockaddr_in target;
	struct sockaddr_in prime;	/* sin_family 0: no priming */
	struct in_addr source;		/* the first source address */
	uint64_t sources;
	uint64_t agents;
	uint64_t window;
	uint64_t timeout_ms;
	uint64_t count;			/* 0: by time */
	uint64_t duration_ms;
	uint64_t warmup_ms;
	uint64_t status;
	const char *method;		/* borrowed from argv, as all texts */
	const char *user;
	const char *domain;		/* NULL: the target's address */
	const char *contact;		/* host[:port]; NULL: none expected */
	bool any_contact;
	bool echo;
	bool ack;
	bool no_body;
	bool help;
};

/* 0, or EINVAL after saying on err everything that is wrong. */
int loadopt_parse(struct loadopt *out, int argc, const char *const *argv,
		  FILE *err);

void loadopt_print_help(FILE *out);

#endif
