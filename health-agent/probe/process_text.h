/* SPDX-License-Identifier: GPL-3.0-or-later */
/* process_text.h - what pid files and /proc say of a process
 *
 * Pure.
 */
#ifndef PROBE_PROCESS_TEXT_H
#define PROBE_PROCESS_TEXT_H

#include <stdint.h>

#include "common/cursor.h"

/* A pid file: one number, white space around it.  0 or EBADMSG. */
int process_read_pid(int32_t *out, struct slice text);

struct process_stat {
	char state;		/* R, S, D, Z, T, ... (proc(5)) */
	uint64_t start;		/* clock ticks after boot: with the pid, who */
};

/* /proc/PID/stat; the program chooses its name, with any characters in it.
 * 0 or EBADMSG.
 */
int process_read_stat(struct process_stat *out, struct slice text);

#endif
