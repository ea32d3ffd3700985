/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit_file.h - the file of the audit log: lines put behind each other
 *
 * Each line is one write(2), so that a reader never sees half of one and no
 * two writers mix.  At max bytes the file becomes FILE.1 and a new one is
 * begun.  It blocks as the disk does: for one thread at a time, never the
 * loop's.
 */
#ifndef DAEMON_AUDIT_FILE_H
#define DAEMON_AUDIT_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AUDIT_FILE_MAX = 10000000 };

struct audit_file {
	char path[PATH_MAX];
	uint64_t max;		/* AUDIT_FILE_MAX */
	int fd;			/* -1: to be opened with the next line */
	uint64_t size;
};

/* 0 or ENAMETOOLONG; opens nothing. */
int audit_file_init(struct audit_file *f, const char *path, uint64_t max);

/* line ends with its newline.  0; else the line is not in the file, in no
 * part.
 */
int audit_file_write(struct audit_file *f, const char *line, size_t len);

/* The next line opens it again: somebody has moved it away. */
void audit_file_reopen(struct audit_file *f);

/* Its last bytes, up to room of them; *len 0 where there is no file. */
void audit_file_tail(const struct audit_file *f, char *out, size_t room,
		     size_t *len);

void audit_file_fini(struct audit_file *f);

#endif
