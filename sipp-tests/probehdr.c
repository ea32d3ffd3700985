/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probehdr - print an X-Anycast-Probe header as the health agent would send
 *
 * usage: probehdr SITE-FILE NODE CALL-ID [SECONDS]
 *
 * SECONDS are added to the present time, to make an old header.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/probe.h"
#include "common/site.h"

static void report(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "probehdr: %s\n", line);
}

int main(int argc, char *argv[])
{
	char value[PROBE_VALUE_MAX];
	struct site *site = NULL;
	long shift_s = 0;
	size_t len;

	if (argc < 4 || argc > 5) {
		fprintf(stderr,
			"usage: probehdr SITE-FILE NODE CALL-ID [SECONDS]\n");
		return 64;
	}
	if (argc == 5)
		shift_s = strtol(argv[4], NULL, 10);
	if (site_read(&site, argv[1], report, NULL))
		return 78;
	len = probe_format(value, site, slice_str(argv[2]),
			   slice_str(argv[3]),
			   (uint64_t)((int64_t)clock_wall_s() + shift_s));
	site_free(site);
	if (!len)
		return 1;
	printf("%s: %s\n", PROBE_HEADER, value);
	return 0;
}
