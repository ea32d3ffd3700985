/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/ngrun.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

enum {
	REPLY_MAX = 65536,
	EXPIRE_EVERY_NS = 1000000,
	SOCKET_BUFFER = 4 << 20,
};

int ngrun_open(struct ngrun *r, const struct sockaddr_in *daemon,
	       uint64_t window, uint64_t timeout_ms)
{
	int size = SOCKET_BUFFER, err;

	*r = (struct ngrun){ .fd = -1, .timeout_ns = timeout_ms * 1000000 };
	if (getrandom(&r->run, sizeof(r->run), 0) != (ssize_t)sizeof(r->run))
		return EIO;
	r->ops = calloc(window, sizeof(*r->ops));
	if (!r->ops)
		return ENOMEM;
	err = window_init(&r->window, window);
	if (err)
		return err;

	r->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (r->fd < 0 || connect(r->fd, (const struct sockaddr *)daemon,
				 sizeof(*daemon)))
		return errno;
	/* best effort */
	(void)setsockopt(r->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

void ngrun_close(struct ngrun *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	window_fini(&r->window);
	free(r->ops);
	r->ops = NULL;
}

/* Send a command of a call; it takes a slot, and there must be one. */
static int send_command(struct ngrun *r, const struct ngrun_job *job,
			uint64_t number, enum ngmsg_op op)
{
	struct window_slot *slot = window_take(&r->window, clock_ns());
	struct ngmsg_call call = { .run = r->run, .number = number };
	char text[NGMSG_MAX];
	size_t len;

	slot->key = number;
	r->ops[window_number(&r->window, slot)] = op;
	if (job->describe)
		job->describe(job->arg, &call);
	len = ngmsg_write(text, op, &call, slot->id);
	while (send(r->fd, text, len, 0) < 0) {
		/* nobody listens (yet): it will time out */
		if (errno == ECONNREFUSED)
			break;
		if (errno != EINTR)
			return errno;
	}
	return 0;
}

static bool is_right(const struct ngmsg_reply *reply, enum ngmsg_op op)
{
	if (!slice_equal(reply->result,
			 slice_str(op == NGMSG_PING ? "pong" : "ok")))
		return false;
	return (op != NGMSG_OFFER && op != NGMSG_ANSWER) ||
	       reply->media.sin_family == AF_INET;
}

static void refuse(struct ngrun *r, const struct ngmsg_reply *reply,
		   enum ngmsg_op op)
{
	if (!r->refused++)
		snprintf(r->said, sizeof(r->said), "%s: %.*s: %.*s",
			 ngmsg_op_name(op), (int)reply->result.len,
			 reply->result.text, (int)reply->reason.len,
			 reply->reason.text);
}

static int take_reply(struct ngrun *r, const struct ngrun_job *job,
		      struct slice datagram)
{
	struct ngmsg_reply reply;
	struct window_slot *slot;
	enum ngmsg_op op;
	uint64_t number;

	if (ngmsg_read(&reply, r->run, datagram)) {
		r->strays++;
		return 0;
	}
	slot = window_find(&r->window, reply.cookie);
	if (!slot) {
		r->strays++;
		return 0;
	}

	op = r->ops[window_number(&r->window, slot)];
	number = slot->key;
	histogram_add(&r->latency_ns[op], clock_ns() - slot->sent_ns);
	window_done(&r->window, slot);
	if (!is_right(&reply, op)) {
		refuse(r, &reply, op);
		return 0;
	}
	if (job->media && reply.media.sin_family)
		job->media(job->arg, number, op, &reply.media);
	if (op < job->to)
		return send_command(r, job, number, op + 1);
	r->done++;
	return 0;
}

static int receive(struct ngrun *r, const struct ngrun_job *job)
{
	static char text[REPLY_MAX];
	ssize_t n = recv(r->fd, text, sizeof(text), MSG_DONTWAIT);

	if (n >= 0)
		return take_reply(r, job, slice_of(text, (size_t)n));
	if (errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED)
		return 0;
	return errno;
}

int ngrun_do(struct ngrun *r, const struct ngrun_job *job)
{
	uint64_t sent = 0, expired_ns = clock_ns();
	int err = 0;

	while (!err && (sent < job->cnt || window_busy_cnt(&r->window))) {
		uint64_t now = clock_ns();

		if (now - expired_ns >= EXPIRE_EVERY_NS) {
			r->timeouts += window_expire(&r->window, now,
						     r->timeout_ns);
			expired_ns = now;
		}
		if (sent < job->cnt && r->window.idle_cnt)
			err = send_command(r, job, job->first + sent++,
					   job->from);
		if (!err)
			err = receive(r, job);
	}
	return err;
}
