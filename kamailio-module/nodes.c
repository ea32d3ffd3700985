/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/nodes.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

/* An open-addressing table from a host (name or address) to a node. */
struct host_slot {
	uint64_t hash;		/* 0: free */
	uint32_t index;
	bool is_addr;
};

/* The other nodes of one family worth handing out, all of the best state. */
struct candidates {
	uint32_t *index;
	size_t cnt;
	unsigned rank;		/* state_rank() of them all */
};

struct nodes {
	const struct site *site;	/* borrowed */
	uint32_t self;
	uint8_t *states;
	uint64_t *names;		/* unkeyed hash of domain and name */
	struct host_slot *slots;
	size_t slot_mask;
	struct candidates best[2];	/* IPv4, IPv6 */
	bool any[2];
	bool any_hears_own;
};

static unsigned family_slot(enum addr_family family)
{
	return family == ADDR_IP6;
}

static const struct addr *node_addr(const struct site_node *node,
				    enum addr_family family)
{
	return family == ADDR_IP6 ? &node->ip6 : &node->ip4;
}

static uint64_t hash_addr(const struct nodes *n, const struct addr *addr)
{
	uint8_t bytes[1 + sizeof(addr->bytes_be)];

	bytes[0] = addr->family;
	memcpy(bytes + 1, addr->bytes_be, sizeof(addr->bytes_be));
	return secret_siphash(n->site->keys.table, bytes, sizeof(bytes)) | 1;
}

/* 0 for what cannot be a host name of ours */
static uint64_t hash_name(const struct nodes *n, struct slice name)
{
	char lower[SITE_HOST_MAX];

	if (!name.len || name.len >= sizeof(lower))
		return 0;
	for (size_t i = 0; i < name.len; i++)
		lower[i] = (char)tolower((unsigned char)name.text[i]);
	return secret_siphash(n->site->keys.table, lower, name.len) | 1;
}

static void slot_add(struct nodes *n, uint64_t hash, uint32_t index,
		     bool is_addr)
{
	size_t at = hash & n->slot_mask;

	if (!hash)
		return;
	while (n->slots[at].hash)
		at = (at + 1) & n->slot_mask;
	n->slots[at] = (struct host_slot){
		.hash = hash, .index = index, .is_addr = is_addr,
	};
}

static uint32_t find_addr(const struct nodes *n, const struct addr *addr)
{
	uint64_t hash = hash_addr(n, addr);

	for (size_t at = hash & n->slot_mask; n->slots[at].hash;
	     at = (at + 1) & n->slot_mask) {
		const struct host_slot *slot = &n->slots[at];
		const struct site_node *node = &n->site->nodes[slot->index];

		if (slot->hash == hash && slot->is_addr &&
		    (addr_equal(addr, &node->ip4) ||
		     addr_equal(addr, &node->ip6)))
			return slot->index;
	}
	return NODES_NONE;
}

static uint32_t find_name(const struct nodes *n, struct slice name)
{
	uint64_t hash = hash_name(n, name);

	if (!hash)
		return NODES_NONE;
	for (size_t at = hash & n->slot_mask; n->slots[at].hash;
	     at = (at + 1) & n->slot_mask) {
		const struct host_slot *slot = &n->slots[at];
		const struct site_node *node = &n->site->nodes[slot->index];

		if (slot->hash == hash && !slot->is_addr &&
		    slice_case_equal(name, slice_str(node->host)))
			return slot->index;
	}
	return NODES_NONE;
}

/* The lower the better; RANK_NEVER is not handed out. */
enum { RANK_UP, RANK_DEGRADED, RANK_UNKNOWN, RANK_NEVER };

static unsigned state_rank(enum node_state state)
{
	switch (state) {
	case NODE_UP:
		return RANK_UP;
	case NODE_DEGRADED:
		return RANK_DEGRADED;
	case NODE_UNKNOWN:
		return RANK_UNKNOWN;
	default:
		return RANK_NEVER;
	}
}

/* Unkeyed: while the secret changes, and after, all agree. */
static uint64_t hash_plain(struct slice a, struct slice b)
{
	static const uint8_t key[SECRET_MAC_KEY_LEN];
	const struct slice parts[] = {
		slice_str("sip-anycast-rendezvous 1"), a, b,
	};
	uint8_t mac[SECRET_MAC_LEN];
	uint64_t hash = 0;

	secret_mac_parts(mac, key, parts, sizeof(parts) / sizeof(parts[0]));
	for (size_t i = 0; i < sizeof(hash); i++)
		hash = hash << 8 | mac[i];
	return hash;
}

/* splitmix64's finisher: every bit of both reaches every bit */
static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t key = a ^ b;

	key = (key ^ key >> 30) * 0xbf58476d1ce4e5b9;
	key = (key ^ key >> 27) * 0x94d049bb133111eb;
	return key ^ key >> 31;
}

static void rebuild(struct nodes *n, enum addr_family family)
{
	unsigned slot = family_slot(family);
	struct candidates *best = &n->best[slot];

	best->cnt = 0;
	best->rank = RANK_NEVER;
	n->any[slot] = false;
	for (uint32_t i = 0; i < n->site->node_cnt; i++) {
		unsigned rank = state_rank(n->states[i]);

		if (!nodes_reachable(n, i, family))
			continue;
		if (rank < RANK_NEVER || n->states[i] == NODE_DRAINING)
			n->any[slot] = true;
		if (i == n->self || rank > best->rank || rank == RANK_NEVER)
			continue;
		if (rank < best->rank) {
			best->rank = rank;
			best->cnt = 0;
		}
		best->index[best->cnt++] = i;
	}
}

static void rebuild_all(struct nodes *n)
{
	rebuild(n, ADDR_IP4);
	rebuild(n, ADDR_IP6);
	n->any_hears_own = false;
	for (uint32_t i = 0; i < n->site->node_cnt; i++)
		n->any_hears_own |= nodes_hears_own(n, i);
}

int nodes_new(struct nodes **out, const struct site *site, struct slice self)
{
	const struct site_node *me = site_find_node(site, self);
	struct nodes *n;
	size_t size = 16;

	*out = NULL;
	if (!me)
		return ENOENT;
	while (size < site->node_cnt * 3 * 2)	/* 3 names each, half empty */
		size *= 2;

	n = calloc(1, sizeof(*n));
	if (!n)
		return ENOMEM;
	n->site = site;
	n->self = (uint32_t)(me - site->nodes);
	n->slot_mask = size - 1;
	n->slots = calloc(size, sizeof(*n->slots));
	n->states = calloc(site->node_cnt, 1);
	n->names = calloc(site->node_cnt, sizeof(*n->names));
	n->best[0].index = calloc(site->node_cnt, sizeof(uint32_t));
	n->best[1].index = calloc(site->node_cnt, sizeof(uint32_t));
	if (!n->slots || !n->states || !n->names || !n->best[0].index ||
	    !n->best[1].index) {
		nodes_free(n);
		return ENOMEM;
	}

	for (uint32_t i = 0; i < site->node_cnt; i++) {
		const struct site_node *node = &site->nodes[i];

		n->states[i] = NODE_UP;
		n->names[i] = hash_plain(slice_str(site->domain),
					 slice_str(node->name));
		if (addr_is_set(&node->ip4))
			slot_add(n, hash_addr(n, &node->ip4), i, true);
		if (addr_is_set(&node->ip6))
			slot_add(n, hash_addr(n, &node->ip6), i, true);
		slot_add(n, hash_name(n, slice_str(node->host)), i, false);
	}
	rebuild_all(n);
	*out = n;
	return 0;
}

void nodes_free(struct nodes *nodes)
{
	if (!nodes)
		return;
	free(nodes->slots);
	free(nodes->states);
	free(nodes->names);
	free(nodes->best[0].index);
	free(nodes->best[1].index);
	free(nodes);
}

const struct site *nodes_site(const struct nodes *nodes)
{
	return nodes->site;
}

uint32_t nodes_self(const struct nodes *nodes)
{
	return nodes->self;
}

const struct site_node *nodes_at(const struct nodes *nodes, uint32_t index)
{
	return index < nodes->site->node_cnt ? &nodes->site->nodes[index] :
					       NULL;
}

enum node_state nodes_state(const struct nodes *nodes, uint32_t index)
{
	return index < nodes->site->node_cnt ?
		       (enum node_state)nodes->states[index] :
		       NODE_UNKNOWN;
}

void nodes_set_states(struct nodes *nodes, const uint8_t *states, size_t cnt)
{
	for (size_t i = 0; i < cnt && i < nodes->site->node_cnt; i++)
		nodes->states[i] =
			states[i] < NODE_STATES ? states[i] : NODE_UNKNOWN;
	rebuild_all(nodes);
}

bool nodes_is_service(const struct nodes *nodes, const struct addr *addr)
{
	return addr_is_set(addr) && (addr_equal(addr, &nodes->site->ip4) ||
				     addr_equal(addr, &nodes->site->ip6));
}

static bool is_service_name(const struct site *site, struct slice host)
{
	if (slice_case_equal(host, slice_str(site->domain)))
		return true;
	for (size_t i = 0; i < site->alias_cnt; i++)
		if (slice_case_equal(host, slice_str(site->aliases[i])))
			return true;
	return false;
}

enum host_kind nodes_host_kind(const struct nodes *nodes, struct slice host,
			       const struct addr *literal, uint16_t port,
			       uint32_t *index)
{
	const struct site_node *node;

	*index = NODES_NONE;
	if (addr_is_set(literal)) {
		struct addr addr = *literal;

		addr_unmap(&addr);
		if (nodes_is_service(nodes, &addr))
			return HOST_SERVICE;
		*index = find_addr(nodes, &addr);
	} else {
		/* a name may be written with the root's dot (RFC 3261 25.1) */
		if (host.len > 1 && host.text[host.len - 1] == '.')
			host.len--;
		if (is_service_name(nodes->site, host))
			return HOST_SERVICE;
		*index = find_name(nodes, host);
	}
	if (*index == NODES_NONE)
		return HOST_FOREIGN;

	node = &nodes->site->nodes[*index];
	/* WebSocket is on the ports of HTTP */
	if (port && port != node->sip_port && port != node->sips_port &&
	    port != nodes->site->http_port && port != nodes->site->https_port)
		return HOST_NODE_OTHER_PORT;
	return *index == nodes->self ? HOST_SELF : HOST_NODE;
}

bool nodes_reachable(const struct nodes *nodes, uint32_t index,
		     enum addr_family family)
{
	return index < nodes->site->node_cnt &&
	       addr_is_set(node_addr(&nodes->site->nodes[index], family));
}

bool nodes_takes_calls(const struct nodes *nodes, uint32_t index)
{
	return index < nodes->site->node_cnt &&
	       state_rank(nodes->states[index]) < RANK_NEVER;
}

uint32_t nodes_pick(const struct nodes *nodes, enum addr_family family,
		    uint64_t key)
{
	const struct candidates *best = &nodes->best[family_slot(family)];
	bool self = nodes_reachable(nodes, nodes->self, family);

	if (self && nodes_takes_calls(nodes, nodes->self))
		return nodes->self;
	/* it drains, but serves: better than one nobody has heard of */
	if (self && nodes->states[nodes->self] == NODE_DRAINING &&
	    best->rank == RANK_UNKNOWN)
		return nodes->self;
	if (best->cnt)
		return best->index[key % best->cnt];
	return self ? nodes->self : NODES_NONE;
}

uint32_t nodes_alternative(const struct nodes *nodes, enum addr_family family,
			   uint64_t key, uint32_t not_index, unsigned n)
{
	const struct candidates *best = &nodes->best[family_slot(family)];
	size_t at = best->cnt ? key % best->cnt : 0;

	for (size_t i = 0; i < best->cnt; i++) {
		uint32_t index = best->index[(at + i) % best->cnt];

		if (index == not_index)
			continue;
		if (!n--)
			return index;
	}
	return NODES_NONE;
}

bool nodes_any(const struct nodes *nodes, enum addr_family family)
{
	return nodes->any[family_slot(family)];
}

uint32_t nodes_find(const struct nodes *nodes, struct slice name)
{
	const struct site_node *node = site_find_node(nodes->site, name);

	return node ? (uint32_t)(node - nodes->site->nodes) : NODES_NONE;
}

bool nodes_lives(const struct nodes *nodes, uint32_t index)
{
	if (index >= nodes->site->node_cnt)
		return false;
	switch (nodes->states[index]) {
	case NODE_UP:
	case NODE_DEGRADED:
	case NODE_DRAINING:
		return true;
	default:
		return index == nodes->self;
	}
}

bool nodes_keeps(const struct nodes *nodes, uint32_t index)
{
	return nodes_lives(nodes, index) ||
	       nodes_state(nodes, index) == NODE_DISABLED;
}

/* Is it another node, with an address of a family that we have? */
static bool has_common_family(const struct nodes *nodes, uint32_t index)
{
	const struct site_node *self = &nodes->site->nodes[nodes->self];

	return index != nodes->self &&
	       ((addr_is_set(&self->ip4) &&
		 nodes_reachable(nodes, index, ADDR_IP4)) ||
		(addr_is_set(&self->ip6) &&
		 nodes_reachable(nodes, index, ADDR_IP6)));
}

bool nodes_hears(const struct nodes *nodes, uint32_t index)
{
	return nodes_lives(nodes, index) && has_common_family(nodes, index);
}

bool nodes_hears_own(const struct nodes *nodes, uint32_t index)
{
	return nodes_keeps(nodes, index) && has_common_family(nodes, index);
}

bool nodes_any_hears_own(const struct nodes *nodes)
{
	return nodes->any_hears_own;
}

/* Does a come before b?  Names break a tie, so that the file's order does not. */
static bool comes_before(const struct nodes *n, uint64_t call, uint32_t a,
			 uint32_t b)
{
	uint64_t hash_a = mix(n->names[a], call);
	uint64_t hash_b = mix(n->names[b], call);

	return hash_a != hash_b ? hash_a > hash_b :
				  strcmp(n->site->nodes[a].name,
					 n->site->nodes[b].name) < 0;
}

uint32_t nodes_rendezvous(const struct nodes *nodes, struct slice call_id,
			  unsigned n)
{
	uint64_t call = hash_plain(call_id, (struct slice){ 0 });
	uint32_t last = NODES_NONE;

	do {
		uint32_t best = NODES_NONE;

		for (uint32_t i = 0; i < nodes->site->node_cnt; i++) {
			if (!nodes_lives(nodes, i) ||
			    (last != NODES_NONE &&
			     !comes_before(nodes, call, last, i)))
				continue;
			if (best == NODES_NONE ||
			    comes_before(nodes, call, i, best))
				best = i;
		}
		last = best;
	} while (last != NODES_NONE && n--);
	return last;
}
