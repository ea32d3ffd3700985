/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/counting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/clock.h"
#include "health-agent/probe/net.h"
#include "rtp-pinner/ng/message.h"

enum {
	VALUES = 128,
	TEXT = 8192,
	ROOM = 8192,
	COOKIE_MAX = 48,
};

struct counting {
	uv_loop_t *loop;	/* borrowed */
	counting_news_h *news;
	void *arg;
	struct endpoint relay;
	bool has_relay;
	uv_udp_t *udp;		/* NULL: none; frees itself when closed */
	struct ng_dict *dict;
	uint64_t id, number;	/* of the cookie */
	char cookie[COOKIE_MAX];
	uint64_t begun_ms;	/* the first question to this relay; 0: none */
	uint64_t answered_ms;	/* 0: never */
	bool refused;		/* the question before, or this one */
	bool refused_now;	/* this one */
	bool knows;
	uint32_t calls;
	struct counting_stats stats;
	char room[ROOM];
};

/* ---- answers */

bool counting_read(struct ng_dict *d, struct slice cookie, bool *knows,
		   uint32_t *calls, struct slice datagram)
{
	const struct ng_value *running;
	enum ng_encoding encoding;
	struct slice got, body;
	const char *reason;

	*knows = false;
	*calls = 0;
	if (ng_message_split(&got, &body, datagram) ||
	    !slice_equal(got, cookie) ||
	    ng_message_read(d, &encoding, &reason, body))
		return false;
	running = ng_find(ng_root(d), "running");
	*knows = running && running->type == NG_IS_INTEGER &&
		 running->integer >= 0 && running->integer <= UINT32_MAX;
	if (*knows)
		*calls = (uint32_t)running->integer;
	return true;
}

static void take(struct counting *c, struct slice datagram)
{
	bool knew = c->answered_ms && c->knows, knows;
	uint32_t had = c->calls, calls;

	if (!counting_read(c->dict, slice_str(c->cookie), &knows, &calls,
			   datagram)) {
		c->stats.strange++;
		return;
	}
	c->stats.answered++;
	c->answered_ms = clock_boot_ms();
	c->refused = c->refused_now = false;
	c->knows = knows;
	c->calls = calls;
	if (knew != knows || had != calls)
		c->news(c->arg);
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct counting *c = handle->data;

	(void)size;
	*buf = uv_buf_init(c->room, sizeof(c->room));
}

static void refuse(struct counting *c)
{
	c->stats.refused++;
	c->refused = c->refused_now = true;
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
			const struct sockaddr *from, unsigned flags)
{
	struct counting *c = udp->data;

	if (n == UV_ECONNREFUSED)
		refuse(c);
	else if (n > 0 && from && !(flags & UV_UDP_PARTIAL))
		take(c, slice_of(buf->base, (size_t)n));
}

/* ---- the socket */

static void free_udp(uv_handle_t *udp)
{
	free(udp);
}

static void close_udp(struct counting *c)
{
	if (!c->udp)
		return;
	uv_udp_recv_stop(c->udp);
	uv_close((uv_handle_t *)c->udp, free_udp);
	c->udp = NULL;
}

/* Connected: an ICMP error tells that nobody is there. */
static void open_udp(struct counting *c)
{
	uv_udp_t *udp = malloc(sizeof(*udp));
	union net_address to;

	if (!udp)
		return;
	uv_udp_init(c->loop, udp);
	udp->data = c;
	c->udp = udp;
	net_address(&to, &c->relay.addr, c->relay.port);
	if (uv_udp_connect(udp, &to.sa) ||
	    uv_udp_recv_start(udp, on_room, on_datagram))
		close_udp(c);
}

void counting_set(struct counting *c, const struct endpoint *relay)
{
	if (c->has_relay == (relay != NULL) &&
	    (!relay || endpoint_equal(relay, &c->relay)))
		return;
	close_udp(c);
	c->has_relay = relay != NULL;
	if (relay)
		c->relay = *relay;
	c->begun_ms = c->answered_ms = 0;
	c->refused = c->refused_now = c->knows = false;
	c->calls = 0;
	counting_ask(c);
}

void counting_ask(struct counting *c)
{
	char text[COOKIE_MAX + 32];
	uv_buf_t buf = uv_buf_init(text, 0);
	int n;

	if (!c->has_relay)
		return;
	if (!c->begun_ms)
		c->begun_ms = clock_boot_ms();
	/* a question that was not refused has found somebody */
	c->refused = c->refused_now;
	c->refused_now = false;
	if (!c->udp)
		open_udp(c);
	if (!c->udp)
		return;
	snprintf(c->cookie, sizeof(c->cookie), "%016" PRIx64 "-%" PRIu64,
		 c->id, c->number++);
	buf.len = (size_t)snprintf(text, sizeof(text),
				   "%s d7:command9:node infoe", c->cookie);
	n = uv_udp_try_send(c->udp, &buf, 1, NULL);
	if (n >= 0)
		c->stats.asked++;
	else if (n == UV_ECONNREFUSED)
		refuse(c);
}

/* ---- what is known */

bool counting_look(const struct counting *c, enum drain_relay *relay,
		   uint32_t *calls, uint64_t now_ms)
{
	uint64_t heard_ms = c->answered_ms ? c->answered_ms : c->begun_ms;
	bool silent = now_ms - heard_ms > COUNTING_SILENT_MS;

	*relay = DRAIN_NO_RELAY;
	*calls = 0;
	if (!c->has_relay)
		return true;
	/* one that has answered may be about to be back */
	silent |= !c->answered_ms && c->refused;
	if (!silent && !c->answered_ms)
		return false;
	if (silent) {
		*relay = c->refused ? DRAIN_NO_RELAY : DRAIN_SILENT;
	} else if (c->knows) {
		*relay = DRAIN_COUNTED;
		*calls = c->calls;
	}
	return true;
}

const struct counting_stats *counting_stats(const struct counting *c)
{
	return &c->stats;
}

/* ---- life */

int counting_new(struct counting **out, uv_loop_t *loop, counting_news_h *news,
		 void *arg)
{
	struct counting *c = calloc(1, sizeof(*c));
	int err;

	*out = NULL;
	if (!c)
		return ENOMEM;
	c->loop = loop;
	c->news = news;
	c->arg = arg;
	err = ng_dict_new(&c->dict, VALUES, TEXT);
	if (!err && getrandom(&c->id, sizeof(c->id), 0) != sizeof(c->id))
		err = EIO;
	if (err)
		counting_free(c);
	else
		*out = c;
	return err;
}

void counting_stop(struct counting *c)
{
	if (c)
		close_udp(c);
}

void counting_free(struct counting *c)
{
	if (!c)
		return;
	ng_dict_free(c->dict);
	free(c);
}
