/* SPDX-License-Identifier: GPL-3.0-or-later */
/* choice.h - which legs a command speaks of
 *
 * Tags first, then the via-branch, then what is open: a command in any order
 * finds the legs it means, and one that fits nothing makes new ones, as
 * rtpengine does.  Better than rtpengine: an answer with its tags swapped (the
 * ACK of an offer in a 200, without the module's swap) is heard as what it is.
 *
 * Pure: chooses and changes nothing.
 */
#ifndef CALL_CHOICE_H
#define CALL_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtp-pinner/call/call.h"
#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/sdp/sdp.h"

struct choice {
	unsigned from;		/* whose SDP it is; CALL_NONE: a new leg */
	unsigned to;		/* who gets it; CALL_NONE: a new leg */
	struct slice from_tag;	/* for a leg that is new or has none */
	struct slice to_tag;
	unsigned from_borrows;	/* a new from uses this leg's ports */
	bool reoffer;		/* inside a dialog: can be rolled back */
	bool swapped;
};

void choice_of_offer(struct choice *out, const struct call *call,
		     const struct ng_command *command);

/* origin_hash is that of the SDP, for answers with swapped tags. */
void choice_of_answer(struct choice *out, const struct call *call,
		      const struct ng_command *command, const struct sdp *sdp,
		      uint32_t origin_hash);

#endif
