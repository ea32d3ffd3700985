/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every rule of the decision by itself; test_redirect_order.c has their order,
 * test_redirect_follow.c what the decision remembers.
 */
#include "kamailio-module/test/asks.h"

struct row {
	const char *what;
	struct ask ask;
	const char *want;
};

static void check_rows(const struct row *rows, size_t cnt, const char *self)
{
	struct world w;

	world_init(&w, SITE_OF_FOUR, self);
	for (size_t i = 0; i < cnt; i++) {
		world_renew(&w);
		CHECK_STR(rows[i].want, ask_world(&w, &rows[i].ask),
			  rows[i].what);
	}
	world_fini(&w);
}

static void rule_1_what_is_not_ours_is_served(void **state)
{
	static const struct row rows[] = {
		{ "the usual: it is ours", { 0 }, "redirect own-node 302 fra1" },
		{ "on the node address", { .facts = NODE_ADDRESS },
		  "serve not-service-address" },
		{ "REGISTER there", { .method = "REGISTER",
				      .facts = NODE_ADDRESS },
		  "serve not-service-address" },
		{ "a probe there", { .facts = NODE_ADDRESS | PROBE },
		  "serve not-service-address" },
		{ "a foreign domain there", { .uri = "sip:a@other.example",
					      .facts = NODE_ADDRESS },
		  "serve not-service-address" },
		/* RFC 3261 17.2.3 */
		{ "a retransmission tm knows", { .facts = KNOWN },
		  "serve known-transaction" },
		{ "the ACK of a 486 (17.1.1.3)",
		  { .method = "ACK", .facts = KNOWN | TO_TAG },
		  "serve known-transaction" },
		{ "CANCEL of a served call (9.2)",
		  { .method = "CANCEL", .facts = KNOWN },
		  "serve known-transaction" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void rule_2_a_probe_is_answered_as_if_the_node_were_up(void **state)
{
	static const struct row rows[] = {
		{ "up", { .facts = PROBE }, "redirect probe 302 fra1" },
		{ "draining", { .facts = PROBE, .states = "RUUU" },
		  "redirect probe 302 fra1" },
		{ "down", { .facts = PROBE, .states = "WUUU" },
		  "redirect probe 302 fra1" },
		{ "disabled, like everyone", { .facts = PROBE,
					       .states = "XXXX" },
		  "redirect probe 302 fra1" },
		{ "IPv6", { .facts = PROBE, .states = "WUUU",
			    .family = ADDR_IP6 }, "redirect probe 302 fra1" },
		{ "OPTIONS, all down",
		  { .method = "OPTIONS", .facts = PROBE, .states = "WWWW" },
		  "answer options 200" },
		{ "its ACK", { .method = "ACK", .facts = PROBE | OUR_TAG },
		  "absorb ack-of-our-reply" },
		{ "its CANCEL", { .method = "CANCEL", .facts = PROBE },
		  "answer cancel-of-redirected 200" },
		{ "a client that never follows, probing",
		  { .facts = PROBE, .user_agent = "never" },
		  "redirect probe 302 fra1" },
		{ "a method that is served", { .method = "REGISTER",
					       .facts = PROBE },
		  "serve method" },
		{ "a broken probe is broken", { .facts = PROBE | VIA_MADDR },
		  "refuse via-maddr 400" },
	};
	static const struct row ams[] = {
		{ "a family this node does not have",
		  { .facts = PROBE, .family = ADDR_IP6 },
		  "refuse no-address 480" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
	check_rows(ams, ARRAY_SIZE(ams), "ams1");
}

#define SELF "serve names-this-node"
#define AMS "relay names-other-node ams1"

/* RFC 3261 8.3, 8.1.3.4 */
static void rule_3_who_asks_for_a_node_was_redirected_already(void **state)
{
	static const struct row rows[] = {
		{ "our contact", { .uri = "sip:bob@198.51.100.11:5070" }, SELF },
		{ "without its port", { .uri = "sip:bob@198.51.100.11" }, SELF },
		{ "over TCP", { .uri = "sip:bob@198.51.100.11:5070;"
				"transport=tcp", .over = "tcp" }, SELF },
		{ "over TLS", { .uri = "sips:bob@fra1.sip.example.net:5071",
				.over = "tls" }, SELF },
		{ "IPv6", { .uri = "sip:bob@[2001:db8:11::11]:5070",
			    .family = ADDR_IP6 }, SELF },
		{ "without a user", { .uri = "sip:198.51.100.11" }, SELF },
		{ "another port of ours is no SIP",
		  { .uri = "sip:bob@198.51.100.11:5060" }, "serve foreign" },
		{ "another node", { .uri = "sip:bob@198.51.100.12" }, AMS },
		{ "another node, and nothing to relay with",
		  { .uri = "sip:bob@198.51.100.12", .facts = NO_TM },
		  "refuse names-other-node 404" },
		{ "another node, but broken: refused, not relayed",
		  { .uri = "sip:bob@198.51.100.12", .defect = DEFECT_CSEQ },
		  "refuse malformed 400" },
		{ "another node, Proxy-Require (16.3 step 5)",
		  { .uri = "sip:bob@198.51.100.12", .facts = PROXY_REQUIRE },
		  "refuse proxy-require 420" },
		{ "... in CANCEL it is ignored (8.2.2.3)",
		  { .uri = "sip:bob@198.51.100.12", .facts = PROXY_REQUIRE,
		    .method = "CANCEL" }, AMS },
		{ "another node, Via maddr",
		  { .uri = "sip:bob@198.51.100.12", .facts = VIA_MADDR },
		  "refuse via-maddr 400" },
		{ "... along a Route",
		  { .route = "sip:198.51.100.12;lr",
		    .defect = DEFECT_MAX_FORWARDS }, "refuse malformed 400" },
		{ "... an ACK of such",
		  { .uri = "sip:bob@198.51.100.12", .method = "ACK",
		    .defect = DEFECT_CSEQ }, "absorb malformed" },
		{ "an ACK when there is nothing to relay with",
		  { .uri = "sip:bob@198.51.100.12", .facts = NO_TM,
		    .method = "ACK" }, "absorb names-other-node" },
		{ "another node's name",
		  { .uri = "sip:bob@AMS1.sip.example.net:5061" }, AMS },
		{ "another node that drains", { .uri = "sip:b@198.51.100.12",
						.states = "URUU" }, AMS },
		{ "another node nobody has heard of: it may be there",
		  { .uri = "sip:b@198.51.100.12", .states = "UNUU" }, AMS },
		{ "another node that is disabled: what runs there goes on",
		  { .uri = "sip:b@198.51.100.12", .states = "UXUU" }, AMS },
		{ "while this one drains", { .uri = "sip:b@198.51.100.11",
					     .states = "RUUU" }, SELF },
		/* ACK and CANCEL like their INVITE */
		{ "ACK to us", { .method = "ACK", .facts = TO_TAG,
				 .uri = "sip:bob@198.51.100.11" }, SELF },
		{ "ACK to another", { .method = "ACK", .facts = TO_TAG,
				      .uri = "sip:bob@198.51.100.12" }, AMS },
		{ "CANCEL to us", { .method = "CANCEL",
				    .uri = "sip:bob@198.51.100.11" }, SELF },
		{ "CANCEL to another", { .method = "CANCEL",
					 .uri = "sip:bob@198.51.100.12" }, AMS },
		{ "this node, Max-Forwards 0: the script's proxy says so",
		  { .facts = NO_HOPS, .uri = "sip:bob@198.51.100.11" }, SELF },
		{ "a number is nobody's name", { .uri = "tel:1985110011" },
		  "redirect own-node 302 fra1" },
		{ "nor is another scheme's", { .uri = "im:b@198.51.100.11" },
		  "refuse unknown-scheme 416" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

/* RFC 3261 21.4.18, 12.2.1.2, 9.2, 17.1.1.3 */
static void rule_3_nobody_waits_for_a_node_that_is_down(void **state)
{
	static const struct row rows[] = {
		{ "INVITE", { .uri = "sip:b@198.51.100.12",
			      .states = "UWUU" }, "refuse names-node-down 480" },
		{ "along a Route", { .route = "sip:198.51.100.12;lr",
				     .states = "UWUU", .over = "tls" },
		  "refuse names-node-down 480" },
		{ "in a dialog", { .uri = "sip:b@198.51.100.12",
				   .method = "BYE", .facts = TO_TAG,
				   .states = "UWUU" },
		  "refuse names-node-down 481" },
		{ "CANCEL", { .uri = "sip:b@198.51.100.12", .method = "CANCEL",
			      .states = "UWUU" }, "refuse names-node-down 481" },
		{ "ACK", { .uri = "sip:b@198.51.100.12", .method = "ACK",
			   .facts = TO_TAG, .states = "UWUU" },
		  "absorb names-node-down" },
		{ "with nothing to relay with either",
		  { .uri = "sip:b@198.51.100.12", .facts = NO_TM,
		    .states = "UWUU" }, "refuse names-node-down 480" },
		{ "broken", { .uri = "sip:b@198.51.100.12", .states = "UWUU",
			      .defect = DEFECT_CSEQ }, "refuse malformed 400" },
		{ "this node, down as it is", { .uri = "sip:b@198.51.100.11",
						.states = "WUUU" }, SELF },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

/* RFC 3261 16.3: a relay is a proxy */
static void rule_3_a_relay_refuses_what_a_proxy_refuses(void **state)
{
	static const struct row rows[] = {
		{ "another node, Max-Forwards 0", { .facts = NO_HOPS,
		    .uri = "sip:bob@198.51.100.12" },
		  "refuse max-forwards 483" },
		{ "... of OPTIONS, which is not for us to answer",
		  { .method = "OPTIONS", .facts = NO_HOPS,
		    .uri = "sip:bob@198.51.100.12" },
		  "refuse max-forwards 483" },
		{ "... of ACK, which nobody answers (17.1.1.3)",
		  { .method = "ACK", .facts = NO_HOPS | TO_TAG,
		    .uri = "sip:bob@198.51.100.12" }, "absorb max-forwards" },
		{ "another node, Max-Forwards 1", { .facts = ONE_HOP,
		    .uri = "sip:bob@198.51.100.12" }, AMS },
		{ "a node this family does not reach",
		  { .uri = "sip:bob@[2001:db8:13::13]" },
		  "refuse no-address 480" },
		{ "... and the family that does",
		  { .uri = "sip:bob@[2001:db8:13::13]", .family = ADDR_IP6 },
		  "relay names-other-node tyo1" },
		{ "a broken ACK for another", { .method = "ACK",
		    .defect = DEFECT_CSEQ, .uri = "sip:bob@198.51.100.12" },
		  "absorb malformed" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

/* RFC 3261 16.12: that is where it goes, whatever the Request-URI */
static void rule_3_a_route_decides_alone(void **state)
{
	static const struct row rows[] = {
		{ "Route to us", { .route = "sip:198.51.100.11:5070;lr" },
		  SELF },
		{ "Route to another node", { .route = "sip:198.51.100.12;lr" },
		  AMS },
		{ "Route to us, URI of another node",
		  { .route = "sip:198.51.100.11;lr",
		    .uri = "sip:bob@198.51.100.12" }, SELF },
		{ "Route to another node, URI of ours",
		  { .route = "sip:198.51.100.12;lr",
		    .uri = "sip:bob@198.51.100.11" }, AMS },
		{ "Route to another node, foreign URI",
		  { .route = "sip:198.51.100.12;lr",
		    .uri = "sip:bob@other.example" }, AMS },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

/* RFC 3261 19.1.1 */
static void rule_3_maddr_is_where_it_goes(void **state)
{
	static const struct row rows[] = {
		{ "our contact in maddr style",
		  { .uri = BOB ":5070;maddr=198.51.100.11" }, SELF },
		{ "... of TLS", { .uri = BOB ":5071;maddr=fra1.sip.example.net",
				  .over = "tls" }, SELF },
		{ "... of IPv6", { .uri = BOB ":5070;maddr=[2001:db8:11::11]",
				   .family = ADDR_IP6 }, SELF },
		{ "... without brackets", { .uri = BOB ";maddr=2001:db8:11::11",
					    .family = ADDR_IP6 }, SELF },
		{ "another node's in maddr style",
		  { .uri = BOB ":5060;maddr=198.51.100.12" }, AMS },
		{ "maddr of a port that is no SIP of the node: as without",
		  { .uri = BOB ":9;maddr=198.51.100.12" },
		  "redirect own-node 302 fra1" },
		{ "a foreign maddr: as without",
		  { .uri = BOB ";maddr=203.0.113.7" },
		  "redirect own-node 302 fra1" },
		{ "the service in maddr: as without",
		  { .uri = "sip:bob@other.example;maddr=192.0.2.53" },
		  "serve foreign" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void rule_4_foreign_domains_are_never_redirected(void **state)
{
	static const struct row rows[] = {
		{ "a foreign domain", { .uri = "sip:bob@other.example" },
		  "serve foreign" },
		{ "sips", { .uri = "sips:bob@other.example", .over = "tls" },
		  "serve foreign" },
		{ "a foreign address", { .uri = "sip:bob@203.0.113.7" },
		  "serve foreign" },
		{ "a name that ends like ours",
		  { .uri = "sip:bob@notsip.example.net" }, "serve foreign" },
		{ "ACK to a foreign domain",
		  { .method = "ACK", .facts = OUR_TAG,
		    .uri = "sip:bob@other.example" }, "serve foreign" },
		{ "CANCEL of what was served as foreign",
		  { .method = "CANCEL", .uri = "sip:bob@other.example" },
		  "serve foreign" },
		{ "REGISTER at a foreign domain",
		  { .method = "REGISTER", .uri = "sip:other.example",
		    .user_agent = "follows" }, "serve foreign" },
		{ "a preloaded Route to somebody else",
		  { .route = "sip:203.0.113.7;lr" }, "serve foreign" },
		{ "... even for a node of ours",
		  { .route = "sip:203.0.113.7;lr",
		    .uri = "sip:bob@198.51.100.11" }, "serve foreign" },
		{ "a Route nobody understands", { .route = "urn:x" },
		  "serve foreign" },
		{ "a Route, and a URI of no known scheme",
		  { .route = "sip:203.0.113.7;lr", .uri = "urn:x" },
		  "serve foreign" },
		/* ours */
		{ "our domain", { .uri = "sip:bob@SIP.example.net." },
		  "redirect own-node 302 fra1" },
		{ "an alias", { .uri = "sip:bob@voice.example.com" },
		  "redirect own-node 302 fra1" },
		{ "the service address", { .uri = "sip:bob@192.0.2.53" },
		  "redirect own-node 302 fra1" },
		{ "the other service address",
		  { .uri = "sip:bob@[2001:db8:53::53]:5060" },
		  "redirect own-node 302 fra1" },
		{ "a number (RFC 3966)", { .uri = "tel:+49301234" },
		  "redirect own-node 302 fra1" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void rule_5_what_belongs_to_a_dialog_finds_it(void **state)
{
	static const struct row rows[] = {
		{ "the ACK of any node's redirect (8.2.7, 17.2.1)",
		  { .method = "ACK", .facts = OUR_TAG },
		  "absorb ack-of-our-reply" },
		{ "over WebSocket", { .method = "ACK", .facts = OUR_TAG,
				      .over = "wss" },
		  "absorb ack-of-our-reply" },
		{ "with a broken URI, to our 400",
		  { .method = "ACK", .facts = OUR_TAG, .uri = "",
		    .defect = DEFECT_URI }, "absorb ack-of-our-reply" },
		{ "of an unknown scheme, to our 416",
		  { .method = "ACK", .facts = OUR_TAG, .uri = "urn:x" },
		  "absorb ack-of-our-reply" },
		{ "with Max-Forwards 0, to our 483",
		  { .method = "ACK", .facts = OUR_TAG | NO_HOPS },
		  "absorb ack-of-our-reply" },
		{ "with Proxy-Require (ignored in ACK, 8.2.2.3)",
		  { .method = "ACK", .facts = OUR_TAG | PROXY_REQUIRE },
		  "absorb ack-of-our-reply" },
		{ "the ACK of somebody's 200 (13.2.2.4)",
		  { .method = "ACK", .facts = TO_TAG }, "serve in-dialog" },
		{ "an ACK without a To-tag", { .method = "ACK" },
		  "serve ack-stray" },
		{ "a broken one is not answered either",
		  { .method = "ACK", .defect = DEFECT_CSEQ },
		  "serve ack-stray" },
		{ "re-INVITE (12.2)", { .facts = TO_TAG }, "serve in-dialog" },
		{ "BYE", { .method = "BYE", .facts = TO_TAG },
		  "serve in-dialog" },
		{ "OPTIONS in a dialog", { .method = "OPTIONS",
					   .facts = TO_TAG },
		  "serve in-dialog" },
		{ "CANCEL of a re-INVITE (9.1)", { .method = "CANCEL",
						   .facts = TO_TAG },
		  "serve in-dialog" },
		{ "a tag like ours makes no dialog of ours",
		  { .method = "BYE", .facts = OUR_TAG }, "serve in-dialog" },
		{ "a client that follows, in a dialog",
		  { .method = "REGISTER", .facts = TO_TAG,
		    .user_agent = "follows" }, "serve in-dialog" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

/* RFC 3261 8.3, 9.2 */
static void rule_6_cancel_of_a_redirected_invite_is_answered(void **state)
{
	static const struct row rows[] = {
		{ "on any node", { .method = "CANCEL" },
		  "answer cancel-of-redirected 200" },
		{ "while it drains", { .method = "CANCEL", .states = "RUUU" },
		  "answer cancel-of-redirected 200" },
		{ "over TCP", { .method = "CANCEL", .over = "tcp" },
		  "answer cancel-of-redirected 200" },
		{ "whoever the client is, as far as it says",
		  { .method = "CANCEL", .user_agent = "unknown" },
		  "answer cancel-of-redirected 200" },
		{ "of a client that never follows: its INVITE was served",
		  { .method = "CANCEL", .user_agent = "never" },
		  "serve cancel-of-served" },
		{ "... on INVITE, whatever it does on REGISTER",
		  { .method = "CANCEL", .user_agent = "register" },
		  "serve cancel-of-served" },
		{ "with Max-Forwards 0", { .method = "CANCEL",
					   .facts = NO_HOPS },
		  "answer cancel-of-redirected 200" },
		{ "with Proxy-Require (ignored in CANCEL, 8.2.2.3)",
		  { .method = "CANCEL", .facts = PROXY_REQUIRE },
		  "answer cancel-of-redirected 200" },
		{ "of a number", { .method = "CANCEL", .uri = "tel:1" },
		  "answer cancel-of-redirected 200" },
		{ "over WebSocket its INVITE was served",
		  { .method = "CANCEL", .over = "ws" },
		  "serve cancel-of-served" },
		{ "over secure WebSocket", { .method = "CANCEL",
					     .over = "wss" },
		  "serve cancel-of-served" },
		{ "where INVITE is not redirected",
		  { .method = "CANCEL", .methods = 1U << SIP_METHOD_MESSAGE },
		  "serve cancel-of-served" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void rule_7_what_cannot_be_redirected_is_refused(void **state)
{
	static const struct row rows[] = {
		{ "unknown scheme (8.2.2.1)", { .uri = "urn:service:sos" },
		  "refuse unknown-scheme 416" },
		{ "... of OPTIONS", { .method = "OPTIONS", .uri = "im:x" },
		  "refuse unknown-scheme 416" },
		{ "sips over UDP (26.2.2)", { .uri = "sips:bob@example.net" },
		  "refuse sips-over-udp 400" },
		{ "sips over TCP: a proxy's TLS may end before us",
		  { .uri = "sips:bob@example.net", .over = "tcp" },
		  "redirect own-node 302 fra1" },
		{ "sips over TLS", { .uri = "sips:bob@example.net",
				     .over = "tls" },
		  "redirect own-node 302 fra1" },
		{ "Proxy-Require (16.3)", { .facts = PROXY_REQUIRE },
		  "refuse proxy-require 420" },
		{ "... of REGISTER", { .method = "REGISTER",
				       .facts = PROXY_REQUIRE },
		  "refuse proxy-require 420" },
		{ "Max-Forwards 0 (16.3)", { .facts = NO_HOPS },
		  "refuse max-forwards 483" },
		{ "... of MESSAGE", { .method = "MESSAGE", .facts = NO_HOPS },
		  "refuse max-forwards 483" },
		{ "OPTIONS may be answered at 0 (16.3, 11)",
		  { .method = "OPTIONS", .facts = NO_HOPS },
		  "answer options 200" },
		{ "Max-Forwards 1", { .facts = ONE_HOP },
		  "redirect own-node 302 fra1" },
		{ "maddr in Via would make us a reflector (18.2.2)",
		  { .facts = VIA_MADDR }, "refuse via-maddr 400" },
		{ "... of a served method", { .method = "REGISTER",
					      .facts = VIA_MADDR },
		  "refuse via-maddr 400" },
		{ "no URI", { .uri = "", .defect = DEFECT_URI },
		  "refuse malformed 400" },
		{ "a URI longer than any (21.4.15)",
		  { .uri = "", .defect = DEFECT_URI_TOO_LONG },
		  "refuse uri-too-long 414" },
		{ "a broken REGISTER", { .method = "REGISTER",
					 .defect = DEFECT_CSEQ },
		  "refuse malformed 400" },
		{ "broken, of a client that never follows",
		  { .user_agent = "never", .defect = DEFECT_CALL_ID },
		  "refuse malformed 400" },
	};
	struct world w;

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");

	world_init(&w, SITE_OF_FOUR, "fra1");
	for (unsigned d = DEFECT_NONE + 1; d < SIP_DEFECTS; d++)
		CHECK_STR(d == DEFECT_URI_TOO_LONG ? "refuse uri-too-long 414" :
						     "refuse malformed 400",
			  ask_world(&w, &(struct ask){
						.defect = (enum sip_defect)d }),
			  sip_defect_text((enum sip_defect)d));
	world_fini(&w);
}

static void rule_8_options_asks_for_the_service(void **state)
{
	static const struct row rows[] = {
		{ "all up", { .method = "OPTIONS" }, "answer options 200" },
		{ "this node draining", { .method = "OPTIONS",
					  .states = "RWWW" },
		  "answer options 200" },
		{ "everyone draining", { .method = "OPTIONS",
					 .states = "RRRR" },
		  "answer options 200" },
		{ "only another up", { .method = "OPTIONS", .states = "WWWU" },
		  "answer options 200" },
		{ "nobody", { .method = "OPTIONS", .states = "WXWX" },
		  "answer options-no-node 503" },
		{ "nobody of this family", { .method = "OPTIONS",
					     .states = "WUXW",
					     .family = ADDR_IP6 },
		  "answer options-no-node 503" },
		{ "over WebSocket", { .method = "OPTIONS", .over = "wss" },
		  "answer options 200" },
		{ "of a client that never follows",
		  { .method = "OPTIONS", .user_agent = "never" },
		  "answer options 200" },
		{ "listed as a method to redirect: answered all the same",
		  { .method = "OPTIONS",
		    .methods = 1U << SIP_METHOD_OPTIONS },
		  "answer options 200" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void rule_9_methods_and_clients_have_their_policy(void **state)
{
	static const struct row rows[] = {
		{ "MESSAGE, not listed", { .method = "MESSAGE" },
		  "serve method" },
		{ "MESSAGE, listed", { .method = "MESSAGE",
				       .methods = 1U << SIP_METHOD_MESSAGE },
		  "redirect own-node 302 fra1" },
		{ "INVITE, not listed",
		  { .methods = 1U << SIP_METHOD_MESSAGE }, "serve method" },
		{ "a method nobody knows", { .method = "FOO" },
		  "serve method" },
		{ "INVITE of a client that never follows",
		  { .user_agent = "never" }, "serve client-never-follows" },
		{ "MESSAGE of one, not listed", { .method = "MESSAGE",
						  .user_agent = "never" },
		  "serve method" },
		{ "MESSAGE of one, listed",
		  { .method = "MESSAGE", .methods = ~0U,
		    .user_agent = "never" }, "serve client-never-follows" },
		{ "INVITE of one that follows", { .user_agent = "follows 2" },
		  "redirect own-node 302 fra1" },
		{ "INVITE of one that follows it alone",
		  { .user_agent = "invite" }, "redirect own-node 302 fra1" },
		{ "INVITE of one that follows REGISTER alone",
		  { .user_agent = "register" }, "serve client-never-follows" },
		{ "INVITE of one that is listed as unknown",
		  { .user_agent = "unknown" }, "redirect own-node 302 fra1" },
		{ "INVITE of a stranger", { .user_agent = "stranger" },
		  "redirect own-node 302 fra1" },
		{ "INVITE without User-Agent", { .user_agent = "" },
		  "redirect own-node 302 fra1" },
		/* REGISTER: only where a 302 is known to be followed */
		{ "REGISTER of a stranger", { .method = "REGISTER" },
		  "serve method" },
		{ "REGISTER of one that is listed as unknown",
		  { .method = "REGISTER", .user_agent = "unknown" },
		  "serve method" },
		{ "REGISTER of one that never follows",
		  { .method = "REGISTER", .user_agent = "invite" },
		  "serve method" },
		{ "REGISTER of one that follows",
		  { .method = "REGISTER", .user_agent = "follows" },
		  "redirect own-node 302 fra1" },
		{ "REGISTER of one that follows it alone",
		  { .method = "REGISTER", .user_agent = "register" },
		  "redirect own-node 302 fra1" },
		{ "a pure front: REGISTER listed, of a stranger",
		  { .method = "REGISTER", .methods = ~0U },
		  "redirect own-node 302 fra1" },
		{ "... of one that never follows",
		  { .method = "REGISTER", .methods = ~0U,
		    .user_agent = "never" }, "serve client-never-follows" },
		/* RFC 7118: a WebSocket flow cannot be moved */
		{ "WebSocket", { .over = "ws", .user_agent = "follows" },
		  "serve websocket" },
		{ "secure WebSocket", { .over = "wss" }, "serve websocket" },
		{ "REGISTER there", { .method = "REGISTER", .over = "wss",
				      .user_agent = "follows" },
		  "serve websocket" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
}

static void rule_11_a_node_that_drains_hands_out_another(void **state)
{
	static const struct row rows[] = {
		{ "up", { .states = "URRR" }, "redirect own-node 302 fra1" },
		{ "degraded", { .states = "DUUU" },
		  "redirect own-node 302 fra1" },
		{ "unknown", { .states = "NUUU" },
		  "redirect own-node 302 fra1" },
		{ "draining", { .states = "RUUW" },
		  "redirect other-node 302 ams1" },
		{ "draining, IPv6", { .states = "RWUW", .family = ADDR_IP6 },
		  "redirect other-node 302 tyo1" },
		{ "down", { .states = "WWUU" },
		  "redirect other-node 302 lon1" },
		{ "disabled", { .states = "XNUW" },
		  "redirect other-node 302 ams1" },
		{ "by call: one", { .states = "RUUU", .call = 2 },
		  "redirect other-node 302 ams1" },
		{ "by call: another", { .states = "RUUU", .call = 3 },
		  "redirect other-node 302 lon1" },
		{ "everyone draining", { .states = "RRRR" },
		  "redirect last-node 302 fra1" },
		{ "everyone down", { .states = "WWWW" },
		  "redirect last-node 302 fra1" },
		{ "disabled, nobody else", { .states = "XRWX" },
		  "redirect last-node 302 fra1" },
		{ "REGISTER of one that follows, draining",
		  { .method = "REGISTER", .user_agent = "follows",
		    .states = "RUUW" }, "redirect other-node 302 ams1" },
	};
	static const struct row ams[] = {
		{ "IPv6 where this node has none, by call",
		  { .family = ADDR_IP6, .call = 0 },
		  "redirect other-node 302 fra1" },
		{ "IPv6 where nobody has it any more",
		  { .family = ADDR_IP6, .states = "WUWW" },
		  "refuse no-address 480" },
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows), "fra1");
	check_rows(ams, ARRAY_SIZE(ams), "ams1");
}

/* ---- every method over every transport in both families */

static const char *usual_answer(enum sip_method method,
				enum sip_transport transport, bool listed)
{
	bool websocket = transport == SIP_WS || transport == SIP_WSS;

	switch (method) {
	case SIP_METHOD_ACK:
		return "serve ack-stray";
	case SIP_METHOD_CANCEL:
		return websocket ? "serve cancel-of-served" :
				   "answer cancel-of-redirected 200";
	case SIP_METHOD_OPTIONS:
		return "answer options 200";
	default:
		if (websocket)
			return "serve websocket";
		return listed ? "redirect own-node 302 fra1" : "serve method";
	}
}

static void every_method_over_every_transport_has_its_answer(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, SITE_OF_FOUR, "fra1");
	for (unsigned i = 0; i < SIP_METHODS * SIP_TRANSPORTS * 4; i++) {
		enum sip_method method = i / 4 % SIP_METHODS;
		enum sip_transport transport = i / 4 / SIP_METHODS;
		const struct ask ask = {
			.method = sip_method_name(method),
			.over = sip_transport_name(transport),
			.family = i & 1 ? ADDR_IP6 : ADDR_IP4,
			.methods = i & 2 ? ~0U : 0,
		};
		char what[64];

		world_renew(&w);
		snprintf(what, sizeof(what), "%s over %s", ask.method,
			 ask.over);
		CHECK_STR(usual_answer(method, transport,
				       i & 2 || method == SIP_METHOD_INVITE),
			  ask_world(&w, &ask), what);
	}
	world_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_1_what_is_not_ours_is_served),
		cmocka_unit_test(
			rule_2_a_probe_is_answered_as_if_the_node_were_up),
		cmocka_unit_test(
			rule_3_who_asks_for_a_node_was_redirected_already),
		cmocka_unit_test(rule_3_nobody_waits_for_a_node_that_is_down),
		cmocka_unit_test(rule_3_a_relay_refuses_what_a_proxy_refuses),
		cmocka_unit_test(rule_3_a_route_decides_alone),
		cmocka_unit_test(rule_3_maddr_is_where_it_goes),
		cmocka_unit_test(rule_4_foreign_domains_are_never_redirected),
		cmocka_unit_test(rule_5_what_belongs_to_a_dialog_finds_it),
		cmocka_unit_test(
			rule_6_cancel_of_a_redirected_invite_is_answered),
		cmocka_unit_test(rule_7_what_cannot_be_redirected_is_refused),
		cmocka_unit_test(rule_8_options_asks_for_the_service),
		cmocka_unit_test(rule_9_methods_and_clients_have_their_policy),
		cmocka_unit_test(rule_11_a_node_that_drains_hands_out_another),
		cmocka_unit_test(
			every_method_over_every_transport_has_its_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
