/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl status, drain, resume: the node state file. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/nodestate.h"
#include "ctl/ctl.h"

static const char *const in_words[NODE_STATES] = {
	[NODE_UNKNOWN] = "unknown: not heard of, taken for fine",
	[NODE_UP] = "up: takes new calls",
	[NODE_DEGRADED] = "degraded: serves, other nodes are preferred",
	[NODE_DRAINING] = ("draining: finishes its calls, new ones go to "
			   "other nodes"),
	[NODE_DOWN] = "down: new calls go to other nodes",
	[NODE_DISABLED] = "disabled: switched off by an operator",
};

static void print_addresses(const char *what, const char *name,
			    const struct addr *ip4, const struct addr *ip6)
{
	char text[ADDR_TEXT_MAX];

	printf("%-9s%s", what, name);
	if (addr_is_set(ip4)) {
		addr_format(text, ip4);
		printf(" %s", text);
	}
	if (addr_is_set(ip6)) {
		addr_format(text, ip6);
		printf(" %s", text);
	}
	putchar('\n');
}

static void print_own(const struct nodestate *state, int err,
		      const struct site_node *node, const struct ctl *ctl,
		      uint64_t now_ms)
{
	if (err == ENOENT) {
		printf("state    %s\n", in_words[NODE_UP]);
		printf("file     %s: none, so nobody has said otherwise\n",
		       ctl->state_path);
		return;
	}
	printf("state    %s\n", in_words[state->state]);
	printf("file     %s: ", ctl->state_path);
	if (!state->has_until)
		puts("stands until it is replaced");
	else if (state->until_ms >= now_ms)
		printf("good for another %" PRIu64 " ms\n",
		       state->until_ms - now_ms);
	else
		printf("STALE for %" PRIu64 " s: its writer is gone, programs "
		       "go on serving\n", (now_ms - state->until_ms) / 1000);
	if (strcmp(state->self, node->name) != 0)
		printf("         WRONG: it is the file of node %s\n",
		       state->self);
}

static const struct nodestate_peer *find_peer(const struct nodestate *state,
					      const char *name)
{
	for (size_t i = 0; i < state->peer_cnt; i++) {
		if (strcmp(state->peers[i].name, name) == 0)
			return &state->peers[i];
	}
	return NULL;
}

static void print_peer(const struct nodestate_peer *peer, bool in_site,
		       uint64_t now_ms)
{
	printf("peer     %s %s", peer->name, node_state_name(peer->state));
	if (peer->heard_ms > now_ms)
		printf(", heard before this machine last started");
	else
		printf(", heard %" PRIu64 " ms ago", now_ms - peer->heard_ms);
	printf("%s\n", in_site ? "" : " (not in the site file)");
}

static void print_peers(const struct nodestate *state, const struct site *site,
			const struct site_node *self, uint64_t now_ms)
{
	for (size_t i = 0; i < site->node_cnt; i++) {
		const char *name = site->nodes[i].name;
		const struct nodestate_peer *peer = find_peer(state, name);

		if (&site->nodes[i] == self)
			continue;
		if (peer)
			print_peer(peer, true, now_ms);
		else
			printf("peer     %s not in the file, taken for up\n",
			       name);
	}
	for (size_t i = 0; i < state->peer_cnt; i++) {
		const struct nodestate_peer *peer = &state->peers[i];

		if (!site_find_node(site, slice_str(peer->name)))
			print_peer(peer, false, now_ms);
	}
}

int ctl_status(const struct ctl *ctl)
{
	const struct site_node *node;
	struct nodestate state;
	struct site *site;
	int status = ctl_read_node(&site, &node, ctl);
	int err;

	if (status)
		return status;
	err = nodestate_read(&state, ctl->state_path);
	if (err && err != ENOENT) {
		ctl_complain("%s: %s", ctl->state_path, strerror(err));
		site_free(site);
		return CTL_FAILURE;
	}
	print_addresses("service", site->domain, &site->ip4, &site->ip6);
	print_addresses("node", node->name, &node->ip4, &node->ip6);
	print_own(&state, err, node, ctl, clock_boot_ms());
	print_peers(&state, site, node, clock_boot_ms());
	nodestate_fini(&state);
	site_free(site);
	return CTL_OK;
}

/* /run is empty after a start of the machine. */
static int make_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len == 0)
		return 0;
	if (len >= sizeof(folder))
		return ENAMETOOLONG;
	memcpy(folder, path, len);
	folder[len] = '\0';
	return mkdir(folder, 0755) < 0 && errno != EEXIST ? errno : 0;
}

static void drop_peer(struct nodestate *state, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->peer_cnt; i++) {
		if (strcmp(state->peers[i].name, name) != 0)
			state->peers[kept++] = state->peers[i];
	}
	state->peer_cnt = kept;
}

/* Say this about ourselves; what the file says of peers is kept. */
static int write_state(const char *path, const struct site_node *node,
		       enum node_state own)
{
	struct nodestate state;
	int err = nodestate_read(&state, path);

	if (err && err != ENOENT)
		ctl_complain("%s: %s; a new one is written, without peers",
			     path, strerror(err));
	drop_peer(&state, node->name);
	memcpy(state.self, node->name, sizeof(state.self));
	state.state = own;
	state.has_until = false;

	err = make_folder(path);
	if (!err)
		err = nodestate_write(&state, path);
	if (err)
		ctl_complain("%s: cannot be written: %s", path, strerror(err));
	nodestate_fini(&state);
	return err ? CTL_FAILURE : CTL_OK;
}

static int change(const struct ctl *ctl, enum node_state own)
{
	const struct site_node *node;
	struct site *site;
	int status = ctl_read_node(&site, &node, ctl);

	if (status)
		return status;
	status = write_state(ctl->state_path, node, own);
	if (!status)
		printf("%s: %s\n", node->name, in_words[own]);
	site_free(site);
	return status;
}

int ctl_drain(const struct ctl *ctl)
{
	return change(ctl, NODE_DRAINING);
}

int ctl_resume(const struct ctl *ctl)
{
	return change(ctl, NODE_UP);
}
