/* SPDX-License-Identifier: GPL-3.0-or-later */
/* counting.h - how many calls run here, as the media relay says
 *
 * rtp-pinner is asked with `node info' each second, in the worker's loop: a
 * datagram out, a datagram back, nothing waits.  One that has been silent for
 * COUNTING_SILENT_MS says nothing.  Where nobody listens there is no relay: at
 * once, or after so long where there was one, which may be about to be back.
 * One that does not know the question (rtpengine) is none either.
 */
#ifndef DAEMON_COUNTING_H
#define DAEMON_COUNTING_H

#include <uv.h>

#include "common/endpoint.h"
#include "health-agent/policy/drain.h"

enum { COUNTING_SILENT_MS = 3000 };

struct counting_stats {
	uint64_t asked, answered, refused;	/* refused: nobody listens */
	uint64_t strange;	/* no answer to what was asked */
};

struct counting;

/* Called when the number is another one. */
typedef void counting_news_h(void *arg);

/* 0 or ENOMEM. */
int counting_new(struct counting **out, uv_loop_t *loop, counting_news_h *news,
		 void *arg);

/* NULL: there is no relay.  The same as before changes nothing. */
void counting_set(struct counting *c, const struct endpoint *relay);

/* Each second. */
void counting_ask(struct counting *c);

/* False: it has not been asked for long enough to tell. */
bool counting_look(const struct counting *c, enum drain_relay *relay,
		   uint32_t *calls, uint64_t now_ms);

const struct counting_stats *counting_stats(const struct counting *c);

/* NULL is fine; then, after the loop has run out, free it. */
void counting_stop(struct counting *c);
void counting_free(struct counting *c);

/* Pure: what an answer to the cookie says.  False: it is none.  *knows: it
 * counts calls at all.
 */
struct ng_dict;
bool counting_read(struct ng_dict *d, struct slice cookie, bool *knows,
		   uint32_t *calls, struct slice datagram);

#endif
