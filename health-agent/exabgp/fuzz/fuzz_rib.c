/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reconciler against an ExaBGP that answers late, twice, not at all, with
 * what the input says, or that somebody else works on too.  One byte is one
 * thing that happens.  Whatever has happened, once ExaBGP answers as it should,
 * exactly what is wanted is announced, and no more is asked than is due.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "common/fuzz/harness.h"
#include "health-agent/exabgp/rib.h"
#include "health-agent/exabgp/test/fake_exabgp.h"

enum {
	OUR_AS = 64511,
	PENDING_MAX = 32,	/* answers under way */
	HEAL_MS = 300000,
};

static const char *const neighbor_texts[] = { "198.51.100.1", "2001:db8::1",
					      "198.51.100.9" };
static const char *const own_texts[] = { "192.0.2.53/32", "192.0.2.0/24",
					 "2001:db8:53::53/128" };

static struct {
	struct fake_exabgp exabgp;
	struct rib rib;
	uint64_t now_ms;
	char *pending[PENDING_MAX];
	size_t pending_cnt;
	uint64_t generation;
} w;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void parse_prefix(struct prefix *out, const char *text)
{
	check(!prefix_parse(out, slice_str(text)));
}

/* The third neighbour of ExaBGP is not ours. */
static void begin(void)
{
	struct rib_conf conf = { .ack_timeout_ms = 2000 };

	fake_exabgp_init(&w.exabgp, "198.51.100.1 2001:db8::1 198.51.100.9");
	for (size_t i = 0; i < 2; i++) {
		struct dialect_neighbor *n =
			&conf.neighbors[conf.neighbor_cnt++];

		check(!addr_parse(&n->addr, neighbor_texts[i],
				  strlen(neighbor_texts[i])));
		n->remote_as = 64500;
		n->local_as = OUR_AS;
	}
	for (size_t i = 0; i < 3; i++)
		parse_prefix(&conf.own[conf.own_cnt++], own_texts[i]);
	w.now_ms = 1000;
	w.pending_cnt = 0;
	w.generation = 0;
	rib_init(&w.rib, &conf, w.now_ms);
}

static void hear(const char *text)
{
	struct cursor c = cursor_of(text, strlen(text));

	while (cursor_left(&c)) {
		rib_line(&w.rib, cursor_until(&c, "\n"), w.now_ms);
		if (cursor_left(&c))
			cursor_byte(&c);
	}
}

static void forget(size_t i)
{
	free(w.pending[i]);
	memmove(&w.pending[i], &w.pending[i + 1],
		(--w.pending_cnt - i) * sizeof(w.pending[0]));
}

static void check_command(const char *command, size_t len)
{
	check(len < DIALECT_COMMAND_MAX && command[len] == '\0');
	check(len && command[len - 1] == '\n');
	check(!slice_has_controls(slice_of(command, len - 1)));
	check(w.rib.wants || strncmp(command, "show ", 5) == 0);
}

/* What is due is done, and only that: the loop above it never spins. */
static bool step(bool lost)
{
	char command[DIALECT_COMMAND_MAX];
	bool due = rib_due(&w.rib, w.now_ms) <= w.now_ms;
	size_t len = rib_command(&w.rib, command, w.now_ms);

	if (!len) {
		check(!due || w.rib.leaving ||
		      rib_due(&w.rib, w.now_ms) > w.now_ms);
		return false;
	}
	check_command(command, len);
	command[len - 1] = '\0';
	if (lost) {
		rib_unsent(&w.rib);
	} else if (w.pending_cnt < PENDING_MAX) {
		char *answer = strdup(fake_exabgp_command(&w.exabgp, command));

		check(answer);
		w.pending[w.pending_cnt++] = answer;
	}
	return true;
}

static void want(uint8_t bits)
{
	struct route_set set = { 0 };

	for (size_t i = 0; i < 3; i++) {
		if (!(bits >> i & 1))
			continue;
		parse_prefix(&set.routes[set.cnt].prefix, own_texts[i]);
		set.routes[set.cnt].med = bits >> 4;
		set.routes[set.cnt].prepend = bits >> 3 & 1;
		set.cnt++;
	}
	rib_want(&w.rib, &set, ++w.generation, w.now_ms);
}

/* Somebody else's hand. */
static void meddle(uint8_t bits)
{
	const char *prefix = own_texts[bits % 3];
	size_t neighbor = bits / 3 % 3;

	if (bits & 0x80)
		fake_exabgp_withdraw(&w.exabgp, neighbor, prefix);
	else
		fake_exabgp_announce(&w.exabgp, neighbor, prefix,
				     bits & 0x40 ? "next-hop self med 3" :
						   "next-hop self origin egp");
}

static size_t hear_bytes(const uint8_t *data, size_t size)
{
	size_t len = size ? data[0] : 0;

	if (!size)
		return 0;
	len = len < size - 1 ? len : size - 1;
	rib_line(&w.rib, slice_of((const char *)data + 1, len), w.now_ms);
	return len + 1;
}

/* Returns how many further bytes it took. */
static size_t happen(uint8_t what, const uint8_t *rest, size_t size)
{
	uint8_t arg = size ? rest[0] : 0;

	switch (what % 12) {
	case 0:
		step(false);
		return 0;
	case 1:		/* an answer comes */
		if (w.pending_cnt) {
			hear(w.pending[0]);
			forget(0);
		}
		return 0;
	case 2:		/* it comes twice */
		if (w.pending_cnt)
			hear(w.pending[0]);
		return 0;
	case 3:		/* it never comes */
		if (w.pending_cnt)
			forget(arg % w.pending_cnt);
		return 1;
	case 4:
		w.now_ms += arg * 16u;
		return 1;
	case 5:
		want(arg);
		return 1;
	case 6:
		meddle(arg);
		return 1;
	case 7:
		step(true);
		return 0;
	case 8:
		w.exabgp.neighbors[arg % 3].up = arg >> 4 & 1;
		return 1;
	case 9:
		return hear_bytes(rest, size);
	case 10:
		w.now_ms += arg * 1000u;
		rib_paused(&w.rib, arg * 1000u);
		return 1;
	default:
		hear(arg & 1 ? "done" : "error");
		return 1;
	}
}

static bool is_announced(size_t neighbor, size_t prefix, bool ours)
{
	const char *text = fake_exabgp_route(&w.exabgp, neighbor,
					     own_texts[prefix]);
	const struct route *r;
	char med[32];

	r = ours ? route_find(&w.rib.want, &w.rib.conf.own[prefix]) : NULL;
	if (!text || !r)
		return !text && !r;
	snprintf(med, sizeof(med), "next-hop self med %u", r->med);
	return strncmp(text, med, strlen(med)) == 0 &&
	       !!strstr(text, "as-path [ 64511 64511 ]") == (r->prepend == 1);
}

/* Announced is what is wanted, and that is known and told. */
static bool is_healed(void)
{
	static struct link_status status;

	for (size_t i = 0; i < 3; i++) {
		for (size_t j = 0; j < 3; j++) {
			bool ours = i < 2 && (i == 1) == (j == 2);

			if (!is_announced(i, j, ours))
				return false;
		}
	}
	rib_status(&w.rib, &status, w.now_ms);
	for (size_t i = 0; i < status.route_cnt; i++) {
		if (status.routes[i].proof > LINK_PROOF_ADVERTISED)
			return false;
	}
	for (size_t i = 0; i < status.session_cnt; i++) {
		if (!status.sessions[i].up)
			return false;
	}
	return status.generation == w.generation && rib_settled(&w.rib) &&
	       rib_alive(&w.rib, w.now_ms);
}

/* From now on everything is answered, at once and in its order. */
static void heal(void)
{
	uint64_t end = w.now_ms + HEAL_MS;

	for (size_t i = 0; i < w.exabgp.neighbor_cnt; i++)
		w.exabgp.neighbors[i].up = true;
	do {
		unsigned commands = 0;

		check(w.now_ms < end);
		do {
			while (w.pending_cnt) {
				hear(w.pending[0]);
				forget(0);
			}
			check(commands++ < 100);
		} while (step(false));
		check(rib_due(&w.rib, w.now_ms) > w.now_ms);
		w.now_ms = rib_due(&w.rib, w.now_ms);
	} while (!is_healed());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	begin();
	for (size_t at = 0; at < size;) {
		uint8_t what = data[at++];
		size_t took = happen(what, data + at, size - at);

		at += took < size - at ? took : size - at;
	}
	if (!w.rib.leaving) {
		if (!w.rib.wants)
			want(0x15);
		heal();
	}
	while (w.pending_cnt)
		forget(0);
	return 0;
}
