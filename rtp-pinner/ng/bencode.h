/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bencode.h - read and write a message in bencode
 *
 * The encoding of BEP 3 as ng uses it: i-7e, 4:text, l...e, d...e.  Keys need
 * not be sorted and may stand twice.  No recursion: depth is at most
 * NG_DEPTH_MAX, size is that of the pools of the dict.
 */
#ifndef NG_BENCODE_H
#define NG_BENCODE_H

#include <stddef.h>

#include "common/cursor.h"
#include "rtp-pinner/ng/dict.h"

/* Read a dict into *d, which is reset first.  Strings point into text.  What
 * follows the dict is ignored, as rtpengine does.  0 or EBADMSG.
 */
int bencode_read(struct ng_dict *d, struct slice text);

/* Write value (with all below it) to buf.  0 with *out_len set, or ENOBUFS when
 * it does not fit or is nested too deeply.
 */
int bencode_write(char *buf, size_t size, size_t *out_len,
		  const struct ng_value *value);

#endif
