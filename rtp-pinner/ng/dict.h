/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dict.h - one message of the ng protocol as a tree of values
 *
 * A tree of strings, integers, lists and dicts below one root dict.  All of a
 * message lives in the struct's two fixed pools, values and text; a message
 * that is over is forgotten at once by ng_dict_reset(), and a daemon needs two
 * of these in all: the request and the reply.  Nothing is allocated after
 * ng_dict_new().
 *
 * A dict keeps its entries in the order they were added, duplicates too.
 *
 * Adding is straight-line code: once a pool is full, or the parent is NULL,
 * adders return NULL and ng_dict_ok() is false until the next reset.
 */
#ifndef NG_DICT_H
#define NG_DICT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	NG_DEPTH_MAX = 16,	/* the root dict is level 1 */
	NG_DATAGRAM_MAX = 65507,	/* payload of one UDP datagram over IPv4 */
};

enum ng_type {
	NG_IS_STRING,
	NG_IS_INTEGER,
	NG_IS_LIST,
	NG_IS_DICT,
};

struct ng_value {
	enum ng_type type;
	struct slice key;	/* of an entry of a dict */
	struct ng_value *next;	/* in the same list or dict */
	union {
		struct slice string;
		int64_t integer;
		struct {
			struct ng_value *first;
			struct ng_value *last;
		};
	};
};

struct ng_dict {
	struct ng_value *values;	/* the first one is the root */
	size_t value_cnt;
	size_t value_max;
	char *text;
	size_t text_len;
	size_t text_max;
	bool full;
};

/* Room for value_max values (the root counts) and text_max bytes of copied
 * text.  0, EINVAL or ENOMEM.
 */
int ng_dict_new(struct ng_dict **out, size_t value_max, size_t text_max);
void ng_dict_free(struct ng_dict *d);

/* Empty again: only the root is left. */
void ng_dict_reset(struct ng_dict *d);

static inline struct ng_value *ng_root(struct ng_dict *d)
{
	return &d->values[0];
}

static inline bool ng_dict_ok(const struct ng_dict *d)
{
	return !d->full;
}

/* Add to a list (key empty) or a dict, at the end.  key and value are borrowed
 * for the life of the message.
 */
struct ng_value *ng_add_string(struct ng_dict *d, struct ng_value *parent,
			       struct slice key, struct slice value);
struct ng_value *ng_add_integer(struct ng_dict *d, struct ng_value *parent,
				struct slice key, int64_t value);
struct ng_value *ng_add_list(struct ng_dict *d, struct ng_value *parent,
			     struct slice key);
struct ng_value *ng_add_dict(struct ng_dict *d, struct ng_value *parent,
			     struct slice key);

/* The same with a NUL-terminated key; text is formatted into the message. */
struct ng_value *ng_put(struct ng_dict *d, struct ng_value *parent,
			const char *key, struct slice value);
struct ng_value *ng_put_integer(struct ng_dict *d, struct ng_value *parent,
				const char *key, int64_t value);
struct ng_value *ng_put_list(struct ng_dict *d, struct ng_value *parent,
			     const char *key);
struct ng_value *ng_put_dict(struct ng_dict *d, struct ng_value *parent,
			     const char *key);
struct ng_value *ng_put_text(struct ng_dict *d, struct ng_value *parent,
			     const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Copy text into the message; empty, and the message full, when it does not
 * fit.
 */
struct slice ng_copy(struct ng_dict *d, struct slice text);

/* Equal as keys and flags are: ' ', '-' and '_' are the same character, and so
 * are a letter and its other case (rtpengine lists the spellings one by one;
 * no two of its keys differ in case alone).
 */
bool ng_key_equal(struct slice a, struct slice b);

/* The last entry of this name in a dict, else NULL. */
const struct ng_value *ng_find(const struct ng_value *dict, const char *key);

/* The string there, empty when absent or of another type. */
struct slice ng_find_string(const struct ng_value *dict, const char *key);

#endif
