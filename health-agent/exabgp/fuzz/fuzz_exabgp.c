/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ExaBGP says, in pieces: the first byte is their size, the rest the
 * stream.  Whatever a line is taken for lies inside of it, and a route that is
 * read can be announced and read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/fuzz/harness.h"
#include "health-agent/exabgp/dialect.h"
#include "health-agent/exabgp/lines.h"

enum {
	OUR_AS = 64511,
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* "neighbor A announce route P next-hop ..." as a listing has it. */
static void check_announced(const struct dialect_line *l)
{
	struct dialect_neighbor to = {
		.addr = l->neighbor, .remote_as = 1, .local_as = OUR_AS,
	};
	static const char verb[] = "announce route";
	char command[DIALECT_COMMAND_MAX], listed[DIALECT_COMMAND_MAX];
	size_t len = dialect_announce(command, &to, &l->route);
	const char *at = strstr(command, verb);
	struct dialect_line again;

	check(len < DIALECT_COMMAND_MAX && command[len] == '\0');
	check(!slice_has_controls(slice_of(command, len - 1)));
	check(command[len - 1] == '\n' && at);
	command[len - 1] = '\0';
	snprintf(listed, sizeof(listed), "%.*sipv4 unicast%s",
		 (int)(at - command), command, at + strlen(verb));
	dialect_parse(&again, slice_str(listed), OUR_AS);
	check(again.kind == DIALECT_ROUTE && again.exact);
	check(addr_equal(&again.neighbor, &l->neighbor));
	check(route_equal(&again.route, &l->route));
}

static void check_line(struct slice line)
{
	struct dialect_line l;

	dialect_parse(&l, line, OUR_AS);
	check((unsigned)l.kind <= DIALECT_NONSENSE);
	check(!l.reason.len ||
	      (l.reason.text >= line.text &&
	       l.reason.text + l.reason.len <= line.text + line.len));
	check(l.route.prepend <= ROUTE_PREPEND_MAX + 1);
	check(l.route.community_cnt <= ROUTE_COMMUNITIES_MAX);
	check(l.route.large_cnt <= ROUTE_LARGE_MAX);
	switch (l.kind) {
	case DIALECT_ROUTE:
		check(l.route.prepend <= ROUTE_PREPEND_MAX);
		check(addr_is_set(&l.route.prefix.addr));
		check_announced(&l);
		break;
	case DIALECT_SESSION:
	case DIALECT_UP:
	case DIALECT_DOWN:
	case DIALECT_CONNECTED:
		check(addr_is_set(&l.neighbor));
		break;
	default:
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct lines lines;
	size_t piece = size ? data[0] * 16u + 1 : 1;

	lines_init(&lines);
	for (size_t at = 1; at < size;) {
		struct slice line;
		size_t room;
		char *to = lines_room(&lines, &room);
		size_t n = size - at < piece ? size - at : piece;

		check(room > 0);
		n = n < room ? n : room;
		memcpy(to, data + at, n);
		lines_added(&lines, n);
		at += n;
		while (lines_next(&lines, &line)) {
			check(line.len <= LINES_MAX);
			check(!line.len || !memchr(line.text, '\n', line.len));
			check_line(line);
		}
	}
	return 0;
}
