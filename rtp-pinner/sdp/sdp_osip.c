/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that includes libosip2's SDP headers.
 *
 * libosip2 5.3.0 rejects: a last line without its end, c= or b= after a=, a
 * session's c= after t=, unknown lines, a missing t=, an empty s= or attribute
 * value, two spaces in m=, types in upper case.  It ignores what follows a
 * blank line.
 *
 * Its parser needs fences:
 * - it takes no length, so an embedded NUL would end the text early;
 * - it reads the byte before a text that begins with '=', and the byte behind
 *   the terminator of one that ends with an m= without formats;
 * - it appends to its lists by walking them, so its time grows with the square
 *   of the number of lines, and of that of the formats of a line.
 */
#include "rtp-pinner/sdp/sdp_osip.h"

#include <stdlib.h>
#include <string.h>

#include <osipparser2/osip_port.h>
#include <osipparser2/sdp_message.h>

enum {
	FENCE = 16,		/* NULs before and behind the text */
};

static bool is_short(struct slice text)
{
	size_t lines = 0, blanks = 0;

	if (text.len > SDP_OSIP_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		bool end = text.text[i] == '\n' || text.text[i] == '\r';

		lines += end;
		blanks = end ? 0 : blanks + (text.text[i] == ' ');
		if (blanks == SDP_OSIP_BLANKS_MAX)
			return false;
	}
	return lines <= 2 * SDP_OSIP_LINES_MAX;
}

bool sdp_osip_check(struct slice text)
{
	sdp_message_t *message = NULL;
	bool accepted = false;
	char *copy;

	if (!text.len || !is_short(text) || memchr(text.text, '\0', text.len))
		return false;
	copy = calloc(1, FENCE + text.len + FENCE);
	if (!copy || sdp_message_init(&message))
		goto out;
	memcpy(copy + FENCE, text.text, text.len);
	accepted = sdp_message_parse(message, copy + FENCE) == 0;
out:
	sdp_message_free(message);
	free(copy);
	return accepted;
}
