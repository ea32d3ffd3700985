/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/counters.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	COUNTER_LINE_MAX = 256,
};

void counters_dump(const struct counters *c,
		   void (*line)(void *arg, const char *text), void *arg)
{
	char text[COUNTER_LINE_MAX];

	for (size_t i = 0; i < c->cnt; i++) {
		snprintf(text, sizeof(text), "%s %" PRIu64, c->desc[i].name,
			 counter_get(c, (unsigned)i));
		line(arg, text);
	}
}
