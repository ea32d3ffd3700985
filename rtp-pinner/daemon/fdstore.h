/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fdstore.h - descriptors that outlive the daemon, and notices to its keeper
 *
 * Speaks what systemd speaks to a service (sd_notify(3),
 * sd_listen_fds_with_names(3)), without libsystemd: notices and descriptors go
 * to the socket NOTIFY_SOCKET names, and come back as LISTEN_FDS descriptors
 * from 3 on.  The keeper is systemd (FileDescriptorStoreMax=) or, under ./run
 * and in containers, rtp-pinner-hold.  Without a keeper everything here works
 * and nothing survives.
 *
 * Called by the control thread.
 */
#ifndef DAEMON_FDSTORE_H
#define DAEMON_FDSTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtp-pinner/relay/relay.h"

enum {
	FDSTORE_MAX = 256,	/* FileDescriptorStoreMax= of the unit */
	FDSTORE_NAME_MAX = 64,	/* with its NUL; printable, no ':' */
};

struct fdstore;

/* Read the environment, and take its variables out of it so that no child
 * inherits them.  Call it once, before any descriptor is opened.  0 or ENOMEM.
 */
int fdstore_new(struct fdstore **out);

/* Our duplicates are closed; the keeper has its own.  NULL is fine. */
void fdstore_free(struct fdstore *fs);

/* Is there somebody who keeps descriptors? */
bool fdstore_has_keeper(const struct fdstore *fs);

/* A descriptor of an earlier run, owned by the caller from now on; -1: none
 * of this name.  Close-on-exec.
 */
int fdstore_take(struct fdstore *fs, const char *name);

/* Have a duplicate kept under this name, in place of what was kept under it.
 * One that was taken under it needs no second keep, and gets none.  0; ENOENT
 * there is no keeper; EINVAL a bad name; or what sendmsg() says.
 */
int fdstore_keep(struct fdstore *fs, const char *name, int fd);

/* Keep it no longer. */
void fdstore_drop(struct fdstore *fs, const char *name);

/* Drop and close what an earlier run left and nobody took in this one; call
 * it when everything that may be taken has been.  Returns how many.
 */
unsigned fdstore_drop_rest(struct fdstore *fs);

/* The above as relay_new() wants it; valid as long as fs.  Without a keeper it
 * has no keep.
 */
const struct relay_keeper *fdstore_keeper(struct fdstore *fs);

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=...", several with newlines
 * between them.  0, ENOENT nobody asked for notices, or an errno.
 */
int fdstore_notify(struct fdstore *fs, const char *state);

/* How often WATCHDOG=1 is due: half of what the keeper waits; 0: never. */
uint64_t fdstore_watchdog_ms(const struct fdstore *fs);

#endif
