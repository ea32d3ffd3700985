/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of the rules: a request that two of them would settle is settled
 * by the first.  Every pair that one request can be is tried.
 */
#include "kamailio-module/test/asks.h"

/* One request for each way a rule can settle, in the order of the rules.
 * Within rules 3, 4, 5 and 11 there is no order: one fact decides.
 */
static const struct trigger {
	unsigned rule;
	struct ask ask;
	const char *want;
} triggers[] = {
	{ 1, { .facts = NODE_ADDRESS }, "serve not-service-address" },
	{ 1, { .facts = KNOWN }, "serve known-transaction" },
	{ 1, { .facts = UNREADABLE }, "serve unreadable" },
	{ 3, { .uri = "sip:bob@198.51.100.11" }, "serve names-this-node" },
	{ 3, { .uri = "sip:bob@198.51.100.12" },
	  "relay names-other-node ams1" },
	{ 3, { .route = "sip:198.51.100.11;lr" }, "serve names-this-node" },
	{ 3, { .route = "sip:198.51.100.12;lr" },
	  "relay names-other-node ams1" },
	{ 4, { .uri = "sip:bob@other.example" }, "serve foreign" },
	{ 4, { .route = "sip:other.example;lr" }, "serve foreign" },
	{ 5, { .method = "ACK", .facts = OUR_TAG }, "absorb ack-of-our-reply" },
	{ 5, { .method = "ACK" }, "serve ack-stray" },
	{ 5, { .facts = TO_TAG }, "serve in-dialog" },
	{ 6, { .method = "CANCEL" }, "answer cancel-of-redirected 200" },
	{ 7, { .uri = "", .defect = DEFECT_URI_TOO_LONG },
	  "refuse uri-too-long 414" },
	{ 7, { .defect = DEFECT_CSEQ }, "refuse malformed 400" },
	{ 7, { .facts = VIA_MADDR }, "refuse via-maddr 400" },
	{ 7, { .uri = "urn:x" }, "refuse unknown-scheme 416" },
	{ 7, { .uri = "sips:bob@example.net", .over = "udp" },
	  "refuse sips-over-udp 400" },
	{ 7, { .facts = PROXY_REQUIRE }, "refuse proxy-require 420" },
	{ 7, { .facts = NO_HOPS }, "refuse max-forwards 483" },
	{ 8, { .method = "OPTIONS" }, "answer options 200" },
	{ 8, { .method = "OPTIONS", .states = "WWWW" },
	  "answer options-no-node 503" },
	{ 9, { .over = "ws" }, "serve websocket" },
	{ 9, { .method = "MESSAGE" }, "serve method" },
	{ 9, { .user_agent = "never" }, "serve client-never-follows" },
	/* rule 2 holds a probe out of what follows; what comes before is for
	 * a node that is up as well
	 */
	{ 2, { .facts = PROBE }, "redirect probe 302 fra1" },
	{ 10, { .facts = CAME_BACK }, "serve not-following" },
	{ 11, { .states = "RUWW" }, "redirect other-node 302 ams1" },
	{ 11, { .states = "RRRR" }, "redirect last-node 302 fra1" },
};

/* Pairs where the later one's facts are what the first looks at. */
static const struct {
	const char *first, *second;
	const char *want;	/* instead of the first's */
} exceptions[] = {
	/* at the node, after a redirect: it follows */
	{ "serve not-service-address", "serve not-following",
	  "serve not-service-address followed" },
	/* what is refused is not passed on */
	{ "relay names-other-node ams1", "refuse via-maddr 400",
	  "refuse via-maddr 400" },
	{ "relay names-other-node ams1", "refuse unknown-scheme 416",
	  "refuse unknown-scheme 416" },
	{ "relay names-other-node ams1", "refuse sips-over-udp 400",
	  "refuse sips-over-udp 400" },
	{ "relay names-other-node ams1", "refuse proxy-require 420",
	  "refuse proxy-require 420" },
	{ "relay names-other-node ams1", "refuse malformed 400",
	  "refuse malformed 400" },
	{ "relay names-other-node ams1", "refuse uri-too-long 414",
	  "refuse uri-too-long 414" },
	/* a relay is a proxy, and refuses at 0 like one (16.3) */
	{ "relay names-other-node ams1", "refuse max-forwards 483",
	  "refuse max-forwards 483" },
	/* that other node is down as well, and nothing would come of it */
	{ "relay names-other-node ams1", "answer options-no-node 503",
	  "refuse names-node-down 480" },
	/* a WebSocket INVITE was served, so its CANCEL is; and so of a client
	 * that never follows
	 */
	{ "answer cancel-of-redirected 200", "serve websocket",
	  "serve cancel-of-served" },
	{ "answer cancel-of-redirected 200", "serve client-never-follows",
	  "serve cancel-of-served" },
	/* RFC 3261 16.3: OPTIONS may be answered at 0 */
	{ "refuse max-forwards 483", "answer options 200",
	  "answer options 200" },
	{ "refuse max-forwards 483", "answer options-no-node 503",
	  "answer options-no-node 503" },
	/* a probe proves the node */
	{ "answer options-no-node 503", "redirect probe 302 fra1",
	  "answer options 200" },
	{ "serve client-never-follows", "redirect probe 302 fra1",
	  "redirect probe 302 fra1" },
	/* a client not listed for what it is asked is not looked up */
	{ "serve method", "serve client-never-follows", "serve method" },
	/* only redirects to this node count */
	{ "serve not-following", "redirect other-node 302 ams1",
	  "redirect other-node 302 ams1" },
};

static const char *want_of(const struct trigger *first,
			   const struct trigger *second)
{
	for (size_t i = 0; i < ARRAY_SIZE(exceptions); i++)
		if (!strcmp(exceptions[i].first, first->want) &&
		    !strcmp(exceptions[i].second, second->want))
			return exceptions[i].want;
	return first->want;
}

static bool merge_text(const char **into, const char *other)
{
	if (*into && other)
		return false;
	if (other)
		*into = other;
	return true;
}

/* Can one request be both? */
static bool merge(struct ask *out, const struct trigger *a,
		  const struct trigger *b)
{
	static const unsigned unordered[] = { 3, 4, 5, 11 };

	for (size_t i = 0; i < ARRAY_SIZE(unordered); i++)
		if (a->rule == b->rule && a->rule == unordered[i])
			return false;
	/* where there is a Route the URI is not looked at: test_redirect.c */
	if ((a->ask.uri && b->ask.route) || (a->ask.route && b->ask.uri))
		return false;
	if (a->ask.defect && b->ask.defect)
		return false;
	*out = a->ask;
	out->facts |= b->ask.facts;
	out->defect |= b->ask.defect;
	return merge_text(&out->method, b->ask.method) &&
	       merge_text(&out->over, b->ask.over) &&
	       merge_text(&out->uri, b->ask.uri) &&
	       merge_text(&out->route, b->ask.route) &&
	       merge_text(&out->user_agent, b->ask.user_agent) &&
	       merge_text(&out->states, b->ask.states);
}

static void each_trigger_settles_by_its_own_rule(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, SITE_OF_FOUR, "fra1");
	for (size_t i = 0; i < ARRAY_SIZE(triggers); i++) {
		world_renew(&w);
		CHECK_STR(triggers[i].want, ask_world(&w, &triggers[i].ask),
			  triggers[i].want);
	}
	world_fini(&w);
}

static void of_two_rules_the_first_one_settles(void **state)
{
	struct world w;
	unsigned pairs = 0;

	(void)state;
	world_init(&w, SITE_OF_FOUR, "fra1");
	for (size_t i = 0; i < ARRAY_SIZE(triggers); i++) {
		for (size_t j = i + 1; j < ARRAY_SIZE(triggers); j++) {
			struct ask both;
			char what[128];

			if (!merge(&both, &triggers[i], &triggers[j]))
				continue;
			world_renew(&w);
			snprintf(what, sizeof(what), "%s before %s",
				 triggers[i].want, triggers[j].want);
			CHECK_STR(want_of(&triggers[i], &triggers[j]),
				  ask_world(&w, &both), what);
			pairs++;
		}
	}
	CHECK_EQ(348, pairs, "pairs");
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_trigger_settles_by_its_own_rule),
		cmocka_unit_test(of_two_rules_the_first_one_settles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
