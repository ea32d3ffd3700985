/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent.h - ask the health agent, at its control socket
 *
 * A request is one JSON object and a newline, and so is the reply.
 */
#ifndef CTL_AGENT_H
#define CTL_AGENT_H

#include <jansson.h>

#include "ctl/ctl.h"

enum { AGENT_PATIENCE_MS = 2000 };

/* Send a request (which is taken) and wait for its reply.  CTL_OK with *reply to
 * be given to json_decref(); or with NULL: nobody listens at the socket, and no
 * agent has written the node state file lately.  CTL_FAILURE, complaint made: it
 * is forbidden, the reply is an error or none, or an agent should be there and
 * is not, for as long as AGENT_PATIENCE_MS.
 */
int agent_ask(json_t **reply, const struct ctl *ctl, json_t *request);

/* Wait until an agent listens, for as long as patience_s; 0: for ever. */
void agent_await(const struct ctl *ctl, uint32_t patience_s);

/* The same for a command without further members, where an agent must be. */
int agent_command(json_t **reply, const struct ctl *ctl, const char *command);

/* "12 s", "3 min", "2 h", "5 d", of milliseconds; "-" for none (null). */
enum { AGENT_SPAN_MAX = 32 };
const char *agent_span(char out[static AGENT_SPAN_MAX], const json_t *ms);

/* "IPv4", "IPv6", "" */
const char *agent_family(const json_t *object);

#endif
