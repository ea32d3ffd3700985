/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sdp_writer.h - a text that is mostly a copy of another
 *
 * The original is copied up to the place of each change, the change is put,
 * and copying goes on behind it.  Changes come in the order of the text.
 * Errors (no memory) stick until sdp_writer_take().
 */
#ifndef SDP_SDP_WRITER_H
#define SDP_SDP_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"

struct sdp;
struct sdp_line;

struct sdp_writer {
	const struct sdp *sdp;	/* borrowed */
	size_t copied;		/* bytes of its text that are done with */
	char *text;
	size_t len;
	size_t size;
	bool failed;
};

void sdp_writer_init(struct sdp_writer *w, const struct sdp *sdp);

/* Copy the rest; hand over the text, NUL-terminated.  0 or ENOMEM. */
int sdp_writer_take(char **out, size_t *out_len, struct sdp_writer *w);

void sdp_put(struct sdp_writer *w, struct slice s);
void sdp_put_text(struct sdp_writer *w, const char *text);
void sdp_put_number(struct sdp_writer *w, uint64_t number);

/* "IP4 192.0.2.1" */
void sdp_put_addr(struct sdp_writer *w, const struct addr *addr);

/* A line end of the style of that line, or of the text if it has none. */
void sdp_put_end(struct sdp_writer *w, const struct sdp_line *line);

/* What is put next stands in place of this piece of the text. */
void sdp_replace(struct sdp_writer *w, struct slice piece);

void sdp_drop_line(struct sdp_writer *w, const struct sdp_line *line);

/* What is put in between is a line of its own after that line.  A text whose
 * last line has no end still has none then.
 */
void sdp_begin_line(struct sdp_writer *w, const struct sdp_line *line);
void sdp_finish_line(struct sdp_writer *w, const struct sdp_line *line);

#endif
