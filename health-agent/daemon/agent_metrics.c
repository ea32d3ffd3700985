/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /metrics: the view of status.h, and what the agent counts of itself. */
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "health-agent/daemon/agent.h"
#include "health-agent/daemon/metrics.h"

struct count {
	const char *name, *help;
	uint64_t value;
};

static void print_counts(FILE *f, const struct count *counts, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++)
		metrics_one(f, counts[i].name, "counter", counts[i].help,
			    counts[i].value);
}

#define PRINT(f, counts) \
	print_counts(f, counts, sizeof(counts) / sizeof((counts)[0]))

static void print_agent(FILE *f, const struct agent *a)
{
	const struct uplink_stats *link = uplink_stats(a->uplink);
	const struct count counts[] = {
		{ "transitions_total", "Changes of a unit's state.",
		  a->stats.transitions },
		{ "reloads_total", "Configurations taken up.",
		  a->stats.reloads },
		{ "reloads_refused_total", "Configurations refused.",
		  a->stats.reloads_refused },
		{ "beats_total", "Turns of the loop told to the guardian.",
		  a->stats.beats },
		{ "late_beats_total", "Beats after the loop had stood still.",
		  a->stats.late_beats },
		{ "link_sent_total", "Messages to the guardian.", link->sent },
		{ "link_dropped_total",
		  "Messages to the guardian that found no room.",
		  link->dropped },
		{ "link_received_total", "Messages of the guardian.",
		  link->received },
		{ "link_malformed_total", "Messages that were none of its.",
		  link->malformed },
		{ "node_state_failures_total", "node.state not written.",
		  a->stats.node_state_failed },
	};

	metrics_one(f, "uptime_seconds", "gauge", "Since the worker's start.",
		    (clock_boot_ms() - a->started_ms) / 1000);
	PRINT(f, counts);
}

static void print_records(FILE *f, const struct agent *a)
{
	const struct audit_stats *audit = audit_stats(a->audit);
	const struct snapshot_stats *snapshot = snapshot_stats(a->snapshot);
	const struct hooks_stats *hooks = hooks_stats(a->hooks);
	const struct count counts[] = {
		{ "audit_lines_total", "Lines written to the audit log.",
		  audit->written },
		{ "audit_lost_total", "Lines the disk did not take.",
		  audit->lost },
		{ "memory_writes_total", "Times health.memory was written.",
		  snapshot->written },
		{ "memory_failures_total", "Times it could not be.",
		  snapshot->failed },
		{ "hooks_total", "Hooks run.", hooks->run },
		{ "hook_failures_total",
		  "Hooks that could not run, were killed or did not exit with "
		  "0.", hooks->failed },
		{ "hook_timeouts_total", "Hooks killed because of their time.",
		  hooks->timeouts },
		{ "hooks_dropped_total", "Events lost from a full queue.",
		  hooks->dropped },
	};

	PRINT(f, counts);
}

static void print_control(FILE *f, const struct agent *a)
{
	const uint64_t *counts = control_counts(a->control);

	metrics_head(f, "control_total", "counter",
		     "Requests at the control socket, and those that failed.");
	for (unsigned i = 0; i < CONTROL_COUNTERS; i++)
		fprintf(f,
			"anycast_health_control_total{what=\"%s\"} %" PRIu64
			"\n", control_counter_name(i), counts[i]);
}

static void print_peering(FILE *f, const struct agent *a)
{
	const uint64_t *counts;

	if (!a->peering)
		return;
	counts = peering_counts(a->peering);
	metrics_head(f, "datagrams_total", "counter",
		     "Datagrams between agents, by what became of them.");
	for (unsigned i = 0; i < PEERS_COUNTERS; i++)
		fprintf(f,
			"anycast_health_datagrams_total{what=\"%s\"} %" PRIu64
			"\n", peers_counter_name(i), counts[i]);
}

static void print_counting(FILE *f, const struct agent *a)
{
	const struct counting_stats *s = counting_stats(a->counting);

	metrics_head(f, "calls_questions_total", "counter",
		     "Questions to the relay about its calls, by what became "
		     "of them.");
	fprintf(f,
		"anycast_health_calls_questions_total{what=\"asked\"} "
		"%" PRIu64 "\n"
		"anycast_health_calls_questions_total{what=\"answered\"} "
		"%" PRIu64 "\n"
		"anycast_health_calls_questions_total{what=\"refused\"} "
		"%" PRIu64 "\n"
		"anycast_health_calls_questions_total{what=\"strange\"} "
		"%" PRIu64 "\n",
		s->asked, s->answered, s->refused, s->strange);
}

static void print_probers(FILE *f)
{
	const struct counters *c = prober_counters();

	for (size_t i = 0; i < c->cnt; i++) {
		char name[64];

		snprintf(name, sizeof(name), "probe_%s_total",
			 c->desc[i].name);
		metrics_one(f, name, "counter", c->desc[i].help,
			    counter_get(c, (unsigned)i));
	}
}

char *agent_metrics(void *arg)
{
	const char *warnings[AGENT_WARNINGS_MAX];
	struct status_view view;
	struct agent *a = arg;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool failed;

	if (!f)
		return NULL;
	agent_view(a, &view, warnings);
	metrics_print_view(f, &view);
	print_agent(f, a);
	print_records(f, a);
	print_control(f, a);
	print_peering(f, a);
	print_counting(f, a);
	print_probers(f);
	failed = ferror(f);
	if (fclose(f) || failed) {
		free(text);
		return NULL;
	}
	return text;
}
