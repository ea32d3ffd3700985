/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request of any bytes: understood within its bounds, or refused in printable
 * words.
 */
#include <stdlib.h>
#include <string.h>

#include "common/fuzz/harness.h"
#include "health-agent/daemon/audit.h"
#include "health-agent/daemon/command.h"
#include "health-agent/policy/health.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[COMMAND_ERROR_MAX];
	struct command command;

	if (command_parse(&command, error, (const char *)data, size)) {
		check(error[0] != '\0');
		for (const char *c = error; *c; c++)
			check(*c >= ' ' && *c <= '~');
		return 0;
	}
	check(command.verb < COMMAND_VERBS && command.lines <= AUDIT_KEPT &&
	      command.wait_ms <= HEALTH_TIME_MAX_MS && !error[0]);
	return 0;
}
