/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reserve.h - is the media range out of reach of ephemeral ports?
 *
 * A program that lets the kernel choose its port must never be given one of
 * the range: it would take packets of a call, or a call its packets.  So the
 * range lies outside net.ipv4.ip_local_port_range, or is listed in
 * net.ipv4.ip_local_reserved_ports (both hold for IPv6 too).
 */
#ifndef RELAY_RESERVE_H
#define RELAY_RESERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pure: range and reserved are the texts of the two files, "32768\t60999\n"
 * and "8080,9000-9100\n".  Text that is not understood reserves nothing.
 */
bool reserve_covers(uint16_t port_min, uint16_t port_max, const char *range,
		    const char *reserved);

/* Read the two files of this network namespace.  0; EINVAL after one line that
 * holds the command to run.
 */
int reserve_check(uint16_t port_min, uint16_t port_max);

/* Make it so: put the range behind what is listed already (needs root).  0, or
 * the errno of reading or writing.
 */
int reserve_add(uint16_t port_min, uint16_t port_max);

#endif
