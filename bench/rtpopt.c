/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/rtpopt.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>

#include "bench/optable.h"

#define AT(field) offsetof(struct rtpopt, field)

static const struct optable_row rows[] = {
	{ "ng", OPTABLE_ENDPOINT, AT(ng), 0, 0, "ADDR:PORT",
	  "the relay's control port; it tells where its media ports are" },
	{ "echo", OPTABLE_ENDPOINT, AT(echo), 0, 0, "ADDR:PORT",
	  "no relay but an echo: all parties send there, and get it back" },
	{ "device", OPTABLE_TEXT, AT(device), 0, 0, "NAME",
	  "the Ethernet device to the relay (required)" },
	{ "parties", OPTABLE_ADDRESS, AT(parties), 0, 0, "ADDR",
	  "the parties' /15; the relay routes it to us (10.200.0.0)" },
	{ "calls", OPTABLE_NUMBER, AT(calls), 1, RTPOPT_CALLS_MAX, "N",
	  "calls to set up, two streams each (100)" },
	{ "first", OPTABLE_NUMBER, AT(first), 0, RTPOPT_CALLS_MAX, "N",
	  "the first call's parties, when others are in use (0)" },
	{ "rate", OPTABLE_NUMBER, AT(rate), 1, 10000000, "N",
	  "packets per second, over all streams in turn (10000)" },
	{ "warmup", OPTABLE_NUMBER, AT(warmup_ms), 0, 60000, "MS",
	  "load before the measurement, not counted (0)" },
	{ "duration", OPTABLE_NUMBER, AT(duration_ms), 0, 3600000, "MS",
	  "measure for this long (3000)" },
	{ "max-rate", OPTABLE_NUMBER, AT(max_rate), 1, 10000000, "N",
	  "then look for the highest rate without loss, up to N" },
	{ "trial", OPTABLE_NUMBER, AT(trial_ms), 10, 60000, "MS",
	  "length of each trial of that (1000)" },
	{ "group", OPTABLE_NUMBER, AT(group), 1, INT32_MAX, "PGID",
	  "process group of the relay, to account its CPU time" },
	{ "core", OPTABLE_NUMBER, AT(core), 0, 1023, "N",
	  "the core the relay runs on (0)" },
	{ "keep", OPTABLE_FLAG, AT(keep), 0, 0, NULL,
	  "leave the calls in the relay" },
	{ "help", OPTABLE_FLAG, AT(help), 0, 0, NULL, "print this" },
};

static const struct optable table = {
	.head = "rtpload - RTP through a relay, every packet accounted for\n"
		"usage: rtpload --device NAME (--ng | --echo) ADDR:PORT "
		"[option ...]\n",
	.rows = rows,
	.cnt = sizeof(rows) / sizeof(rows[0]),
};

int rtpopt_parse(struct rtpopt *out, int argc, const char *const *argv,
		 FILE *err)
{
	int bad;

	*out = (struct rtpopt){
		.parties.s_addr = htonl(0x0ac80000), .calls = 100,
		.rate = 10000, .duration_ms = 3000, .trial_ms = 1000,
	};
	bad = optable_parse(&table, out, argc, argv, err);
	if (bad || out->help)
		return bad;

	if (!out->device) {
		fprintf(err, "--device is missing\n");
		bad = EINVAL;
	}
	if (!out->ng.sin_family == !out->echo.sin_family) {
		fprintf(err, "one of --ng and --echo is needed\n");
		bad = EINVAL;
	}
	if (out->first + out->calls > RTPOPT_CALLS_MAX) {
		fprintf(err, "--first and --calls: not more than %d together\n",
			RTPOPT_CALLS_MAX);
		bad = EINVAL;
	}
	if (ntohl(out->parties.s_addr) & (UINT32_MAX >> RTPOPT_PARTIES_PREFIX)) {
		fprintf(err, "--parties: not the first address of a /%d\n",
			RTPOPT_PARTIES_PREFIX);
		bad = EINVAL;
	}
	return bad;
}

void rtpopt_print_help(FILE *out)
{
	optable_print_help(&table, out);
}
