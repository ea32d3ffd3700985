/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pinner.h - the parts of the daemon put together: relay, calls, store
 *
 * Owns them and knows how they belong together: what calls do to rows, what a
 * call leaves in the store, what a restart takes up again.  No sockets of its
 * own and no event loop; everything is called by the control thread, with the
 * time (CLOCK_MONOTONIC, ms) as an argument.
 *
 * Order of a start: pinner_new() makes or takes back rows, reads the store,
 * brings both in line and starts the relay; then commands may come.
 */
#ifndef DAEMON_PINNER_H
#define DAEMON_PINNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/counters.h"
#include "rtp-pinner/call/calls.h"
#include "rtp-pinner/daemon/conf.h"
#include "rtp-pinner/daemon/counts.h"
#include "rtp-pinner/daemon/drain.h"
#include "rtp-pinner/daemon/fdstore.h"
#include "rtp-pinner/daemon/meters.h"
#include "rtp-pinner/daemon/store.h"
#include "rtp-pinner/ng/command.h"
#include "rtp-pinner/relay/relay.h"

enum {
	PINNER_TICK_MS = 100,
	PINNER_CLIENTS_MAX = 32,	/* whose commands are counted one by one */
	PINNER_VERSION_MAX = 64,
};

/* Of one client of the ng protocol, or of all. */
struct pinner_client {
	struct addr addr;
	uint64_t commands[NG_VERBS];
	uint64_t us[NG_VERBS];	/* spent in them */
	uint64_t errors;
};

/* Of calls that are over. */
struct pinner_ended {
	uint64_t by_end[CALLS_ENDS];
	uint64_t duration_ms;	/* of answered ones, from the answer */
	uint64_t answered;
	uint64_t packets;	/* RTP that came to them */
	uint64_t bytes;
	uint64_t errors;
};

/* Of the last second. */
struct pinner_rate {
	uint64_t packets;
	uint64_t bytes;
	uint64_t errors;	/* dropped, for whatever reason */
};

struct pinner {
	const struct conf *conf;	/* borrowed */
	const char *version;		/* borrowed */
	struct relay *relay;
	struct store *store;
	struct calls *calls;
	struct meters *meters;
	struct drain drain;
	struct counters counters;	/* counts.h */
	_Atomic uint64_t values[PINNER_COUNTERS];
	struct pinner_client all;
	struct pinner_client clients[PINNER_CLIENTS_MAX];
	size_t client_cnt;
	struct pinner_ended ended;
	struct pinner_rate rate;
	struct pinner_rate rate_from;	/* totals as of the last second */
	uint64_t rate_at_ms;
	uint64_t started_ms;
	uint64_t now_ms;	/* of the running command or tick */
	int64_t wall_ms;	/* wall clock minus CLOCK_MONOTONIC, at start */
	unsigned ticks;
	uint64_t log_after_ms;	/* the next line about the store */
	uint8_t *packed;	/* CALLS_PACKED_MAX bytes */
};

/* 0, or an errno after one line in the log that says what to do. */
int pinner_new(struct pinner **out, const struct conf *conf,
	       const char *version, struct fdstore *fds, uint64_t now_ms);

/* What is kept stays with the keeper and in the store.  NULL is fine. */
void pinner_free(struct pinner *p);

/* Every PINNER_TICK_MS. */
void pinner_tick(struct pinner *p, uint64_t now_ms);

/* After a command, once its reply is written and before it is sent: what it
 * deleted goes now.
 */
void pinner_settle(struct pinner *p, uint64_t now_ms);

/* The word of the commands drain and undrain. */
void pinner_set_drain(struct pinner *p, bool on);

/* After conf_take(): the peers and gates of its new site from now on; the old
 * site is needed no longer.
 */
void pinner_take_site(struct pinner *p);

/* What one client's command took; errors are counted too. */
void pinner_count(struct pinner *p, const struct addr *client,
		  enum ng_verb verb, bool error, uint64_t us);

/* Unix time in ms of a CLOCK_MONOTONIC time; 0 stays 0 (never). */
int64_t pinner_wall_ms(const struct pinner *p, uint64_t ms);

/* The packets of a party that should have passed and did not. */
uint64_t pinner_row_errors(const struct flow_state *state);

#endif
