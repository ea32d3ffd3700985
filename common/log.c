/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
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
static _Atomic unsigned lost;	/* lines not told of yet */

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

/* A journal or a pipe whose reader stands still would hold us up for as long.
 * (Not O_NONBLOCK, which would be that of all who have the descriptor.)
 */
static bool has_room(void)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) != 0;
}

/* One write: lines of several processes do not mix. */
static void put(const char *line, size_t len, unsigned cnt)
{
	if (!has_room() || write(STDERR_FILENO, line, len) < 0)
		atomic_fetch_add_explicit(&lost, cnt, memory_order_relaxed);
}

static void tell_of_lost(void)
{
	unsigned cnt = atomic_exchange_explicit(&lost, 0, memory_order_relaxed);
	char line[128];
	size_t len;

	if (!cnt)
		return;
	len = format_prefix(line, sizeof(line), LOG_LEVEL_WARN);
	len += (size_t)snprintf(line + len, sizeof(line) - len,
				"log: lines lost cnt=%u (nobody read them)\n",
				cnt);
	put(line, len, cnt);
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

	tell_of_lost();
	put(line, start + len + 1, 1);
}
