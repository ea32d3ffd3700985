/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inifile.h - the lines of a configuration file: key = value, [section]
 *
 * Read by inih, behind checks of our own: inih cuts long lines and section
 * names, stops at a NUL, reads an indented line as more of the value above,
 * says nothing about a section without keys, and tells of the first bad line
 * only.  So every line is trimmed first and what would be misread is refused;
 * each bad line is told, and the others are read all the same.
 *
 * A comment begins with # or ; at the start of a line, or with ; after a
 * blank.  A line holds up to 198 bytes.  Sections are no part of a key: the
 * caller knows which one came last.
 */
#ifndef COMMON_INIFILE_H
#define COMMON_INIFILE_H

#include "common/cursor.h"

struct inifile_handler {
	/* What stands between the brackets, trimmed; text NULL: it cannot be
	 * told, so the keys up to the next section cannot be judged.  NULL: a
	 * file without sections, one is an error.
	 */
	void (*section)(void *arg, unsigned line, struct slice name);
	void (*key)(void *arg, unsigned line, struct slice name,
		    struct slice value);
	/* What is wrong with a line, as one printable line. */
	void (*bad)(void *arg, unsigned line, const char *text);
};

/* Call the handler for each line of text, in order.  0 or ENOMEM. */
int inifile_read(struct slice text, const struct inifile_handler *handler,
		 void *arg);

#endif
