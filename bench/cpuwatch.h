/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuwatch.h - what a server and its core have used of the processor
 *
 * Of the processes of a group: time on a CPU by the scheduler, which includes
 * the interrupts they were interrupted by, and its parts user and system.  Of
 * the core they run on: all time it was not idle, hence also the softirqs that
 * came while no process ran, and everybody else's.
 */
#ifndef BENCH_CPUWATCH_H
#define BENCH_CPUWATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/cursor.h"

enum {
	CPUWATCH_PIDS_MAX = 16,
};

struct cpuwatch {
	pid_t pids[CPUWATCH_PIDS_MAX];
	size_t cnt;
	unsigned core;
};

struct cpusample {
	uint64_t tasks_ns;	/* of all threads; sum of the two below */
	uint64_t user_ns;	/* in steps of 10 ms */
	uint64_t system_ns;
	uint64_t busy_ns;	/* of the core, in steps of 10 ms; only the
				 * difference of two means anything */
	uint64_t softirq_ns;	/* of that, by the tick: an estimate */
};

/* Find the processes of a group.  0; ESRCH when there is none; E2BIG. */
int cpuwatch_open(struct cpuwatch *w, pid_t group, unsigned core);

/* 0, or the errno of what could not be read. */
int cpuwatch_read(const struct cpuwatch *w, struct cpusample *out);

/* later - earlier, field by field. */
struct cpusample cpusample_since(const struct cpusample *later,
				 const struct cpusample *earlier);

/* ---- pure: the texts of proc(5) ---- */

/* From /proc/PID/stat.  0 or EBADMSG. */
int cpuwatch_parse_stat(pid_t *group, uint64_t *user_ticks,
			uint64_t *system_ticks, struct slice text);

/* From /proc/stat: when core was idle, or the host's.  0, EBADMSG, ENOENT. */
int cpuwatch_parse_core(uint64_t *idle_ticks, uint64_t *softirq_ticks,
			struct slice text, unsigned core);

#endif
