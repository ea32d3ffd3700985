/* SPDX-License-Identifier: GPL-2.0-or-later */
/* httpreq.h - one HTTP/1.x request read, and the redirect that answers it
 *
 * RFC 9110, RFC 9112.  Pure: no sockets, no clock, no memory.  The caller
 * gives one complete message, head and body, as its connection framed it, and
 * a buffer for the answer; what to do with the connection comes back beside
 * the bytes.
 *
 * Location is the node's base URL followed by the path and query of the
 * request, byte for byte.  The authority is always the base's: the Host
 * header and the authority of an absolute-form target are checked and then
 * forgotten.  A target passes only when all its bytes are printable ASCII and
 * its path starts with '/', so it can neither extend the base's host name nor
 * end the header line.
 *
 * Somebody else has framed the message (Kamailio's TCP reader), so everything
 * two readers may frame differently is refused and costs the connection:
 * Transfer-Encoding, a second or odd Content-Length, a bare CR or LF, a folded
 * header, white space before a colon, a length that is not the body's.
 *
 *	GET, HEAD                302, nothing in the body
 *	GET, Upgrade: websocket  as above; no answer of ours where the caller
 *	                         has somebody for it (httpreq_facts)
 *	other methods            307, or 302 by option (httpreq_facts)
 *	OPTIONS *                200: it asks about the server, not a resource
 *	                         (RFC 9110 9.3.7); also as an absolute form
 *	                         without path and query (RFC 9112 3.2.4)
 *	any other `*'            400
 *	CONNECT                  405: no proxy here, and what follows the head
 *	                         may already be tunnelled bytes, so it closes
 *	no node to send to       503 with Retry-After
 *
 * Errors in the message close the connection, all else leaves it as HTTP/1.1
 * (stays open) and HTTP/1.0 (only with `Connection: keep-alive') have it.
 */
#ifndef KAMAILIO_MODULE_HTTPREQ_H
#define KAMAILIO_MODULE_HTTPREQ_H

#include <stdbool.h>
#include <stdint.h>

#include "common/cursor.h"

enum {
	HTTPREQ_TARGET_MAX = 8000,	/* RFC 9112 3 asks for this much */
	HTTPREQ_HEAD_MAX = 32768,
	HTTPREQ_FIELDS_MAX = 128,
	HTTPREQ_BODY_MAX = 65536,
	HTTPREQ_BASE_MAX = 512,		/* longer: as if no node were known */
	HTTPREQ_ANSWER_MAX = HTTPREQ_TARGET_MAX + HTTPREQ_BASE_MAX + 512,
};

/* What became of a request; each has a counter. */
enum httpreq_outcome {
	HTTPREQ_REDIRECT,	/* 302 or 307 */
	HTTPREQ_OPTIONS,	/* 200 to OPTIONS * */
	HTTPREQ_WEBSOCKET,	/* no answer: somebody else shakes hands */
	HTTPREQ_NO_NODE,	/* 503 */
	HTTPREQ_BAD_LINE,	/* 400: no request line, or no end of head */
	HTTPREQ_BAD_TARGET,	/* 400 */
	HTTPREQ_BAD_FIELD,	/* 400: a header that is none */
	HTTPREQ_BAD_HOST,	/* 400: none in HTTP/1.1, two, or not a host */
	HTTPREQ_BAD_FRAMING,	/* 400: two readers may see two lengths */
	HTTPREQ_CONNECT,	/* 405 */
	HTTPREQ_CHUNKED,	/* 411 */
	HTTPREQ_BODY_TOO_LARGE,	/* 413 */
	HTTPREQ_TARGET_TOO_LONG,	/* 414 */
	HTTPREQ_HEAD_TOO_LARGE,	/* 431 */
	HTTPREQ_BAD_VERSION,	/* 505: HTTP, but not 1.x */
	HTTPREQ_OUTCOMES
};

struct httpreq {
	struct slice method;
	struct slice target;	/* as it came */
	struct slice path;	/* path and query; "/" missing if path_empty */
	bool path_empty;	/* absolute-form: "http://h" or "http://h?q" */
	bool asterisk;		/* OPTIONS * */
	unsigned minor;		/* HTTP/1.minor; 1 for anything later */
	bool keep_alive;
	bool websocket;		/* `Upgrade: websocket' is among the headers */
	uint32_t body_len;	/* Content-Length */
	struct slice probe;	/* X-Anycast-Probe (probe.h), or empty */
};

/* Read one message.  HTTPREQ_REDIRECT or HTTPREQ_OPTIONS when *out may be
 * answered so, else why it is refused; fields not reached are zero, and
 * keep_alive is false then.
 */
enum httpreq_outcome httpreq_parse(struct httpreq *out, struct slice message);

struct httpreq_facts {
	struct slice base;	/* http = of the chosen node; empty: none */
	unsigned other_status;	/* for methods but GET and HEAD: 307 or 302 */
	unsigned retry_after_s;	/* with 503; 0: not said */
	bool websocket;		/* handshakes are somebody else's */
	uint64_t wall_s;	/* for Date; 0: no clock, no Date */
};

struct httpreq_answer {
	enum httpreq_outcome outcome;
	unsigned status;
	bool close;		/* after these bytes */
	size_t len;		/* bytes written; 0: size was too small, or
				 * HTTPREQ_WEBSOCKET */
};

/* Read message and write the whole answer to it into buf.  A buffer of
 * HTTPREQ_ANSWER_MAX is always enough.
 */
void httpreq_answer(struct httpreq_answer *out, char *buf, size_t size,
		    struct slice message, const struct httpreq_facts *facts);

/* The second half of httpreq_answer(), for who has read the message himself:
 * outcome and req are of httpreq_parse().
 */
void httpreq_write(struct httpreq_answer *out, char *buf, size_t size,
		   enum httpreq_outcome outcome, const struct httpreq *req,
		   const struct httpreq_facts *facts);

/* The answer to a message that is not given whole, such as one too large for
 * the connection's buffer: outcome says which.
 */
void httpreq_refuse(struct httpreq_answer *out, char *buf, size_t size,
		    enum httpreq_outcome outcome,
		    const struct httpreq_facts *facts);

/* "redirect", "bad_host", ...: the tail of a counter's name; never NULL. */
const char *httpreq_outcome_name(enum httpreq_outcome outcome);

#endif
