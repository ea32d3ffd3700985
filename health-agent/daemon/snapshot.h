/* SPDX-License-Identifier: GPL-3.0-or-later */
/* snapshot.h - what the policy remembers, as a file: STATE-DIR/health.memory
 *
 * Written whenever something changes and every other second, so that a worker
 * that is started again goes on where the last one was.  It is believed in two
 * degrees: younger than SNAPSHOT_FRESH_MS and of this boot, as a whole; else
 * only the operator's order counts, which outlives a reboot.  A damaged file
 * is no file.
 *
 * The file has a fixed size, and is replaced by changing names with a second
 * one (RENAME_EXCHANGE): a reader sees the old one or the new one, and once
 * both are there a full disk does not stop it.  An order is on the disk
 * (fsync) when it is written; the rest is not worth waiting for.
 */
#ifndef DAEMON_SNAPSHOT_H
#define DAEMON_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "health-agent/policy/health.h"

enum {
	SNAPSHOT_LEN = 2048,		/* of the file, always */
	SNAPSHOT_BOOT_LEN = 37,		/* boot id with its NUL */
	SNAPSHOT_FRESH_MS = 10000,
};

/* ---- the bytes */

/* boot: the id of this boot. */
void snapshot_encode(uint8_t out[static SNAPSHOT_LEN],
		     const struct health_memory *memory,
		     const char boot[static SNAPSHOT_BOOT_LEN]);

/* 0, or EBADMSG: damaged or of another version; *out is zeroed.  Where it is
 * not fresh *out has no units and the order is as old as can be; since when its
 * routes are withdrawn counts for this boot.
 */
int snapshot_decode(struct health_memory *out, bool *fresh,
		    const uint8_t *bytes, size_t len,
		    const char boot[static SNAPSHOT_BOOT_LEN],
		    uint64_t now_ms);

/* What the last eight bytes must be. */
uint64_t snapshot_sum(const uint8_t bytes[static SNAPSHOT_LEN]);

/* ---- the file */

/* This boot's id; 0 or an errno (then it is "", which is of no boot). */
int snapshot_boot(char out[static SNAPSHOT_BOOT_LEN]);

/* 0; ENOENT; EBADMSG; or what reading says. */
int snapshot_read(struct health_memory *out, bool *fresh, const char *dir,
		  const char boot[static SNAPSHOT_BOOT_LEN], uint64_t now_ms);

/* durable: on the disk when it returns.  0 or an errno. */
int snapshot_write(const char *dir, const uint8_t bytes[static SNAPSHOT_LEN],
		   bool durable);

/* ---- kept up by a thread of the pool, so that no disk stops the loop */

struct snapshot;

struct snapshot_stats {
	uint64_t written, failed;
	int err;		/* of the last one */
	uint64_t busy_ms;	/* CLOCK_BOOTTIME: since when one is on its way
				 * to the disk; 0: none */
};

int snapshot_new(struct snapshot **out, uv_loop_t *loop, const char *dir);

/* The latest one is written; one that waits behind a slow disk is replaced. */
void snapshot_save(struct snapshot *s, const struct health_memory *memory);

/* Another folder, from the next one on. */
void snapshot_move(struct snapshot *s, const char *dir);

/* Nothing is on its way to the disk. */
bool snapshot_is_idle(const struct snapshot *s);

const struct snapshot_stats *snapshot_stats(const struct snapshot *s);

/* After the loop has run out. */
void snapshot_free(struct snapshot *s);

#endif
