/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lines.h - collects the lines a function reports, each with its newline */
#ifndef COMMON_TEST_LINES_H
#define COMMON_TEST_LINES_H

#include "common/test/table.h"

#include <stdio.h>

struct lines {
	char text[16384];
	size_t cnt;
};

/* A handler with the struct lines as its argument. */
static inline void lines_add(void *arg, const char *line)
{
	struct lines *l = arg;
	size_t len = strlen(l->text);
	int n = snprintf(l->text + len, sizeof(l->text) - len, "%s\n", line);

	assert_in_range(n, 1, sizeof(l->text) - len - 1);
	l->cnt++;
}

#endif
