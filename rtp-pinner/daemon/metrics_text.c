/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtp-pinner/daemon/metrics.h"
#include "rtp-pinner/relay/flow_access.h"

static void head(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP rtp_pinner_%s %s\n# TYPE rtp_pinner_%s %s\n", name,
		help, name, type);
}

static void one(FILE *f, const char *name, const char *type, const char *help,
		uint64_t value)
{
	head(f, name, type, help);
	fprintf(f, "rtp_pinner_%s %" PRIu64 "\n", name, value);
}

static void table(FILE *f, const struct counters *c)
{
	for (size_t i = 0; i < c->cnt; i++)
		one(f, c->desc[i].name, "counter", c->desc[i].help,
		    counter_get(c, (unsigned)i));
}

static void commands(FILE *f, const struct pinner *p)
{
	head(f, "commands_total", "counter", "Commands carried out.");
	for (unsigned i = 0; i < NG_VERBS; i++)
		fprintf(f,
			"rtp_pinner_commands_total{command=\"%s\"} %" PRIu64
			"\n",
			ng_verb_name(i), p->all.commands[i]);
	head(f, "command_seconds_total", "counter", "Time spent in commands.");
	for (unsigned i = 0; i < NG_VERBS; i++)
		fprintf(f,
			"rtp_pinner_command_seconds_total{command=\"%s\"} "
			"%" PRIu64 ".%06" PRIu64 "\n",
			ng_verb_name(i), p->all.us[i] / 1000000,
			p->all.us[i] % 1000000);
}

static void calls(FILE *f, const struct pinner *p)
{
	struct calls_gauges g;

	calls_gauges(p->calls, &g);
	one(f, "sessions", "gauge", "Calls, answered or not.", g.sessions);
	one(f, "sessions_answered", "gauge", "Calls that were answered.",
	    g.answered);
	one(f, "sessions_ending", "gauge",
	    "Calls that have ended, and whose media may still come.",
	    g.ending);
	one(f, "sessions_max", "gauge", "Limit of calls; 0: none but ports.",
	    p->conf->max_sessions);
	one(f, "draining", "gauge", "1: new calls are refused.",
	    calls_draining(p->calls));
	head(f, "ports", "gauge", "Ports of the media range, by use.");
	fprintf(f,
		"rtp_pinner_ports{use=\"free\"} %" PRIu64 "\n"
		"rtp_pinner_ports{use=\"used\"} %" PRIu64 "\n"
		"rtp_pinner_ports{use=\"quarantined\"} %" PRIu64 "\n",
		(uint64_t)g.ports_free * 2, (uint64_t)g.ports_used * 2,
		(uint64_t)g.ports_quarantined * 2);
	one(f, "calls_answered_ended_total", "counter",
	    "Answered calls that ended.", p->ended.answered);
	head(f, "calls_seconds_total", "counter",
	     "Duration of the answered calls that ended.");
	fprintf(f, "rtp_pinner_calls_seconds_total %" PRIu64 ".%03" PRIu64 "\n",
		p->ended.duration_ms / 1000, p->ended.duration_ms % 1000);
}

static void media(FILE *f, const struct pinner *p)
{
	struct relay_totals t;
	unsigned sources;
	unsigned mos = meters_mos_x100(p->meters, &sources);

	relay_read_totals(p->relay, &t);
	one(f, "packets_in_total", "counter", "Packets that came to a call.",
	    t.packets_in);
	one(f, "packets_out_total", "counter", "Packets sent on.",
	    t.packets_out);
	one(f, "bytes_out_total", "counter", "UDP payload sent on.",
	    t.bytes_out);
	head(f, "drops_total", "counter", "Packets dropped, by reason.");
	for (unsigned i = 0; i < FLOW_DROPS; i++)
		fprintf(f,
			"rtp_pinner_drops_total{reason=\"%s\"} %" PRIu64 "\n",
			flow_drop_name(i), t.drops[i]);
	one(f, "unowned_total", "counter", "Packets to ports without a call.",
	    t.unowned);
	one(f, "gate_drops_total", "counter",
	    "Packets of strangers stopped before the relay saw them.",
	    t.gate_drops);
	one(f, "rtcp_not_copied_total", "counter",
	    "RTCP relayed but not looked at.", t.rtcp_not_copied);
	one(f, "icmp_errors_total", "counter", "ICMP errors to what was sent.",
	    t.icmp_errors);
	one(f, "receive_overflows_total", "counter",
	    "Packets the kernel dropped at our sockets.", t.receive_overflows);
	one(f, "packet_rate", "gauge", "Packets sent on in the last second.",
	    p->rate.packets);
	one(f, "mos_sources", "gauge", "Sources with a fresh MOS.", sources);
	head(f, "mos", "gauge", "Mean MOS of the sources heard lately.");
	fprintf(f, "rtp_pinner_mos %u.%02u\n", mos / 100, mos % 100);
}

char *metrics_text(const struct pinner *p, uint64_t now_ms)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	bool failed;

	if (!f)
		return NULL;
	head(f, "info", "gauge", "What is running.");
	fprintf(f,
		"rtp_pinner_info{version=\"%s\",node=\"%s\",relay=\"%s\"} 1\n",
		p->version, p->conf->node_name,
		relay_is_range(p->relay) ? "range" : "sockets");
	one(f, "uptime_seconds", "gauge", "Since the start.",
	    (now_ms - p->started_ms) / 1000);
	calls(f, p);
	media(f, p);
	commands(f, p);
	table(f, &p->counters);
	table(f, calls_counters(p->calls));
	failed = ferror(f);
	if (fclose(f) || failed) {
		free(text);
		return NULL;
	}
	return text;
}
