/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl calls: what the RTP pinner is relaying. */
#include <stdio.h>
#include <string.h>

#include "ctl/call.h"
#include "ctl/ctl.h"
#include "ctl/ng.h"

enum {
	CALLS_MAX = 1000,	/* their names fit into one reply */
};

int ctl_print_json(const json_t *value)
{
	if (json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) < 0) {
		ctl_complain("the reply cannot be printed");
		return CTL_FAILURE;
	}
	putchar('\n');
	return CTL_OK;
}

static void print_node(json_t *info)
{
	printf("pinner   %s: %lld calls, relay %s, ports %lld-%lld (%lld "
	       "free)%s%s%s\n", ng_text(info, "node"),
	       (long long)ng_number(info, "sessions"), ng_text(info, "relay"),
	       (long long)ng_number(info, "port min"),
	       (long long)ng_number(info, "port max"),
	       (long long)ng_number(info, "ports free"),
	       ng_number(info, "draining") ? ", draining (" : "",
	       ng_number(info, "draining") ? ng_text(info, "drain reason") : "",
	       ng_number(info, "draining") ? ")" : "");
}

int ctl_print_pinner(const char *where)
{
	struct ng_client *ng;
	json_t *info = NULL;
	int status = ng_open(&ng, where);

	if (!status)
		status = ng_ask(ng, &info, json_pack("{ss}", "command",
						     "node info"));
	if (!status)
		print_node(info);
	json_decref(info);
	ng_close(ng);
	return status;
}

/* The worst of the call's sources, times 10; 0: not known. */
static long long worst_mos(json_t *call)
{
	json_t *ssrcs = ng_get(call, "SSRC", NULL), *source;
	const char *ssrc;
	long long worst = 0;

	json_object_foreach(ssrcs, ssrc, source) {
		long long mos = ng_number(source, "average MOS", "MOS");

		if (mos && (!worst || mos < worst))
			worst = mos;
	}
	return worst;
}

static long long lost_packets(json_t *call)
{
	json_t *ssrcs = ng_get(call, "SSRC", NULL), *source;
	const char *ssrc;
	long long lost = 0;

	json_object_foreach(ssrcs, ssrc, source)
		lost += ng_number(source, "cumulative loss");
	return lost;
}

static void print_row(const char *id, json_t *call)
{
	long long age = call_now() - ng_number(call, "created");
	long long mos = worst_mos(call);
	char mos_text[32] = "-";
	const char *why = call_why(call);

	if (mos)
		snprintf(mos_text, sizeof(mos_text), "%lld.%lld", mos / 10,
			 mos % 10);
	printf("%8lld %8lld %6lld %4s  ", age > 0 ? age : 0,
	       (long long)ng_number(call, "totals", "RTP", "packets"),
	       lost_packets(call), mos_text);
	ctl_print_clean(id);
	if (why)
		printf(" (one side is silent)");
	putchar('\n');
}

static int print_table(struct ng_client *ng, json_t *ids)
{
	size_t at;
	json_t *id;

	if (json_array_size(ids))
		printf("%8s %8s %6s %4s  %s\n", "SECONDS", "PACKETS", "LOST",
		       "MOS", "CALL");
	json_array_foreach(ids, at, id) {
		json_t *call;
		json_t *request = json_pack("{ssss}", "command", "query",
					    "call-id", ng_text_of(id));

		if (ng_ask(ng, &call, request)) {
			/* it has ended meanwhile, or its ID is no UTF-8 */
			printf("%8s %8s %6s %4s  ", "-", "-", "-", "-");
			ctl_print_clean(ng_text_of(id));
			putchar('\n');
			continue;
		}
		print_row(ng_text_of(id), call);
		json_decref(call);
	}
	return CTL_OK;
}

int ctl_calls(const struct ctl *ctl)
{
	json_t *info = NULL, *list = NULL;
	struct ng_client *ng;
	int status = ng_open(&ng, ctl->pinner);

	if (!status)
		status = ng_ask(ng, &info, json_pack("{ss}", "command",
						     "node info"));
	if (!status)
		status = ng_ask(ng, &list, json_pack("{sssi}", "command",
						     "list", "limit",
						     CALLS_MAX));
	if (!status && ctl->json) {
		status = ctl_print_json(list);
	} else if (!status) {
		json_t *ids = ng_get(list, "calls", NULL);
		long long more = ng_number(info, "sessions") -
				 (long long)json_array_size(ids);

		print_node(info);
		status = print_table(ng, ids);
		if (more > 0)
			printf("and %lld more\n", more);
	}
	json_decref(list);
	json_decref(info);
	ng_close(ng);
	return status;
}
