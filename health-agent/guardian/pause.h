/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pause.h - was it the others who were silent, or did this program not run?
 *
 * SIGSTOP, a suspended machine or a starved one stop the whole guardian: when
 * it goes on, the clock says that everybody has been silent for long, while
 * what they said waits in the sockets, or they were stopped as well.  So it
 * remembers when it wanted to run next: if it is late, nobody else is, and
 * every deadline moves by the time it did not look.
 */
#ifndef GUARDIAN_PAUSE_H
#define GUARDIAN_PAUSE_H

#include <stdint.h>

enum {
	PAUSE_SLACK_MS = 200,	/* late, as on any busy machine */
};

/* looked_ms: when it ran last; due_ms: when it wanted to again at the latest,
 * which may have been at once.  Returns by how much deadlines move.
 */
static inline uint64_t pause_ms(uint64_t looked_ms, uint64_t due_ms,
				uint64_t now_ms)
{
	uint64_t at_ms = due_ms > looked_ms ? due_ms : looked_ms;

	if (now_ms <= at_ms || now_ms - at_ms <= PAUSE_SLACK_MS)
		return 0;
	return now_ms - looked_ms;
}

#endif
