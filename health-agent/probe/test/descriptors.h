/* SPDX-License-Identifier: GPL-3.0-or-later */
/* descriptors.h - how many descriptors this program has */
#ifndef PROBE_DESCRIPTORS_H
#define PROBE_DESCRIPTORS_H

#include "common/test/table.h"

#include <dirent.h>

static inline unsigned descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned cnt = 0;

	assert_non_null(dir);
	while (readdir(dir))
		cnt++;
	closedir(dir);
	return cnt;
}

#endif
