/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys.h - what a program can be told: a table of keys
 *
 * One row for each key says where its value goes in a struct, what values
 * there are, the default, and what it is for; parser, errors, --help,
 * reference and sample file all come from it.  Pure.
 */
#ifndef COMMON_KEYS_H
#define COMMON_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "common/cursor.h"
#include "common/value.h"

enum {
	KEY_WHY_MAX = 192,
	KEY_ALLOWED_MAX = 128,
	KEY_PROBLEM_MAX = 512,
	KEY_DESCRIPTION_MAX = 256,
};

struct key;

/* Parse value into the fields of key inside base, from scratch.  0 or EINVAL
 * (why, "" before, may say more than the allowed kind does; it is quoted by
 * whoever prints it).
 */
typedef int key_value_h(void *base, const struct key *key, struct slice value,
			char why[static KEY_WHY_MAX]);

struct key {
	const char *name;
	const char *group;	/* heading in the sample; NULL: as before */
	key_value_h *parse;
	size_t at;		/* offset of the field */
	size_t also_at;		/* of its count, where it is a list */
	uint64_t min;
	uint64_t max;
	size_t room;		/* entries of a list, else size of the field */
	const char *const *words;	/* of an enum, up to NULL; "" is none */
	const char *dflt;	/* NULL: none; parsed like a value */
	const char *dflt_note;	/* printed where dflt cannot say it */
	const char *allowed;	/* NULL: from min and max, or words */
	const char *example;	/* of the sample, where there is no dflt */
	const char *help;	/* a sentence or two */
};

struct key_table {
	const struct key *keys;
	size_t cnt;
};

/* ---- kinds of values */

key_value_h key_number;		/* uint8_t, 16 or 32 bits: min to max */
key_value_h key_bool;		/* bool: yes or no */
key_value_h key_duration;	/* uint64_t milliseconds */
key_value_h key_word;		/* the index in words, as an unsigned */
key_value_h key_text;		/* char[room], not empty */
key_value_h key_name;		/* ... as site_name_valid() wants it */
key_value_h key_path;		/* ... beginning with / */
key_value_h key_endpoints;	/* struct endpoint[room], each once */
key_value_h key_prefixes;	/* struct prefix[room] */

/* ---- the table in use */

/* NULL when there is none. */
const struct key *key_find(const struct key_table *table, struct slice name);

/* The name of the key it was probably meant to be, or NULL. */
const char *key_nearest(const struct key_table *table, struct slice name);

/* What values a key takes, in words. */
void key_allowed(char out[static KEY_ALLOWED_MAX], const struct key *key);

/* Parse a value into base.  0, or EINVAL: problem is a printable text,
 * "`x' is not allowed: a number from 0 to 63".
 */
int key_set(void *base, const struct key *key, struct slice value,
	    char problem[static KEY_PROBLEM_MAX]);

/* ---- the table as text */

/* One line, without newline. */
typedef void key_line_h(void *arg, const char *line);

struct key_printer {
	key_line_h *line;
	void *arg;
};

void key_print(const struct key_printer *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Text in lines of at most 79 characters, each after before. */
void key_print_wrapped(const struct key_printer *p, const char *before,
		       const char *text);

/* "what it takes; default: x" */
void key_describe(char out[static KEY_DESCRIPTION_MAX], const struct key *key);

/* "  --name   what it takes; default: x" */
void key_print_options(const struct key_printer *p,
		       const struct key_table *table);

/* "name = what it takes; default: x", and its help below. */
void key_print_reference(const struct key_printer *p,
			 const struct key_table *table);

/* Each key with its help, then ";name = default or example". */
void key_print_sample(const struct key_printer *p,
		      const struct key_table *table);

#endif
