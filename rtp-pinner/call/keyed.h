/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keyed.h - hashes and random numbers out of one secret seed (SipHash)
 *
 * Call-IDs come from strangers: with a secret key nobody can choose those that
 * fall into one bucket, nor tell the next port.  The same seed gives the same
 * numbers.
 */
#ifndef CALL_KEYED_H
#define CALL_KEYED_H

#include <stdint.h>

#include "common/cursor.h"

enum {
	KEYED_SEED_LEN = 16,
};

struct keyed {
	uint8_t seed[KEYED_SEED_LEN];
	uint64_t drawn;
};

/* Never 0, so that 0 may mean "none". */
uint64_t keyed_hash(const struct keyed *k, struct slice text);

/* The same in every run of the program, for what a restart must recognise; not
 * for tables: anybody can find two texts alike.  Never 0.
 */
uint64_t text_hash(struct slice text);

/* The next number of the sequence. */
uint64_t keyed_next(struct keyed *k);

#endif
