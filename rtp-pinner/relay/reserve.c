/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/reserve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cursor.h"
#include "common/log.h"

#define RANGE_FILE "/proc/sys/net/ipv4/ip_local_port_range"
#define RESERVED_FILE "/proc/sys/net/ipv4/ip_local_reserved_ports"

/* "8080" or "9000-9100", in between white space. */
static bool parse_span(uint32_t *min, uint32_t *max, struct slice text)
{
	struct cursor c;
	struct slice first;

	text = slice_trim(text);
	c = cursor_of(text.text, text.len);
	first = cursor_until(&c, "-\t ");
	if (slice_u32(min, slice_trim(first), 65535))
		return false;
	*max = *min;
	if (!cursor_left(&c))
		return true;
	cursor_take(&c, 1);
	return !slice_u32(max, slice_trim(cursor_take(&c, cursor_left(&c))),
			  65535);
}

/* The first port from port on that is not in the list; the kernel keeps the
 * list sorted and joined, but a range may still come in several pieces.
 */
static uint32_t first_free(uint32_t port, const char *reserved)
{
	struct cursor c = cursor_of(reserved, strlen(reserved));

	while (cursor_left(&c)) {
		struct slice item = cursor_until(&c, ",");
		uint32_t min, max;

		if (parse_span(&min, &max, item) && min <= port && port <= max)
			port = max + 1;
		if (cursor_left(&c))
			cursor_take(&c, 1);
	}
	return port;
}

bool reserve_covers(uint16_t port_min, uint16_t port_max, const char *range,
		    const char *reserved)
{
	uint32_t min = 0, max = 65535;

	if (parse_span(&min, &max, slice_str(range)) &&
	    (port_max < min || port_min > max))
		return true;
	/* what of the range the kernel does hand out is enough */
	if (port_min > min)
		min = port_min;
	if (port_max < max)
		max = port_max;
	return first_free(min, reserved) > max;
}

static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");	/* nothing is reserved */
	}
	fclose(file);
	return text;
}

int reserve_check(uint16_t port_min, uint16_t port_max)
{
	char *range = read_text(RANGE_FILE);
	char *reserved = read_text(RESERVED_FILE);
	struct slice have;
	int err = 0;

	if (!range || !reserved) {
		log_warn("relay: cannot read %s (nobody knows whether ports %u-%u "
			 "are reserved)", range ? RESERVED_FILE : RANGE_FILE,
			 port_min, port_max);
		goto out;
	}
	if (reserve_covers(port_min, port_max, range, reserved))
		goto out;

	have = slice_trim(slice_str(reserved));
	log_err("relay: ports %u-%u may be given to other programs as ephemeral "
		"ports; reserve them: sysctl -w "
		"net.ipv4.ip_local_reserved_ports=%.*s%s%u-%u",
		port_min, port_max, (int)have.len, have.text,
		have.len ? "," : "", port_min, port_max);
	err = EINVAL;
out:
	free(range);
	free(reserved);
	return err;
}

int reserve_add(uint16_t port_min, uint16_t port_max)
{
	char *range = read_text(RANGE_FILE);
	char *reserved = read_text(RESERVED_FILE);
	struct slice have = slice_trim(slice_str(reserved ? reserved : ""));
	FILE *file = NULL;
	int err = 0;

	if (reserved && range &&
	    reserve_covers(port_min, port_max, range, reserved))
		goto out;
	file = reserved ? fopen(RESERVED_FILE, "we") : NULL;
	if (!file) {
		err = errno;
		goto out;
	}
	/* one write: what it has replaces the list */
	fprintf(file, "%.*s%s%u-%u", (int)have.len, have.text,
		have.len ? "," : "", port_min, port_max);
	if (fclose(file) == EOF)
		err = errno;
out:
	free(range);
	free(reserved);
	return err;
}
