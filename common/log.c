/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LOG_LINE_MAX = 1024,	/* longer lines end in "..." */
};

static const struct {
	const char *name;
	char priority;		/* of syslog, as systemd reads it */
} levels[] = {
	[LOG_LEVEL_ERR] = { "error", '3' },
	[LOG_LEVEL_WARN] = { "warning", '4' },
	[LOG_LEVEL_INFO] = { "info", '6' },
	[LOG_LEVEL_DEBUG] = { "debug", '7' },
};

static _Atomic int most_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level most)
{
	atomic_store_explicit(&most_level, (int)most, memory_order_relaxed);
}

static size_t format_prefix(char *out, size_t size, enum log_level level)
{
	int len;

	if (getenv("JOURNAL_STREAM"))
		len = snprintf(out, size, "<%c>", levels[level].priority);
	else
		len = snprintf(out, size, "%s: ", levels[level].name);
	return (size_t)len;
}

/* A line is one line: what came from the network cannot begin another. */
static void mask_controls(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c == 0x7f)
			text[i] = '?';
	}
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char cut[] = "...";
	char line[LOG_LINE_MAX];
	size_t room, start, len;
	va_list ap;
	int n;

	if ((int)level > atomic_load_explicit(&most_level,
					      memory_order_relaxed))
		return;
	start = format_prefix(line, sizeof(line), level);
	room = sizeof(line) - start - 1;	/* one byte for the newline */
	va_start(ap, fmt);
	n = vsnprintf(line + start, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	len = (size_t)n;
	if (len >= room) {
		len = room - 1;
		memcpy(line + start + len - strlen(cut), cut, strlen(cut));
	}
	mask_controls(line + start, len);
	line[start + len] = '\n';

	/* one write: lines of several processes do not mix */
	if (write(STDERR_FILENO, line, start + len + 1) < 0)
		return;		/* nowhere left to say it */
}
