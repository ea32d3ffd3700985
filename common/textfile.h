/* SPDX-License-Identifier: GPL-2.0-or-later */
/* textfile.h - a small file read whole, or not at all
 *
 * For files an operator or another program writes: the site file, secrets,
 * the node state.  Never blocks on a FIFO or a device, never reads more than
 * it was told.
 */
#ifndef COMMON_TEXTFILE_H
#define COMMON_TEXTFILE_H

#include <stddef.h>

/* Read the regular file at path.  On success *out holds *len bytes and a NUL
 * behind them, to be given to textfile_free(), and 0 is returned.  Else *out
 * is NULL: EFBIG when there are more than max bytes, EISDIR, EINVAL when it
 * is no regular file, ENOMEM, or what open() and read() say.
 */
int textfile_read(char **out, size_t *len, const char *path, size_t max);

/* Wipes the text first: it may have been a secret.  NULL is fine. */
void textfile_free(char *text, size_t len);

#endif
