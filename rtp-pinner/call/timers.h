/* SPDX-License-Identifier: GPL-3.0-or-later */
/* timers.h - the deadline of a call; calls_tick() is in calls.h */
#ifndef CALL_TIMERS_H
#define CALL_TIMERS_H

#include "rtp-pinner/call/calls_priv.h"

/* After every change of the call. */
void timers_set(struct calls *calls, struct call *call);

#endif
