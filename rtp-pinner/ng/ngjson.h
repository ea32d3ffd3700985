/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ngjson.h - read and write a message in JSON
 *
 * The only file that includes jansson.  What ng has no type for becomes the
 * nearest it has: true and false are 1 and 0, a fraction is cut off, null is
 * left out.
 */
#ifndef NG_NGJSON_H
#define NG_NGJSON_H

#include <stddef.h>

#include "common/cursor.h"
#include "rtp-pinner/ng/dict.h"

/* Read an object into *d, which is reset first.  Strings are copied into the
 * message.  What follows the object is ignored.  0 or EBADMSG.
 */
int ngjson_read(struct ng_dict *d, struct slice text);

/* Write value (with all below it) to buf.  Bytes of a text that is no UTF-8 or
 * has a NUL become '?' (JSON cannot carry them, or readers refuse it).  0 with *out_len set, ENOBUFS when it does not fit
 * or is nested too deeply, or ENOMEM.
 */
int ngjson_write(char *buf, size_t size, size_t *out_len,
		 const struct ng_value *value);

#endif
