/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lines.h - a stream cut into lines, of any length and in any pieces
 *
 * The caller reads into lines_room() and takes whole lines until there is none
 * left.  A line longer than LINES_MAX is dropped to its end and counted: it
 * never costs memory, and never begins another line.  Pure; embed the struct.
 */
#ifndef EXABGP_LINES_H
#define EXABGP_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	/* a route with all attributes it may have is below 1500 bytes */
	LINES_MAX = 4096,
};

struct lines {
	char text[4 * LINES_MAX];
	size_t begin, end;	/* what is not taken yet */
	bool dropping;		/* in a line that was too long */
	uint64_t dropped;
};

void lines_init(struct lines *l);

/* Where the next bytes may be put, *room of them, at least one.  Call it when
 * lines_next() has nothing more; earlier slices end here.
 */
char *lines_room(struct lines *l, size_t *room);

/* cnt bytes have been put there. */
void lines_added(struct lines *l, size_t cnt);

/* The next line without its LF or CR LF; false: it is not complete yet. */
bool lines_next(struct lines *l, struct slice *out);

#endif
