/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/peering.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/endpoint.h"
#include "common/log.h"
#include "health-agent/probe/net.h"

enum { FAMILIES = 2 };

struct family {
	struct peering *peering;
	struct addr addr;	/* of the node; unset: it has none */
	uv_udp_t *udp;		/* NULL: not bound; frees itself when closed */
	bool warned;
	uint8_t room[PEERS_DATAGRAM_MAX + 1];
};

struct peering {
	uv_loop_t *loop;	/* borrowed */
	struct peers *peers;
	uint16_t port;
	struct family families[FAMILIES];
	peering_state_h *state;
	void *arg;
	uint64_t counts[PEERS_COUNTERS];
};

/* ---- hearing */

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct family *f = handle->data;

	(void)size;
	*buf = uv_buf_init((char *)f->room, sizeof(f->room));
}

static void on_datagram(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf,
			const struct sockaddr *from, unsigned flags)
{
	struct family *f = udp->data;
	struct peering *p = f->peering;
	enum peers_counter what = PEERS_MALFORMED;
	struct addr source;
	size_t index = 0;
	uint16_t port;

	if (n < 0 || !from)
		return;
	net_endpoint(&source, &port, (const void *)from);
	if (!(flags & UV_UDP_PARTIAL) && n <= PEERS_DATAGRAM_MAX)
		what = peers_read(p->peers, &source, (const uint8_t *)buf->base,
				  (size_t)n, clock_wall_ns() / 1000000,
				  clock_boot_ms(), &index);
	p->counts[what]++;
	if (what == PEERS_BELIEVED)
		p->state(p->arg, index, peers_entry(p->peers, index)->state);
}

/* ---- sockets */

static void free_udp(uv_handle_t *udp)
{
	free(udp);
}

static int bind_udp(struct family *f, uv_udp_t *udp)
{
	union net_address at;
	int err;

	net_address(&at, &f->addr, f->peering->port);
	err = -uv_udp_bind(udp, &at.sa,
			   f->addr.family == ADDR_IP6 ? UV_UDP_IPV6ONLY : 0);
	if (!err)
		err = -uv_udp_recv_start(udp, on_room, on_datagram);
	return err;
}

static void say(struct family *f, int err)
{
	struct endpoint at = { f->addr, f->peering->port };
	char text[ENDPOINT_TEXT_MAX];

	endpoint_format(text, &at);
	if (err && !f->warned)
		log_warn("peers: cannot listen on udp %s (%s): other nodes are "
			 "unknown until it can", text, strerror(err));
	else if (!err)
		log_info("peers: udp %s", text);
	f->warned = err != 0;
}

static void open_family(struct family *f)
{
	uv_udp_t *udp;
	int err;

	if (f->udp || !addr_is_set(&f->addr))
		return;
	udp = malloc(sizeof(*udp));
	if (!udp)
		return;
	uv_udp_init(f->peering->loop, udp);
	udp->data = f;
	err = bind_udp(f, udp);
	say(f, err);
	if (err)
		uv_close((uv_handle_t *)udp, free_udp);
	else
		f->udp = udp;
}

static void close_family(struct family *f)
{
	if (f->udp)
		uv_close((uv_handle_t *)f->udp, free_udp);
	f->udp = NULL;
	f->warned = false;
}

static void set_addresses(struct peering *p, const struct site *site,
			  const struct site_node *node)
{
	const struct addr *addrs[FAMILIES] = { &node->ip4, &node->ip6 };
	bool moved = p->port != site->agent_port;

	p->port = site->agent_port;
	for (unsigned i = 0; i < FAMILIES; i++) {
		struct family *f = &p->families[i];

		if (moved || !addr_equal(&f->addr, addrs[i]))
			close_family(f);
		f->addr = *addrs[i];
		open_family(f);
	}
}

/* ---- telling */

static void tell(struct peering *p, size_t peer, struct family *f,
		 const struct addr *to, const struct peers_word *word)
{
	uint8_t bytes[PEERS_DATAGRAM_MAX];
	union net_address at;
	uv_buf_t buf;
	int n;

	if (!f->udp || !addr_is_set(to))
		return;
	buf = uv_buf_init((char *)bytes, 0);
	buf.len = peers_write(p->peers, peer, word,
			      clock_wall_ns() / 1000000, bytes);
	net_address(&at, to, p->port);
	n = uv_udp_try_send(f->udp, &buf, 1, &at.sa);
	p->counts[n >= 0 ? PEERS_SENT : PEERS_SEND_FAILED]++;
}

void peering_tell(struct peering *p, const struct peers_word *word)
{
	for (size_t i = 0; i < peers_cnt(p->peers); i++) {
		const struct site_node *node = peers_entry(p->peers, i)->node;

		tell(p, i, &p->families[0], &node->ip4, word);
		tell(p, i, &p->families[1], &node->ip6, word);
	}
}

void peering_tick(struct peering *p, uint64_t now_ms)
{
	size_t i;

	for (unsigned f = 0; f < FAMILIES; f++)
		open_family(&p->families[f]);
	while ((i = peers_expire(p->peers, now_ms)) != SIZE_MAX)
		p->state(p->arg, i, NODE_UNKNOWN);
}

/* ---- life */

int peering_new(struct peering **out, uv_loop_t *loop, const struct site *site,
		const struct site_node *node, peering_state_h *state, void *arg)
{
	struct peering *p = calloc(1, sizeof(*p));
	uint64_t session = 0;
	int err;

	if (!p)
		return ENOMEM;
	p->loop = loop;
	p->state = state;
	p->arg = arg;
	for (unsigned i = 0; i < FAMILIES; i++)
		p->families[i].peering = p;
	while (!session) {
		if (getrandom(&session, sizeof(session), 0) !=
		    (ssize_t)sizeof(session)) {
			free(p);
			return EIO;
		}
	}
	err = peers_new(&p->peers, site, node, session);
	if (err) {
		free(p);
		return err;
	}
	set_addresses(p, site, node);
	*out = p;
	return 0;
}

int peering_reload(struct peering *p, const struct site *site,
		   const struct site_node *node)
{
	int err = peers_reload(p->peers, site, node);

	if (!err)
		set_addresses(p, site, node);
	return err;
}

const struct peers *peering_peers(const struct peering *p)
{
	return p->peers;
}

const uint64_t *peering_counts(const struct peering *p)
{
	return p->counts;
}

void peering_stop(struct peering *p)
{
	if (!p)
		return;
	/* a closed socket calls nobody */
	for (unsigned i = 0; i < FAMILIES; i++)
		close_family(&p->families[i]);
	peers_free(p->peers);
	free(p);
}
