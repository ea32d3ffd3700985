/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fakes.h - servers on the loop of the prober they are asked by
 *
 * A server answers what its script says: the first request with the first
 * part, the next with the next one, and so on; it says nothing to more.  A
 * part is text, sent in pieces: cut at each FAKE_CUT, over TCP one in a turn of
 * the loop; FAKE_CLOSE ends the connection.  In a script for SIP these stand
 * for the lines of the request: {via} {from} {to} {to-tag} {call-id} {cseq};
 * {to-tag} is {to} with the tag a node of the site gives.
 */
#ifndef PROBE_FAKES_H
#define PROBE_FAKES_H

#include <stdio.h>
#include <uv.h>

#include "common/site.h"
#include "health-agent/probe/prober.h"

#define FAKE_CUT "\x01"
#define FAKE_CLOSE "\x02"
#define FAKE_BYTEWISE "\x03"	/* first: each byte by itself */

enum {
	FAKE_PARTS_MAX = 8,
	FAKE_REQUESTS_MAX = 8,
	FAKE_REQUEST_MAX = 2048,
};

/* Put text into an array of a struct. */
#define SET(array, text) snprintf(array, sizeof(array), "%s", text)

struct fake_tls;

struct fake {
	uv_loop_t *loop;	/* borrowed */
	const struct site *site;	/* borrowed; for tags */
	bool tcp;
	struct fake_tls *tls;	/* owned; NULL: none */
	struct fake *beside;	/* NULL: none */
	union {
		uv_handle_t handle;
		uv_udp_t udp;
		uv_tcp_t listener;
	};
	uint16_t port;
	/* instead of a script: write what answers the request, which is number
	 * f->requests (from 1); its length, at most FAKE_REQUEST_MAX
	 */
	size_t (*reply)(struct fake *f, char *out, const char *request,
			size_t len);
	const void *arg;	/* for reply() */
	const char *script[FAKE_PARTS_MAX];
	size_t script_len[FAKE_PARTS_MAX];	/* 0: strlen() */
	bool repeats;		/* a request that comes again counts again */
	unsigned want_requests;	/* fake_attempt() waits for so many */
	unsigned requests, connections;
	char tls_name[SITE_HOST_MAX];	/* asked for; kept by fake_end() */
	char request[FAKE_REQUESTS_MAX][FAKE_REQUEST_MAX];
};

/* Listens on 127.0.0.1; aborts the test when it cannot. */
void fake_udp(struct fake *f, uv_loop_t *loop, const struct site *site);
void fake_tcp(struct fake *f, uv_loop_t *loop, const struct site *site);
/* On the same loop and port, over UDP; closed with the other. */
void fake_udp_beside(struct fake *f, struct fake *tcp);
/* name: in its certificate, which ends in so many days. */
void fake_tls(struct fake *f, uv_loop_t *loop, const struct site *site,
	      const char *name, int days);
/* The certificate, PEM, in a file of its own; unlink() it. */
void fake_tls_ca(const struct fake *f, char path[static 64]);
/* Run until everything is closed, which must be the case then. */
void fake_end(struct fake *f);

/* A site with the nodes fra1 (198.51.100.11, 2001:db8:1::11) and ams1. */
struct site *fake_site(void);

struct fake_seen {
	unsigned cnt;
	struct prober_result last;
};

void fake_on_result(void *arg, struct prober *p,
		    const struct prober_result *result);

/* One attempt, until its result; then everything is closed and the loop is
 * empty.  Returns the result.
 */
struct prober_result fake_attempt(struct fake *f,
				  const struct prober_conf *conf);

#endif
