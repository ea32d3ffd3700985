/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control.h - the ng protocol's UDP sockets, in a libuv loop
 *
 * One datagram, one reply to where it came from, in the encoding it had.  A
 * source outside `allow' is dropped, counted and never answered.  A datagram
 * that comes again gets the same bytes again (cookies.h).  Never blocks: a
 * reply the kernel does not take is dropped, the client asks again.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include <uv.h>

#include "rtp-pinner/daemon/pinner.h"

struct control;

/* Bind all of conf->listen; p and loop are borrowed.  0, or an errno after one
 * line in the log: then *out, if not NULL, is still to be stopped and freed.
 */
int control_new(struct control **out, uv_loop_t *loop, struct pinner *p);

/* Drop old answers; every second or so. */
void control_tick(struct control *c, uint64_t now_ms);

/* Stops at once; control_free() when the loop has closed the handles. */
void control_stop(struct control *c);
void control_free(struct control *c);

#endif
