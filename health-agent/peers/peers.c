/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/peers/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "health-agent/peers/datagram.h"

enum {
	PAST_SESSIONS = PEERS_WINDOW,
	/* To those who write as of old; odd, for each of two families to get
	 * its share.
	 */
	NEW_EACH = 7,
};

struct peer {
	struct peers_entry entry;
	uint64_t sent;		/* the last sequence number we gave it */
	struct datagram_mark heard;	/* as last believed */
	uint64_t past[PAST_SESSIONS];	/* ended sessions: while what they echo
					 * is fresh; a ring, 0: none */
	unsigned past_at;
	struct datagram_mark introduced;	/* right, but not believed */
	uint8_t version;	/* it was written in; 0: none was heard */
};

/* An address and whose it is. */
struct place {
	struct addr addr;
	size_t peer;
};

struct table {
	const struct site *site;	/* borrowed */
	const struct site_node *self;
	struct peer *peers;
	size_t cnt;
	struct place *places;	/* by address */
	size_t place_cnt;
};

struct peers {
	uint64_t session;
	uint64_t most_sent;	/* to any peer, those that have gone too */
	struct table table;
};

/* ---- the table */

static int address_order(const struct addr *a, const struct addr *b)
{
	int order = (int)a->family - (int)b->family;

	return order ? order
		     : memcmp(a->bytes_be, b->bytes_be, sizeof(a->bytes_be));
}

static int place_order(const void *a, const void *b)
{
	const struct place *pa = a, *pb = b;

	return address_order(&pa->addr, &pb->addr);
}

static void add_place(struct table *t, const struct addr *a, size_t peer)
{
	if (addr_is_set(a))
		t->places[t->place_cnt++] = (struct place){ *a, peer };
}

static void table_free(struct table *t)
{
	free(t->peers);
	free(t->places);
}

static int table_new(struct table *out, const struct site *site,
		     const struct site_node *self)
{
	struct table t = { .site = site, .self = self };

	t.peers = calloc(site->node_cnt + 1, sizeof(*t.peers));
	t.places = calloc(2 * site->node_cnt + 1, sizeof(*t.places));
	if (!t.peers || !t.places) {
		table_free(&t);
		return ENOMEM;
	}
	for (size_t i = 0; i < site->node_cnt; i++) {
		const struct site_node *node = &site->nodes[i];

		if (node == self)
			continue;
		t.peers[t.cnt].entry.node = node;
		add_place(&t, &node->ip4, t.cnt);
		add_place(&t, &node->ip6, t.cnt);
		t.cnt++;
	}
	qsort(t.places, t.place_cnt, sizeof(*t.places), place_order);
	*out = t;
	return 0;
}

int peers_new(struct peers **out, const struct site *site,
	      const struct site_node *self, uint64_t session)
{
	struct peers *p;
	int err;

	*out = NULL;
	if (!session)
		return EINVAL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return ENOMEM;
	p->session = session;
	err = table_new(&p->table, site, self);
	if (err) {
		free(p);
		return err;
	}
	*out = p;
	return 0;
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	table_free(&p->table);
	free(p);
}

/* A peer that comes back may remember the numbers it heard in this session: they
 * go on, so far ahead that what it said to the last ones is no echo.
 */
static void start_numbers(struct peers *p, struct table *new)
{
	for (size_t i = 0; i < p->table.cnt; i++) {
		if (p->table.peers[i].sent > p->most_sent)
			p->most_sent = p->table.peers[i].sent;
	}
	for (size_t i = 0; i < new->cnt; i++)
		new->peers[i].sent = p->most_sent + PEERS_WINDOW;
}

static struct peer *find_name(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->cnt; i++) {
		if (strcmp(t->peers[i].entry.node->name, name) == 0)
			return &t->peers[i];
	}
	return NULL;
}

int peers_reload(struct peers *p, const struct site *site,
		 const struct site_node *self)
{
	struct table new;
	int err = table_new(&new, site, self);

	if (err)
		return err;
	start_numbers(p, &new);
	for (size_t i = 0; i < new.cnt; i++) {
		const struct site_node *node = new.peers[i].entry.node;
		const struct peer *old = find_name(&p->table, node->name);

		if (!old)
			continue;
		new.peers[i] = *old;
		new.peers[i].entry.node = node;
	}
	table_free(&p->table);
	p->table = new;
	return 0;
}

size_t peers_cnt(const struct peers *p)
{
	return p->table.cnt;
}

const struct peers_entry *peers_entry(const struct peers *p, size_t i)
{
	return &p->table.peers[i].entry;
}

/* ---- datagrams */

static uint8_t version_for(const struct peer *peer)
{
	return peer->version == DATAGRAM_OLD && peer->sent % NEW_EACH
		? DATAGRAM_OLD : DATAGRAM_VERSION;
}

size_t peers_write(struct peers *p, size_t i, const struct peers_word *word,
		   uint64_t wall_ms, uint8_t out[static PEERS_DATAGRAM_MAX])
{
	struct peer *peer = &p->table.peers[i];
	struct datagram d = {
		.version = version_for(peer),
		.name = slice_str(p->table.self->name),
		.word = *word,
		.own = { p->session, ++peer->sent },
		.wall_ms = wall_ms,
		.believed = peer->heard,
		.introduced = peer->introduced,
	};

	d.word.site = p->table.site->fingerprint;
	return datagram_write(out, &d, peer->entry.node->name, p->table.site);
}

static struct peer *find_source(struct peers *p, const struct addr *source)
{
	const struct place key = { .addr = *source };
	const struct place *found =
		bsearch(&key, p->table.places, p->table.place_cnt, sizeof(key),
			place_order);

	return found ? &p->table.peers[found->peer] : NULL;
}

/* Does it name something we sent to this peer lately? */
static bool is_echo(const struct peers *p, const struct peer *peer,
		    struct datagram_mark mark)
{
	return mark.session == p->session && mark.sequence > 0 &&
	       mark.sequence <= peer->sent &&
	       peer->sent - mark.sequence < PEERS_WINDOW;
}

static bool is_past(const struct peer *peer, uint64_t session)
{
	for (size_t i = 0; i < PAST_SESSIONS; i++) {
		if (peer->past[i] == session)
			return true;
	}
	return false;
}

static enum peers_counter judge(const struct peers *p, const struct peer *peer,
				const struct datagram *d)
{
	bool same = d->own.session == peer->heard.session;

	if (same && d->own.sequence <= peer->heard.sequence)
		return PEERS_OLD;
	if (is_past(peer, d->own.session))
		return PEERS_OLD;
	if (!is_echo(p, peer, d->believed) && !is_echo(p, peer, d->introduced))
		return PEERS_INTRODUCED;
	return PEERS_BELIEVED;
}

static void believe(struct peer *peer, const struct datagram *d,
		    uint64_t wall_ms, uint64_t now_ms)
{
	if (d->own.session != peer->heard.session)
		peer->past[peer->past_at++ % PAST_SESSIONS] =
			peer->heard.session;
	peer->heard = d->own;
	peer->entry.state = d->word.state;
	peer->entry.said = d->word;
	peer->entry.heard_ms = now_ms;
	peer->entry.skew_ms = (int64_t)(d->wall_ms - wall_ms);
}

enum peers_counter peers_read(struct peers *p, const struct addr *source,
			      const uint8_t *bytes, size_t len,
			      uint64_t wall_ms, uint64_t now_ms, size_t *index)
{
	struct peer *peer = find_source(p, source);
	enum peers_counter verdict;
	struct datagram d;
	int err;

	if (!peer)
		return PEERS_STRANGER;
	err = datagram_read(&d, bytes, len, p->table.self->name,
			    p->table.site);
	if (err)
		return err == EACCES ? PEERS_FORGED : PEERS_MALFORMED;
	if (!slice_equal(d.name, slice_str(peer->entry.node->name)))
		return PEERS_STRANGER;

	verdict = judge(p, peer, &d);
	if (verdict == PEERS_INTRODUCED || verdict == PEERS_BELIEVED)
		peer->version = d.version;
	if (verdict == PEERS_INTRODUCED)
		peer->introduced = d.own;
	if (verdict == PEERS_BELIEVED) {
		believe(peer, &d, wall_ms, now_ms);
		*index = (size_t)(peer - p->table.peers);
	}
	return verdict;
}

bool peers_differs(const struct peers *p, size_t i)
{
	uint64_t site = p->table.peers[i].entry.said.site;

	return site && site != p->table.site->fingerprint;
}

size_t peers_expire(struct peers *p, uint64_t now_ms)
{
	for (size_t i = 0; i < p->table.cnt; i++) {
		struct peers_entry *e = &p->table.peers[i].entry;

		if (e->state == NODE_UNKNOWN || now_ms < e->heard_ms ||
		    now_ms - e->heard_ms <= PEERS_UNKNOWN_MS)
			continue;
		e->state = NODE_UNKNOWN;
		return i;
	}
	return SIZE_MAX;
}

const char *peers_counter_name(enum peers_counter counter)
{
	static const char *const names[PEERS_COUNTERS] = {
		[PEERS_SENT] = "sent",
		[PEERS_SEND_FAILED] = "send_failed",
		[PEERS_BELIEVED] = "believed",
		[PEERS_MALFORMED] = "malformed",
		[PEERS_FORGED] = "forged",
		[PEERS_STRANGER] = "stranger",
		[PEERS_OLD] = "old",
		[PEERS_INTRODUCED] = "introduced",
	};

	return (unsigned)counter < PEERS_COUNTERS ? names[counter] : "?";
}
