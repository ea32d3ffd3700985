/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/folder.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int make(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? errno : 0;
}

/* Only to look does not wait for a disk that takes no writes. */
static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int folder_make(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	int n = snprintf(part, sizeof(part), "%s", path);

	if (is_there(path))
		return 0;
	if (n < 0 || (size_t)n >= sizeof(part))
		return ENAMETOOLONG;
	for (char *slash = strchr(part + 1, '/'); n && slash;
	     slash = strchr(slash + 1, '/')) {
		int err;

		*slash = '\0';
		err = make(part, 0755);
		if (err)
			return err;
		*slash = '/';
	}
	return make(path, mode);
}

int folder_of(const char *file, mode_t mode)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(file, '/');
	size_t len = slash ? (size_t)(slash - file) : 0;

	if (!len)
		return 0;
	if (len >= sizeof(folder))
		return ENAMETOOLONG;
	memcpy(folder, file, len);
	folder[len] = '\0';
	return folder_make(folder, mode);
}
