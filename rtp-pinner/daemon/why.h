/* SPDX-License-Identifier: GPL-3.0-or-later */
/* why.h - why nothing is heard from a port, in words for an operator
 *
 * Pure: what control knows of a row, in one sentence.
 */
#ifndef DAEMON_WHY_H
#define DAEMON_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "rtp-pinner/relay/flow.h"

enum {
	WHY_TEXT_MAX = 256,
	WHY_SILENT_MS = 2000,	/* heard nothing for this long: silent */
};

/* Write why the party behind this port is not heard on the other leg (or not
 * any more); "" when it is.  Returns the length.
 */
size_t why_silent(char out[static WHY_TEXT_MAX], const struct flow_conf *conf,
		  const struct flow_state *state,
		  const struct flow_steer *steer, uint64_t now_ms);

struct addr why_addr(const struct flow_endpoint *e);

/* "192.0.2.1:4000", "[2001:db8::1]:4000"; "-" when unset. */
size_t why_format_endpoint(char out[static ADDR_TEXT_MAX + 6],
			   const struct flow_endpoint *e);

#endif
