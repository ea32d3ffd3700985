/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/guardian/keeper.h"

#include <stdio.h>
#include <string.h>

void keeper_init(struct keeper *k, bool for_parent, uint64_t now_ms)
{
	*k = (struct keeper){ .for_parent = for_parent, .feed_ms = now_ms };
	notify_open(&k->notify, NOTIFY_NONBLOCK |
			(for_parent ? NOTIFY_ANY_PID : 0));
}

void keeper_fini(struct keeper *k)
{
	notify_close(&k->notify);
}

static void feed(struct keeper *k, bool well, uint64_t now_ms)
{
	if (!k->notify.watchdog_ms || now_ms < k->feed_ms)
		return;
	if (well && notify_send(&k->notify, "WATCHDOG=1", -1) == 0)
		k->feed_ms = now_ms + k->notify.watchdog_ms;
	else
		k->feed_ms = now_ms + KEEPER_AGAIN_MS;
}

static void format_text(char out[static KEEPER_TEXT_MAX],
			const struct link_status *s, bool well, bool drained)
{
	unsigned advertised = 0, up = 0;

	for (size_t i = 0; i < s->route_cnt; i++)
		advertised += s->routes[i].proof == LINK_PROOF_ADVERTISED;
	for (size_t i = 0; i < s->session_cnt; i++)
		up += s->sessions[i].up;
	snprintf(out, KEEPER_TEXT_MAX,
		 "STATUS=%s%u of %zu prefixes advertised, %u of %zu sessions "
		 "up%s%s%s", drained ? "withdrawn by order; " : "", advertised,
		 s->route_cnt, up, s->session_cnt,
		 well ? "" : "; the worker or ExaBGP does not answer",
		 s->output_text[0] ? "; " : "", s->output_text);
}

static void tell_text(struct keeper *k, const struct link_status *status,
		      bool well, bool drained, uint64_t now_ms)
{
	char text[KEEPER_TEXT_MAX];

	if (now_ms - k->told_ms < KEEPER_TEXT_MS)
		return;
	format_text(text, status, well, drained);
	if (strcmp(text, k->text) == 0)
		return;
	k->told_ms = now_ms;
	if (notify_send(&k->notify, text, -1) == 0)
		memcpy(k->text, text, sizeof(text));
}

void keeper_tell(struct keeper *k, const struct link_status *status, bool well,
		 bool drained, uint64_t now_ms)
{
	if (k->notify.fd < 0 || k->ending)
		return;
	if (well && !k->ready)
		k->ready = notify_send(&k->notify, "READY=1", -1) == 0;
	feed(k, well, now_ms);
	tell_text(k, status, well, drained, now_ms);
}

void keeper_end(struct keeper *k)
{
	if (!k->for_parent)
		notify_send(&k->notify, "STOPPING=1", -1);
	k->ending = true;
}

uint64_t keeper_due(const struct keeper *k)
{
	return k->notify.watchdog_ms && !k->ending ? k->feed_ms : UINT64_MAX;
}
