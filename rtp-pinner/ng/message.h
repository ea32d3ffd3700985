/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message.h - a datagram of the ng protocol: cookie, space, dict
 *
 * The dict is bencode or JSON; the reply to it has the same cookie and the
 * same encoding.
 */
#ifndef NG_MESSAGE_H
#define NG_MESSAGE_H

#include <stddef.h>

#include "common/cursor.h"
#include "rtp-pinner/ng/dict.h"

enum {
	NG_COOKIE_MAX = 255,
};

enum ng_encoding {
	NG_BENCODE,
	NG_JSON,
};

/* 0, or EBADMSG: no space, no cookie or one longer than NG_COOKIE_MAX.  Such a
 * datagram cannot be answered.
 */
int ng_message_split(struct slice *cookie, struct slice *body,
		     struct slice datagram);

/* Read the body into *d.  0, or EBADMSG with *reason set to what rtpengine
 * answers; *encoding, that of the answer, is set in both cases.
 */
int ng_message_read(struct ng_dict *d, enum ng_encoding *encoding,
		    const char **reason, struct slice body);

/* Write cookie, space and the dict.  0, ENOBUFS or ENOMEM. */
int ng_message_write(char *buf, size_t size, size_t *out_len,
		     struct slice cookie, enum ng_encoding encoding,
		     const struct ng_dict *d);

#endif
