/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of another node's transaction: what is passed, asked about,
 * answered, and that nothing of it happens where there is nobody to ask.
 */
#include "kamailio-module/test/asks.h"

struct row {
	const char *what;
	struct ask ask;
	const char *want;
};

static void check_in(struct world *w, const struct row *rows, size_t cnt,
		     unsigned facts)
{
	for (size_t i = 0; i < cnt; i++) {
		struct ask ask = rows[i].ask;

		ask.facts |= facts;
		world_renew(w);
		CHECK_STR(rows[i].want, ask_world(w, &ask), rows[i].what);
	}
}

static void check_rows(const struct row *rows, size_t cnt, const char *self)
{
	struct world w;

	world_init(&w, SITE_OF_FOUR, self);
	check_in(&w, rows, cnt, PASSES);
	world_fini(&w);
}

#define TO_AMS "sip:bob@198.51.100.12"
#define AMS "pass names-other-node ams1"
#define RELAY_AMS "relay names-other-node ams1"

static void what_names_another_node_is_passed_to_it(void **state)
{
	static const struct row rows[] = {
		{ "over UDP", { .uri = TO_AMS }, AMS },
		{ "along a Route", { .route = "sip:198.51.100.12;lr" }, AMS },
		{ "in a dialog", { .uri = TO_AMS, .method = "BYE",
				   .facts = TO_TAG }, AMS },
		{ "ACK", { .uri = TO_AMS, .method = "ACK", .facts = TO_TAG },
		  AMS },
		{ "CANCEL", { .uri = TO_AMS, .method = "CANCEL" }, AMS },
		{ "REGISTER", { .uri = "sip:198.51.100.12",
				.method = "REGISTER" }, AMS },
		{ "Max-Forwards 0: nobody would proxy it",
		  { .uri = TO_AMS, .facts = NO_HOPS },
		  "refuse max-forwards 483" },
		{ "... of OPTIONS, which the node may answer (11)",
		  { .uri = TO_AMS, .facts = NO_HOPS, .method = "OPTIONS" },
		  AMS },
		{ "without tm", { .uri = TO_AMS, .facts = NO_TM }, AMS },
		{ "while it drains", { .uri = TO_AMS, .states = "URUU" }, AMS },
		{ "while we drain, or are down", { .uri = TO_AMS,
						   .states = "WUUU" }, AMS },
		{ "IPv6", { .uri = "sip:b@[2001:db8:13::13]",
			    .family = ADDR_IP6 },
		  "pass names-other-node tyo1" },
		{ "asked about before", { .uri = TO_AMS,
					  .verdict = STRAY_NOBODY }, AMS },
		/* a connection ends here: a proxy's relay, as ever */
		{ "TCP", { .uri = TO_AMS, .over = "tcp" }, RELAY_AMS },
		{ "TLS", { .uri = TO_AMS, .over = "tls" }, RELAY_AMS },
		{ "WebSocket", { .uri = TO_AMS, .over = "ws" }, RELAY_AMS },
		/* not heard of: tm's timers find out */
		{ "nobody has heard of it", { .uri = TO_AMS,
					      .states = "UNUU" }, RELAY_AMS },
		{ "it is down", { .uri = TO_AMS, .states = "UWUU" },
		  "refuse names-node-down 480" },
		/* where its connection ends, the way back to a phone begins */
		{ "REGISTER", { .method = "REGISTER", .uri = TO_AMS,
				.facts = REGISTRAR }, AMS },
		{ "REGISTER over TCP", { .method = "REGISTER", .uri = TO_AMS,
					 .facts = REGISTRAR, .over = "tcp" },
		  "serve names-other-node" },
		{ "REGISTER that is not for us to keep",
		  { .method = "REGISTER", .uri = TO_AMS, .over = "tcp" },
		  RELAY_AMS },
		{ "REGISTER at one that is down",
		  { .method = "REGISTER", .uri = TO_AMS, .states = "UWUU",
		    .facts = REGISTRAR }, "serve names-other-node" },
		{ "REGISTER along a Route to one that nobody hears of",
		  { .method = "REGISTER", .route = "sip:198.51.100.12;lr",
		    .states = "UNUU", .facts = REGISTRAR },
		  "serve names-other-node" },
		{ "a broken REGISTER", { .method = "REGISTER", .uri = TO_AMS,
					 .facts = REGISTRAR, .over = "tcp",
					 .defect = DEFECT_CALL_ID },
		  "refuse malformed 400" },
		{ "it was passed to us: the nodes disagree",
		  { .uri = TO_AMS, .verdict = STRAY_DELIVERED }, RELAY_AMS },
		{ "... and has been too far",
		  { .uri = TO_AMS, .verdict = STRAY_DELIVERED,
		    .facts = NO_HOPS }, "refuse max-forwards 483" },
		{ "an address family that it has not",
		  { .uri = TO_AMS, .family = ADDR_IP6 },
		  "refuse no-address 480" },
		{ "what is refused is not passed on",
		  { .uri = TO_AMS, .facts = VIA_MADDR },
		  "refuse via-maddr 400" },
		{ "broken", { .uri = TO_AMS, .defect = DEFECT_CALL_ID },
		  "refuse malformed 400" },
		{ "here, from another node", { .uri = "sip:b@198.51.100.11",
					       .verdict = STRAY_DELIVERED },
		  "serve names-this-node" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void a_disabled_node_is_passed_what_is_its_own(void **state)
{
	static const struct row rows[] = {
		{ "what is new", { .uri = TO_AMS, .states = "UXUU" },
		  RELAY_AMS },
		{ "in a dialog", { .uri = TO_AMS, .method = "BYE",
				   .facts = TO_TAG, .states = "UXUU" }, AMS },
		{ "ACK", { .uri = TO_AMS, .method = "ACK", .facts = TO_TAG,
			   .states = "UXUU" }, AMS },
		{ "CANCEL", { .uri = TO_AMS, .method = "CANCEL",
			      .states = "UXUU" }, AMS },
		{ "REGISTER", { .method = "REGISTER", .uri = TO_AMS,
				.facts = REGISTRAR, .states = "UXUU" },
		  "serve names-other-node" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

#define ASK "ask stray"

static void who_has_it_is_asked_before_anything_is_said(void **state)
{
	static const struct row rows[] = {
		{ "CANCEL", { .method = "CANCEL" }, ASK },
		{ "ACK of somebody's tag", { .method = "ACK",
					     .facts = TO_TAG }, ASK },
		{ "ACK without one", { .method = "ACK" }, ASK },
		{ "over TCP", { .method = "CANCEL", .over = "tcp" }, ASK },
		{ "over TLS", { .method = "CANCEL", .over = "tls" }, ASK },
		{ "over WebSocket", { .method = "CANCEL", .over = "wss" },
		  ASK },
		{ "to a foreign domain: its INVITE may have been served",
		  { .method = "CANCEL", .uri = "sip:a@other.example" }, ASK },
		{ "... and its ACK", { .method = "ACK", .facts = TO_TAG,
				       .uri = "sip:a@other.example" }, ASK },
		{ "along a foreign Route", { .method = "CANCEL",
					     .route = "sip:203.0.113.7;lr" },
		  ASK },
		{ "to a number", { .method = "CANCEL", .uri = "tel:1" }, ASK },
		{ "of a client that never follows",
		  { .method = "CANCEL", .user_agent = "never" }, ASK },
		{ "where INVITE is not redirected", { .method = "CANCEL",
		    .methods = 1U << SIP_METHOD_MESSAGE }, ASK },
		{ "while this node drains", { .method = "CANCEL",
					      .states = "RUUU" }, ASK },
		{ "while it is down", { .method = "CANCEL",
					.states = "WUUU" }, ASK },
		{ "one other node is enough", { .method = "CANCEL",
						.states = "UWRW" }, ASK },
		{ "... even a disabled one: it may be its call",
		  { .method = "CANCEL", .states = "UWWX" }, ASK },
		/* what is known without asking */
		{ "tm has it", { .method = "CANCEL", .facts = KNOWN },
		  "serve known-transaction" },
		{ "the ACK of any node's redirect", { .method = "ACK",
						      .facts = OUR_TAG },
		  "absorb ack-of-our-reply" },
		{ "it names this node", { .method = "CANCEL",
					  .uri = "sip:b@198.51.100.11" },
		  "serve names-this-node" },
		{ "CANCEL of a re-INVITE", { .method = "CANCEL",
					     .facts = TO_TAG },
		  "serve in-dialog" },
		{ "BYE", { .method = "BYE", .facts = TO_TAG },
		  "serve in-dialog" },
		{ "INVITE", { .method = "INVITE" },
		  "redirect own-node 302 fra1" },
		{ "a probe's own CANCEL", { .method = "CANCEL",
					    .facts = PROBE },
		  "answer cancel-of-redirected 200" },
		{ "the node address", { .method = "CANCEL",
					.facts = NODE_ADDRESS },
		  "serve not-service-address" },
		/* what no node would have taken for a transaction */
		{ "a broken CANCEL", { .method = "CANCEL",
				       .defect = DEFECT_CSEQ },
		  "answer cancel-of-redirected 200" },
		{ "a broken ACK", { .method = "ACK", .defect = DEFECT_CALL_ID },
		  "serve ack-stray" },
		{ "a reflector's", { .method = "CANCEL", .facts = VIA_MADDR },
		  "answer cancel-of-redirected 200" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

/* As before there were strays: whatever a row says, asked or not. */
static void nobody_is_asked_where_there_is_nobody(void **state)
{
	static const struct row rows[] = {
		{ "CANCEL", { .method = "CANCEL" },
		  "answer cancel-of-redirected 200" },
		{ "CANCEL over WebSocket", { .method = "CANCEL",
					     .over = "ws" },
		  "serve cancel-of-served" },
		{ "CANCEL to a foreign domain",
		  { .method = "CANCEL", .uri = "sip:a@other.example" },
		  "serve foreign" },
		{ "ACK", { .method = "ACK", .facts = TO_TAG },
		  "serve in-dialog" },
		{ "ACK without a tag", { .method = "ACK" },
		  "serve ack-stray" },
	};
	static const char one[] =
		"[service]\ndomain = sip.example.net\n"
		"address = 192.0.2.53, 2001:db8:53::53\n"
		"secret = a secret of sixteen or more\n"
		"[node fra1]\naddress = 198.51.100.11, 2001:db8:11::11\n";
	struct row alone[ARRAY_SIZE(rows)];
	struct world w;

	(void)state;
	world_init(&w, one, "fra1");
	check_in(&w, rows, ARRAY_SIZE(rows), PASSES);
	world_fini(&w);
	world_init(&w, SITE_OF_FOUR, "fra1");
	/* no process that could ask */
	check_in(&w, rows, ARRAY_SIZE(rows), 0);
	/* all others down, unknown */
	memcpy(alone, rows, sizeof(alone));
	for (size_t i = 0; i < ARRAY_SIZE(alone); i++)
		alone[i].ask.states = "UWWN";
	check_in(&w, alone, ARRAY_SIZE(alone), PASSES);
	world_fini(&w);
}

static void an_answer_settles_it(void **state)
{
	static const struct row rows[] = {
		/* nobody's: as ever, but for an ACK, which is over */
		{ "CANCEL of nobody's, redirected",
		  { .method = "CANCEL", .verdict = STRAY_NOBODY },
		  "answer cancel-of-redirected 200" },
		{ "CANCEL of nobody's, served",
		  { .method = "CANCEL", .verdict = STRAY_NOBODY,
		    .user_agent = "never" }, "serve cancel-of-served" },
		{ "CANCEL of nobody's, foreign",
		  { .method = "CANCEL", .verdict = STRAY_NOBODY,
		    .uri = "sip:a@other.example" }, "serve foreign" },
		{ "ACK of nobody's", { .method = "ACK", .facts = TO_TAG,
				       .verdict = STRAY_NOBODY },
		  "absorb owner-unknown" },
		{ "ACK of nobody's, without a tag",
		  { .method = "ACK", .verdict = STRAY_NOBODY },
		  "absorb owner-unknown" },
		{ "ACK of nobody's, foreign: the script may know the way",
		  { .method = "ACK", .facts = TO_TAG, .verdict = STRAY_NOBODY,
		    .uri = "sip:a@other.example" }, "serve foreign" },
		/* another node's */
		{ "CANCEL over UDP: the owner answers",
		  { .method = "CANCEL", .verdict = STRAY_OWNED,
		    .owner = AMS1 }, "pass owned ams1" },
		{ "CANCEL over TCP: answered where its connection is",
		  { .method = "CANCEL", .verdict = STRAY_OWNED, .owner = LON1,
		    .over = "tcp" }, "pass owned 200 lon1" },
		{ "over WebSocket", { .method = "CANCEL", .over = "ws",
				      .verdict = STRAY_OWNED, .owner = LON1 },
		  "pass owned 200 lon1" },
		{ "ACK", { .method = "ACK", .facts = TO_TAG,
			   .verdict = STRAY_OWNED, .owner = AMS1 },
		  "pass owned ams1" },
		{ "ACK over TLS", { .method = "ACK", .facts = TO_TAG,
				    .verdict = STRAY_OWNED, .owner = AMS1,
				    .over = "tls" }, "pass owned ams1" },
		{ "foreign", { .method = "CANCEL", .verdict = STRAY_OWNED,
			       .owner = AMS1, .uri = "sip:a@other.example" },
		  "pass owned ams1" },
		{ "by a disabled node, which has it all the same",
		  { .method = "CANCEL", .verdict = STRAY_OWNED, .owner = AMS1,
		    .states = "UXUU" }, "pass owned ams1" },
		/* nobody's after all */
		{ "by a node that is down", { .method = "CANCEL",
		    .verdict = STRAY_OWNED, .owner = AMS1, .states = "UWUU" },
		  "answer cancel-of-redirected 200" },
		{ "by a node that is down, ACK", { .method = "ACK",
		    .verdict = STRAY_OWNED, .owner = AMS1, .states = "UWUU" },
		  "absorb owner-unknown" },
		{ "by ourselves", { .method = "CANCEL",
				    .verdict = STRAY_OWNED, .owner = FRA1 },
		  "answer cancel-of-redirected 200" },
		{ "by no node of this site file", { .method = "ACK",
		    .verdict = STRAY_OWNED, .owner = NODES_NONE },
		  "absorb owner-unknown" },
		/* a transaction that came into being meanwhile */
		{ "tm has it by now", { .method = "CANCEL", .facts = KNOWN,
					.verdict = STRAY_OWNED, .owner = AMS1 },
		  "serve known-transaction" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void what_was_passed_to_us_stays(void **state)
{
	static const struct row rows[] = {
		{ "CANCEL of what tm has", { .method = "CANCEL",
		    .facts = KNOWN, .verdict = STRAY_DELIVERED },
		  "serve known-transaction" },
		{ "CANCEL of what is over", { .method = "CANCEL",
		    .verdict = STRAY_DELIVERED },
		  "answer cancel-of-redirected 200" },
		{ "... and was served", { .method = "CANCEL",
		    .user_agent = "never", .verdict = STRAY_DELIVERED },
		  "serve cancel-of-served" },
		{ "ACK of what is over", { .method = "ACK", .facts = TO_TAG,
		    .verdict = STRAY_DELIVERED }, "absorb owner-unknown" },
		{ "an INVITE that we claimed", { .verdict = STRAY_DELIVERED },
		  "serve delivered" },
		{ "... whatever its client does", { .user_agent = "follows",
		    .method = "REGISTER", .verdict = STRAY_DELIVERED },
		  "serve delivered" },
		{ "... while we drain", { .verdict = STRAY_DELIVERED,
					  .states = "RUUU" },
		  "serve delivered" },
		{ "a re-INVITE", { .facts = TO_TAG,
				   .verdict = STRAY_DELIVERED },
		  "serve in-dialog" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void a_claim_that_holds_is_served(void **state)
{
	static const struct row rows[] = {
		{ "INVITE", { .verdict = STRAY_YOURS }, "serve claimed" },
		{ "though this node drains now", { .verdict = STRAY_YOURS,
						   .states = "RUUU" },
		  "serve claimed" },
		{ "MESSAGE", { .method = "MESSAGE", .verdict = STRAY_YOURS },
		  "serve claimed" },
		{ "foreign", { .uri = "sip:a@other.example",
			       .verdict = STRAY_YOURS }, "serve claimed" },
		{ "tm has it", { .facts = KNOWN, .verdict = STRAY_YOURS },
		  "serve known-transaction" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

/* What is passed and asked teaches nobody anything: the memo of its INVITE is
 * as it was, and the source as well.
 */
static void strays_leave_the_follow_table_alone(void **state)
{
	static const struct row steps[] = {
		{ "the INVITE is redirected", { .source = 7, .transaction = 9,
						.facts = PASSES },
		  "redirect own-node 302 fra1" },
		{ "its CANCEL is asked about", { .method = "CANCEL",
		    .source = 7, .transaction = 9, .facts = PASSES }, ASK },
		{ "... and answered", { .method = "CANCEL", .source = 7,
		    .transaction = 9, .facts = PASSES,
		    .verdict = STRAY_NOBODY },
		  "answer cancel-of-redirected 200" },
		{ "a request passed on", { .uri = TO_AMS, .source = 7,
		    .transaction = 10, .facts = PASSES }, AMS },
		{ "the INVITE once more", { .source = 7, .transaction = 9,
					    .facts = PASSES },
		  "redirect first-answer 302 fra1" },
		{ "the source is where it was: on its way",
		  { .source = 7, .transaction = 11, .facts = PASSES },
		  "redirect own-node 302 fra1" },
		/* a served one: as first told, when its claim comes back too */
		{ "one that never follows", { .source = 8, .transaction = 12,
		    .user_agent = "never", .facts = PASSES },
		  "serve client-never-follows" },
		{ "... claimed", { .source = 8, .transaction = 12,
		    .user_agent = "never", .facts = PASSES,
		    .verdict = STRAY_YOURS }, "serve claimed" },
		{ "... and its CANCEL, nobody's, is the script's",
		  { .method = "CANCEL", .source = 8, .transaction = 12,
		    .facts = PASSES, .verdict = STRAY_NOBODY },
		  "serve cancel-of-served" },
	};
	struct world w;

	(void)state;
	world_init(&w, SITE_OF_FOUR, "fra1");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		CHECK_STR(steps[i].want, ask_world(&w, &steps[i].ask),
			  steps[i].what);
	world_fini(&w);
}

/* Every method, transport, verdict and owner: whatever is said, nothing goes
 * on for ever.  What was passed to us or answered for is never asked about
 * again, and nothing is passed to ourselves.
 */
static void nothing_is_asked_twice_or_passed_in_circles(void **state)
{
	static const unsigned facts[] = { 0, TO_TAG, OUR_TAG, NO_HOPS };
	static const char *const uris[] = { BOB, TO_AMS,
					    "sip:b@198.51.100.11",
					    "sip:a@other.example", "tel:1" };
	struct world w;
	unsigned passed = 0, asked = 0;

	(void)state;
	world_init(&w, SITE_OF_FOUR, "fra1");
	for (unsigned m = 1; m < SIP_METHODS; m++)
	for (unsigned t = 0; t < SIP_TRANSPORTS; t++)
	for (unsigned v = 0; v < STRAY_VERDICTS; v++)
	for (unsigned f = 0; f < ARRAY_SIZE(facts); f++)
	for (unsigned u = 0; u < ARRAY_SIZE(uris); u++) {
		struct ask ask = {
			.method = sip_method_name(m),
			.over = sip_transport_name(t),
			.verdict = v, .owner = LON1, .uri = uris[u],
			.facts = facts[f] | PASSES,
		};
		const char *got;

		world_renew(&w);
		got = ask_world(&w, &ask);
		if (!strncmp(got, "ask ", 4)) {
			CHECK_EQ(STRAY_NONE, v, got);
			CHECK(m == SIP_METHOD_ACK || m == SIP_METHOD_CANCEL,
			      got);
			asked++;
		} else if (!strncmp(got, "pass ", 5)) {
			CHECK(v != STRAY_DELIVERED && v != STRAY_YOURS, got);
			CHECK(!strstr(got, "fra1"), got);
			passed++;
		}
	}
	world_fini(&w);
	assert_in_range(asked, 1, 200);
	assert_in_range(passed, 1, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_names_another_node_is_passed_to_it),
		cmocka_unit_test(a_disabled_node_is_passed_what_is_its_own),
		cmocka_unit_test(who_has_it_is_asked_before_anything_is_said),
		cmocka_unit_test(nobody_is_asked_where_there_is_nobody),
		cmocka_unit_test(an_answer_settles_it),
		cmocka_unit_test(what_was_passed_to_us_stays),
		cmocka_unit_test(a_claim_that_holds_is_served),
		cmocka_unit_test(strays_leave_the_follow_table_alone),
		cmocka_unit_test(nothing_is_asked_twice_or_passed_in_circles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
