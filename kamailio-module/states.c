/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/states.h"

#include <stdbool.h>
#include <string.h>

const char *states_verdict_name(enum states_verdict verdict)
{
	static const char *const names[STATES_VERDICTS] = {
		[STATES_NO_FILE] = "no state file",
		[STATES_FRESH] = "fresh",
		[STATES_STALE] = "stale",
		[STATES_FOREIGN] = "of another node",
		[STATES_UNREADABLE] = "unreadable",
	};

	return verdict < STATES_VERDICTS ? names[verdict] : "invalid";
}

static enum node_state peer_state(const struct nodestate_peer *peer,
				  const struct nodestate *file,
				  uint64_t now_ms)
{
	if (file->has_until && (peer->heard_ms > now_ms ||
				now_ms - peer->heard_ms > STATES_PEER_MS))
		return NODE_UNKNOWN;
	return peer->state;
}

enum states_verdict states_judge(uint8_t *states, const struct site *site,
				 uint32_t self, const struct nodestate *file,
				 uint64_t now_ms)
{
	bool stale = file && file->has_until &&
		     (now_ms > file->until_ms ||
		      file->until_ms - now_ms > STATES_UNTIL_MS);

	if (!file || strcmp(file->self, site->nodes[self].name)) {
		memset(states, NODE_UP, site->node_cnt);
		return file ? STATES_FOREIGN : STATES_NO_FILE;
	}
	memset(states, file->has_until ? NODE_UNKNOWN : NODE_UP,
	       site->node_cnt);
	for (size_t i = 0; !stale && i < file->peer_cnt; i++) {
		const struct site_node *node =
			site_find_node(site, slice_str(file->peers[i].name));

		if (node)
			states[node - site->nodes] = (uint8_t)peer_state(
				&file->peers[i], file, now_ms);
	}
	states[self] = stale ? NODE_UP : (uint8_t)file->state;
	return stale ? STATES_STALE : STATES_FRESH;
}
