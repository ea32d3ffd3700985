/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - a command line of long options: --KEY VALUE, --ACTION
 *
 * Each key of a table is an option (or --KEY=VALUE), and so is --config FILE;
 * actions take no value.  Nothing is parsed here but the words; all errors are
 * told at once.  And what the programs that are told so have around it.
 */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/keys.h"

enum { OPTIONS_MAX = 64 };	/* keys of the table */

struct options_action {
	const char *name;
	int action;
	bool alone;	/* needs no configuration; goes before what does */
};

struct options {
	const char *config;	/* the FILE; NULL: none was named */
	const char *values[OPTIONS_MAX];	/* by key; NULL: not there */
	int action;		/* the last one, or the first one alone */
	bool alone;
};

/* Understand argv[1..].  out->action is as it was where there is none.  0, or
 * EBADMSG after a line for each mistake.
 */
int options_read(struct options *out, const struct key_table *table,
		 const struct options_action *actions, size_t action_cnt,
		 int argc, char *const argv[], key_line_h *report, void *arg);

/* Read the file a call names, or the one at dflt, which need not be there: its
 * path to file[room], and *text as textfile_read() has it.  *text is NULL where
 * there is nothing to read, after a line where there should be.  0 or ENOMEM.
 */
int options_read_file(char **text, size_t *len, char *file, size_t room,
		      const struct options *call, const char *dflt,
		      key_line_h *report, void *arg);

/* ---- what main() says */

key_line_h options_print;	/* on stdout */

/* The exit status for an error of the configuration: EX_USAGE for EBADMSG, a
 * wrong call; EX_CONFIG for EINVAL, a wrong file or value.
 */
int options_status(int err);

#endif
