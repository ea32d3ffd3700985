/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sip_frame.h - where a SIP message in a stream begins and ends
 *
 * RFC 3261 7.5, 18.3: line breaks before a message are skipped, its head ends
 * with an empty line, Content-Length says how long the body is.  Over TCP it
 * must be there.  In a datagram the body ends with the datagram, and one that
 * is shorter than said is no message.  Pure.
 */
#ifndef PROBE_SIP_FRAME_H
#define PROBE_SIP_FRAME_H

#include <stddef.h>

#include "common/cursor.h"

enum {
	SIP_FRAME_MAX = 65535,	/* head and body */
	SIP_FRAME_HEAD_MAX = 16384,
	SIP_FRAME_LINES_MAX = 256,	/* of a head */
};

enum sip_frame {
	SIP_FRAME_WHOLE,
	SIP_FRAME_MORE,		/* not all of it is here */
	SIP_FRAME_BAD,		/* no SIP, or no end can be known */
};

/* Of the bytes at the front of a stream: *before are line breaks, then come
 * *len of the message.  Both are set with SIP_FRAME_WHOLE, *before always.
 */
enum sip_frame sip_frame_stream(size_t *before, size_t *len,
				struct slice bytes);

/* The same for a whole datagram: never SIP_FRAME_MORE. */
enum sip_frame sip_frame_datagram(size_t *before, size_t *len,
				  struct slice bytes);

/* The next header field of a head: *line without its line break and, where it
 * was folded (RFC 3261 7.3.1), with the folding still in it.  False at the
 * empty line.  c fails when the head has no end.
 */
bool sip_frame_field(struct cursor *c, struct slice *line);

#endif
