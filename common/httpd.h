/* SPDX-License-Identifier: GPL-2.0-or-later */
/* httpd.h - GET /metrics, the text of which a program makes when asked
 *
 * libmicrohttpd without a thread of its own: its epoll descriptor and its
 * timeouts are driven by the program's libuv loop.  Few connections at a time,
 * none for long: one that has not ended after HTTPD_LIFE_MS is ended, whatever
 * goes on in it.  The only file that includes its header is httpd.c.
 */
#ifndef COMMON_HTTPD_H
#define COMMON_HTTPD_H

#include <stdint.h>
#include <uv.h>

#include "common/endpoint.h"

enum {
	HTTPD_CONNECTIONS_MAX = 16,	/* per address */
	HTTPD_LIFE_MS = 30000,
};

struct httpd;

/* The text in the Prometheus format, malloc'ed and NUL-terminated; NULL without
 * memory.
 */
typedef char *httpd_text_h(void *arg);

/* 0 or ENOMEM; listens nowhere yet. */
int httpd_new(struct httpd **out, uv_loop_t *loop, httpd_text_h *text,
	      void *arg);

/* 0 or an errno: nothing has changed. */
int httpd_listen(struct httpd *h, const struct endpoint *at);

/* Close what is in the loop, and when it has run out, free; NULL is fine. */
void httpd_stop(struct httpd *h);
void httpd_free(struct httpd *h);

#endif
