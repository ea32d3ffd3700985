/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control_socket.h - the file of a control socket, and who may speak there */
#ifndef DAEMON_CONTROL_SOCKET_H
#define DAEMON_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/* Behind its path until it listens: there has to be room for it. */
#define CONTROL_SOCKET_NEW ".new"

/* A listening socket at path, mode 0660 from its first moment, in place of one
 * that nobody answers at; folders are made.  0; EADDRINUSE: somebody answers;
 * EEXIST: the file is something else; ENAMETOOLONG; or another errno.
 */
int control_socket_open(int *out, const char *path);

/* Is the one at the other end root, or of our user or group? */
bool control_socket_admits(int fd, uid_t *uid);

#endif
