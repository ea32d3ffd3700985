/* SPDX-License-Identifier: GPL-3.0-or-later */
/* output_exabgp.c - the pipes to ExaBGP, who runs this program
 *
 * ExaBGP 4 and 5 stop for good when a process does not read: all that is there
 * is read in each turn, whatever it is.  It may itself not read, frozen or
 * busy: then a command is not kept for later but thrown away, because by then
 * another may be right.  A command is shorter than PIPE_BUF, so a pipe takes
 * it whole or not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "health-agent/daemon/conf.h"
#include "health-agent/exabgp/lines.h"
#include "health-agent/exabgp/rib.h"
#include "health-agent/guardian/output.h"
#include "health-agent/guardian/pause.h"

enum {
	/* more than a pipe holds: after so much, all that had been said when
	 * the turn began has been heard
	 */
	READ_MAX = 128 * 1024,
	IDLE_MS = 1000,
	LOG_MS = 1000,	/* between two lines about one session or route */
};

struct output {
	struct rib rib;
	struct lines lines;
	int in_flags, out_flags;	/* as they were */
	bool full;		/* the pipe to ExaBGP */
	char rest[DIALECT_COMMAND_MAX];	/* where it is no pipe: half a command */
	size_t rest_len;
	uint64_t due_ms, now_ms;
	bool changed;		/* since the last exabgp_status() */
	bool said_found;

	/* what the log has said last */
	struct {
		bool up;
		uint64_t at_ms;
	} said_sessions[RIB_NEIGHBORS_MAX];
	struct {
		uint8_t proof;
		uint64_t at_ms;
	} said_routes[ROUTE_PREFIXES_MAX];
	struct link_status status;
};

static int set_nonblock(int fd, int *flags)
{
	*flags = fcntl(fd, F_GETFL);
	if (*flags < 0 || fcntl(fd, F_SETFL, *flags | O_NONBLOCK) < 0)
		return errno;
	return 0;
}

static void fill_conf(struct rib_conf *out, const struct agent_conf *conf,
		      const struct prefix *own, size_t own_cnt)
{
	const struct site_node *node = conf->node;

	*out = (struct rib_conf){ .ack_timeout_ms = conf->ack_timeout_ms,
				  .exabgp_pid = (uint32_t)getppid() };
	for (size_t i = 0; i < node->neighbor_cnt &&
	     out->neighbor_cnt < RIB_NEIGHBORS_MAX; i++) {
		out->neighbors[out->neighbor_cnt++] =
			(struct dialect_neighbor){
				.addr = node->neighbors[i].addr,
				.remote_as = node->neighbors[i].remote_as,
				.local_as = node->local_as,
			};
	}
	for (size_t i = 0; i < own_cnt && i < ROUTE_PREFIXES_MAX; i++)
		out->own[out->own_cnt++] = own[i];
}

static void exabgp_free(struct output *o)
{
	if (!o)
		return;
	/* a terminal is shared with the shell */
	if (o->in_flags >= 0)
		fcntl(STDIN_FILENO, F_SETFL, o->in_flags);
	if (o->out_flags >= 0)
		fcntl(STDOUT_FILENO, F_SETFL, o->out_flags);
	free(o);
}

static int exabgp_new(struct output **out, const struct agent_conf *conf,
		      const struct prefix *own, size_t own_cnt, uint64_t now_ms)
{
	struct output *o = calloc(1, sizeof(*o));
	struct rib_conf rib;
	int err;

	if (!o)
		return ENOMEM;
	if (isatty(STDIN_FILENO))
		log_warn("exabgp: stdin is a terminal, not ExaBGP "
			 "(--output dry-run shows what would be announced)");
	o->in_flags = o->out_flags = -1;
	o->due_ms = o->now_ms = now_ms;
	lines_init(&o->lines);
	fill_conf(&rib, conf, own, own_cnt);
	rib_init(&o->rib, &rib, now_ms);
	err = set_nonblock(STDIN_FILENO, &o->in_flags);
	if (!err)
		err = set_nonblock(STDOUT_FILENO, &o->out_flags);
	if (err)
		exabgp_free(o);
	else
		*out = o;
	return err;
}

static void exabgp_want(struct output *o, const struct route_set *set,
			uint64_t generation, uint64_t now_ms)
{
	rib_want(&o->rib, set, generation, now_ms);
}

static size_t exabgp_fds(const struct output *o,
			 struct pollfd out[static OUTPUT_FDS_MAX])
{
	out[0] = (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	out[1] = (struct pollfd){ .fd = STDOUT_FILENO,
				  .events = o->full ? POLLOUT : 0 };
	return 2;
}

/* ---- hearing */

/* EPIPE: ExaBGP has closed it. */
static int hear(struct output *o, uint64_t now_ms)
{
	struct slice line;
	size_t total = 0;

	while (total < READ_MAX) {
		size_t room;
		char *to = lines_room(&o->lines, &room);
		ssize_t n = read(STDIN_FILENO, to, room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : EPIPE;
		if (n == 0)
			return EPIPE;
		total += (size_t)n;
		lines_added(&o->lines, (size_t)n);
		while (lines_next(&o->lines, &line))
			rib_line(&o->rib, line, now_ms);
	}
	return 0;
}

/* ---- saying */

/* What is left of rest[]: 0, EAGAIN, or EPIPE. */
static int flush(struct output *o)
{
	while (o->rest_len) {
		ssize_t n = write(STDOUT_FILENO, o->rest, o->rest_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? EAGAIN : EPIPE;
		o->rest_len -= (size_t)n;
		memmove(o->rest, o->rest + n, o->rest_len);
	}
	return 0;
}

static int say(struct output *o, uint64_t now_ms)
{
	int err = flush(o);
	size_t whole;

	while (!err) {
		o->rest_len = whole = rib_command(&o->rib, o->rest, now_ms);
		if (!whole)
			return 0;
		err = flush(o);
		if (err == EAGAIN && o->rest_len == whole) {
			o->rest_len = 0;
			rib_unsent(&o->rib);
		}
	}
	return err;
}

/* ---- the log */

static void log_session(const struct link_session *s)
{
	char addr[ADDR_TEXT_MAX];

	addr_format(addr, &s->neighbor);
	if (s->up)
		log_info("exabgp: session up neighbor=%s as=%u", addr,
			 s->remote_as);
	else
		log_warn("exabgp: session down neighbor=%s as=%u (%s)", addr,
			 s->remote_as, s->reason[0] ? s->reason : "no reason");
}

static void log_sessions(struct output *o, uint64_t now_ms)
{
	for (size_t i = 0; i < o->rib.conf.neighbor_cnt; i++) {
		const struct link_session *s = &o->rib.sessions[i];

		if (o->said_sessions[i].up == s->up ||
		    now_ms - o->said_sessions[i].at_ms < LOG_MS)
			continue;
		o->said_sessions[i].up = s->up;
		o->said_sessions[i].at_ms = now_ms;
		log_session(s);
	}
}

/* Pending passes in milliseconds; no word about it. */
static void log_routes(struct output *o, uint64_t now_ms)
{
	char prefix[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < o->status.route_cnt; i++) {
		uint8_t proof = o->status.routes[i].proof;

		if (o->said_routes[i].proof == proof ||
		    proof == LINK_PROOF_PENDING ||
		    now_ms - o->said_routes[i].at_ms < LOG_MS)
			continue;
		o->said_routes[i].proof = proof;
		o->said_routes[i].at_ms = now_ms;
		prefix_format(prefix, &o->status.routes[i].prefix);
		if (proof <= LINK_PROOF_ADVERTISED)
			log_info("exabgp: route %s prefix=%s",
				 proof ? "advertised" : "withdrawn", prefix);
		else
			log_warn("exabgp: route %s prefix=%s%s%s",
				 link_proof_name(proof), prefix,
				 o->status.output_text[0] ? " reason=" : "",
				 o->status.output_text);
	}
}

static void log_found(struct output *o)
{
	if (o->said_found || !o->rib.found_known)
		return;
	o->said_found = true;
	log_info("exabgp: found prefixes=%zu announced already",
		 o->rib.found.cnt);
}

/* ---- a turn */

static uint64_t exabgp_step(struct output *o, const struct pollfd *ready,
			    size_t cnt, uint64_t now_ms, int *err)
{
	rib_paused(&o->rib, pause_ms(o->now_ms, o->due_ms, now_ms));
	o->now_ms = now_ms;
	*err = hear(o, now_ms);
	if (o->rib.leaving)
		*err = EPIPE;	/* its sessions are closed already */
	for (size_t i = 0; i < cnt && !*err; i++) {
		if (ready[i].fd == STDOUT_FILENO &&
		    (ready[i].revents & (POLLERR | POLLNVAL)))
			*err = EPIPE;
	}
	if (!*err)
		*err = say(o, now_ms);
	o->full = *err == EAGAIN;
	if (o->full)
		*err = 0;
	o->changed = rib_status(&o->rib, &o->status, now_ms) || o->changed;
	log_found(o);
	log_sessions(o, now_ms);
	log_routes(o, now_ms);
	o->due_ms = o->full ? now_ms + IDLE_MS : rib_due(&o->rib, now_ms);
	return o->due_ms;
}

static bool exabgp_status(struct output *o, struct link_status *out)
{
	bool changed = rib_status(&o->rib, out, o->now_ms) || o->changed;

	o->changed = false;
	out->dropped_lines += o->lines.dropped;
	if (o->full && !o->rib.leaving)
		snprintf(out->output_text, LINK_TEXT_MAX,
			 "ExaBGP does not read");
	return changed;
}

static bool exabgp_alive(const struct output *o, uint64_t now_ms)
{
	return rib_alive(&o->rib, now_ms);
}

const struct output_type output_exabgp = {
	.name = "exabgp",
	.new = exabgp_new,
	.want = exabgp_want,
	.fds = exabgp_fds,
	.step = exabgp_step,
	.status = exabgp_status,
	.alive = exabgp_alive,
	.free = exabgp_free,
};
