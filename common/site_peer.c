/* SPDX-License-Identifier: GPL-2.0-or-later */
/* [peer NAME] sections: whose media may come from elsewhere. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/site_priv.h"

static const char *const gate_names[SITE_GATES] = {
	[SITE_GATE_STRICT] = "strict",
	[SITE_GATE_PREFIX] = "prefix",
	[SITE_GATE_LEARN] = "learn",
	[SITE_GATE_OFF] = "off",
};

const char *site_gate_name(enum site_gate gate)
{
	return gate < SITE_GATES ? gate_names[gate] : "?";
}

/* ---- the section */

static int grow_peers(struct site_parser *p)
{
	size_t room = p->peer_room ? p->peer_room * 2 : 8;
	struct site_lines *lines;
	struct site_peer *peers;

	if (p->site->peer_cnt < p->peer_room)
		return 0;
	peers = realloc(p->site->peers, room * sizeof(*peers));
	if (!peers)
		return ENOMEM;
	p->site->peers = peers;
	lines = realloc(p->peer_lines, room * sizeof(*lines));
	if (!lines)
		return ENOMEM;
	p->peer_lines = lines;
	p->peer_room = room;
	return 0;
}

void site_open_peer(struct site_parser *p, struct slice name)
{
	struct site_peer *peer;

	p->section = SECTION_PEER;
	if (!site_name_valid(name)) {
		site_error(p, p->line,
			   "%s: a peer name is 1 to 31 of a-z, 0-9 and '-', "
			   "with no '-' at either end: [peer carrier1]",
			   p->where);
		site_use_spare(p);
		return;
	}
	if (p->site->peer_cnt == SITE_PEERS_MAX) {
		if (!p->too_many_peers)
			site_error(p, p->line, "%s: more than %d peers",
				   p->where, SITE_PEERS_MAX);
		p->too_many_peers = true;
		site_use_spare(p);
		return;
	}
	p->err = grow_peers(p);
	if (p->err)
		return;

	peer = &p->site->peers[p->site->peer_cnt];
	*peer = (struct site_peer){ 0 };
	memcpy(peer->name, name.text, name.len);
	p->peer = peer;
	p->lines = &p->peer_lines[p->site->peer_cnt];
	*p->lines = (struct site_lines){ .head = p->line };
	p->site->peer_cnt++;
	p->err = site_defaults(p, SECTION_PEER, peer);
}

/* ---- values */

int site_add_prefix(struct site_parser *p, struct prefix *list, size_t *cnt,
		    size_t max, struct slice text)
{
	char quoted[VALUE_QUOTED_MAX], inside[PREFIX_TEXT_MAX];
	struct addr unmapped;
	struct prefix new;
	int err = prefix_parse(&new, text);

	value_quote(quoted, text);
	if (err == ERANGE) {
		prefix_format(inside, &new);
		site_why(p, "`%s' has bits behind its length: %s?", quoted,
			 inside);
		return EINVAL;
	}
	unmapped = new.addr;
	addr_unmap(&unmapped);
	if (err || !addr_equal(&unmapped, &new.addr)) {
		site_why(p, "`%s' is neither address nor prefix", quoted);
		return EINVAL;
	}
	for (size_t i = 0; i < *cnt; i++) {
		if (prefix_equal(&list[i], &new)) {
			site_why(p, "%s is there twice", quoted);
			return EINVAL;
		}
	}
	if (*cnt == max) {
		site_why(p, "%s is one too many", quoted);
		return EINVAL;
	}
	list[(*cnt)++] = new;
	return 0;
}

int site_parse_prefixes(struct site_parser *p, const struct site_key *key,
			void *base, struct slice value)
{
	struct prefix *list = (void *)((char *)base + key->at);
	size_t *cnt = (void *)((char *)base + key->also_at);
	struct cursor c = cursor_of(value.text, value.len);
	struct slice element;
	bool begun = false;
	int err = 0;

	while (!err && value_next(&c, &begun, &element))
		err = site_add_prefix(p, list, cnt, SITE_PEER_ADDRESSES_MAX,
				      element);
	return err;
}

int site_parse_gate(struct site_parser *p, const struct site_key *key,
		    void *base, struct slice value)
{
	struct site_peer *peer = base;
	struct cursor c = cursor_of(value.text, value.len);
	struct slice word = cursor_until(&c, " \t");
	size_t gate = 0;
	int err = 0;

	(void)key;
	while (gate < SITE_GATES &&
	       !slice_equal(word, slice_str(gate_names[gate])))
		gate++;
	if (gate == SITE_GATES)
		return EINVAL;
	cursor_skip_blanks(&c);
	if ((gate == SITE_GATE_PREFIX) != (cursor_left(&c) > 0)) {
		site_why(p, gate == SITE_GATE_PREFIX ? "there is no prefix"
						     : "it takes no prefix");
		return EINVAL;
	}
	while (cursor_left(&c) && !err) {
		err = site_add_prefix(p, peer->prefixes, &peer->prefix_cnt,
				      SITE_PEER_PREFIXES_MAX,
				      cursor_until(&c, " \t"));
		cursor_skip_blanks(&c);
	}
	peer->gate = (enum site_gate)gate;
	return err;
}

/* ---- the whole file */

struct name_claim {
	const char *text;
	size_t peer;
};

struct prefix_claim {
	const struct prefix *prefix;
	size_t peer;
};

static int by_index(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int name_order(const void *a, const void *b)
{
	const struct name_claim *ca = a, *cb = b;
	int order = strcmp(ca->text, cb->text);

	return order ? order : by_index(ca->peer, cb->peer);
}

static int prefix_order(const void *a, const void *b)
{
	const struct prefix_claim *ca = a, *cb = b;
	int order = (int)ca->prefix->addr.family - (int)cb->prefix->addr.family;

	if (!order)
		order = memcmp(ca->prefix->addr.bytes_be,
			       cb->prefix->addr.bytes_be,
			       sizeof(ca->prefix->addr.bytes_be));
	if (!order)
		order = (int)ca->prefix->len - (int)cb->prefix->len;
	return order ? order : by_index(ca->peer, cb->peer);
}

static void check_names(struct site_parser *p, struct name_claim *claims)
{
	const struct site *site = p->site;

	for (size_t i = 0; i < site->peer_cnt; i++)
		claims[i] = (struct name_claim){ site->peers[i].name, i };
	qsort(claims, site->peer_cnt, sizeof(*claims), name_order);
	for (size_t i = 1; i < site->peer_cnt; i++) {
		if (strcmp(claims[i].text, claims[i - 1].text) == 0)
			site_error(p, p->peer_lines[claims[i].peer].head,
				   "[peer %s]: there is one already, in line "
				   "%u", claims[i].text,
				   p->peer_lines[claims[i - 1].peer].head);
	}
}

/* Two peers with one prefix: which gate would it be? */
static void check_prefixes(struct site_parser *p, struct prefix_claim *claims)
{
	const struct site *site = p->site;
	size_t cnt = 0;

	for (size_t i = 0; i < site->peer_cnt; i++) {
		const struct site_peer *peer = &site->peers[i];

		for (size_t n = 0; n < peer->address_cnt; n++)
			claims[cnt++] = (struct prefix_claim){
				&peer->addresses[n], i
			};
	}
	qsort(claims, cnt, sizeof(*claims), prefix_order);
	for (size_t i = 1; i < cnt; i++) {
		size_t at = claims[i].peer;
		char text[PREFIX_TEXT_MAX];

		if (!prefix_equal(claims[i].prefix, claims[i - 1].prefix))
			continue;
		prefix_format(text, claims[i].prefix);
		site_error(p, p->peer_lines[at].key[KEY_PEER_ADDRESS],
			   "[peer %s] address: `%s' is not allowed: peer %s "
			   "has it already", site->peers[at].name, text,
			   site->peers[claims[i - 1].peer].name);
	}
}

int site_check_peers(struct site_parser *p)
{
	size_t peers = p->site->peer_cnt;
	struct name_claim *names = calloc(peers + 1, sizeof(*names));
	struct prefix_claim *prefixes =
		calloc(peers * SITE_PEER_ADDRESSES_MAX + 1, sizeof(*prefixes));
	int err = names && prefixes ? 0 : ENOMEM;

	for (size_t i = 0; i < peers && !err; i++) {
		char where[SITE_WHERE_MAX];

		snprintf(where, sizeof(where), "[peer %s]",
			 p->site->peers[i].name);
		site_check_required(p, SECTION_PEER, where, &p->peer_lines[i]);
	}
	if (!err) {
		check_names(p, names);
		check_prefixes(p, prefixes);
	}
	free(names);
	free(prefixes);
	return err;
}

const struct site_peer *site_find_peer(const struct site *site,
				       const struct addr *a)
{
	const struct site_peer *found = NULL;
	int longest = -1;

	for (size_t i = 0; i < site->peer_cnt; i++) {
		const struct site_peer *peer = &site->peers[i];

		for (size_t n = 0; n < peer->address_cnt; n++) {
			if (peer->addresses[n].len <= longest ||
			    !prefix_has(&peer->addresses[n], a))
				continue;
			longest = peer->addresses[n].len;
			found = peer;
		}
	}
	return found;
}
