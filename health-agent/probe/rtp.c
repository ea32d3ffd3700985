/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RTP probes: a call through the relay, and what comes through it.
 *
 *	 probe                                  relay
 *	   |  offer, SDP of the caller             |
 *	   |-------------------------------------->|
 *	   |<---------------- SDP for the callee --|
 *	   |  answer, SDP of the callee            |
 *	   |-------------------------------------->|
 *	   |<---------------- SDP for the caller --|
 *	 caller ===== some packets of RTP =====> callee
 *	 caller <===== as many as those ======= callee
 *	   |  delete                               |
 *	   |-------------------------------------->|
 *
 * Both phones are on the probe's target, an address of this node.  Once it has
 * asked for a call, each end of an attempt sends a delete, whose answer nobody
 * waits for; one that gets lost costs nothing, the relay ends calls of probes
 * by itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "health-agent/probe/dgram.h"
#include "health-agent/probe/prober_priv.h"
#include "health-agent/probe/rtp_media.h"
#include "health-agent/probe/rtp_ng.h"

enum {
	PACE_MS = 20,		/* as phones do, or faster */
	MARGIN_MS = 50,		/* for offer and answer */
	WORDS_MAX = 96,
};

enum rtp_step { RTP_IDLE, RTP_OFFERED, RTP_ANSWERED, RTP_TALKING };

struct rtp {
	struct prober p;	/* first */
	struct rtp_ng *ng;
	/* of this attempt */
	enum rtp_step step;
	struct dgram *dgram;
	struct rtp_media *media;
};

static void fail(struct rtp *r, const char *what, int err)
{
	prober_done(&r->p, HEALTH_BAD, "%s: %s", what, strerror(err));
}

/* ---- the verdict ---- */

/* "5 of 5", "3 of 5 (1 late, 1 altered)" */
static void describe(char out[static WORDS_MAX], const struct rtp_stream *s)
{
	static const char *const words[RTP_HEARDS] = {
		[RTP_LATE] = "late",
		[RTP_DOUBLE] = "twice",
		[RTP_ALTERED] = "altered",
		[RTP_FOREIGN] = "foreign",
	};
	size_t len = (size_t)snprintf(out, WORDS_MAX, "%u of %u",
				      s->heard[RTP_GOOD], s->cnt);
	const char *before = " (";

	for (unsigned i = 0; i < RTP_HEARDS; i++) {
		if (!words[i] || !s->heard[i])
			continue;
		len += (size_t)snprintf(out + len, WORDS_MAX - len, "%s%u %s",
					before, s->heard[i], words[i]);
		before = ", ";
	}
	if (*before == ',')
		snprintf(out + len, WORDS_MAX - len, ")");
}

static void conclude(struct rtp *r)
{
	const struct rtp_stream *there = rtp_media_stream(r->media, RTP_CALLER);
	const struct rtp_stream *back = rtp_media_stream(r->media, RTP_CALLEE);
	unsigned allowed = r->p.conf->loss_percent;
	char words[RTP_SIDES][WORDS_MAX];
	uint64_t slowest_ns = there->slowest_ns > back->slowest_ns
				      ? there->slowest_ns
				      : back->slowest_ns;

	describe(words[0], there);
	describe(words[1], back);
	if (!there->heard[RTP_GOOD] && !back->heard[RTP_GOOD])
		prober_done(&r->p, HEALTH_BAD,
			    "takes calls, but relays nothing: %s packets came "
			    "to the callee, %s to the caller",
			    words[0], words[1]);
	else if (rtp_stream_loss_percent(there) > allowed ||
		 rtp_stream_loss_percent(back) > allowed)
		prober_done(&r->p, HEALTH_BAD,
			    "loses packets: %s came to the callee, %s to the "
			    "caller",
			    words[0], words[1]);
	else
		prober_done(&r->p, HEALTH_GOOD,
			    "%s packets there, %s back, %" PRIu64 ".%" PRIu64
			    " ms at most",
			    words[0], words[1], slowest_ns / 1000000,
			    slowest_ns / 100000 % 10);
}

static void on_media_over(void *arg)
{
	conclude(arg);
}

/* ---- the call ---- */

static void send_command(struct rtp *r, enum rtp_step step, const char *text,
			 size_t len)
{
	int err = len ? dgram_send(r->dgram, slice_of(text, len)) : ENOMEM;

	if (err)
		fail(r, "cannot be asked", err);
	else
		r->step = step;
}

static bool is_service(const struct site *site, const struct addr *a)
{
	return addr_equal(a, &site->ip4) || addr_equal(a, &site->ip6);
}

/* Where side is to send: the next step. */
static void take_media(struct rtp *r, const struct addr *addr, uint16_t port)
{
	enum rtp_side side = r->step == RTP_OFFERED ? RTP_CALLEE : RTP_CALLER;
	char text[RTP_NG_MAX];
	int err;

	if (is_service(r->p.conf->site, addr)) {
		prober_done(&r->p, HEALTH_BAD,
			    "wants media at the service address");
		return;
	}
	err = rtp_media_connect(r->media, side, addr, port);
	if (err) {
		fail(r, "its media cannot be reached", err);
		return;
	}
	if (side == RTP_CALLEE) {
		send_command(r, RTP_ANSWERED, text,
			     rtp_ng_answer(text, r->ng,
					   rtp_media_port(r->media,
							  RTP_CALLEE)));
		return;
	}
	r->step = RTP_TALKING;
	rtp_media_start(r->media);
}

static void on_answer(void *arg, struct slice bytes)
{
	struct rtp *r = arg;
	char text[PROBER_TEXT_MAX];
	struct addr addr;
	uint16_t port;

	if (r->step == RTP_TALKING)
		return;
	switch (rtp_ng_read(r->ng, text, &addr, &port, bytes)) {
	case RTP_NG_STRANGE:
		prober_count(PROBER_C_NG_STRANGE);
		break;
	case RTP_NG_FULL:
		prober_done(&r->p, HEALTH_GOOD, "%s; media is not tried", text);
		break;
	case RTP_NG_REFUSED:
		prober_done(&r->p, HEALTH_BAD, "refuses the call, %s", text);
		break;
	case RTP_NG_MEDIA:
		take_media(r, &addr, port);
		break;
	}
}

static void on_dgram_failed(void *arg, int err)
{
	struct rtp *r = arg;

	if (err == ECONNREFUSED)
		prober_done(&r->p, HEALTH_BAD, "nobody takes commands there");
	else
		fail(r, "cannot be asked", err);
}

/* So that all packets and the slowest fit into the time. */
static uint64_t pace_ms(const struct prober_conf *conf)
{
	uint64_t room_ms = conf->timeout_ms - conf->delay_ms - MARGIN_MS;
	uint64_t pace = room_ms / conf->packets;

	return pace < PACE_MS ? pace : PACE_MS;
}

static int open_media(struct rtp *r)
{
	const struct prober_conf *conf = r->p.conf;
	const struct rtp_media_conf media = {
		.local = conf->target,
		.packets = conf->packets,
		.pace_ms = pace_ms(conf),
		.delay_ms = conf->delay_ms,
		.over = on_media_over,
		.arg = r,
	};

	return rtp_media_open(&r->media, r->p.loop, &media);
}

static int open_control(struct rtp *r)
{
	static const struct dgram_events events = {
		.came = on_answer,
		.failed = on_dgram_failed,
	};
	uint8_t random[RTP_NG_RANDOM];

	if (getrandom(random, sizeof(random), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(random))
		return EAGAIN;
	rtp_ng_renew(r->ng, random, clock_wall_s());
	return dgram_open(&r->dgram, r->p.loop, &r->p.conf->ng_addr,
			  r->p.conf->ng_port, &events, r);
}

/* ---- the type ---- */

static int rtp_check(char text[static PROBER_TEXT_MAX],
		     const struct prober_conf *conf)
{
	if (!conf->site || !conf->node)
		return prober_say(text, "no site file");
	if (!addr_is_set(&conf->target))
		return prober_say(text, "no address of this node to send "
					"media from");
	if (!addr_is_set(&conf->ng_addr) || !conf->ng_port)
		return prober_say(text, "ng: no ADDRESS:PORT");
	if (conf->packets < 1 || conf->packets > RTP_STREAM_MAX)
		return prober_say(text, "packets: not 1 to %d", RTP_STREAM_MAX);
	if (conf->delay_ms + conf->packets + MARGIN_MS > conf->timeout_ms)
		return prober_say(text, "delay %" PRIu64 " ms and %u packets "
				  "do not fit into timeout %" PRIu64 " ms",
				  conf->delay_ms, conf->packets,
				  conf->timeout_ms);
	return 0;
}

static int rtp_init(struct prober *p)
{
	struct rtp *r = (struct rtp *)p;

	return rtp_ng_new(&r->ng, p->conf);
}

static void rtp_begin(struct prober *p)
{
	struct rtp *r = (struct rtp *)p;
	char text[RTP_NG_MAX];
	int err = open_media(r);

	if (err) {
		fail(r, "no socket for media at this node's address", err);
		return;
	}
	err = open_control(r);
	if (err) {
		fail(r, "cannot be asked", err);
		return;
	}
	send_command(r, RTP_OFFERED, text,
		     rtp_ng_offer(text, r->ng,
				  rtp_media_port(r->media, RTP_CALLER)));
}

static void rtp_cancel(struct prober *p)
{
	struct rtp *r = (struct rtp *)p;
	char text[RTP_NG_MAX];
	size_t len;

	if (r->step != RTP_IDLE) {
		len = rtp_ng_delete(text, r->ng);
		if (len)
			(void)dgram_send(r->dgram, slice_of(text, len));
	}
	r->step = RTP_IDLE;
	dgram_close(r->dgram);
	rtp_media_close(r->media);
	r->dgram = NULL;
	r->media = NULL;
}

static void rtp_late(struct prober *p)
{
	struct rtp *r = (struct rtp *)p;

	if (r->step == RTP_TALKING)
		conclude(r);
	else
		prober_done(p, HEALTH_BAD, "no answer to %s in %" PRIu64 " ms",
			    r->step == RTP_ANSWERED ? "an answer" : "an offer",
			    p->conf->timeout_ms);
}

static void rtp_close(struct prober *p)
{
	struct rtp *r = (struct rtp *)p;

	rtp_ng_free(r->ng);
	r->ng = NULL;
}

static size_t rtp_target(char out[static PROBER_TEXT_MAX],
			 const struct prober *p)
{
	char addr[ADDR_TEXT_MAX], ng[ADDR_TEXT_MAX];

	addr_format(addr, &p->conf->target);
	addr_format_host(ng, &p->conf->ng_addr);
	return (size_t)snprintf(out, PROBER_TEXT_MAX,
				"media of %s, ng %s:%u", addr, ng,
				p->conf->ng_port);
}

const struct prober_type prober_rtp = {
	.size = sizeof(struct rtp),
	.check = rtp_check,
	.init = rtp_init,
	.begin = rtp_begin,
	.cancel = rtp_cancel,
	.late = rtp_late,
	.close = rtp_close,
	.target = rtp_target,
};
