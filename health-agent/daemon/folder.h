/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder.h - folders made where they are missing: /run is empty after a boot */
#ifndef DAEMON_FOLDER_H
#define DAEMON_FOLDER_H

#include <sys/types.h>

/* The folder path, and those it lies in.  0 (also if it is there) or an errno.
 */
int folder_make(const char *path, mode_t mode);

/* The folder a file lies in. */
int folder_of(const char *file, mode_t mode);

#endif
