/* SPDX-License-Identifier: GPL-2.0-or-later */
/* via.h - the topmost Via of a request on its way back
 *
 * RFC 3261 18.2.1 and RFC 3581 4: the first value of the field tells where
 * the request really came from.
 *
 *	Via: SIP/2.0/UDP 10.1.2.3;rport;branch=z9hG4bK1
 *	Via: SIP/2.0/UDP 10.1.2.3;rport=5099;branch=z9hG4bK1;received=192.0.2.1
 *
 * Every other byte stays as it was written: further values, folding, the
 * compact name, spaces, quoted strings, a comment (RFC 2543).
 */
#ifndef KAMAILIO_MODULE_VIA_H
#define KAMAILIO_MODULE_VIA_H

#include <stdint.h>

#include "common/addr.h"
#include "common/cursor.h"
#include "kamailio-module/writer.h"

/* Write the raw field, and a line break.  In the first value an `rport',
 * whatever its value, becomes source_port, and what it says of `received'
 * becomes the source; a `received' is added unless the value has no rport and
 * its sent-by is the source.  A sent-by that cannot be read is not the source.
 */
void via_write(struct writer *w, struct slice field, const struct addr *source,
	       uint16_t source_port);

#endif
