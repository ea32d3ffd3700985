/* SPDX-License-Identifier: GPL-3.0-or-later */
/* flow_access.h - how control and threads share a row without a lock
 *
 * The conf of a row has one writer, control, and readers at any moment: its
 * seq is odd while it is being written and another one afterwards, so a reader
 * knows whether its copy is whole.  The state has one writer, the thread that
 * owns the port.  Neither side ever waits for the other.
 */
#ifndef RELAY_FLOW_ACCESS_H
#define RELAY_FLOW_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtp-pinner/relay/flow.h"

/* Replace the conf of a row; seq is taken care of, all else is of conf.  A
 * writer that died half-way is made good by the next one.
 */
void flow_conf_write(struct flow_row *row, const struct flow_conf *conf);

/* A consistent copy, of the gate only the gate_cnt first entries.  False when
 * control was writing at each of a few tries (or died doing so).
 */
bool flow_conf_read(struct flow_conf *out, const struct flow_row *row);

/* The same without the gate, which stays uninitialised: all that the sending
 * side of a packet needs.
 */
bool flow_conf_read_head(struct flow_conf *out, const struct flow_row *row);

/* For control: a copy of the state, zeroes if it is not of the opening the
 * conf is of.  Each number is whole, but they may be of different moments.
 */
void flow_state_read(struct flow_state *out, const struct flow_row *row);

/* For metrics, logs and docs/media.md: "stranger", "other_source", ... and one
 * sentence of help.
 */
const char *flow_drop_name(enum flow_drop drop);
const char *flow_drop_help(enum flow_drop drop);

#endif
