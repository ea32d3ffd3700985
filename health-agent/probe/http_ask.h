/* SPDX-License-Identifier: GPL-3.0-or-later */
/* http_ask.h - what an HTTP probe asks, and whether a response is the right one
 *
 *	GET PATH of the service
 *		302 with Location = the node's `http' and PATH: good; for a
 *		while behind a reload what it was before, too
 *	the same, with `expect'
 *		that status: good
 *
 * Any other answer is bad.  Pure.
 */
#ifndef PROBE_HTTP_ASK_H
#define PROBE_HTTP_ASK_H

#include "health-agent/probe/http_head.h"
#include "health-agent/probe/prober.h"

enum {
	HTTP_REQUEST_MAX = 2048,
};

/* As prober_type.check(). */
int http_ask_check(char text[static PROBER_TEXT_MAX],
		   const struct prober_conf *conf);

/* Write the request.  Returns its length. */
size_t http_ask_write(char out[static HTTP_REQUEST_MAX],
		      const struct prober_conf *conf, uint64_t wall_s);

/* Is it the answer, and in words; not for 1xx.  now_ms: clock_boot_ms(). */
bool http_ask_judge(char text[static PROBER_TEXT_MAX],
		    const struct prober_conf *conf,
		    const struct http_head *head, uint64_t now_ms);

/* The server's name for TLS, without port; "" when it is an address. */
void http_ask_host(char out[static SITE_URL_MAX],
		   const struct prober_conf *conf);

#endif
