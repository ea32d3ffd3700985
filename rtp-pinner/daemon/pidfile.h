/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pidfile.h - tell other programs our process number
 *
 * The file has it at once and whole, or the one before: it is renamed into its
 * place.  At the end it is removed, unless a successor has written it already.
 * After a kill it stays, and who reads it has to look whether we live.
 */
#ifndef DAEMON_PIDFILE_H
#define DAEMON_PIDFILE_H

/* 0 or errno. */
int pidfile_write(const char *path);

/* Nothing happens where it is not ours. */
void pidfile_remove(const char *path);

#endif
