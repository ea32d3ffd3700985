/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ng.h - ask the RTP pinner, in the JSON form of rtpengine's ng protocol
 *
 * A datagram `COOKIE {...}' goes out, one with the same cookie comes back.
 * Works with rtpengine as well, as far as it knows the command.
 */
#ifndef CTL_NG_H
#define CTL_NG_H

#include <jansson.h>

#define NG_PINNER "127.0.0.1:2223"

struct ng_client;

/* where: ADDRESS:PORT, IPv6 in brackets.  CTL_OK; CTL_USAGE or CTL_FAILURE,
 * complaint made.
 */
int ng_open(struct ng_client **out, const char *where);

/* NULL is fine. */
void ng_close(struct ng_client *ng);

/* Send a request (which is taken) and wait for its reply; asked again when
 * none comes.  CTL_OK with *reply to be given to json_decref(), or
 * CTL_FAILURE, complaint made: nobody answers, or the answer is an error.
 */
int ng_ask(struct ng_client *ng, json_t **reply, json_t *request);

/* A member of an object on the way down, by their names up to NULL; NULL when
 * there is none.
 */
json_t *ng_get(json_t *from, ...) __attribute__((sentinel));

/* The same as text, "" when there is none, and as a number, 0 then. */
#define ng_text(...) ng_text_of(ng_get(__VA_ARGS__, NULL))
#define ng_number(...) json_integer_value(ng_get(__VA_ARGS__, NULL))
const char *ng_text_of(const json_t *value);

#endif
