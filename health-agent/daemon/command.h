/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.h - a request at the control socket, understood
 *
 * Pure.  A request is one JSON object a line: {"command":"drain","force":true}.
 * Further members are ignored; those a command has are checked.
 */
#ifndef DAEMON_COMMAND_H
#define DAEMON_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	COMMAND_ERROR_MAX = 256,
	COMMAND_LOG_LINES = 20,		/* where none are asked for */
};

enum command_verb {
	COMMAND_STATUS,
	COMMAND_WHY,
	COMMAND_LOG,
	COMMAND_NODES,
	COMMAND_DRAIN,
	COMMAND_RESUME,
	COMMAND_DISABLE,
	COMMAND_RELOAD,
	COMMAND_RESTART,
	COMMAND_VERBS
};

struct command {
	enum command_verb verb;
	bool force;		/* drain */
	bool has_wait;
	uint64_t wait_ms;
	bool has_deadline;
	uint64_t deadline_ms;
	bool has_phones;
	uint64_t phones_ms;
	unsigned lines;		/* log */
};

/* 0, or EBADMSG: error says what is wrong, printable. */
int command_parse(struct command *out, char error[static COMMAND_ERROR_MAX],
		  const char *text, size_t len);

#endif
