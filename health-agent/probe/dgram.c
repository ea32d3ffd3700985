/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/dgram.h"

#include <errno.h>
#include <stdlib.h>

#include "health-agent/probe/net.h"

struct dgram {
	uv_udp_t udp;
	const struct dgram_events *events;	/* borrowed; NULL: closed */
	void *arg;
};

/* One for all: a datagram is done with before the next is read. */
static char shared[DGRAM_MAX];

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	(void)handle, (void)size;
	*buf = uv_buf_init(shared, sizeof(shared));
}

static void on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
			const struct sockaddr *from, unsigned flags)
{
	struct dgram *d = udp->data;

	(void)flags;
	if (!d->events)
		return;
	if (len < 0)
		d->events->failed(d->arg, (int)-len);
	else if (from)		/* else the queue is empty */
		d->events->came(d->arg, slice_of(buf->base, (size_t)len));
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

int dgram_open(struct dgram **out, uv_loop_t *loop, const struct addr *peer,
	       uint16_t port, const struct dgram_events *events, void *arg)
{
	union net_address to;
	struct dgram *d;
	int err;

	*out = NULL;
	if (!net_address(&to, peer, port))
		return EAFNOSUPPORT;
	d = calloc(1, sizeof(*d));
	if (!d)
		return ENOMEM;
	d->udp.data = d;
	d->events = events;
	d->arg = arg;
	err = -uv_udp_init(loop, &d->udp);
	if (err) {
		free(d);
		return err;
	}
	err = -uv_udp_connect(&d->udp, &to.sa);
	if (!err)
		err = -uv_udp_recv_start(&d->udp, on_alloc, on_datagram);
	if (err)
		dgram_close(d);
	else
		*out = d;
	return err;
}

int dgram_local(const struct dgram *d, struct addr *addr, uint16_t *port)
{
	union net_address local;
	int len = sizeof(local);
	int err = -uv_udp_getsockname(&d->udp, &local.sa, &len);

	if (!err)
		net_endpoint(addr, port, &local);
	return err;
}

int dgram_send(struct dgram *d, struct slice bytes)
{
	uv_buf_t buf = uv_buf_init((char *)bytes.text, (unsigned)bytes.len);
	int sent = uv_udp_try_send(&d->udp, &buf, 1, NULL);

	return sent < 0 ? -sent : 0;
}

void dgram_close(struct dgram *d)
{
	if (!d || !d->events)
		return;
	d->events = NULL;
	uv_close((uv_handle_t *)&d->udp, on_closed);
}
