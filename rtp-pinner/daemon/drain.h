/* SPDX-License-Identifier: GPL-3.0-or-later */
/* drain.h - does this relay take new calls?
 *
 * Two voices, and either one drains: the command `drain' of the ng protocol,
 * and what the node state file says of this node (draining, down or disabled),
 * by the rule the Kamailio module has (kamailio-module/states.h).  The
 * command's word is kept as an empty file STATE-DIR/draining, so that a
 * restart in the middle of a drain goes on with it; `undrain' takes it away
 * and says nothing about the node's state.
 */
#ifndef DAEMON_DRAIN_H
#define DAEMON_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/nodestate.h"
#include "common/site.h"

struct drain {
	bool command;
	enum node_state node;	/* as judged; NODE_UP when nobody says so */
	bool broken;		/* the state file could not be read last time */
	char path[300];		/* of the command's file */
};

/* Takes up what an earlier run was told. */
void drain_init(struct drain *d, const char *state_dir);

/* The command; errors of writing the file are returned, the word counts all
 * the same.
 */
int drain_set(struct drain *d, bool on);

/* Look at the node state file again.  0, ENOMEM, or the error of a file that
 * is there and cannot be read: then what was known stays.
 */
int drain_look(struct drain *d, const char *node_state, const struct site *site,
	       const struct site_node *node, uint64_t boot_ms);

bool drain_is_on(const struct drain *d);

/* "drain command", "node state draining", ...; "" when taking calls. */
const char *drain_reason(const struct drain *d);

#endif
