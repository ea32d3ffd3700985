/* SPDX-License-Identifier: GPL-2.0-or-later */
/* waiting.h - `anycastctl drain --wait' and `resume --wait'
 *
 * The agent is asked ten times a second; what is new is printed, and what is not
 * each five seconds.  Ctrl-C and --timeout end the waiting and not the order.
 */
#ifndef CTL_WAITING_H
#define CTL_WAITING_H

#include "ctl/ctl.h"

/* Until the drain is over, or with --withdrawn until nothing is announced.
 * CTL_OK, CTL_CALLS_LEFT, or CTL_FAILURE, complaint made.
 */
int waiting_drained(const struct ctl *ctl);

/* Until everything is announced, for five minutes unless --timeout says else. */
int waiting_up(const struct ctl *ctl);

#endif
