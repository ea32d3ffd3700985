/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.h - how things stand in the Prometheus text format
 *
 * Names begin with anycast_health_.  A state is one-hot: a sample for each
 * value of its label, 1 for the one that holds.
 */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include <stdio.h>

#include "health-agent/daemon/status.h"

/* What status.h shows; pure. */
void metrics_print_view(FILE *f, const struct status_view *v);

/* The pieces: HELP and TYPE of a family, and one sample without labels. */
void metrics_head(FILE *f, const char *name, const char *type,
		  const char *help);
void metrics_one(FILE *f, const char *name, const char *type, const char *help,
		 uint64_t value);

#endif
