/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake_exabgp.h - an ExaBGP as far as its API goes: commands in, answers out
 *
 * It keeps what it was told for each neighbour and says what ExaBGP 4.2.21
 * would, in text.  Pure: the caller moves the bytes.
 */
#ifndef EXABGP_TEST_FAKE_EXABGP_H
#define EXABGP_TEST_FAKE_EXABGP_H

#include <stdbool.h>
#include <stddef.h>

enum {
	FAKE_NEIGHBORS_MAX = 4,
	FAKE_ROUTES_MAX = 32,
	FAKE_TEXT_MAX = 1024,
	FAKE_ANSWER_MAX = 65536,
};

struct fake_exabgp {
	struct {
		char addr[64];
		bool up;
		struct {
			char prefix[64];
			char attributes[FAKE_TEXT_MAX];
		} routes[FAKE_ROUTES_MAX];
		size_t route_cnt;
	} neighbors[FAKE_NEIGHBORS_MAX];
	size_t neighbor_cnt;
	char answer[FAKE_ANSWER_MAX];
	size_t answer_len;
	unsigned long announced, withdrawn, summaries, listings, unknown;
};

/* addrs: with spaces between. */
void fake_exabgp_init(struct fake_exabgp *f, const char *addrs);

/* A command without its LF; its answer, lines with LFs, until the next call. */
const char *fake_exabgp_command(struct fake_exabgp *f, const char *command);

/* The attributes as they were told: "next-hop self med 100"; NULL: none. */
const char *fake_exabgp_route(const struct fake_exabgp *f, size_t neighbor,
			      const char *prefix);

void fake_exabgp_announce(struct fake_exabgp *f, size_t neighbor,
			  const char *prefix, const char *attributes);
void fake_exabgp_withdraw(struct fake_exabgp *f, size_t neighbor,
			  const char *prefix);

#endif
