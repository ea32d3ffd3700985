/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_table.h - the mapped flow table and the head that says whose it is
 *
 * One row for each port, then one more of the same size that holds the head:
 * magic, layout, range, addresses, number of threads and the boot.  A table of
 * an earlier run is taken up only if all of that is as now; the head is
 * written last, so one that was never finished counts as empty.
 */
#ifndef RELAY_FLOW_TABLE_H
#define RELAY_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "rtp-pinner/relay/flow.h"
#include "rtp-pinner/relay/relay.h"

struct flow_table {
	struct flow_row *row;	/* NULL: not mapped */
	size_t cnt;		/* of ports */
	uint16_t port_min;
	bool resumed;
	unsigned kept_threads;	/* of the earlier run; 0 when not resumed */
};

/* How many rows conf needs in the table, and how many bytes. */
size_t flow_table_needed(const struct relay_conf *conf);
size_t flow_table_size(const struct relay_conf *conf);

/* Map the table behind fd, which stays the caller's, and check its head; an
 * empty one, or one of before the boot, is zeroed.  0; EINVAL after one line
 * that says what differs; or the errno of the mapping.
 */
int flow_table_map(struct flow_table *out, int fd,
		   const struct relay_conf *conf);

/* Say that the table is that of conf from now on. */
void flow_table_sign(struct flow_table *r, const struct relay_conf *conf);

/* The table of the sockets backend: the file `rows' in state_dir, made with
 * its blocks allocated.  0 and *out, or errno.
 */
int flow_table_open_file(int *out, const struct relay_conf *conf);

/* Calls of another backend's run are not to be resumed from it. */
void flow_table_remove_file(const struct relay_conf *conf);

void flow_table_unmap(struct flow_table *r);	/* a zeroed one is fine */

static inline struct flow_row *flow_table_find(const struct flow_table *r,
					       uint16_t port)
{
	size_t index = (size_t)port - r->port_min;

	return port >= r->port_min && index < r->cnt ? &r->row[index] : NULL;
}

#endif
