/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who asks and tells whom.  Four nodes on IPv4; we are b.  A row says where we
 * stand for its call: the two places of the rendezvous.
 */
#include "kamailio-module/test/sites.h"

#include <stdlib.h>

#include "kamailio-module/claim.h"

#define SITE \
	"[service]\ndomain = x.net\naddress = 192.0.2.53, 2001:db8:53::53\n" \
	"secret = a secret of sixteen or more\n" \
	"[node a]\naddress = 198.51.100.1\n" \
	"[node b]\naddress = 198.51.100.2\n" \
	"[node c]\naddress = 198.51.100.3\n" \
	"[node d]\naddress = 198.51.100.4\n" \
	"[node six]\naddress = 2001:db8::6\n"

enum { KEY = 77, NOW = 5000, SITE_NODES = 5 };

struct world {
	struct site *site;
	struct nodes *nodes;
	struct claim_env env;
	char call[16];
	struct claim_id id;
};

/* states: a letter of NUDRWX for a, b, c, d, six; NULL: all up */
static void world_init(struct world *w, const char *text, const char *states,
		       const char *places, const char *owner)
{
	static const char known[] = "NUDRWX";
	uint8_t list[SITE_NODES];
	char name[SITE_NAME_MAX];

	*w = (struct world){ .site = site_of(text) };
	assert_int_equal(nodes_new(&w->nodes, w->site, slice_str("b")), 0);
	for (size_t i = 0; states && i < SITE_NODES; i++)
		list[i] = (uint8_t)(strchr(known, states[i]) - known);
	nodes_set_states(w->nodes, list, states ? SITE_NODES : 0);
	w->env = (struct claim_env){
		.nodes = w->nodes, .now_ms = NOW,
		.owners = owners_init(aligned_alloc(64, owners_size(100)), 100),
	};
	w->id.key = KEY;

	/* a call that has these places */
	for (unsigned n = 0;; n++) {
		bool fits = true;

		assert_in_range(n, 0, 9999);
		snprintf(w->call, sizeof(w->call), "%u", n);
		w->id.call_id = slice_str(w->call);
		for (unsigned p = 0; fits && places[p]; p++) {
			uint32_t node = nodes_rendezvous(w->nodes,
							 w->id.call_id, p);

			fits = node != NODES_NONE &&
			       nodes_at(w->nodes, node)->name[0] == places[p];
		}
		if (fits)
			break;
	}
	if (owner)
		owners_claim(name, w->env.owners, KEY, slice_str(owner), NULL,
			     NULL, NOW);
}

static void world_fini(struct world *w)
{
	free(w->env.owners);
	nodes_free(w->nodes);
	site_free(w->site);
}

static const char *name_at(const struct world *w, uint32_t node)
{
	return node == NODES_NONE ? "-" : nodes_at(w->nodes, node)->name;
}

static bool everyone(void *arg, struct slice node)
{
	(void)arg;
	(void)node;
	return true;
}

/* Whose it is in our own table; "-" nobody's. */
static const char *noted(const struct world *w)
{
	static char name[SITE_NAME_MAX];

	return owners_find(name, w->env.owners, KEY, everyone, NULL, NOW) ?
		       name : "-";
}

/* "ACTION [NODE] [tell NODE...] | OWNER": OWNER in our table afterwards */
static const char *said(const struct world *w, const struct claim_answer *a)
{
	static const char *const actions[CLAIM_ACTIONS] = {
		[CLAIM_HANDLE] = "handle",
		[CLAIM_ASK] = "ask",
		[CLAIM_PASS] = "pass",
	};
	static char text[128];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s",
				      actions[a->action]);

	CHECK_EQ(a->action != CLAIM_HANDLE, a->node != NODES_NONE, text);
	if (a->node != NODES_NONE)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s",
					name_at(w, a->node));
	CHECK(!a->tell_cnt || a->action == CLAIM_HANDLE, text);
	for (unsigned i = 0; i < a->tell_cnt; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %s",
					i ? "" : " tell",
					name_at(w, a->tell[i]));
	snprintf(text + len, sizeof(text) - len, " | %s", noted(w));
	return text;
}

static const struct {
	const char *what;
	const char *places;
	const char *owner;	/* in our table before */
	const char *states;
	struct claim_req req;
	const char *want;
} to_claim[] = {
	{ "another is the rendezvous", "ac", NULL, NULL,
	  { .method = SIP_METHOD_INVITE }, "ask a | -" },
	{ "... also where we are second", "ab", NULL, NULL,
	  { .method = SIP_METHOD_INVITE }, "ask a | -" },
	{ "... whatever we have heard as a second", "ab", "c", NULL,
	  { .method = SIP_METHOD_INVITE }, "ask a | c" },
	{ "any method", "ac", NULL, NULL,
	  { .method = SIP_METHOD_MESSAGE }, "ask a | -" },
	{ "it drains, and answers all the same", "ac", NULL, "RUUUU",
	  { .method = SIP_METHOD_INVITE }, "ask a | -" },
	{ "it has no address of ours: as without", "sa", NULL, NULL,
	  { .method = SIP_METHOD_INVITE }, "handle | -" },
	/* asked, and back */
	{ "the claim holds: the second is told", "ac", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .verdict = STRAY_YOURS },
	  "handle tell c | -" },
	{ "... and is ourselves", "ab", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .verdict = STRAY_YOURS },
	  "handle | b" },
	{ "... or not reached", "as", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .verdict = STRAY_YOURS },
	  "handle | -" },
	{ "passed to us before the answer: it stays, and the same",
	  "ac", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .verdict = STRAY_DELIVERED },
	  "handle tell c | -" },
	{ "... whoever the table has", "bc", "a", NULL,
	  { .method = SIP_METHOD_INVITE, .verdict = STRAY_DELIVERED },
	  "handle tell c | a" },
	{ "nobody's: it stays", "ac", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .verdict = STRAY_NOBODY },
	  "handle | -" },
	/* we are the rendezvous: no datagram but to the second */
	{ "we are the rendezvous", "bc", NULL, NULL,
	  { .method = SIP_METHOD_INVITE }, "handle tell c | b" },
	{ "... and have it already", "bc", "b", NULL,
	  { .method = SIP_METHOD_INVITE }, "handle tell c | b" },
	{ "... and another has it", "bc", "d", NULL,
	  { .method = SIP_METHOD_INVITE }, "pass d | d" },
	{ "... which is down now", "bc", "d", "UUUWU",
	  { .method = SIP_METHOD_INVITE }, "handle tell c | b" },
	{ "... or has not been heard of", "bc", "d", "UUUNU",
	  { .method = SIP_METHOD_INVITE }, "handle tell c | b" },
	{ "... or has left the site", "bc", "e", NULL,
	  { .method = SIP_METHOD_INVITE }, "handle tell c | b" },
	{ "... or shares no family with us", "bc", "six", NULL,
	  { .method = SIP_METHOD_INVITE }, "handle tell c | b" },
	{ "... and drains: what runs there goes on", "bc", "d",
	  "UUURU", { .method = SIP_METHOD_INVITE }, "pass d | d" },
	{ "... or is disabled", "bc", "d", "UUUXU",
	  { .method = SIP_METHOD_INVITE }, "pass d | d" },
	{ "what nobody has is not given to a disabled one", "bc", NULL,
	  "UUUXU", { .method = SIP_METHOD_INVITE }, "handle tell c | b" },
	{ "the only other is disabled, and has it", "bb", "d", "WUWXU",
	  { .method = SIP_METHOD_INVITE }, "pass d | d" },
	{ "... and has it not: it is told nothing", "bb", NULL, "WUWXU",
	  { .method = SIP_METHOD_INVITE }, "handle | b" },
	/* a stream waits for nobody */
	{ "a stream", "ac", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .transport = SIP_TCP },
	  "handle tell a c | -" },
	{ "TLS, we are second", "ab", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .transport = SIP_TLS },
	  "handle tell a | b" },
	{ "WebSocket, we are first", "bc", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .transport = SIP_WSS },
	  "handle tell c | b" },
	{ "... another has it: it is served all the same", "bc", "d",
	  NULL, { .method = SIP_METHOD_INVITE, .transport = SIP_WS },
	  "handle tell c | d" },
	/* nothing to claim */
	{ "ACK", "ac", NULL, NULL, { .method = SIP_METHOD_ACK },
	  "handle | -" },
	{ "CANCEL", "ac", NULL, NULL, { .method = SIP_METHOD_CANCEL },
	  "handle | -" },
	{ "in a dialog", "ac", NULL, NULL,
	  { .method = SIP_METHOD_INVITE, .has_to_tag = true },
	  "handle | -" },
	{ "nobody else is there", "bb", NULL, "WUWWU",
	  { .method = SIP_METHOD_INVITE }, "handle | -" },
};

static void what_is_to_be_served_is_claimed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(to_claim); i++) {
		struct claim_req req = to_claim[i].req;
		struct claim_answer answer;
		struct world w;

		/* "bb": only the first place is looked for */
		world_init(&w, SITE, to_claim[i].states,
			   strcmp(to_claim[i].places, "bb") ?
				   to_claim[i].places : "b", to_claim[i].owner);
		req.on_service = true;
		req.id = w.id;
		answer = claim_decide(&req, &w.env);
		CHECK_STR(to_claim[i].want, said(&w, &answer), to_claim[i].what);
		world_fini(&w);
	}
}

static void on_the_node_address_nothing_is_claimed(void **state)
{
	struct claim_req req = { .method = SIP_METHOD_INVITE };
	struct claim_answer answer;
	struct world w;

	(void)state;
	world_init(&w, SITE, NULL, "ac", NULL);
	req.id = w.id;
	answer = claim_decide(&req, &w.env);
	CHECK_STR("handle | -", said(&w, &answer), "node address");
	world_fini(&w);
}

static void a_site_of_one_node_never_asks(void **state)
{
	static const char one[] =
		"[service]\ndomain = x.net\naddress = 192.0.2.53\n"
		"secret = a secret of sixteen or more\n"
		"[node b]\naddress = 198.51.100.2\n";

	(void)state;
	for (unsigned t = 0; t < SIP_TRANSPORTS; t++) {
		struct claim_req req = {
			.method = SIP_METHOD_INVITE, .transport = t,
			.on_service = true,
		};
		struct claim_answer answer;
		enum stray_verdict verdict;
		uint32_t owner;
		struct world w;

		world_init(&w, one, NULL, "b", NULL);
		req.id = w.id;
		answer = claim_decide(&req, &w.env);
		CHECK_STR("handle | -", said(&w, &answer), "claim");
		answer = claim_ask(&verdict, &owner, &w.id, &w.env);
		CHECK_STR("handle | -", said(&w, &answer), "ask");
		CHECK_EQ(STRAY_NOBODY, verdict, "nobody");
		world_fini(&w);
	}
}

static void a_stray_is_looked_for_where_it_would_be_known(void **state)
{
	static const struct {
		const char *what, *places, *owner, *states, *want;
		enum stray_verdict verdict;
		const char *node;	/* that owns it */
	} rows[] = {
		{ "another is the rendezvous", "ac", "d", NULL, "ask a | d",
		  STRAY_NONE, "-" },
		{ "it is not reached", "sa", "d", NULL, "handle | d",
		  STRAY_NOBODY, "-" },
		{ "we are it, and know", "ba", "d", NULL, "handle | d",
		  STRAY_OWNED, "d" },
		{ "... and do not", "ba", NULL, NULL, "handle | -",
		  STRAY_NOBODY, "-" },
		{ "... and it is down", "ba", "d", "UUUWU", "handle | d",
		  STRAY_NOBODY, "-" },
		{ "... and it is disabled", "ba", "d", "UUUXU", "handle | d",
		  STRAY_OWNED, "d" },
		{ "... and nobody else is there", "b", "d", "WUWXU",
		  "handle | d", STRAY_OWNED, "d" },
		{ "... and it has left", "ba", "e", NULL, "handle | e",
		  STRAY_NOBODY, "-" },
		{ "... and it was ours: its transaction is over", "ba", "b",
		  NULL, "handle | b", STRAY_NOBODY, "-" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum stray_verdict verdict = STRAY_YOURS;
		struct claim_answer answer;
		uint32_t owner = 1;
		struct world w;

		world_init(&w, SITE, rows[i].states, rows[i].places,
			   rows[i].owner);
		answer = claim_ask(&verdict, &owner, &w.id, &w.env);
		CHECK_STR(rows[i].want, said(&w, &answer), rows[i].what);
		CHECK_EQ(rows[i].verdict, verdict, rows[i].what);
		CHECK_STR(rows[i].node, name_at(&w, owner), rows[i].what);
		world_fini(&w);
	}
}

/* "[tell] send KIND NODE [OWNER]", "[tell] keep", "done", then "| OWNER" */
static const char *ruled(const struct world *w, const struct claim_ruling *r)
{
	static char text[128];
	const char *reply = r->reply == CLAIM_SEND ? "send" :
			    r->reply == CLAIM_KEEP ? "keep" : "done";

	const char *tell = r->tells ? "tell " : "";

	CHECK_EQ(r->reply == CLAIM_SEND, r->node != NODES_NONE, reply);
	if (r->reply == CLAIM_SEND)
		snprintf(text, sizeof(text), "%ssend %s %s%s%s | %s", tell,
			 pass_kind_name(r->kind), name_at(w, r->node),
			 r->owner[0] ? " " : "", r->owner, noted(w));
	else
		snprintf(text, sizeof(text), "%s%s%s%s | %s", tell, reply,
			 r->owner[0] ? " " : "", r->owner, noted(w));
	return text;
}

/* a asks us, or tells. */
static void the_rendezvous_answers_who_asks(void **state)
{
	static const struct {
		const char *what, *owner, *states;
		enum pass_kind kind;
		bool claim;
		enum sip_transport transport;
		const char *tells;
		const char *want;
	} rows[] = {
		{ "a claim of what nobody has", NULL, NULL, PASS_ASK, true,
		  SIP_UDP, NULL, "send yours a | a" },
		{ "... once more", "a", NULL, PASS_ASK, true, SIP_UDP, NULL,
		  "send yours a | a" },
		{ "... of what another has", "d", NULL, PASS_ASK, true,
		  SIP_UDP, NULL, "tell send deliver d d | d" },
		{ "... of what we have", "b", NULL, PASS_ASK, true, SIP_UDP,
		  NULL, "tell keep b | b" },
		{ "... of what a dead node had", "d", "UUUWU", PASS_ASK, true,
		  SIP_UDP, NULL, "send yours a | a" },
		{ "... of what one had that we cannot reach", "six", NULL,
		  PASS_ASK, true, SIP_UDP, NULL, "send yours a | a" },
		{ "... by a node that we think is down", NULL, "WUUUU",
		  PASS_ASK, true, SIP_UDP, NULL, "send yours a | a" },
		{ "a question about what nobody has", NULL, NULL, PASS_ASK,
		  false, SIP_UDP, NULL, "send nobody a | -" },
		{ "... about what another has", "d", NULL, PASS_ASK, false,
		  SIP_UDP, NULL, "tell send deliver d d | d" },
		{ "... about what we have", "b", NULL, PASS_ASK, false,
		  SIP_UDP, NULL, "tell keep b | b" },
		{ "... about what it has itself: it is over there", "a", NULL,
		  PASS_ASK, false, SIP_UDP, NULL, "send nobody a | a" },
		{ "... about what a dead node had", "d", "UUUWU", PASS_ASK,
		  false, SIP_UDP, NULL, "send nobody a | d" },
		{ "... about what a disabled node has", "d", "UUUXU", PASS_ASK,
		  false, SIP_UDP, NULL, "tell send deliver d d | d" },
		{ "a claim of what it has", "d", "UUUXU", PASS_ASK, true,
		  SIP_UDP, NULL, "tell send deliver d d | d" },
		{ "a disabled node asks about its own", "a", "XUUUU", PASS_ASK,
		  true, SIP_UDP, NULL, "send yours a | a" },
		{ "a stream's, which the origin passes on", "d", NULL,
		  PASS_ASK, false, SIP_TCP, NULL, "send owned a d | d" },
		{ "... and ours", "b", NULL, PASS_ASK, false, SIP_WSS, NULL,
		  "send owned a b | b" },
		{ "... and nobody's", NULL, NULL, PASS_ASK, false, SIP_TLS,
		  NULL, "send nobody a | -" },
		{ "told", NULL, NULL, PASS_TELL, false, SIP_UDP, "a",
		  "done | a" },
		{ "told of another", NULL, NULL, PASS_TELL, false, SIP_UDP,
		  "d", "done | d" },
		{ "told of what we have: the first claim wins", "b", NULL,
		  PASS_TELL, false, SIP_UDP, "a", "done | b" },
		{ "told of what a dead node had", "d", "UUUNU", PASS_TELL,
		  false, SIP_UDP, "a", "done | a" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pass_head head = {
			.kind = rows[i].kind, .claim = rows[i].claim,
			.transport = rows[i].transport, .key = KEY,
			.sender = "a", .origin = "a",
		};
		struct claim_ruling ruling;
		struct world w;

		if (rows[i].tells)
			site_name_copy(head.owner, slice_str(rows[i].tells));
		world_init(&w, SITE, rows[i].states, "", rows[i].owner);
		ruling = claim_rule(&head, &w.env);
		CHECK_STR(rows[i].want, ruled(&w, &ruling), rows[i].what);
		world_fini(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_to_be_served_is_claimed),
		cmocka_unit_test(on_the_node_address_nothing_is_claimed),
		cmocka_unit_test(a_site_of_one_node_never_asks),
		cmocka_unit_test(
			a_stray_is_looked_for_where_it_would_be_known),
		cmocka_unit_test(the_rendezvous_answers_who_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
