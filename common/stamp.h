/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stamp.h - a node's name, a time and MACs, as a header's value
 *
 * What the headers of probe.h and peersig.h have in common: a node says who it
 * is and what its clock says, in seconds since 1970, and signs both together
 * with parts of the message, in lower-case hex.  Their kinds differ in the
 * words between and in what is signed.
 *
 * While the secret is being changed there are two MACs, with the new secret and
 * with the previous one: whoever has read which site file, they know each
 * other's.  One that is right is enough.  Pure.
 */
#ifndef COMMON_STAMP_H
#define COMMON_STAMP_H

#include <stdint.h>

#include "common/cursor.h"
#include "common/secret.h"

enum {
	STAMP_MACS_MAX = 2,
	STAMP_PARTS_MAX = 8,
};

/* How one kind of header is written.  Constant; part of what goes between
 * nodes, so it never changes.
 */
struct stamp_kind {
	const char *label;	/* the first part of what is signed */
	const char *node;	/* what stands before the name, or "" */
	const char *time, *mac;	/* before the time, before each MAC */
	const char *end;	/* what no name and no time has in it */
	uint64_t window_s;	/* either side of our own clock */
};

/* What a message is signed with. */
struct stamp_seal {
	const uint8_t *key;		/* SECRET_MAC_KEY_LEN bytes */
	const uint8_t *previous;	/* NULL: no secret before this one */
	const struct slice *parts;	/* signed after label, name and time */
	size_t cnt;			/* <= STAMP_PARTS_MAX */
};

struct stamp {
	struct slice node;	/* a valid name; borrowed from the value */
	uint64_t sent_s;
	uint8_t macs[STAMP_MACS_MAX][SECRET_MAC_LEN];
	size_t mac_cnt;
};

/* Write a value, NUL-terminated, to size bytes, which must be enough for the
 * kind's longest.  Returns its length, or 0 (and "") when node is not a valid
 * node name.
 */
size_t stamp_format(char *out, size_t size, const struct stamp_kind *kind,
		    const struct stamp_seal *seal, struct slice node,
		    uint64_t wall_s);

/* Read a value, without blanks around it.  False: it is malformed. */
bool stamp_parse(struct stamp *out, const struct stamp_kind *kind,
		 struct slice value);

/* Is its time within the kind's window around our clock? */
bool stamp_fresh(const struct stamp *stamp, const struct stamp_kind *kind,
		 uint64_t wall_s);

/* Is one of its MACs made with one of the keys, and over these parts? */
bool stamp_signed(const struct stamp *stamp, const struct stamp_kind *kind,
		  const struct stamp_seal *seal);

#endif
