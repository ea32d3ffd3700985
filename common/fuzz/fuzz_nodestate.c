/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node state file: refused with the number of a line it has, or a state
 * whose names are valid and each there once.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "common/nodestate.h"

enum {
	COMPARED_MAX = 64,	/* peers each compared with each */
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_state(const struct nodestate *s)
{
	check(site_name_valid(slice_str(s->self)));
	check((unsigned)s->state < NODE_STATES);
	check(s->peer_cnt <= SITE_NODES_MAX);
	for (size_t i = 0; i < s->peer_cnt; i++) {
		const char *name = s->peers[i].name;

		check(site_name_valid(slice_str(name)));
		check((unsigned)s->peers[i].state < NODE_STATES);
		check(strcmp(name, s->self) != 0);
		for (size_t j = 0; j < i && i < COMPARED_MAX; j++)
			check(strcmp(name, s->peers[j].name) != 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nodestate state;
	unsigned lines = 1, bad_line = 0;
	int err = nodestate_parse(&state, &bad_line,
				  slice_of((const char *)data, size));

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	if (err) {
		check(err == EBADMSG || err == ENOMEM);
		check(bad_line >= 1 && bad_line <= lines);
		check(!state.peers && !state.peer_cnt && !state.self[0]);
	} else {
		check(bad_line == 0);
		check_state(&state);
	}
	nodestate_fini(&state);
	return 0;
}
