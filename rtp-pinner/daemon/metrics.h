/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.h - GET /metrics in the Prometheus text format
 *
 * libmicrohttpd without a thread of its own: its epoll descriptor and its
 * timeouts are driven by the libuv loop.  The only file that includes its
 * header is metrics.c.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include <uv.h>

#include "rtp-pinner/daemon/pinner.h"

struct metrics;

/* Listen on all of conf->metrics; *out is NULL where there is none.  As
 * control_new() for the rest.
 */
int metrics_new(struct metrics **out, uv_loop_t *loop, struct pinner *p);

/* As control_stop() and control_free(). */
void metrics_stop(struct metrics *m);
void metrics_free(struct metrics *m);

/* The text, malloc'ed and NUL-terminated; NULL without memory. */
char *metrics_text(const struct pinner *p, uint64_t now_ms);

#endif
