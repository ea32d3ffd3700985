/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtpopt.h - the RTP generator's command line; see rtpload --help */
#ifndef BENCH_RTPOPT_H
#define BENCH_RTPOPT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
	RTPOPT_CALLS_MAX = 16384,	/* parties of a call have 2^16 addresses */
	RTPOPT_PARTIES_PREFIX = 15,
};

struct rtpopt {
	struct sockaddr_in ng;		/* sin_family 0: none */
	struct sockaddr_in echo;	/* sin_family 0: none */
	const char *device;		/* borrowed from argv */
	struct in_addr parties;
	uint64_t calls;
	uint64_t first;
	uint64_t rate;			/* packets/s of all calls together */
	uint64_t warmup_ms;
	uint64_t duration_ms;
	uint64_t max_rate;		/* look for the limit up to here; 0: no */
	uint64_t trial_ms;
	uint64_t group;			/* the relay's processes; 0: not watched */
	uint64_t core;
	bool keep;
	bool help;
};

/* 0, or EINVAL after saying on err everything that is wrong. */
int rtpopt_parse(struct rtpopt *out, int argc, const char *const *argv,
		 FILE *err);

void rtpopt_print_help(FILE *out);

#endif
