/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steer.h - load bpf/steer.bpf.c and put it into this network namespace
 *
 * Program and maps live as long as a descriptor or the link holds them.  A
 * restarted daemon loads its own program upon the kept table and puts it into
 * the kept link's place in one step, so that steering never pauses and the
 * program is always that of the running version.
 */
#ifndef RELAY_STEER_H
#define RELAY_STEER_H

#include <stdint.h>

#include "rtp-pinner/relay/bpf/steer.h"
#include "rtp-pinner/relay/relay.h"

struct steer;

/* Load the program for the range and addresses of conf.  rows_fd: the kept
 * table, or -1 to make one of rows_cnt rows; it stays the caller's.  Needs
 * CAP_BPF and CAP_NET_ADMIN (EPERM); EINVAL where the kernel has no sk_lookup
 * or the kept table is not of this size.
 */
int steer_new(struct steer **out, const struct relay_conf *conf, int rows_fd,
	      uint32_t rows_cnt);
void steer_free(struct steer *s);	/* a kept link goes on steering */

/* The table, to be mapped and kept; the steer's. */
int steer_rows_fd(const struct steer *s);

/* The program itself, for a test run. */
int steer_program_fd(const struct steer *s);

/* Which socket a thread (0..) or STEER_SINK stands for.  It is not owned: a
 * closed socket leaves the map by itself.
 */
int steer_set_socket(struct steer *s, uint32_t index, int fd);

/* Begin to steer: in place of the program of link_fd, or, when that is -1, by
 * a new link of our own, see steer_link_fd().  link_fd stays the caller's.
 */
int steer_attach(struct steer *s, int link_fd);
int steer_link_fd(const struct steer *s);	/* -1: none of our own */

/* What the program has counted since it was loaded, over all CPUs. */
int steer_read(const struct steer *s, uint64_t out[static STEER_VERDICTS]);

#endif
