/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_map.h - an open call store, between store.c and store_file.c */
#ifndef DAEMON_STORE_MAP_H
#define DAEMON_STORE_MAP_H

#include <stdatomic.h>

#include "rtp-pinner/daemon/store_priv.h"

struct store {
	int fd;
	struct store_conf conf;		/* path is not used any more */
	size_t slots_at;		/* offset in the file */

	void *map;			/* all the file may ever have */
	size_t map_len;
	_Atomic uint64_t *words;	/* in map, as are the slots */
	struct store_slot *slots;

	uint32_t high;			/* slots the file has: the rest of the
					 * map must not be touched */
	uint32_t *free_slots;		/* a stack with room for high of them */
	uint32_t free_cnt;
	uint32_t record_cnt;
	uint16_t generation;		/* of the record written last */

	void (*step)(void *arg);	/* tests only */
	void *step_arg;
	uint8_t scratch[STORE_RECORD_MAX];
};

/* Judge all records, drop the damaged, find the free slots.  0, ENOMEM, or
 * ENOSPC the file system has no room for the spare ones.
 */
int store_scan(struct store *s, store_damage_h *damage, void *arg);

#endif
