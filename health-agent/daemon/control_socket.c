/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/control_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "health-agent/daemon/folder.h"

#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif

enum { GROUPS_MAX = 256 };

static int address_of(struct sockaddr_un *out, const char *path,
		      const char *end)
{
	int n;

	*out = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(out->sun_path, sizeof(out->sun_path), "%s%s", path, end);
	return n < 0 || (size_t)n >= sizeof(out->sun_path) ? ENAMETOOLONG : 0;
}

static int new_socket(int *fd)
{
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return *fd < 0 ? errno : 0;
}

/* 0: there is nothing, or what a dead agent has left. */
static int check_place(const char *path)
{
	struct sockaddr_un at;
	struct stat st;
	int fd, err;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(st.st_mode))
		return EEXIST;
	err = address_of(&at, path, "");
	if (!err)
		err = new_socket(&fd);
	if (err)
		return err;
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ||
	    errno == EAGAIN)
		err = EADDRINUSE;
	else if (errno != ECONNREFUSED && errno != ENOENT)
		err = errno;
	close(fd);
	return err;
}

/* Nobody gets in before its mode is right and it has its name. */
static int set_up(int fd, const struct sockaddr_un *next, const char *path)
{
	if (unlink(next->sun_path) < 0 && errno != ENOENT)
		return errno;
	if (bind(fd, (const struct sockaddr *)next, sizeof(*next)) < 0)
		return errno;
	if (chmod(next->sun_path, 0660) < 0 || listen(fd, SOMAXCONN) < 0 ||
	    rename(next->sun_path, path) < 0) {
		int err = errno;

		unlink(next->sun_path);
		return err;
	}
	return 0;
}

int control_socket_open(int *out, const char *path)
{
	struct sockaddr_un next;
	int fd, err;

	err = address_of(&next, path, CONTROL_SOCKET_NEW);
	if (!err)
		err = folder_of(path, 0755);
	if (!err)
		err = check_place(path);
	if (!err)
		err = new_socket(&fd);
	if (err)
		return err;
	err = set_up(fd, &next, path);
	if (err)
		close(fd);
	else
		*out = fd;
	return err;
}

static bool has_our_group(int fd)
{
	gid_t groups[GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
		if (groups[i] == getegid())
			return true;
	}
	return false;
}

bool control_socket_admits(int fd, uid_t *uid)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	*uid = peer.uid;
	return peer.uid == 0 || peer.uid == geteuid() ||
	       peer.gid == getegid() || has_our_group(fd);
}
