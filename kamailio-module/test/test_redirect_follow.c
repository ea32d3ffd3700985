/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule 10: what the decision remembers of a source and of a transaction. */
#include "kamailio-module/test/asks.h"

enum { STEPS_MAX = 12, FIRST_MS = 1000000 };

struct step {
	uint64_t at_ms;
	uint64_t transaction;
	struct ask ask;
	const char *want;
	enum follow_state source;	/* afterwards */
	uint32_t site_version;		/* 0: the first */
};

struct story {
	const char *what;
	struct step steps[STEPS_MAX];
};

#define OWN "redirect own-node 302 fra1"
#define AGAIN "redirect first-answer 302 fra1"
#define SERVED "serve not-following"
#define HERE "serve not-service-address"
#define FOLLOWED HERE " followed"

static const struct story stories[] = {
	{ "a client that follows goes on being redirected",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 50, 2, { .facts = NODE_ADDRESS }, FOLLOWED, FOLLOW_FOLLOWS, 0 },
	    { 60000, 3, { 0 }, OWN, FOLLOW_FOLLOWS, 0 },
	    { 60050, 4, { .facts = NODE_ADDRESS }, FOLLOWED, FOLLOW_FOLLOWS, 0 },
	    { 120000, 5, { 0 }, OWN, FOLLOW_FOLLOWS, 0 } } },
	{ "who was never redirected does not follow, he was there first",
	  { { 0, 1, { .facts = NODE_ADDRESS }, HERE, FOLLOW_NONE, 0 },
	    { 5, 2, { .facts = NODE_ADDRESS }, HERE, FOLLOW_NONE, 0 } } },
	{ "a client that comes back is served from then on",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 600, 2, { 0 }, SERVED, FOLLOW_SERVED, 0 },
	    { 5000, 3, { 0 }, SERVED, FOLLOW_SERVED, 0 },
	    { 900000, 4, { 0 }, SERVED, FOLLOW_SERVED, 0 } } },
	/* RFC 3261 8.2.7: same request, same answer */
	{ "a retransmission gets the first answer and counts for nothing",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 500, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0 },
	    { 1500, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0 },
	    { 3500, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0 },
	    { 31500, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0 },
	    { 32000, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0 },
	    { 40000, 1, { 0 }, SERVED, FOLLOW_SERVED, 0 } } },
	{ "one of a served request is served",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 600, 2, { 0 }, SERVED, FOLLOW_SERVED, 0 },
	    { 1100, 2, { 0 }, "serve first-answer", FOLLOW_SERVED, 0 },
	    { 1200, 9, { .facts = NODE_ADDRESS }, FOLLOWED, FOLLOW_FOLLOWS, 0 },
	    { 1300, 2, { 0 }, "serve first-answer", FOLLOW_FOLLOWS, 0 },
	    { 1400, 3, { 0 }, OWN, FOLLOW_FOLLOWS, 0 } } },
	{ "the state of a node changes nothing for what has begun",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 500, 1, { .states = "RUUU" }, AGAIN, FOLLOW_TRYING, 0 },
	    { 600, 2, { .states = "RUWW" }, "redirect other-node 302 ams1",
	      FOLLOW_TRYING, 0 },
	    { 700, 2, { 0 }, "redirect first-answer 302 ams1", FOLLOW_TRYING,
	      0 },
	    { 800, 2, { .states = "WWUU" }, "redirect first-answer 302 ams1",
	      FOLLOW_TRYING, 0 } } },
	{ "redirects to another node cannot be seen followed",
	  { { 0, 1, { .states = "RUWW" }, "redirect other-node 302 ams1",
	      FOLLOW_NONE, 0 },
	    { 5000, 2, { .states = "RUWW" }, "redirect other-node 302 ams1",
	      FOLLOW_NONE, 0 },
	    { 9000, 3, { 0 }, OWN, FOLLOW_TRYING, 0 } } },
	{ "the last node's own contact counts",
	  { { 0, 1, { .states = "RRRR" }, "redirect last-node 302 fra1",
	      FOLLOW_TRYING, 0 },
	    { 600, 2, { .states = "RRRR" }, SERVED, FOLLOW_SERVED, 0 } } },
	{ "two calls at once are no return",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 1, 2, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 2, 3, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 80, 4, { .facts = NODE_ADDRESS }, FOLLOWED, FOLLOW_FOLLOWS, 0 } } },
	{ "at the node only a new INVITE shows that it follows",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 10, 2, { .method = "REGISTER", .facts = NODE_ADDRESS }, HERE,
	      FOLLOW_TRYING, 0 },
	    { 20, 3, { .method = "OPTIONS", .facts = NODE_ADDRESS }, HERE,
	      FOLLOW_TRYING, 0 },
	    { 30, 4, { .facts = NODE_ADDRESS | TO_TAG }, HERE, FOLLOW_TRYING,
	      0 },
	    { 40, 5, { .method = "ACK", .facts = NODE_ADDRESS }, HERE,
	      FOLLOW_TRYING, 0 },
	    { 50, 6, { .facts = NODE_ADDRESS }, FOLLOWED, FOLLOW_FOLLOWS, 0 } } },
	{ "through an outbound proxy it comes here again: the loop guard",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 90, 2, { .uri = "sip:bob@198.51.100.11:5070" },
	      "serve names-this-node", FOLLOW_TRYING, 0 },
	    { 600, 3, { 0 }, SERVED, FOLLOW_SERVED, 0 } } },
	{ "a probe teaches nothing, however often it comes",
	  { { 0, 1, { .facts = PROBE }, "redirect probe 302 fra1", FOLLOW_NONE,
	      0 },
	    { 5000, 2, { .facts = PROBE }, "redirect probe 302 fra1",
	      FOLLOW_NONE, 0 },
	    { 5000, 2, { .states = "RUWW" }, "redirect other-node 302 ams1",
	      FOLLOW_NONE, 0 },
	    { 9000, 3, { .facts = PROBE, .states = "WWWW" },
	      "redirect probe 302 fra1", FOLLOW_NONE, 0 } } },
	{ "nor does a REGISTER",
	  { { 0, 1, { .method = "REGISTER", .user_agent = "follows" }, OWN,
	      FOLLOW_NONE, 0 },
	    { 5000, 2, { .method = "REGISTER", .user_agent = "follows" }, OWN,
	      FOLLOW_NONE, 0 },
	    { 5500, 2, { .method = "REGISTER", .user_agent = "follows" },
	      AGAIN, FOLLOW_NONE, 0 } } },
	{ "what earlier rules settle is not counted",
	  { { 0, 1, { .uri = "sip:bob@other.example" }, "serve foreign",
	      FOLLOW_NONE, 0 },
	    { 1, 2, { .over = "ws" }, "serve websocket", FOLLOW_NONE, 0 },
	    { 2, 3, { .facts = TO_TAG }, "serve in-dialog", FOLLOW_NONE, 0 },
	    { 3, 4, { .facts = NO_HOPS }, "refuse max-forwards 483",
	      FOLLOW_NONE, 0 },
	    { 4, 5, { .user_agent = "never" }, "serve client-never-follows",
	      FOLLOW_NONE, 0 },
	    { 5, 6, { 0 }, OWN, FOLLOW_TRYING, 0 } } },
	{ "the CANCEL of a client that never follows may not say who it is",
	  { { 0, 1, { .user_agent = "never" }, "serve client-never-follows",
	      FOLLOW_NONE, 0 },
	    { 50, 1, { .method = "CANCEL" }, "serve cancel-of-served",
	      FOLLOW_NONE, 0 } } },
	/* RFC 3261 9.2: what is served here can still be cancelled */
	{ "CANCEL does as its INVITE was done by",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 100, 1, { .method = "CANCEL" },
	      "answer cancel-of-redirected 200", FOLLOW_TRYING, 0 },
	    { 600, 2, { 0 }, SERVED, FOLLOW_SERVED, 0 },
	    { 700, 2, { .method = "CANCEL" }, "serve cancel-of-served",
	      FOLLOW_SERVED, 0 },
	    { 800, 3, { .method = "CANCEL" },
	      "answer cancel-of-redirected 200", FOLLOW_SERVED, 0 } } },
	/* anycast.reload while a client repeats itself */
	{ "a new site file makes no repetition a return",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 500, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0 },
	    { 1500, 1, { 0 }, OWN, FOLLOW_TRYING, 2 },
	    { 3500, 1, { 0 }, OWN, FOLLOW_TRYING, 2 },
	    { 3600, 1, { .states = "RUWW" }, "redirect other-node 302 ams1",
	      FOLLOW_TRYING, 2 },
	    { 9000, 2, { 0 }, SERVED, FOLLOW_SERVED, 2 },
	    { 9500, 2, { 0 }, "serve first-answer", FOLLOW_SERVED, 3 } } },
	{ "versions are told apart by 15 bits",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0x7fff },
	    { 1, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0x7fff },
	    { 2, 1, { 0 }, OWN, FOLLOW_TRYING, 0x7ffe },
	    { 3, 1, { 0 }, OWN, FOLLOW_TRYING, 0x8000 },
	    { 4, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0x80007fff },
	    { 5, 1, { 0 }, AGAIN, FOLLOW_TRYING, 0xffff } } },
	{ "a long time later everything is new",
	  { { 0, 1, { 0 }, OWN, FOLLOW_TRYING, 0 },
	    { 600, 2, { 0 }, SERVED, FOLLOW_SERVED, 0 },
	    { 86402000, 2, { 0 }, OWN, FOLLOW_TRYING, 0 } } },
};

static void tell(struct world *w, const struct story *story)
{
	world_renew(w);
	for (size_t i = 0; i < STEPS_MAX && story->steps[i].want; i++) {
		const struct step *step = &story->steps[i];
		struct ask ask = step->ask;
		char what[128];

		ask.source = 77;
		ask.transaction = step->transaction;
		w->env.now_ms = FIRST_MS + step->at_ms;
		w->env.site_version = step->site_version ? step->site_version :
							   1;
		snprintf(what, sizeof(what), "%s: step %zu", story->what, i);
		CHECK_STR(step->want, ask_world(w, &ask), what);
		CHECK_STR(follow_state_name(step->source),
			  follow_state_name(follow_find(
				  w->env.follow, 77, w->env.now_ms)), what);
	}
}

static void rule_10_remembers_sources_and_transactions(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, SITE_OF_FOUR, "fra1");
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		tell(&w, &stories[i]);
	world_fini(&w);
}

static void sources_are_judged_each_by_itself(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, SITE_OF_FOUR, "fra1");
	for (uint64_t source = 1; source <= 50; source++)
		CHECK_STR(OWN, ask_world(&w, &(struct ask){
						     .source = source,
						     .transaction = source }),
			  "first call");
	w.env.now_ms += 100;
	for (uint64_t source = 2; source <= 50; source += 2)
		CHECK_STR(FOLLOWED,
			  ask_world(&w, &(struct ask){
						.source = source,
						.facts = NODE_ADDRESS }),
			  "even ones follow");
	w.env.now_ms += 900;
	for (uint64_t source = 1; source <= 50; source++)
		CHECK_STR(source % 2 ? SERVED : OWN,
			  ask_world(&w, &(struct ask){
						.source = source,
						.transaction = 100 + source }),
			  "second call");
	world_fini(&w);
}

/* The answer of a transaction names a node by its number: any of 4096. */
static void the_highest_node_is_remembered_too(void **state)
{
	static char text[SITE_NODES_MAX * 64 + 256];
	static uint8_t states[SITE_NODES_MAX];
	size_t len = (size_t)snprintf(text, sizeof(text),
				      "[service]\ndomain = sip.example.net\n"
				      "address = 192.0.2.53\n"
				      "secret = a secret of sixteen or more\n");
	struct world w;

	(void)state;
	for (unsigned i = 0; i < SITE_NODES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"[node n%u]\naddress = 10.0.%u.%u\n", i,
					i >> 8, i & 255);
	world_init(&w, text, "n0");
	memset(states, NODE_DOWN, sizeof(states));
	states[SITE_NODES_MAX - 1] = NODE_UP;
	for (unsigned again = 0; again < 2; again++) {
		struct redirect_answer a;

		nodes_set_states(w.nodes, states, SITE_NODES_MAX);
		w.conf.methods = 1U << SIP_METHOD_INVITE;
		w.env.site_version = 0x7fff;
		a = redirect_decide(&(struct redirect_req){
					    .method = SIP_METHOD_INVITE,
					    .family = ADDR_IP4,
					    .on_service = true,
					    .uri = ask_uri(BOB),
					    .transaction_key = 5,
				    }, &w.env);
		CHECK_STR(again ? "first-answer" : "other-node",
			  redirect_reason_name(a.reason), "reason");
		CHECK_EQ(SITE_NODES_MAX - 1, a.node, "node");
		/* had it not been remembered it would be node 0 now */
		memset(states, NODE_UP, sizeof(states));
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_10_remembers_sources_and_transactions),
		cmocka_unit_test(sources_are_judged_each_by_itself),
		cmocka_unit_test(the_highest_node_is_remembered_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
