/* SPDX-License-Identifier: GPL-3.0-or-later */
/* handlers.h - what each command of the ng protocol does and answers */
#ifndef DAEMON_HANDLERS_H
#define DAEMON_HANDLERS_H

#include <stdbool.h>

#include "rtp-pinner/daemon/pinner.h"
#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/ng/dict.h"

/* Carry out the command and fill reply, which was reset.  Strings of reply may
 * point into the calls: write it before anything else happens to them, then
 * call pinner_settle().  Returns false when the answer is an error.
 */
bool handlers_run(struct pinner *p, struct ng_dict *reply,
		  const struct ng_command *command, uint64_t now_ms);

/* reply was too long for a datagram: a shorter one, or an error. */
void handlers_shorten(struct pinner *p, struct ng_dict *reply,
		      const struct ng_command *command, uint64_t now_ms);

/* {result: error, error-reason: text} */
void handlers_error(struct ng_dict *reply, const char *text);

#endif
