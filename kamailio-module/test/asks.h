/* SPDX-License-Identifier: GPL-2.0-or-later */
/* asks.h - requests for the tests of the decision, as sparse rows of a table
 *
 * What a row leaves out is an ordinary INVITE for bob over UDP that came to
 * the service address of fra1, of sites.h's four nodes, all of them up.
 */
#ifndef KAMAILIO_MODULE_TEST_ASKS_H
#define KAMAILIO_MODULE_TEST_ASKS_H

#include "kamailio-module/test/sites.h"

#include <stdlib.h>

#include "kamailio-module/redirect.h"

#define BOB "sip:bob@sip.example.net"

enum {
	NODE_ADDRESS = 1,	/* it came to the node address */
	KNOWN = 2,		/* tm knows its transaction */
	PROBE = 4,
	TO_TAG = 8,		/* somebody's */
	OUR_TAG = 16,
	VIA_MADDR = 32,
	PROXY_REQUIRE = 64,
	NO_HOPS = 128,		/* Max-Forwards: 0 */
	ONE_HOP = 256,
	CAME_BACK = 512,	/* this source was redirected and did not follow */
	NO_TM = 1024,		/* the host cannot relay */
	UNREADABLE = 2048,
	PASSES = 4096,		/* strays are looked after */
	REGISTRAR = 8192,
};

struct ask {
	const char *method;
	const char *over;	/* the transport */
	enum addr_family family;
	const char *uri;	/* "": the one that could not be parsed */
	const char *route;
	const char *user_agent;
	const char *states;	/* U D N R W X, of the nodes in their order */
	unsigned facts;		/* of the enum above */
	enum sip_defect defect;
	uint32_t methods;	/* to redirect; 0: INVITE */
	uint64_t source, transaction, call;
	enum stray_verdict verdict;
	uint32_t owner;
};

struct world {
	struct site *site;
	struct nodes *nodes;
	struct clients clients;
	struct redirect_conf conf;
	struct redirect_env env;
};

static inline void asks_complain(void *arg, const char *line)
{
	(void)arg;
	fail_msg("%s", line);
}

/* A new follow table, and nodes that are all up. */
static inline void world_renew(struct world *w)
{
	static const struct follow_conf conf = {
		.sources = 300, .transactions = 300, .expire_s = 3600, .retry_s = 86400,
		.limit = 1, .grace_ms = 500,
	};

	free(w->env.follow);
	w->env.follow = follow_init(aligned_alloc(64, follow_size(&conf)),
				    &conf);
}

static inline void world_init(struct world *w, const char *site_text,
			      const char *self)
{
	static const char clients[] =
		"never*   | never   | never   | 2026-08 | made up\n"
		"follows* | follows | follows | 2026-08 | made up\n"
		"invite*  | follows | never   | 2026-08 | made up\n"
		"register*| never   | follows | 2026-08 | made up\n"
		"unknown* | unknown | unknown | 2026-08 | made up\n";

	*w = (struct world){ .site = site_of(site_text) };
	assert_int_equal(nodes_new(&w->nodes, w->site, slice_str(self)), 0);
	assert_int_equal(clients_parse(&w->clients, "made up",
				       slice_str(clients), asks_complain, NULL),
			 0);
	w->env = (struct redirect_env){
		.nodes = w->nodes, .clients = &w->clients, .conf = &w->conf,
		.site_version = 1, .now_ms = 1000000,
	};
	world_renew(w);
}

static inline void world_fini(struct world *w)
{
	free(w->env.follow);
	clients_fini(&w->clients);
	nodes_free(w->nodes);
	site_free(w->site);
}

static inline enum sip_transport ask_transport(const char *name)
{
	for (unsigned t = 0; name && t < SIP_TRANSPORTS; t++)
		if (!strcmp(name, sip_transport_name((enum sip_transport)t)))
			return (enum sip_transport)t;
	assert_null(name);
	return SIP_UDP;
}

static inline struct sipuri ask_uri(const char *text)
{
	struct sipuri uri = { 0 };

	if (text && text[0] && sipuri_parse(&uri, slice_str(text)))
		fail_msg("%s is no URI", text);
	return uri;
}

static inline void ask_states(struct world *w, const char *letters)
{
	static const char known[] = "NUDRWX";
	uint8_t states[16];
	size_t cnt = w->site->node_cnt;

	assert_in_range(cnt, 1, sizeof(states));
	for (size_t i = 0; i < cnt; i++) {
		const char *at = letters ? strchr(known, letters[i]) :
					   known + NODE_UP;

		assert_non_null(at);
		states[i] = (uint8_t)(at - known);
	}
	nodes_set_states(w->nodes, states, cnt);
}

/* "ACTION REASON [STATUS] [NODE] [followed]" */
static inline const char *ask_world(struct world *w, const struct ask *ask)
{
	static char text[256];
	const char *method = ask->method ? ask->method : "INVITE";
	const struct redirect_req req = {
		.method = sip_method_parse(slice_str(method)),
		.transport = ask_transport(ask->over),
		.family = ask->family ? ask->family : ADDR_IP4,
		.on_service = !(ask->facts & NODE_ADDRESS),
		.known_transaction = ask->facts & KNOWN,
		.is_probe = ask->facts & PROBE,
		.unreadable = ask->facts & UNREADABLE,
		.defect = ask->defect,
		.uri = ask_uri(ask->uri ? ask->uri : BOB),
		.has_route = ask->route,
		.route = ask_uri(ask->route),
		.has_to_tag = ask->facts & (TO_TAG | OUR_TAG),
		.to_tag_is_ours = ask->facts & OUR_TAG,
		.via_maddr = ask->facts & VIA_MADDR,
		.has_proxy_require = ask->facts & PROXY_REQUIRE,
		.has_max_forwards = ask->facts & (NO_HOPS | ONE_HOP),
		.max_forwards = ask->facts & ONE_HOP ? 1 : 0,
		.user_agent = slice_str(ask->user_agent ? ask->user_agent : ""),
		.source_key = ask->source,
		.transaction_key = ask->transaction,
		.call_key = ask->call,
		.verdict = ask->verdict,
		.owner = ask->owner,
	};
	struct redirect_answer a;
	const struct site_node *node;
	char status[16] = "";

	w->conf.methods = ask->methods ? ask->methods : 1U << SIP_METHOD_INVITE;
	w->conf.can_relay = !(ask->facts & NO_TM);
	w->conf.can_register = ask->facts & REGISTRAR;
	w->conf.can_pass = ask->facts & PASSES;
	ask_states(w, ask->states);
	if (ask->facts & CAME_BACK) {
		assert_true(follow_judge(w->env.follow, ask->source,
					 w->env.now_ms - 9000));
		assert_false(follow_judge(w->env.follow, ask->source,
					  w->env.now_ms - 8000));
	}
	a = redirect_decide(&req, &w->env);
	node = nodes_at(w->nodes, a.node);
	CHECK_EQ(a.action == REDIRECT_TO_NODE || a.action == REDIRECT_RELAY ||
			 a.action == REDIRECT_PASS,
		 !!node, "a node where there is one to go to, else none");
	if (a.status)
		snprintf(status, sizeof(status), " %u", a.status);
	snprintf(text, sizeof(text), "%s %s%s%s%s%s",
		 redirect_action_name(a.action), redirect_reason_name(a.reason),
		 status, node ? " " : "", node ? node->name : "",
		 a.followed ? " followed" : "");
	return text;
}

#endif
