/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node state file: what it says, and drain and resume where no agent runs.
 *
 * status judges the file by the module's own rule (states.h), so that it says
 * what calls will meet.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/nodestate.h"
#include "ctl/ctl.h"
#include "kamailio-module/states.h"

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

/* Errors of nodestate_read() in an operator's words. */
static const char *why(int err)
{
	return err == EBADMSG ? "not a node state file" : strerror(err);
}

static void print_file(const struct nodestate *file, enum states_verdict verdict,
		       uint64_t now_ms)
{
	switch (verdict) {
	case STATES_NO_FILE:
	case STATES_UNREADABLE:	/* said before a verdict is asked for */
		puts("none, so nobody has said otherwise");
		break;
	case STATES_FOREIGN:
		printf("WRONG, it is the file of node %s: not believed\n",
		       file->self);
		break;
	case STATES_STALE:
		if (file->until_ms > now_ms)
			puts("STALE, from before this machine last started: "
			     "not believed");
		else
			printf("STALE for %" PRIu64 " s, its writer is gone: "
			       "not believed\n",
			       (now_ms - file->until_ms) / 1000);
		break;
	case STATES_FRESH:
	case STATES_VERDICTS:
		if (file->has_until)
			printf("good for another %" PRIu64 " ms\n",
			       file->until_ms - now_ms);
		else
			puts("stands until it is replaced");
		break;
	}
}

static const struct nodestate_peer *find_peer(const struct nodestate *file,
					      const char *name)
{
	for (size_t i = 0; i < file->peer_cnt; i++) {
		if (strcmp(file->peers[i].name, name) == 0)
			return &file->peers[i];
	}
	return NULL;
}

/* judged: what the node's programs make of it. */
static void print_peer(const char *name, enum node_state judged,
		       const struct nodestate_peer *peer, uint64_t now_ms)
{
	printf("peer     %s %s", name, node_state_name(judged));
	if (!peer) {
		puts("");
		return;
	}
	if (peer->state != judged)
		printf(", said to be %s", node_state_name(peer->state));
	if (peer->heard_ms > now_ms)
		puts(", heard before this machine last started");
	else
		printf(", heard %" PRIu64 " ms ago\n",
		       now_ms - peer->heard_ms);
}

static void print_peers(const struct nodestate *file, const uint8_t *judged,
			const struct site *site, const struct site_node *self,
			uint64_t now_ms)
{
	for (size_t i = 0; i < site->node_cnt; i++) {
		const char *name = site->nodes[i].name;

		if (&site->nodes[i] != self)
			print_peer(name, (enum node_state)judged[i],
				   find_peer(file, name), now_ms);
	}
	for (size_t i = 0; i < file->peer_cnt; i++) {
		const char *name = file->peers[i].name;

		if (!site_find_node(site, slice_str(name)))
			printf("peer     %s is not in the site file\n", name);
	}
}

/* file is NULL when there is none. */
static int print_status(const struct ctl *ctl, const struct site *site,
			const struct site_node *self,
			const struct nodestate *file, uint64_t now_ms)
{
	static const struct nodestate no_file;
	uint8_t *judged = calloc(site->node_cnt, sizeof(*judged));
	uint32_t index = (uint32_t)(self - site->nodes);
	enum states_verdict verdict;

	if (!judged) {
		ctl_complain("%s", strerror(ENOMEM));
		return CTL_FAILURE;
	}
	verdict = states_judge(judged, site, index, file, now_ms);

	print_addresses("service", site->domain, &site->ip4, &site->ip6);
	print_addresses("node", self->name, &self->ip4, &self->ip6);
	printf("state    %s\n", in_words[judged[index]]);
	printf("file     %s: ", ctl->state_path);
	print_file(file, verdict, now_ms);
	print_peers(file ? file : &no_file, judged, site, self, now_ms);
	free(judged);
	return CTL_OK;
}

int ctl_print_state(const struct ctl *ctl)
{
	const struct site_node *node;
	struct nodestate file;
	struct site *site;
	int status = ctl_read_node(&site, &node, ctl);
	int err;

	if (status)
		return status;
	err = nodestate_read(&file, ctl->state_path);
	if (err && err != ENOENT) {
		ctl_complain("%s: %s", ctl->state_path, why(err));
		status = CTL_FAILURE;
	} else {
		status = print_status(ctl, site, node, err ? NULL : &file,
				      clock_boot_ms());
	}
	nodestate_fini(&file);
	site_free(site);
	return status;
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
	if (mkdir(folder, 0755) < 0)
		return errno == EEXIST ? 0 : errno;
	/* Kamailio's user goes through it, whatever the operator's umask */
	return chmod(folder, 0755) < 0 ? errno : 0;
}

/* Peers that may go on standing in a file without a deadline: not those of an
 * agent that has gone silent, and never ourselves.
 */
static void keep_peers(struct nodestate *state, const char *name)
{
	uint64_t now_ms = clock_boot_ms();
	bool stale = state->has_until &&
		     (now_ms > state->until_ms ||
		      state->until_ms - now_ms > STATES_UNTIL_MS);
	size_t kept = 0;

	for (size_t i = 0; i < state->peer_cnt; i++) {
		if (!stale && strcmp(state->peers[i].name, name) != 0)
			state->peers[kept++] = state->peers[i];
	}
	state->peer_cnt = kept;
}

/* Say this about ourselves, and leave what the file says of peers. */
static int write_state(const char *path, const struct site_node *node,
		       enum node_state own)
{
	struct nodestate state;
	int err = nodestate_read(&state, path);

	if (err && err != ENOENT)
		ctl_complain("%s: %s; a new one is written, without peers",
			     path, why(err));
	keep_peers(&state, node->name);
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

int ctl_write_state(const struct ctl *ctl, enum node_state own)
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
