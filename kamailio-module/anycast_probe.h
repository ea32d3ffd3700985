/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_probe.h - is this the node's own health probe?
 *
 * Every verdict is counted (event_probe_valid, event_probe_forged, ...).
 */
#ifndef KAMAILIO_MODULE_ANYCAST_PROBE_H
#define KAMAILIO_MODULE_ANYCAST_PROBE_H

#include <stdbool.h>

#include "common/cursor.h"
#include "common/site.h"

/* Signed with the secret or, where there is one, the previous secret.
 * value is the header's, token the Call-ID or, for HTTP, the request-target
 * (probe.h).
 */
bool anycast_probe_valid(
		struct slice value, const struct site *site, struct slice token);

#endif
