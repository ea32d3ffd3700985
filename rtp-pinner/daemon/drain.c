/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/drain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kamailio-module/states.h"

void drain_init(struct drain *d, const char *state_dir)
{
	*d = (struct drain){ .node = NODE_UP };
	snprintf(d->path, sizeof(d->path), "%s/draining", state_dir);
	d->command = access(d->path, F_OK) == 0;
}

int drain_set(struct drain *d, bool on)
{
	int fd;

	d->command = on;
	if (!on)
		return unlink(d->path) < 0 && errno != ENOENT ? errno : 0;

	fd = open(d->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int drain_look(struct drain *d, const char *node_state, const struct site *site,
	       const struct site_node *node, uint64_t boot_ms)
{
	uint32_t self = (uint32_t)(node - site->nodes);
	struct nodestate file = { 0 };
	uint8_t *states;
	int err = nodestate_read(&file, node_state);

	if (err && err != ENOENT) {
		d->broken = true;
		return err;
	}
	d->broken = false;
	states = calloc(site->node_cnt, sizeof(*states));
	if (!states) {
		nodestate_fini(&file);
		return ENOMEM;
	}
	states_judge(states, site, self, err ? NULL : &file, boot_ms);
	d->node = states[self];
	free(states);
	nodestate_fini(&file);
	return 0;
}

static bool node_drains(enum node_state state)
{
	return state == NODE_DRAINING || state == NODE_DOWN ||
	       state == NODE_DISABLED;
}

bool drain_is_on(const struct drain *d)
{
	return d->command || node_drains(d->node);
}

const char *drain_reason(const struct drain *d)
{
	if (d->command)
		return "drain command";
	switch (d->node) {
	case NODE_DRAINING:
		return "node state draining";
	case NODE_DOWN:
		return "node state down";
	case NODE_DISABLED:
		return "node state disabled";
	default:
		return "";
	}
}
