/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media.h - one media of a leg, by what was said of it
 *
 * Pure; the media are drafts.
 */
#ifndef CALL_MEDIA_H
#define CALL_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include "rtp-pinner/call/calls_priv.h"
#include "rtp-pinner/call/gate.h"

/* What its party says in this section.  Epochs go up when the endpoint or the
 * ufrag is another one than before.  While a party holds by 0.0.0.0 its
 * endpoint and gate are kept for the resume; stays says that of a section
 * whose address says nothing for another reason.  0, ENOMEM.
 */
int media_describe(struct call_media *m, struct gate *gate,
		   const struct calls_conf *conf,
		   const struct ng_command *command,
		   const struct sdp_media *section, bool stays);

/* The SDP has no such section (any more). */
void media_reject(struct call_media *m);

/* What an offer or answer makes of both ends; from is described already.
 * crossed: to's party has made an offer of its own that is not answered yet,
 * and is what that says.
 */
void media_offer(struct call_media *from, struct call_media *to,
		 const struct ng_command *command, bool crossed);
void media_answer(struct call_media *from, struct call_media *to,
		  const struct ng_command *command);

#endif
