/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A pid file, and a line of /proc/PID/stat. */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "health-agent/probe/process_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of((const char *)data, size);
	struct process_stat stat;
	int32_t pid = -1;

	if (process_read_pid(&pid, text) ? pid != -1 : pid <= 0)
		abort();
	if (process_read_stat(&stat, text) ? stat.state || stat.start
					   : !stat.state)
		abort();
	return 0;
}
