/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_priv.h - layout of the call store, and what its tests reach
 *
 *   0       struct store_header, one page
 *   4096    one 64-bit word per record number, 0: there is none
 *   ...     slots, from the next page boundary on; the file ends where the
 *           slots used so far end
 *
 * A word is the head slot (32 bits), the generation (16, never 0) and a check
 * of both and the number (16).  Slots of one record are a chain; each says
 * whose it is and where in the chain.
 */
#ifndef DAEMON_STORE_PRIV_H
#define DAEMON_STORE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/daemon/store.h"

enum {
	STORE_VERSION = 1,
	STORE_PAGE = 4096,
	STORE_SLOT_SIZE = 512,
	STORE_SLOT_BYTES = STORE_SLOT_SIZE - 24,
	STORE_BOOT_LEN = 40,	/* a UUID in text and a NUL, filled up */
};

#define STORE_NO_SLOT UINT32_MAX

struct store_header {
	char magic[8];
	uint32_t version;
	uint32_t layout;	/* the caller's */
	char boot[STORE_BOOT_LEN];
	uint32_t slot_size;
	uint32_t records;
	uint32_t slots;
	uint16_t port_min;
	uint16_t port_max;
	uint64_t sum;		/* of all before */
};

struct store_slot {
	uint32_t next;		/* STORE_NO_SLOT: the last one */
	uint32_t record;
	uint16_t generation;
	uint16_t position;	/* in the chain, from 0 */
	uint32_t len;		/* of the whole record */
	uint64_t sum;		/* of the whole record */
	uint8_t bytes[STORE_SLOT_BYTES];
};

/* As store_open, in this boot. */
int store_open_boot(struct store **out, bool *resumed,
		    const struct store_conf *conf, const char *boot,
		    store_damage_h *damage, void *arg);

/* As store_open, of an open file, which is the store's from now on: a record
 * file of this boot, or EBADMSG, EINVAL; ESTALE it is of another boot.
 */
int store_open_fd(struct store **out, int fd, const struct store_conf *conf,
		  const char *boot, store_damage_h *damage, void *arg);

/* Fill an empty file. */
int store_format_fd(int fd, const struct store_conf *conf, const char *boot);

/* step is called after every write to the file. */
void store_set_step(struct store *s, void (*step)(void *arg), void *arg);

/* Where things are in the file. */
size_t store_word_at(uint32_t id);
size_t store_slots_at(const struct store_conf *conf);

#endif
