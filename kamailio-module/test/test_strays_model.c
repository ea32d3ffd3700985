/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four nodes in one process, with the datagrams between them in a bag that is
 * emptied in any order: whatever the order, one node has a call, and what
 * belongs to it gets there.  Decision, claims and codec are the real ones; the
 * model adds what tm does (it has a call or not) and who is dead.
 */
#include "kamailio-module/test/sites.h"

#include <stdlib.h>

#include "kamailio-module/claim.h"

enum {
	NODES = 4,
	BAG = 64,
	ROUNDS = 1000,		/* of each story, each with a seed of its own */
	STEPS_MAX = 200,	/* more datagrams than that are a circle */
	CSEQ = 1,
};

static const char names[NODES][2] = { "a", "b", "c", "d" };

struct node {
	struct nodes *nodes;
	struct follow *follow;
	struct claim_env env;
	bool dead;
	bool has_call;
};

struct datagram {
	uint32_t to;
	size_t len;
	uint8_t bytes[512];
};

/* What became of a CANCEL or ACK. */
struct ends {
	unsigned found;		/* at the node that has the call */
	unsigned answered;	/* 200 or 481 where the call is not */
	unsigned dropped;
};

static struct {
	struct site *site;
	struct clients clients;
	struct node node[NODES];
	struct datagram bag[BAG];
	size_t bag_cnt;
	struct ends ends;
	uint32_t seed;
	uint64_t now_ms;
	char call[16];
} world;

/* ---- chance, the same each time */

static uint32_t chance(uint32_t below)
{
	world.seed = world.seed * 1664525 + 1013904223;
	return (world.seed >> 8) % below;
}

static uint32_t any_living(void)
{
	uint32_t n;

	do
		n = chance(NODES);
	while (world.node[n].dead);
	return n;
}

/* ---- the world */

static void complain(void *arg, const char *line)
{
	(void)arg;
	fail_msg("%s", line);
}

static void see_states(void)
{
	uint8_t states[NODES];

	for (uint32_t n = 0; n < NODES; n++)
		states[n] = world.node[n].dead ? NODE_UNKNOWN : NODE_UP;
	for (uint32_t n = 0; n < NODES; n++)
		nodes_set_states(world.node[n].nodes, states, NODES);
}

static void world_init(uint32_t seed)
{
	static const struct follow_conf conf = {
		.sources = 30, .transactions = 30, .expire_s = 60,
		.retry_s = 60, .limit = 1, .grace_ms = 500,
	};

	world.site = site_of("[service]\ndomain = x.net\n"
			     "address = 192.0.2.53\n"
			     "secret = a secret of sixteen or more\n"
			     "[node a]\naddress = 198.51.100.1\n"
			     "[node b]\naddress = 198.51.100.2\n"
			     "[node c]\naddress = 198.51.100.3\n"
			     "[node d]\naddress = 198.51.100.4\n");
	assert_int_equal(clients_parse(&world.clients, "made up",
				       slice_str("never* | never | never | "
						 "2026-08 | made up\n"),
				       complain, NULL), 0);
	for (uint32_t n = 0; n < NODES; n++) {
		struct node *node = &world.node[n];

		*node = (struct node){ 0 };
		assert_int_equal(nodes_new(&node->nodes, world.site,
					   slice_str(names[n])), 0);
		node->follow = follow_init(
			aligned_alloc(64, follow_size(&conf)), &conf);
		node->env = (struct claim_env){
			.nodes = node->nodes,
			.owners = owners_init(aligned_alloc(64,
							    owners_size(100)),
					      100),
		};
	}
	world.bag_cnt = 0;
	world.ends = (struct ends){ 0 };
	world.seed = seed;
	world.now_ms = 100000;
	snprintf(world.call, sizeof(world.call), "call-%u", seed);
}

static void world_fini(void)
{
	for (uint32_t n = 0; n < NODES; n++) {
		free(world.node[n].env.owners);
		free(world.node[n].follow);
		nodes_free(world.node[n].nodes);
	}
	clients_fini(&world.clients);
	site_free(world.site);
}

/* ---- datagrams */

static struct claim_id the_call(void)
{
	struct slice id = slice_str(world.call);

	return (struct claim_id){
		.call_id = id,
		.key = owners_key(id, slice_str("tag"), CSEQ),
	};
}

static void send_to(uint32_t from, uint32_t to, struct pass_head head,
		 struct slice message)
{
	static uint8_t bytes[PASS_DATAGRAM_MAX];
	struct datagram *d = &world.bag[world.bag_cnt];

	assert_in_range(world.bag_cnt, 0, BAG - 1);
	site_name_copy(head.sender, slice_str(names[from]));
	CHECK_EQ(0, pass_encode(bytes, &d->len, world.site,
				slice_str(names[to]), &head, message),
		 "it can be sent");
	assert_in_range(d->len, 1, sizeof(d->bytes));
	memcpy(d->bytes, bytes, d->len);
	d->to = to;
	world.bag_cnt++;
}

static struct pass_head new_head(uint32_t origin, enum pass_kind kind,
				 enum sip_transport transport)
{
	struct pass_head head = {
		.kind = kind, .hops = PASS_HOPS_MAX, .key = the_call().key,
	};

	site_name_copy(head.origin, slice_str(names[origin]));
	if (kind == PASS_TELL) {
		site_name_copy(head.owner, slice_str(names[origin]));
		return head;
	}
	head.transport = transport;
	head.source = addr_of("203.0.113.7");
	head.local = addr_of("192.0.2.53");
	head.source_port = head.local_port = 5060;
	return head;
}

/* ---- a node */

struct message {
	enum sip_method method;
	enum sip_transport transport;
	enum stray_verdict verdict;
	uint32_t owner;
	const struct pass_head *came;	/* NULL: from the client */
};

static void pass_on(uint32_t n, uint32_t to, const struct message *m,
		    enum pass_kind kind, bool claim)
{
	struct pass_head head =
		m->came ? pass_next(m->came, kind, slice_str(names[n])) :
			  new_head(n, kind, m->transport);

	head.claim = claim;
	send_to(n, to, head, slice_str(sip_method_name(m->method)));
}

static struct redirect_answer decide(uint32_t n, const struct message *m)
{
	static const struct redirect_conf conf = {
		.methods = 1U << SIP_METHOD_INVITE, .can_relay = true,
		.can_pass = true,
	};
	struct node *node = &world.node[n];
	const struct redirect_env env = {
		.nodes = node->nodes, .clients = &world.clients,
		.follow = node->follow, .conf = &conf, .site_version = 1,
		.now_ms = world.now_ms,
	};
	struct redirect_req req = {
		.method = m->method, .transport = m->transport,
		.family = ADDR_IP4, .on_service = true,
		.known_transaction = node->has_call,
		.has_to_tag = m->method == SIP_METHOD_ACK,
		.user_agent = slice_str("never"),
		.verdict = m->verdict, .owner = m->owner,
	};

	assert_int_equal(sipuri_parse(&req.uri, slice_str("sip:bob@x.net")), 0);
	return redirect_decide(&req, &env);
}

static void serve_invite(uint32_t n, const struct message *m)
{
	struct node *node = &world.node[n];
	const struct claim_req req = {
		.method = m->method, .transport = m->transport,
		.on_service = true, .verdict = m->verdict, .id = the_call(),
	};
	struct claim_answer claim;

	if (node->has_call)
		return;			/* a repetition */
	node->env.now_ms = world.now_ms;
	claim = claim_decide(&req, &node->env);
	if (claim.action != CLAIM_HANDLE) {
		pass_on(n, claim.node, m,
			claim.action == CLAIM_ASK ? PASS_ASK : PASS_DELIVER,
			claim.action == CLAIM_ASK);
		return;
	}
	node->has_call = true;
	for (unsigned i = 0; i < claim.tell_cnt; i++)
		send_to(n, claim.tell[i], new_head(n, PASS_TELL, SIP_UDP),
		     (struct slice){ 0 });
}

static void handle(uint32_t n, struct message m)
{
	struct node *node = &world.node[n];
	struct redirect_answer answer = decide(n, &m);
	struct claim_id id = the_call();
	struct claim_answer ask;

	if (answer.action == REDIRECT_ASK) {
		node->env.now_ms = world.now_ms;
		ask = claim_ask(&m.verdict, &m.owner, &id, &node->env);
		if (ask.action == CLAIM_ASK) {
			pass_on(n, ask.node, &m, PASS_ASK, false);
			return;
		}
		answer = decide(n, &m);
	}
	if (answer.action == REDIRECT_PASS)
		pass_on(n, answer.node, &m, PASS_DELIVER, false);
	else if (answer.action == REDIRECT_ABSORB)
		world.ends.dropped++;
	else if (answer.action == REDIRECT_SERVE &&
		 m.method == SIP_METHOD_INVITE)
		serve_invite(n, &m);
	else if (node->has_call)
		world.ends.found++;
	else
		world.ends.answered++;
}

static void tell_origin(uint32_t n, const struct pass_head *asked,
			const char owner[static SITE_NAME_MAX])
{
	struct pass_head head = new_head(n, PASS_TELL, SIP_UDP);
	uint32_t origin = nodes_find(world.node[n].nodes,
				     slice_str(asked->origin));

	memcpy(head.owner, owner, SITE_NAME_MAX);
	send_to(n, origin, head, (struct slice){ 0 });
}

static void receive(const struct datagram *d)
{
	static struct pass_buffer buffer;
	struct node *node = &world.node[d->to];
	struct claim_ruling ruling;
	struct pass_head head, next;
	struct slice text;
	struct message m;

	if (node->dead)
		return;
	CHECK_STR("ok", pass_verdict_name(pass_decode(
				&head, &text, &buffer, world.site,
				slice_str(names[d->to]), d->bytes, d->len)),
		  "opened");
	m = (struct message){
		.method = sip_method_parse(text),
		.transport = head.transport,
		.came = &head,
	};
	switch (head.kind) {
	case PASS_ASK:
	case PASS_TELL:
		node->env.now_ms = world.now_ms;
		ruling = claim_rule(&head, &node->env);
		if (ruling.reply == CLAIM_DONE)
			return;
		if (ruling.tells)
			tell_origin(d->to, &head, ruling.owner);
		next = pass_next(&head, ruling.kind,
				 slice_str(names[d->to]));
		if (ruling.kind == PASS_OWNED)
			memcpy(next.owner, ruling.owner, sizeof(next.owner));
		if (ruling.reply == CLAIM_SEND) {
			send_to(d->to, ruling.node, next, text);
			return;
		}
		m.came = &next;
		m.verdict = STRAY_DELIVERED;
		break;
	case PASS_YOURS:
		m.verdict = STRAY_YOURS;
		break;
	case PASS_NOBODY:
		m.verdict = STRAY_NOBODY;
		break;
	case PASS_OWNED:
		m.verdict = STRAY_OWNED;
		m.owner = nodes_find(node->nodes, slice_str(head.owner));
		break;
	default:
		m.verdict = STRAY_DELIVERED;
		break;
	}
	handle(d->to, m);
}

/* Until nothing is on its way, in any order. */
static void settle(void)
{
	for (unsigned steps = 0; world.bag_cnt; steps++) {
		uint32_t at = chance((uint32_t)world.bag_cnt);
		struct datagram d = world.bag[at];

		CHECK(steps < STEPS_MAX, "an end");
		world.bag[at] = world.bag[--world.bag_cnt];
		world.now_ms++;
		receive(&d);
	}
}

static void client_sends(uint32_t to, enum sip_method method,
			 enum sip_transport transport)
{
	handle(to, (struct message){ .method = method,
				     .transport = transport });
}

static unsigned having_it(uint32_t *who)
{
	unsigned cnt = 0;

	for (uint32_t n = 0; n < NODES; n++) {
		if (!world.node[n].has_call || world.node[n].dead)
			continue;
		*who = n;
		cnt++;
	}
	return cnt;
}

static uint32_t place(unsigned n)
{
	return nodes_rendezvous(world.node[0].nodes, slice_str(world.call), n);
}

/* ---- the stories */

/* Copies of the INVITE come to as many nodes, before anything is settled. */
static void invite_comes(unsigned copies)
{
	while (copies--) {
		client_sends(any_living(), SIP_METHOD_INVITE, SIP_UDP);
		if (chance(2))
			settle();
	}
	settle();
}

static void node_dies(uint32_t n)
{
	world.node[n].dead = true;
	see_states();
}

static void one_node_has_a_call_whatever_the_order(void **state)
{
	unsigned elsewhere = 0;

	(void)state;
	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		uint32_t who = NODES;

		world_init(seed);
		invite_comes(1 + seed % 4);
		CHECK_EQ(1, having_it(&who), "one has it");
		elsewhere += who != place(0);
		world_fini();
	}
	assert_in_range(elsewhere, ROUNDS / 2, ROUNDS - 1);
}

static void its_cancel_and_ack_find_it_from_anywhere(void **state)
{
	static const enum sip_method methods[] = { SIP_METHOD_CANCEL,
						   SIP_METHOD_ACK };

	(void)state;
	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		world_init(seed);
		invite_comes(1 + seed % 3);
		for (uint32_t n = 0; n < NODES; n++) {
			world.ends = (struct ends){ 0 };
			client_sends(n, methods[seed % 2], SIP_UDP);
			settle();
			CHECK_EQ(1, world.ends.found, "found");
			CHECK_EQ(0, world.ends.answered + world.ends.dropped,
				 "and nothing else");
		}
		world_fini();
	}
}

static void on_a_stream_too(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		uint32_t who = NODES;

		world_init(seed);
		client_sends(any_living(), SIP_METHOD_INVITE, SIP_TLS);
		settle();
		CHECK_EQ(1, having_it(&who), "one has it");
		for (uint32_t n = 0; n < NODES; n++) {
			world.ends = (struct ends){ 0 };
			client_sends(n, SIP_METHOD_CANCEL, SIP_TLS);
			settle();
			CHECK_EQ(1, world.ends.found, "found");
		}
		world_fini();
	}
}

static void what_nobody_has_gets_one_answer(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		bool ack = seed % 2;

		world_init(seed);
		client_sends(any_living(),
			     ack ? SIP_METHOD_ACK : SIP_METHOD_CANCEL,
			     seed % 3 ? SIP_UDP : SIP_TCP);
		settle();
		CHECK_EQ(0, world.ends.found, "nobody has it");
		CHECK_EQ(!ack, world.ends.answered, "answered");
		CHECK_EQ(ack, world.ends.dropped, "dropped");
		world_fini();
	}
}

static void the_death_of_the_rendezvous_loses_nothing(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		uint32_t who = NODES, gone;

		world_init(seed);
		invite_comes(1 + seed % 3);
		assert_int_equal(having_it(&who), 1);
		gone = place(seed % 2);	/* or of who stands behind it */
		if (who != gone) {
			node_dies(gone);
			client_sends(any_living(), SIP_METHOD_CANCEL, SIP_UDP);
			settle();
			CHECK_EQ(1, world.ends.found, "found");
			client_sends(any_living(), SIP_METHOD_INVITE, SIP_UDP);
			settle();
			CHECK_EQ(1, having_it(&who), "still one");
		}
		world_fini();
	}
}

static void the_death_of_the_owner_is_told_at_once(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		uint32_t who = NODES;

		world_init(seed);
		invite_comes(1);
		assert_int_equal(having_it(&who), 1);
		node_dies(who);
		client_sends(any_living(), SIP_METHOD_CANCEL, SIP_UDP);
		settle();
		CHECK_EQ(1, world.ends.answered, "an answer");
		CHECK_EQ(0, world.ends.found, "of nobody who has it");
		/* repeated, it is served anew, once */
		invite_comes(1 + seed % 3);
		CHECK_EQ(1, having_it(&who), "one has it");
		world.ends = (struct ends){ 0 };
		client_sends(any_living(), SIP_METHOD_CANCEL, SIP_UDP);
		settle();
		CHECK_EQ(1, world.ends.found, "found");
		world_fini();
	}
}

/* A death while datagrams are on their way: at the latest the next repetition
 * is served, and by one.
 */
static void a_death_in_between_costs_a_repetition_at_most(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < ROUNDS; seed++) {
		uint32_t who = NODES;

		world_init(seed);
		client_sends(any_living(), SIP_METHOD_INVITE, SIP_UDP);
		node_dies(chance(NODES));
		settle();
		client_sends(any_living(), SIP_METHOD_INVITE, SIP_UDP);
		settle();
		CHECK_EQ(1, having_it(&who), "one has it");
		world_fini();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_node_has_a_call_whatever_the_order),
		cmocka_unit_test(its_cancel_and_ack_find_it_from_anywhere),
		cmocka_unit_test(on_a_stream_too),
		cmocka_unit_test(what_nobody_has_gets_one_answer),
		cmocka_unit_test(the_death_of_the_rendezvous_loses_nothing),
		cmocka_unit_test(the_death_of_the_owner_is_told_at_once),
		cmocka_unit_test(
			a_death_in_between_costs_a_repetition_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
