/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_http.h - the same redirect for HTTP, on the service address
 *
 * For event_route[xhttp:request].  The answer is written by httpreq.h and not
 * by xhttp, whose replies carry a stray `Sia' header.
 *
 * Kamailio's TCP reader gives up on a request larger than tcp_rd_buf_size
 * and closes without a word.  Where the host lets us (one module may watch
 * closing connections) such a request over plain TCP is told why first: 413,
 * or 431 when not even its head fitted.
 *
 * Two kinds of request never reach a script, and are answered here all the
 * same: what the SIP parser refuses, and a chunked body its reader stalls on.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_HTTP_H
#define KAMAILIO_MODULE_ANYCAST_HTTP_H

struct anycast_conf;
struct sip_msg;

/* In mod_init.  direct: take HTTP from the host without xhttp, which must not
 * be loaded then; HTTP on other than service addresses is dropped.  0 or -1
 * (logged).
 */
int anycast_http_init(const struct anycast_conf *conf, int direct);

/* 1 answered, or ignored as it came over no connection; -1 not on a service address, the script answers. */
int anycast_http_answer(struct sip_msg *msg);

/* Answer the chunked requests that the host's TCP reader does not complete.
 * Called again and again by the state process.
 */
void anycast_http_sweep(void);

#endif
