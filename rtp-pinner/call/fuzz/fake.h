/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake.h - calls on a relay of rows that aborts when it is misused, and what
 * must hold after every step
 */
#ifndef CALL_FUZZ_FAKE_H
#define CALL_FUZZ_FAKE_H

#include <stdint.h>

#include "rtp-pinner/call/calls.h"

enum {
	FAKE_PORT_MIN = 30000,
	FAKE_PORTS = 64,
};

struct fake {
	struct calls *calls;
	uint64_t now_ms;
	uint32_t generation;
	struct flow_row rows[FAKE_PORTS];
};

void fake_start(struct fake *f);
void fake_stop(struct fake *f);

/* Ports, rows, legs and what call_pack() makes of them agree. */
void fake_check(struct fake *f);

/* All calls end; nothing may be left. */
void fake_finish(struct fake *f);

#endif
