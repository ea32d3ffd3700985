/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - the only callers of clock_gettime()
 *
 * Everything else takes the time as an argument.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC in milliseconds: durations within one program. */
uint64_t clock_ms(void);

/* The same in nanoseconds, for measuring. */
uint64_t clock_ns(void);

/* CLOCK_BOOTTIME in milliseconds: shared by the programs of one machine. */
uint64_t clock_boot_ms(void);

/* Seconds since 1970 UTC: only for what other machines must agree on, such
 * as the time window of a probe header.
 */
uint64_t clock_wall_s(void);

/* The same clock in nanoseconds: to compare with the kernel's timestamps of
 * packets (SO_TIMESTAMPNS), which are of no other.
 */
uint64_t clock_wall_ns(void);

#endif
