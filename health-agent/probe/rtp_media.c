/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/rtp_media.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "health-agent/probe/net.h"
#include "health-agent/probe/prober_priv.h"

struct rtp_media {
	struct rtp_media_conf conf;	/* over NULL: closed */
	uv_udp_t sockets[RTP_SIDES];
	uint16_t ports[RTP_SIDES];
	struct rtp_stream streams[RTP_SIDES];	/* by who sends */
	uv_timer_t timer;
	unsigned handles;
	bool last_turn;
};

static const enum prober_counter counters[RTP_HEARDS] = {
	[RTP_LATE] = PROBER_C_RTP_LATE,
	[RTP_DOUBLE] = PROBER_C_RTP_DOUBLE,
	[RTP_ALTERED] = PROBER_C_RTP_ALTERED,
	[RTP_FOREIGN] = PROBER_C_RTP_FOREIGN,
};

static void over(struct rtp_media *m)
{
	uv_timer_stop(&m->timer);
	m->conf.over(m->conf.arg);
}

/* ---- receiving ---- */

/* One for all: a packet is done with before the next is read. */
static char shared[2048];

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	(void)handle, (void)size;
	*buf = uv_buf_init(shared, sizeof(shared));
}

static void on_packet(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
		      const struct sockaddr *from, unsigned flags)
{
	struct rtp_media *m = udp->data;
	enum rtp_side speaker = udp == &m->sockets[RTP_CALLER] ? RTP_CALLEE
							       : RTP_CALLER;
	enum rtp_heard heard;

	(void)flags;
	/* an error is a closed port of the relay: what was sent is lost */
	if (!m->conf.over || len < 0 || !from)
		return;
	heard = rtp_stream_read(&m->streams[speaker],
				slice_of(buf->base, (size_t)len), uv_hrtime());
	if (heard != RTP_GOOD)
		prober_count(counters[heard]);
	if (rtp_stream_is_over(&m->streams[RTP_CALLER]) &&
	    rtp_stream_is_over(&m->streams[RTP_CALLEE]))
		over(m);
}

/* ---- sending ---- */

static void send_next(struct rtp_media *m, enum rtp_side side)
{
	uint8_t packet[RTP_PACKET_LEN];
	uv_buf_t buf = uv_buf_init((char *)packet, sizeof(packet));

	if (rtp_stream_write(&m->streams[side], packet, uv_hrtime()))
		/* not taken by the kernel: lost */
		(void)uv_udp_try_send(&m->sockets[side], &buf, 1, NULL);
}

/* Late itself, it has not yet looked at what lies in the sockets. */
static void on_time_over(uv_timer_t *timer)
{
	struct rtp_media *m = timer->data;

	if (m->last_turn) {
		over(m);
		return;
	}
	m->last_turn = true;
	uv_timer_start(timer, on_time_over, 1, 0);
}

static void on_pace(uv_timer_t *timer)
{
	struct rtp_media *m = timer->data;
	const struct rtp_stream *s = &m->streams[RTP_CALLER];

	send_next(m, RTP_CALLER);
	send_next(m, RTP_CALLEE);
	if (s->sent < s->cnt)
		uv_timer_start(timer, on_pace, m->conf.pace_ms, 0);
	else
		uv_timer_start(timer, on_time_over, m->conf.delay_ms, 0);
}

void rtp_media_start(struct rtp_media *m)
{
	on_pace(&m->timer);
}

/* ---- the sockets ---- */

static void on_closed(uv_handle_t *handle)
{
	struct rtp_media *m = handle->data;

	if (!--m->handles)
		free(m);
}

static int open_side(struct rtp_media *m, uv_loop_t *loop, enum rtp_side side)
{
	uv_udp_t *udp = &m->sockets[side];
	union net_address local;
	int len = sizeof(local);
	struct addr addr;
	int err;

	if (!net_address(&local, &m->conf.local, 0))
		return EAFNOSUPPORT;
	err = -uv_udp_init(loop, udp);
	if (err)
		return err;
	udp->data = m;
	m->handles++;
	err = -uv_udp_bind(udp, &local.sa, 0);
	if (!err)
		err = -uv_udp_getsockname(udp, &local.sa, &len);
	if (!err)
		net_endpoint(&addr, &m->ports[side], &local);
	return err;
}

int rtp_media_open(struct rtp_media **out, uv_loop_t *loop,
		   const struct rtp_media_conf *conf)
{
	uint8_t random[RTP_SIDES][RTP_STREAM_RANDOM];
	struct rtp_media *m;
	int err = 0;

	*out = NULL;
	if (getrandom(random, sizeof(random), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(random))
		return EAGAIN;
	m = calloc(1, sizeof(*m));
	if (!m)
		return ENOMEM;
	m->conf = *conf;
	uv_timer_init(loop, &m->timer);
	m->timer.data = m;
	m->handles = 1;
	for (unsigned side = 0; side < RTP_SIDES && !err; side++) {
		rtp_stream_begin(&m->streams[side], random[side], conf->packets,
				 conf->delay_ms * 1000000);
		err = open_side(m, loop, side);
	}
	if (err)
		rtp_media_close(m);
	else
		*out = m;
	return err;
}

uint16_t rtp_media_port(const struct rtp_media *m, enum rtp_side side)
{
	return m->ports[side];
}

int rtp_media_connect(struct rtp_media *m, enum rtp_side side,
		      const struct addr *peer, uint16_t port)
{
	union net_address to;
	int err;

	if (!net_address(&to, peer, port))
		return EAFNOSUPPORT;
	err = -uv_udp_connect(&m->sockets[side], &to.sa);
	if (!err)
		err = -uv_udp_recv_start(&m->sockets[side], on_alloc,
					 on_packet);
	return err;
}

const struct rtp_stream *rtp_media_stream(const struct rtp_media *m,
					  enum rtp_side side)
{
	return &m->streams[side];
}

void rtp_media_close(struct rtp_media *m)
{
	if (!m || !m->conf.over)
		return;
	m->conf.over = NULL;
	for (unsigned side = 0; side < RTP_SIDES; side++)
		if (m->sockets[side].data)
			uv_close((uv_handle_t *)&m->sockets[side], on_closed);
	uv_close((uv_handle_t *)&m->timer, on_closed);
}
