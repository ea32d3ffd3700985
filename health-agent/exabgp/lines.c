/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/exabgp/lines.h"

#include <string.h>

void lines_init(struct lines *l)
{
	l->begin = l->end = 0;
	l->dropping = false;
	l->dropped = 0;
}

static void drop(struct lines *l)
{
	l->dropped += !l->dropping;
	l->dropping = true;
	l->begin = l->end = 0;
}

char *lines_room(struct lines *l, size_t *room)
{
	size_t left = l->end - l->begin;

	memmove(l->text, l->text + l->begin, left);
	l->begin = 0;
	l->end = left;
	if (left > LINES_MAX)
		drop(l);
	*room = sizeof(l->text) - l->end;
	return l->text + l->end;
}

void lines_added(struct lines *l, size_t cnt)
{
	l->end += cnt;
}

bool lines_next(struct lines *l, struct slice *out)
{
	while (l->begin < l->end) {
		const char *text = l->text + l->begin;
		const char *lf = memchr(text, '\n', l->end - l->begin);
		size_t len;

		if (!lf) {
			if (l->dropping)
				l->begin = l->end = 0;
			return false;
		}
		len = (size_t)(lf - text);
		l->begin += len + 1;
		if (l->dropping) {
			l->dropping = false;	/* its end */
			continue;
		}
		if (len > LINES_MAX) {
			l->dropped++;
			continue;
		}
		if (len && text[len - 1] == '\r')
			len--;
		*out = slice_of(text, len);
		return true;
	}
	return false;
}
