/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/log.h"

enum { READS_MAX = 16 };	/* in one turn of the loop */

struct uplink {
	int fd;
	uv_poll_t poll;
	bool stopped;
	struct uplink_ops ops;
	struct uplink_stats stats;
	bool wanting, restarting, heard;
	struct link_want want;
	struct link_status status;
	union link_message in;
};

static void end(struct uplink *u, const char *why)
{
	if (u->stopped)
		return;
	log_info("worker: the guardian is gone (%s)", why);
	uplink_stop(u);
	u->ops.gone(u->ops.arg);
}

static bool send_message(struct uplink *u, const void *message, size_t len,
			 enum link_type type)
{
	int err = u->stopped ? EPIPE : link_send(u->fd, message, len, type);

	if (err == EAGAIN)
		u->stats.dropped++;
	else if (err)
		end(u, strerror(err));
	else
		u->stats.sent++;
	return !err;
}

static void take_status(struct uplink *u)
{
	struct link_status was = u->status;
	bool first = !u->heard;

	u->heard = true;
	u->status = u->in.status;
	u->ops.status(u->ops.arg, first ? NULL : &was, &u->status);
}

void uplink_hear(struct uplink *u)
{
	for (unsigned i = 0; i < READS_MAX && !u->stopped; i++) {
		int err = link_receive(u->fd, &u->in);

		if (err == EAGAIN)
			return;
		if (err == EBADMSG) {
			u->stats.malformed++;
			continue;
		}
		if (err) {
			end(u, strerror(err));
			return;
		}
		u->stats.received++;
		if (u->in.head.type == LINK_STATUS)
			take_status(u);
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	uplink_hear(poll->data);
}

static int check_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
	    type != SOCK_SEQPACKET) {
		log_err("worker: descriptor %d is no link to a guardian: start "
			"anycast-health without --worker", fd);
		return EINVAL;
	}
	/* no child of ours may hold it open */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return errno;
	return 0;
}

int uplink_new(struct uplink **out, uv_loop_t *loop, int fd,
	       const struct uplink_ops *ops)
{
	struct uplink *u;
	int err = check_socket(fd);

	if (err)
		return err;
	u = calloc(1, sizeof(*u));
	if (!u)
		return ENOMEM;
	u->fd = fd;
	u->ops = *ops;
	err = -uv_poll_init(loop, &u->poll, fd);
	if (err) {
		free(u);
		return err;
	}
	u->poll.data = u;
	uv_poll_start(&u->poll, UV_READABLE, on_readable);
	*out = u;
	return 0;
}

static void send_want(struct uplink *u)
{
	if (u->wanting)
		send_message(u, &u->want, sizeof(u->want), LINK_WANT);
}

void uplink_want(struct uplink *u, const struct route_set *set, bool drained)
{
	u->wanting = true;
	u->want.generation++;
	u->want.drained = drained;
	u->want.set = *set;
	send_want(u);
}

const struct link_want *uplink_wanted(const struct uplink *u)
{
	return u->wanting ? &u->want : NULL;
}

void uplink_beat(struct uplink *u)
{
	struct link_head head = { 0 };

	send_message(u, &head, sizeof(head), LINK_BEAT);
	send_want(u);
	if (u->restarting &&
	    send_message(u, &head, sizeof(head), LINK_RESTART))
		u->restarting = false;
}

void uplink_restart(struct uplink *u)
{
	u->restarting = true;
}

const struct link_status *uplink_status(const struct uplink *u)
{
	return u->heard ? &u->status : NULL;
}

const struct uplink_stats *uplink_stats(const struct uplink *u)
{
	return &u->stats;
}

void uplink_stop(struct uplink *u)
{
	if (!u || u->stopped)
		return;
	u->stopped = true;
	uv_close((uv_handle_t *)&u->poll, NULL);
	close(u->fd);
	u->fd = -1;
}

void uplink_free(struct uplink *u)
{
	free(u);
}
