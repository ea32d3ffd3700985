/* SPDX-License-Identifier: GPL-3.0-or-later */
/* metrics.h - the state of the relay in the Prometheus text format */
#ifndef DAEMON_METRICS_H
#define DAEMON_METRICS_H

#include "rtp-pinner/daemon/pinner.h"

/* The text, malloc'ed and NUL-terminated; NULL without memory. */
char *metrics_text(const struct pinner *p, uint64_t now_ms);

#endif
