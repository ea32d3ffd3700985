/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sipuri.h - a SIP, SIPS or tel URI as slices, and when two are equal
 *
 * RFC 3261 19.1 and 25.1, RFC 3966, RFC 5954.  Pure: nothing is copied or
 * allocated, every slice points into the text given to sipuri_parse().
 * Percent-escapes stay as they were written and are decoded while comparing.
 *
 * Parsed strictly, because parts of a URI are echoed into replies: a control
 * character, a space, a quote, an angle bracket or a byte above 0x7e is bad
 * wherever it stands.  Wider than the grammar only where phones are:
 *   - an unescaped '#' in a user part (star codes),
 *   - '_' in a host name, and a host name that starts with a digit,
 *   - an empty parameter (";;", or a last ';'), an empty value ("x=") and an
 *     unescaped '=' within a value (base64 tokens).
 */
#ifndef KAMAILIO_MODULE_SIPURI_H
#define KAMAILIO_MODULE_SIPURI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"

enum {
	SIPURI_LEN_MAX = 4096,
	SIPURI_HOST_MAX = 254,	/* a DNS name with its final dot */
	SIPURI_ITEMS_MAX = 64,	/* parameters, and again headers */
};

enum sipuri_scheme {
	SIPURI_OTHER,		/* neither of these: opaque */
	SIPURI_SIP,
	SIPURI_SIPS,
	SIPURI_TEL,
	SIPURI_SCHEMES
};

struct sipuri {
	enum sipuri_scheme scheme;
	struct slice scheme_text;	/* as written, without the ':' */
	struct slice opaque;	/* everything after the ':' */
	struct slice user;	/* empty: none; tel: the number */
	struct slice password;
	bool has_password;	/* "user:@" has an empty one */
	struct slice host;	/* as written, IPv6 in its brackets */
	struct addr addr;	/* set when host is a literal */
	uint16_t port;		/* 0: none given */
	struct slice params;	/* after the first ';', or empty */
	struct slice headers;	/* after the '?', or empty */
};

/* A parameter ";name=value" or header "name=value" of a URI. */
struct sipuri_item {
	struct slice name;
	struct slice value;
	bool has_value;
};

/* Parse the whole of text.  0; EBADMSG when it is no URI by the rules above;
 * EMSGSIZE when it is longer than SIPURI_LEN_MAX or has more parameters or
 * headers than SIPURI_ITEMS_MAX (SIP answers that with 414).  *out is zeroed
 * on error.
 */
int sipuri_parse(struct sipuri *out, struct slice text)
	__attribute__((warn_unused_result));

/* Walk the parameters (or headers) in the order they were written:
 *
 *	struct cursor c = cursor_of(uri.params.text, uri.params.len);
 *	while (sipuri_next_param(&c, &item))
 */
bool sipuri_next_param(struct cursor *c, struct sipuri_item *out);
bool sipuri_next_header(struct cursor *c, struct sipuri_item *out);

/* Is this its name?  Escapes and case do not count. */
bool sipuri_item_is(const struct sipuri_item *item, struct slice name);

/* The first parameter of this name; escapes and case do not count. */
bool sipuri_find_param(const struct sipuri *uri, struct slice name,
		       struct sipuri_item *out);

/* Is the host this name?  Case and a final dot do not count.  False for a
 * literal address: compare uri->addr instead.
 */
bool sipuri_host_is(const struct sipuri *uri, struct slice name);

/* RFC 3261 19.1.4, RFC 3966 section 4 for tel; other schemes byte for byte.
 * Where the RFC leaves it open: IPv6 literals are equal as addresses
 * (RFC 5954), a final dot of a host name does not count, and of two
 * parameters of one name (forbidden by 19.1.1) the first counts.
 */
bool sipuri_equal(const struct sipuri *a, const struct sipuri *b);

/* "sip", "sips", "tel", "other"; never NULL. */
const char *sipuri_scheme_name(enum sipuri_scheme scheme);

#endif
