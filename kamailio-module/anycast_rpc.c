/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "core/dprint.h"

#include "common/clock.h"
#include "kamailio-module/anycast_convert.h"
#include "kamailio-module/anycast_owners.h"
#include "kamailio-module/anycast_pass.h"
#include "kamailio-module/anycast_rpc.h"
#include "kamailio-module/anycast_sip.h"
#include "kamailio-module/anycast_stats.h"

static struct follow *_follow;

void anycast_rpc_init(struct follow *follow)
{
	_follow = follow;
}

static void add_addr(rpc_t *rpc, void *st, char *name, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	if(!addr_is_set(a))
		return;
	addr_format(text, a);
	rpc->struct_add(st, "s", name, text);
}

static void rpc_status(rpc_t *rpc, void *ctx)
{
	const struct anycast_view *view = anycast_site_view();
	enum node_state state;
	void *st;

	if(view == NULL || rpc->add(ctx, "{", &st) < 0) {
		rpc->fault(ctx, 500, "no memory");
		return;
	}
	state = nodes_state(view->nodes, nodes_self(view->nodes));
	rpc->struct_add(st, "s", "node", anycast_site_node());
	rpc->struct_add(st, "s", "state", node_state_name(state));
	rpc->struct_add(st, "s", "state_file",
			states_verdict_name(anycast_site_state_verdict()));
	rpc->struct_add(st, "s", "domain", view->site->domain);
	add_addr(rpc, st, "service_ip4", &view->site->ip4);
	add_addr(rpc, st, "service_ip6", &view->site->ip6);
	rpc->struct_add(st, "dd", "nodes", (int)view->site->node_cnt,
			"site_version", (int)view->site_version);
}

static void rpc_nodes(rpc_t *rpc, void *ctx)
{
	const struct anycast_view *view = anycast_site_view();

	if(view == NULL) {
		rpc->fault(ctx, 500, "no memory");
		return;
	}
	for(uint32_t i = 0; i < view->site->node_cnt; i++) {
		const struct site_node *node = nodes_at(view->nodes, i);
		void *st;

		if(rpc->add(ctx, "{", &st) < 0)
			return;
		rpc->struct_add(st, "ss", "node", node->name, "state",
				node_state_name(nodes_state(view->nodes, i)));
		add_addr(rpc, st, "ip4", &node->ip4);
		add_addr(rpc, st, "ip6", &node->ip6);
		rpc->struct_add(st, "sss", "host", node->host, "http", node->http,
				"this", i == nodes_self(view->nodes) ? "yes" : "no");
	}
}

struct reload_report
{
	rpc_t *rpc;
	void *ctx;
	unsigned errors;
	char first[256];
};

static void report_error(void *arg, const char *line)
{
	struct reload_report *report = arg;

	LM_ERR("%s\n", line);
	if(!report->errors++)
		snprintf(report->first, sizeof(report->first), "%s", line);
}

static void rpc_reload(rpc_t *rpc, void *ctx)
{
	struct reload_report report = {.rpc = rpc, .ctx = ctx};

	if(anycast_site_reload(report_error, &report)) {
		anycast_count(EVENT_RELOAD_FAILED);
		rpc->fault(ctx, 400,
				"site file refused, the old one stays: %u error(s), the "
				"first: %s",
				report.errors, report.first);
		return;
	}
	anycast_count(EVENT_RELOADED);
	rpc_status(rpc, ctx);
}

/* anycast.follow ADDRESS [USER-AGENT] */
static void rpc_follow_source(rpc_t *rpc, void *ctx, const str *address)
{
	const struct anycast_view *view = anycast_site_view();
	str user_agent = STR_NULL;
	struct addr addr;
	uint64_t key;
	void *st;

	if(view == NULL || addr_parse(&addr, address->s, (size_t)address->len)) {
		rpc->fault(ctx, 400, "%.*s is not an IPv4 or IPv6 address",
				address->len, address->s);
		return;
	}
	addr_unmap(&addr);
	if(rpc->scan(ctx, "*S", &user_agent) < 1)
		user_agent = (str)STR_NULL;
	key = facts_source_key(view->site, &addr, slice_of_str(&user_agent));
	if(rpc->add(ctx, "{", &st) < 0)
		return;
	rpc->struct_add(st, "s", "state",
			follow_state_name(follow_find(_follow, key, clock_boot_ms())));
}

static void rpc_follow(rpc_t *rpc, void *ctx)
{
	struct follow_summary sum;
	str address;
	char bytes[24];
	void *st;

	if(rpc->scan(ctx, "*S", &address) >= 1) {
		rpc_follow_source(rpc, ctx, &address);
		return;
	}
	follow_summarize(_follow, clock_boot_ms(), &sum);
	if(rpc->add(ctx, "{", &st) < 0)
		return;
	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)sum.bytes);
	rpc->struct_add(st, "suuu", "bytes", bytes, "source_slots", sum.source_slots, "transaction_slots",
			sum.transaction_slots, "trying", sum.sources[FOLLOW_TRYING]);
	rpc->struct_add(st, "uuuu", "follows", sum.sources[FOLLOW_FOLLOWS],
			"served", sum.sources[FOLLOW_SERVED], "sources_forgotten",
			(unsigned)sum.sources_forgotten, "transactions_forgotten",
			(unsigned)sum.transactions_forgotten);
}

static void rpc_strays(rpc_t *rpc, void *ctx)
{
	const struct anycast_view *view = anycast_site_view();
	struct anycast_pass_totals totals;
	struct owners_summary owners;
	char bytes[24];
	void *st;

	if(view == NULL || rpc->add(ctx, "{", &st) < 0) {
		rpc->fault(ctx, 500, "no memory");
		return;
	}
	anycast_pass_totals(&totals);
	anycast_owners_summarize(&owners);
	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)owners.bytes);
	rpc->struct_add(st, "sd", "active",
			anycast_pass_active() ? "yes" : "no", "stray_port",
			(int)view->site->stray_port);
	rpc->struct_add(st, "uuu", "received", (unsigned)totals.in, "sent",
			(unsigned)totals.out, "refused", (unsigned)totals.refused);
	rpc->struct_add(st, "uuus", "owner_slots", owners.slots, "owners",
			owners.used, "owners_forgotten", (unsigned)owners.forgotten,
			"bytes", bytes);
}

static const char *const doc_status[] = {
		"This node: name, state, service addresses, site version.", NULL};
static const char *const doc_nodes[] = {
		"All nodes of the site file with their states.", NULL};
static const char *const doc_reload[] = {
		"Read the site file again; an error keeps the old one.", NULL};
static const char *const doc_follow[] = {
		"Who follows redirects: a summary, or, with an address and a "
		"User-Agent, what is known of that source.",
		NULL};

static const char *const doc_strays[] = {
		"Messages passed between the nodes, and the table of owners.", NULL};

/* clang-format off */
rpc_export_t anycast_rpc_cmds[] = {
	{"anycast.status", rpc_status, (const char **)doc_status, 0},
	{"anycast.nodes", rpc_nodes, (const char **)doc_nodes, RET_ARRAY},
	{"anycast.reload", rpc_reload, (const char **)doc_reload, 0},
	{"anycast.follow", rpc_follow, (const char **)doc_follow, 0},
	{"anycast.strays", rpc_strays, (const char **)doc_strays, 0},
	{0, 0, 0, 0}
};
/* clang-format on */
