/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.h - the call store: what a restarted daemon must know of its calls
 *
 * A mapped file with records of up to STORE_RECORD_MAX opaque bytes, each
 * under a number the caller chooses (the call's slot, flow_conf.call of its
 * ports).  Bounded: numbers below `records', and `slots' pieces of 512 bytes,
 * of which a record takes as many as it needs; the file is sparse and grows
 * with use.
 *
 * Against kill -9 at any moment a record is the old one or the new one, never
 * a mixture: the bytes are written to free slots first, and one 64-bit store
 * makes them the record.  A reader checks the sum (SipHash, as it is here
 * anyway and leaves nothing to chance), generation and owner of every slot;
 * what does not fit is dropped alone.  A header that does not fit refuses the
 * whole file.
 *
 * One process at a time: the caller holds the lock of state-dir, which is
 * relay_new()'s.  Not for several threads.
 */
#ifndef DAEMON_STORE_H
#define DAEMON_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STORE_RECORD_MAX = 65536,
	STORE_RECORDS_MAX = 1 << 20,
	STORE_SLOTS_MIN = 512,		/* 256 KB; a few of the longest records */
	STORE_SLOTS_MAX = 1 << 22,	/* 2 GB */
};

struct store_conf {
	const char *path;	/* STATE-DIR/calls */
	uint32_t layout;	/* of the caller's records; another is refused */
	uint16_t port_min;	/* another range is refused */
	uint16_t port_max;
	uint32_t records;	/* 1..STORE_RECORDS_MAX */
	uint32_t slots;		/* STORE_SLOTS_MIN..STORE_SLOTS_MAX */
};

struct store;

/* A record that was damaged and is gone; why is a word or two. */
typedef void store_damage_h(void *arg, uint32_t id, const char *why);

typedef void store_record_h(void *arg, uint32_t id, const void *bytes,
			    size_t len);

/* Open the file or make it.  *resumed: it was there and is of this boot (a
 * file of an earlier boot is begun anew: its calls ended with that boot).
 * damage is called for each record dropped on the way.  On failure *out is
 * NULL and one line has been logged that names the file and the cure: EBADMSG
 * the header is damaged or cut, EINVAL the file is of another version, range
 * or size, ENOMEM, ENOSPC, or what open() says.
 */
int store_open(struct store **out, bool *resumed,
	       const struct store_conf *conf, store_damage_h *damage,
	       void *arg);

/* The file stays; NULL is fine. */
void store_close(struct store *s);

/* Write record id, a new one or in place of the old.  0; ENOSPC when there is
 * no room (the old record stays; a record that is in can be replaced by one that
 * is no longer even then); EMSGSIZE; EINVAL the number is too high.
 */
int store_put(struct store *s, uint32_t id, const void *bytes, size_t len);

/* Nothing happens where there is no such record. */
void store_del(struct store *s, uint32_t id);

/* Call h for every record, in the order of their numbers; bytes are valid
 * during the call.  h may delete the record it is given, and no other.
 */
void store_each(struct store *s, store_record_h *h, void *arg);

size_t store_records(const struct store *s);
size_t store_free_slots(const struct store *s);

#endif
