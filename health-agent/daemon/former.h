/* SPDX-License-Identifier: GPL-3.0-or-later */
/* former.h - the node as the site file had it before a reload
 *
 * A new site file reaches the agent and Kamailio one after the other.  Until
 * Kamailio has read it, it sends clients where the old one said; they are
 * served there, and no route should move for that.  So probes take the old
 * answer for FORMER_MS behind the reload that changed where the node is.
 */
#ifndef DAEMON_FORMER_H
#define DAEMON_FORMER_H

#include "health-agent/daemon/conf.h"

enum {
	FORMER_MS = 60000,	/* for an operator who does it by hand */
};

/* Tell the probes of the new conf what the one before said.  A reload that
 * changes nothing of it does not take from one before what is left of its time.
 */
void former_keep(struct agent_conf *is, const struct agent_conf *was,
		 uint64_t now_ms);

#endif
