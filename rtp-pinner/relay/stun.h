/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stun.h - the little the relay reads of a STUN message (RFC 8489)
 *
 * Only messages with the magic cookie are STUN here; attributes are walked for
 * their lengths and USE-CANDIDATE (RFC 8445 7.1.2), nothing is authenticated:
 * that is between the ICE agents.
 */
#ifndef RELAY_STUN_H
#define RELAY_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum stun_class {
	STUN_REQUEST,
	STUN_INDICATION,
	STUN_SUCCESS,
	STUN_ERROR,
};

enum {
	STUN_BINDING = 0x001,
	STUN_HEADER_LEN = 20,
};

struct stun {
	enum stun_class class;
	uint16_t method;
	bool use_candidate;
	uint64_t id;		/* hash of the transaction ID; never 0 */
};

/* 0, or EBADMSG: not STUN, or of other length than it says. */
int stun_parse(struct stun *out, const uint8_t *bytes, size_t len);

#endif
