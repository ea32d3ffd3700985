/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_head.h - the head of an HTTP/1.x response
 *
 * RFC 9112 4, 5.  Only what a probe asks about: status, reason and Location.
 * The body is nobody's business here.  Pure; slices point into the bytes.
 */
#ifndef PROBE_HTTP_HEAD_H
#define PROBE_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cursor.h"

enum {
	HTTP_HEAD_MAX = 16384,
	HTTP_HEAD_FIELDS_MAX = 128,
};

enum http_head_outcome {
	HTTP_HEAD_WHOLE,
	HTTP_HEAD_MORE,		/* its end is not here yet */
	HTTP_HEAD_BAD,		/* not HTTP/1.x, or more than the bounds */
};

struct http_head {
	unsigned status;	/* 100..599 */
	struct slice reason;	/* may be empty; any bytes but CR and LF */
	bool has_location;
	struct slice location;	/* empty where there are two of them */
	size_t len;		/* its empty line included */
};

enum http_head_outcome http_head_read(struct http_head *out,
				      struct slice bytes);

#endif
