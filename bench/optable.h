/* SPDX-License-Identifier: GPL-2.0-or-later */
/* optable.h - a command line out of one table
 *
 * A row gives an option's name, kind, range, help and the field of the
 * program's option struct it sets; parsing, its messages and --help follow
 * from that.  Defaults are what the struct holds before.  Pure but for the
 * messages on the given stream.
 */
#ifndef BENCH_OPTABLE_H
#define BENCH_OPTABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum optable_kind {
	OPTABLE_NUMBER,		/* uint64_t, min..max */
	OPTABLE_TEXT,		/* const char *, borrowed from argv */
	OPTABLE_FLAG,		/* bool, takes no value */
	OPTABLE_ENDPOINT,	/* struct sockaddr_in, ADDR:PORT */
	OPTABLE_ADDRESS,	/* struct in_addr */
};

struct optable_row {
	const char *name;	/* without the -- */
	enum optable_kind kind;
	size_t offset;		/* of the field */
	uint64_t min, max;	/* of a number */
	const char *value;	/* what help calls its value; NULL: none */
	const char *help;
};

struct optable {
	const char *head;	/* of the help, with its line ends */
	const struct optable_row *rows;
	size_t cnt;
};

/* 0, or EINVAL after saying on err everything that is wrong.  A text is
 * visible ASCII without <, > and ", at most 100 of it.
 */
int optable_parse(const struct optable *t, void *out, int argc,
		  const char *const *argv, FILE *err);

void optable_print_help(const struct optable *t, FILE *out);

#endif
