/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h - the strings and words of one line of JSON, with where they stand
 *
 * Flat and without memory: ExaBGP's events are one object a line.  Strings are
 * given as they stand between their quotes, escapes and all, because ExaBGP
 * 4.2 does not escape what it should and nothing here needs it.  Pure.
 */
#ifndef EXABGP_JSON_H
#define EXABGP_JSON_H

#include <stddef.h>

#include "common/cursor.h"

enum {
	JSON_DEPTH_MAX = 8,
};

/* The keys that lead to a value, the outermost first; "" in an array. */
struct json_path {
	struct slice keys[JSON_DEPTH_MAX];
	size_t depth;
};

/* A string (without its quotes), number, true, false or null. */
typedef void json_value_h(void *arg, const struct json_path *path,
			  struct slice value);

/* 0; EBADMSG: it is no object, or one that is cut or nested too deep.  Values
 * before the error have been given.
 */
int json_walk(struct slice line, json_value_h *value, void *arg);

/* Is the path exactly these keys, NULL-terminated? */
bool json_at(const struct json_path *path, const char *const *keys);

#endif
