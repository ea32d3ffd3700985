/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Agents on a simulated network: a second is a round of datagrams. */
#include "common/test/lines.h"

#include <errno.h>
#include <stdlib.h>

#include "health-agent/peers/datagram.h"
#include "health-agent/peers/peers.h"

#define NODES \
	"[node ams1]\naddress = 198.51.100.1, 2001:db8::1\n" \
	"[node fra1]\naddress = 198.51.100.2, 2001:db8::2\n" \
	"[node lon1]\naddress = 198.51.100.3\n"
#define SERVICE "[service]\ndomain = sip.example.net\n" \
	"address = 192.0.2.53, 2001:db8:53::53\n"
#define OLD "0123456789abcdef"
#define NEW "fedcba9876543210"
#define SITE SERVICE "secret = " OLD "\n" NODES

enum { AMS1, FRA1, LON1 };

struct datagram_bytes {
	uint8_t bytes[PEERS_DATAGRAM_MAX];
	size_t len;
};

struct agent {
	struct site *site;
	const struct site_node *self;
	struct peers *peers;
	enum node_state state;
	struct peers_word word;	/* with the state */
	bool old;		/* it writes and reads as of old */
	uint64_t wall_ms;	/* its clock minus the test's */
	unsigned counts[PEERS_COUNTERS];
};

static struct site *site_of(const char *text)
{
	struct lines errors = { 0 };
	struct site *site;
	int err = site_parse(&site, "site.conf", NULL, slice_str(text),
			     lines_add, &errors);

	CHECK_STR("", errors.text, text);
	CHECK_EQ(0, err, text);
	return site;
}

static void start(struct agent *a, const char *site, const char *name,
		  uint64_t session)
{
	*a = (struct agent){ .site = site_of(site), .state = NODE_UP,
			     .word.calls = PEERS_CALLS_UNKNOWN };
	a->self = site_find_node(a->site, slice_str(name));
	assert_non_null(a->self);
	assert_int_equal(peers_new(&a->peers, a->site, a->self, session), 0);
}

static void stop(struct agent *a)
{
	peers_free(a->peers);
	site_free(a->site);
}

static void reload(struct agent *a, const char *text)
{
	struct site *new = site_of(text);
	const struct site_node *self =
		site_find_node(new, slice_str(a->self->name));

	assert_int_equal(peers_reload(a->peers, new, self), 0);
	site_free(a->site);
	a->site = new;
	a->self = self;
}

static size_t index_of(const struct agent *a, const struct agent *other)
{
	for (size_t i = 0; i < peers_cnt(a->peers); i++) {
		if (strcmp(peers_entry(a->peers, i)->node->name,
			   other->self->name) == 0)
			return i;
	}
	fail_msg("no peer %s", other->self->name);
	return 0;
}

static const struct peers_entry *entry(const struct agent *a,
				       const struct agent *other)
{
	return peers_entry(a->peers, index_of(a, other));
}

/* As an agent of before would have written it. */
static void make_old(struct datagram_bytes *d, const struct agent *from,
		     const struct agent *to)
{
	struct datagram read;

	assert_int_equal(datagram_read(&read, d->bytes, d->len, to->self->name,
				       from->site), 0);
	read.version = DATAGRAM_OLD;
	d->len = datagram_write(d->bytes, &read, to->self->name, from->site);
}

static struct datagram_bytes send_to(struct agent *from,
				     const struct agent *to, uint64_t now_ms)
{
	struct peers_word word = from->word;
	struct datagram_bytes d = { 0 };

	word.state = from->state;
	d.len = peers_write(from->peers, index_of(from, to), &word,
			    from->wall_ms + now_ms, d.bytes);
	assert_in_range(d.len, 1, PEERS_DATAGRAM_MAX);
	if (from->old)
		make_old(&d, from, to);
	return d;
}

static enum peers_counter take(struct agent *to, const struct addr *source,
			       const struct datagram_bytes *d, uint64_t now_ms)
{
	size_t index = SIZE_MAX;
	enum peers_counter counter;
	uint8_t *bytes;

	if (to->old && d->bytes[4] != DATAGRAM_OLD) {
		to->counts[PEERS_MALFORMED]++;
		return PEERS_MALFORMED;
	}
	/* exactly as long as it is: a read behind it is seen */
	bytes = malloc(d->len ? d->len : 1);
	assert_non_null(bytes);
	memcpy(bytes, d->bytes, d->len);
	counter = peers_read(to->peers, source, bytes, d->len,
			     to->wall_ms + now_ms, now_ms, &index);
	free(bytes);
	to->counts[counter]++;
	assert_int_equal(counter == PEERS_BELIEVED, index != SIZE_MAX);
	return counter;
}

static enum peers_counter tell(struct agent *from, struct agent *to,
			       uint64_t now_ms)
{
	struct datagram_bytes d = send_to(from, to, now_ms);

	return take(to, &from->self->ip4, &d, now_ms);
}

/* Both tell each other for so many seconds; returns the time then. */
static uint64_t seconds(struct agent *a, struct agent *b, unsigned cnt,
			uint64_t now_ms)
{
	for (; cnt > 0; cnt--) {
		tell(a, b, now_ms);
		tell(b, a, now_ms);
		now_ms += PEERS_INTERVAL_MS;
	}
	return now_ms;
}

/* ---- ams1 and fra1, as most stories have them */

static struct agent a, b;
static uint64_t now;

static int start_strangers(void **state)
{
	(void)state;
	start(&a, SITE, "ams1", 1);
	start(&b, SITE, "fra1", 2);
	now = 0;
	return 0;
}

static int start_acquainted(void **state)
{
	start_strangers(state);
	now = seconds(&a, &b, 3, now);
	return 0;
}

static int stop_both(void **state)
{
	(void)state;
	stop(&a);
	stop(&b);
	return 0;
}

/* ---- stories */

static void two_agents_introduce_themselves_and_believe(void **state)
{
	(void)state;
	b.state = NODE_DEGRADED;
	b.wall_ms = 1500;
	assert_int_equal(peers_cnt(a.peers), 2);
	assert_string_equal(peers_entry(a.peers, 0)->node->name, "fra1");
	assert_string_equal(peers_entry(a.peers, 1)->node->name, "lon1");
	assert_int_equal(entry(&a, &b)->state, NODE_UNKNOWN);
	assert_int_equal(entry(&a, &b)->heard_ms, 0);

	assert_int_equal(tell(&a, &b, 1000), PEERS_INTRODUCED);
	assert_int_equal(entry(&b, &a)->state, NODE_UNKNOWN);
	assert_int_equal(tell(&b, &a, 1100), PEERS_BELIEVED);
	assert_int_equal(entry(&a, &b)->state, NODE_DEGRADED);
	assert_int_equal(entry(&a, &b)->heard_ms, 1100);
	assert_int_equal(entry(&a, &b)->skew_ms, 1500);
	assert_int_equal(tell(&a, &b, 2000), PEERS_BELIEVED);
	assert_int_equal(entry(&b, &a)->state, NODE_UP);
	assert_int_equal(entry(&b, &a)->skew_ms, -1500);
	seconds(&a, &b, 100, 2100);
	assert_int_equal(a.counts[PEERS_BELIEVED], 101);
	assert_int_equal(b.counts[PEERS_BELIEVED], 101);
}

static void a_change_of_state_is_heard_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < NODE_STATES; i++) {
		b.state = (enum node_state)i;
		assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
		assert_int_equal(entry(&a, &b)->state, i);
	}
}

static void who_is_silent_becomes_unknown_and_comes_back(void **state)
{
	uint64_t heard;

	(void)state;
	heard = entry(&a, &b)->heard_ms;
	assert_int_equal(peers_expire(a.peers, heard + PEERS_UNKNOWN_MS),
			 SIZE_MAX);
	assert_int_equal(entry(&a, &b)->state, NODE_UP);
	assert_int_equal(peers_expire(a.peers, heard + PEERS_UNKNOWN_MS + 1),
			 index_of(&a, &b));
	assert_int_equal(entry(&a, &b)->state, NODE_UNKNOWN);
	assert_int_equal(peers_expire(a.peers, heard + PEERS_UNKNOWN_MS + 1),
			 SIZE_MAX);

	/* the path is cut for an hour, both go on telling */
	for (unsigned i = 0; i < 3600; i++) {
		send_to(&a, &b, now);
		send_to(&b, &a, now);
		now += PEERS_INTERVAL_MS;
	}
	assert_int_equal(tell(&a, &b, now), PEERS_INTRODUCED);
	assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
	assert_int_equal(tell(&a, &b, now + 1000), PEERS_BELIEVED);
}

static void a_path_in_one_direction_is_none(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PEERS_WINDOW - 1; i++) {
		send_to(&a, &b, now);	/* lost */
		assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
		now += PEERS_INTERVAL_MS;
	}
	send_to(&a, &b, now);
	assert_int_equal(tell(&b, &a, now), PEERS_INTRODUCED);
}

static void a_replay_changes_nothing(void **state)
{
	struct datagram_bytes up, down;

	(void)state;
	up = send_to(&b, &a, now);
	assert_int_equal(take(&a, &b.self->ip4, &up, now), PEERS_BELIEVED);
	assert_int_equal(take(&a, &b.self->ip4, &up, now), PEERS_OLD);
	b.state = NODE_DOWN;
	down = send_to(&b, &a, now);
	assert_int_equal(take(&a, &b.self->ip6, &down, now), PEERS_BELIEVED);
	assert_int_equal(take(&a, &b.self->ip4, &up, now), PEERS_OLD);
	assert_int_equal(entry(&a, &b)->state, NODE_DOWN);

	/* held back, never delivered, and played when b has gone */
	b.state = NODE_UP;
	up = send_to(&b, &a, now);
	for (unsigned i = 0; i < PEERS_WINDOW; i++)
		send_to(&a, &b, now);
	assert_int_equal(take(&a, &b.self->ip4, &up, now), PEERS_INTRODUCED);
	assert_int_equal(entry(&a, &b)->state, NODE_DOWN);
}

static void a_peer_that_restarts_is_believed_again_and_its_past_is_not(
	void **state)
{
	struct datagram_bytes past, older;

	(void)state;
	now = seconds(&a, &b, 20, now);
	older = send_to(&b, &a, now);
	past = send_to(&b, &a, now);
	assert_int_equal(take(&a, &b.self->ip4, &older, now), PEERS_BELIEVED);
	stop(&b);

	start(&b, SITE, "fra1", 3);
	b.state = NODE_DOWN;
	assert_int_equal(tell(&b, &a, now), PEERS_INTRODUCED);
	assert_int_equal(entry(&a, &b)->state, NODE_UP);
	assert_int_equal(tell(&a, &b, now), PEERS_BELIEVED);
	assert_int_equal(tell(&b, &a, now + 1000), PEERS_BELIEVED);
	assert_int_equal(entry(&a, &b)->state, NODE_DOWN);

	/* a recording that names our session and would still be fresh */
	assert_int_equal(take(&a, &b.self->ip4, &past, now + 1000), PEERS_OLD);
	assert_int_equal(entry(&a, &b)->state, NODE_DOWN);
	assert_int_equal(tell(&b, &a, now + 2000), PEERS_BELIEVED);
}

static void a_recording_of_an_earlier_session_of_ours_says_nothing(void **state)
{
	struct datagram_bytes recorded;

	(void)state;
	recorded = send_to(&b, &a, now);
	stop(&a);

	start(&a, SITE, "ams1", 4);
	assert_int_equal(take(&a, &b.self->ip4, &recorded, now),
			 PEERS_INTRODUCED);
	assert_int_equal(entry(&a, &b)->state, NODE_UNKNOWN);
	/* nor does it keep the present one from being heard */
	assert_int_equal(tell(&a, &b, now), PEERS_BELIEVED);
	assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
}

/* Recordings may set what we were introduced to, not what we believe. */
static void a_flood_of_recordings_does_not_silence_a_peer(void **state)
{
	struct datagram_bytes fresh, recorded[8];

	(void)state;
	fresh = send_to(&b, &a, now);
	for (uint64_t session = 8; session < 30; session++) {
		stop(&b);
		start(&b, SITE, "fra1", session);
		now = seconds(&a, &b, 1, now);
		assert_int_equal(entry(&a, &b)->heard_ms, now - 1000);
		assert_int_equal(take(&a, &b.self->ip4, &fresh, now),
				 session < 8 + PEERS_WINDOW ? PEERS_OLD
							    : PEERS_INTRODUCED);
	}
	for (size_t i = 0; i < ARRAY_SIZE(recorded); i++) {
		recorded[i] = fresh;
		fresh = send_to(&b, &a, now);
	}
	stop(&b);
	start(&b, SITE, "fra1", 30);
	now = seconds(&a, &b, 3, now);
	for (unsigned round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(recorded); i++)
			assert_int_not_equal(take(&a, &b.self->ip4,
						  &recorded[i], now),
					     PEERS_BELIEVED);
		assert_int_equal(tell(&a, &b, now), PEERS_BELIEVED);
		assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
		now += PEERS_INTERVAL_MS;
	}
}

static void what_is_not_theirs_is_not_believed(void **state)
{
	static const char other_secret[] =
		SERVICE "secret = " NEW "\n" NODES;
	struct agent c, forger;
	struct datagram_bytes d;
	struct addr nobody;

	(void)state;
	start(&c, SITE, "lon1", 3);
	start(&forger, other_secret, "fra1", 2);

	assert_int_equal(tell(&forger, &a, now), PEERS_FORGED);
	d = send_to(&b, &a, now);
	assert_int_equal(addr_parse(&nobody, "203.0.113.9", 11), 0);
	assert_int_equal(take(&a, &nobody, &d, now), PEERS_STRANGER);
	assert_int_equal(take(&a, &a.self->ip4, &d, now), PEERS_STRANGER);
	assert_int_equal(take(&a, &c.self->ip4, &d, now), PEERS_STRANGER);
	/* meant for c */
	d = send_to(&b, &c, now);
	assert_int_equal(take(&a, &b.self->ip4, &d, now), PEERS_FORGED);
	/* our own, sent back to us from there */
	d = send_to(&a, &b, now);
	assert_int_equal(take(&a, &b.self->ip4, &d, now), PEERS_FORGED);
	assert_int_equal(entry(&a, &b)->state, NODE_UP);
	assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
	stop(&c);
	stop(&forger);
}

static void any_changed_or_missing_byte_is_noticed(void **state)
{
	struct datagram_bytes good, bad;

	(void)state;
	good = send_to(&b, &a, now);
	for (size_t i = 0; i < 8 * good.len; i++) {
		enum peers_counter counter;

		bad = good;
		bad.bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		counter = take(&a, &b.self->ip4, &bad, now);
		assert_true(counter == PEERS_FORGED ||
			    counter == PEERS_MALFORMED);
	}
	for (size_t len = 0; len < good.len; len++) {
		bad = good;
		bad.len = len;
		assert_int_equal(take(&a, &b.self->ip4, &bad, now),
				 PEERS_MALFORMED);
	}
	bad = good;
	bad.len++;
	assert_int_equal(take(&a, &b.self->ip4, &bad, now), PEERS_MALFORMED);
	assert_int_equal(take(&a, &b.self->ip4, &good, now), PEERS_BELIEVED);
}

static void nodes_take_a_new_secret_one_by_one(void **state)
{
	static const char both[] = SERVICE "secret = " NEW "\n"
		"previous-secret = " OLD "\n" NODES;
	static const char alone[] = SERVICE "secret = " NEW "\n" NODES;
	const char *const steps[][2] = {
		{ both, SITE }, { both, both }, { alone, both },
		{ alone, alone },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		reload(&a, steps[i][0]);
		reload(&b, steps[i][1]);
		assert_int_equal(tell(&a, &b, now), PEERS_BELIEVED);
		assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
	}
	reload(&b, SITE);
	assert_int_equal(tell(&a, &b, now), PEERS_FORGED);
	assert_int_equal(tell(&b, &a, now), PEERS_FORGED);
}

static void a_node_tells_its_calls_and_what_its_site_file_is(void **state)
{
	(void)state;
	b.word = (struct peers_word){ .since_s = 70000, .calls = 12,
				      .drained = true };
	tell(&b, &a, now);
	assert_int_equal(entry(&a, &b)->said.since_s, 70000);
	assert_int_equal(entry(&a, &b)->said.calls, 12);
	assert_true(entry(&a, &b)->said.drained);
	assert_true(entry(&a, &b)->said.site == a.site->fingerprint);
	assert_false(peers_differs(a.peers, index_of(&a, &b)));
	/* a line more, and it is another one */
	reload(&b, SITE "\n; a word\n");
	assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
	assert_true(peers_differs(a.peers, index_of(&a, &b)));
	reload(&a, SITE "\n; a word\n");
	assert_false(peers_differs(a.peers, index_of(&a, &b)));
}

/* A new version comes to one node after the other. */
static void a_node_of_before_is_understood_and_understands(void **state)
{
	(void)state;
	b.old = true;
	now = seconds(&a, &b, 3, now);
	memset(a.counts, 0, sizeof(a.counts));
	memset(b.counts, 0, sizeof(b.counts));
	now = seconds(&a, &b, 80, now);
	assert_int_equal(a.counts[PEERS_BELIEVED], 80);
	assert_int_equal(b.counts[PEERS_BELIEVED], 69);
	assert_int_equal(b.counts[PEERS_MALFORMED], 11);
	assert_int_equal(entry(&a, &b)->state, NODE_UP);
	assert_int_equal(entry(&a, &b)->said.calls, PEERS_CALLS_UNKNOWN);
	assert_int_equal(entry(&a, &b)->said.site, 0);
	assert_false(peers_differs(a.peers, index_of(&a, &b)));
	/* it is replaced, and both find out, although it reads the old form
	 * first
	 */
	stop(&b);
	start(&b, SITE, "fra1", 9);
	b.word.calls = 3;
	now = seconds(&a, &b, 8, now);
	assert_int_equal(entry(&a, &b)->said.calls, 3);
	memset(a.counts, 0, sizeof(a.counts));
	memset(b.counts, 0, sizeof(b.counts));
	now = seconds(&a, &b, 16, now);
	assert_int_equal(a.counts[PEERS_BELIEVED], 16);
	assert_int_equal(b.counts[PEERS_BELIEVED], 16);
	assert_true(entry(&b, &a)->said.site == b.site->fingerprint);
}

/* One of two families gets through: each tick's first datagram, or its second. */
static void two_new_ones_find_out_by_either_family(void **state)
{
	(void)state;
	for (unsigned lost = 0; lost < 2; lost++) {
		unsigned in_new = 0;

		b.old = true;
		now = seconds(&a, &b, 4, now);
		b.old = false;
		for (unsigned i = 0; i < 64; i++) {
			struct datagram_bytes d = send_to(&a, &b, now);

			if (i % 2 != lost)
				in_new += d.bytes[4] == DATAGRAM_VERSION;
		}
		assert_in_range(in_new, 1, 8);
	}
}

static void a_reload_keeps_who_is_still_there(void **state)
{
	static const char moved[] = SERVICE "secret = " OLD "\n"
		"[node fra1]\naddress = 198.51.100.22\n"
		"[node new1]\naddress = 198.51.100.2\n"
		"[node ams1]\naddress = 198.51.100.1, 2001:db8::1\n";
	struct agent c;

	(void)state;
	reload(&a, moved);
	assert_int_equal(peers_cnt(a.peers), 2);
	assert_string_equal(peers_entry(a.peers, 0)->node->name, "fra1");
	assert_int_equal(peers_entry(a.peers, 0)->state, NODE_UP);
	assert_string_equal(peers_entry(a.peers, 1)->node->name, "new1");
	assert_int_equal(peers_entry(a.peers, 1)->state, NODE_UNKNOWN);

	/* from its old address it is somebody else */
	assert_int_equal(tell(&b, &a, now), PEERS_STRANGER);
	reload(&b, moved);
	assert_int_equal(tell(&b, &a, now), PEERS_BELIEVED);
	start(&c, moved, "new1", 5);
	seconds(&a, &c, 2, now);
	assert_int_equal(entry(&a, &c)->state, NODE_UP);
	stop(&c);
}

/* Who was not told of it goes on counting where it was. */
static void a_peer_that_was_away_from_the_site_is_believed_again(void **state)
{
	static const char without[] = SERVICE "secret = " OLD "\n"
		"[node ams1]\naddress = 198.51.100.1, 2001:db8::1\n"
		"[node lon1]\naddress = 198.51.100.3\n";
	struct datagram_bytes recorded[PEERS_WINDOW];

	(void)state;
	now = seconds(&a, &b, 100, now);
	for (size_t i = 0; i < ARRAY_SIZE(recorded); i++)
		recorded[i] = send_to(&b, &a, now);
	reload(&a, without);
	reload(&a, without);
	reload(&a, SITE);
	for (size_t i = 0; i < ARRAY_SIZE(recorded); i++)
		assert_int_equal(take(&a, &b.self->ip4, &recorded[i], now),
				 PEERS_INTRODUCED);
	seconds(&a, &b, 2, now);
	assert_int_equal(entry(&a, &b)->state, NODE_UP);
	assert_int_equal(entry(&b, &a)->heard_ms, now + PEERS_INTERVAL_MS);
}

static void a_site_of_one_node_has_no_peers(void **state)
{
	struct agent alone;

	(void)state;
	start(&alone, "[service]\ndomain = d\naddress = 192.0.2.53\nsecret = "
		      OLD "\n[node a]\naddress = 198.51.100.1\n", "a", 1);
	assert_int_equal(peers_cnt(alone.peers), 0);
	assert_int_equal(peers_expire(alone.peers, 1000000), SIZE_MAX);
	assert_int_equal(take(&alone, &alone.self->ip4,
			      &(struct datagram_bytes){ .len = 0 }, 0),
			 PEERS_STRANGER);
	stop(&alone);
}

static void a_session_is_never_zero(void **state)
{
	struct site *site = site_of(SITE);
	struct peers *p;

	(void)state;
	assert_int_equal(peers_new(&p, site, &site->nodes[0], 0), EINVAL);
	assert_null(p);
	site_free(site);
}

static void every_counter_has_a_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < PEERS_COUNTERS; i++) {
		const char *name = peers_counter_name((enum peers_counter)i);

		assert_non_null(name);
		assert_string_not_equal(name, "?");
	}
	assert_string_equal(peers_counter_name(PEERS_COUNTERS), "?");
}

#define STRANGERS(story) \
	cmocka_unit_test_setup_teardown(story, start_strangers, stop_both)
#define ACQUAINTED(story) \
	cmocka_unit_test_setup_teardown(story, start_acquainted, stop_both)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		STRANGERS(two_agents_introduce_themselves_and_believe),
		ACQUAINTED(a_change_of_state_is_heard_at_once),
		ACQUAINTED(who_is_silent_becomes_unknown_and_comes_back),
		ACQUAINTED(a_path_in_one_direction_is_none),
		ACQUAINTED(a_replay_changes_nothing),
		STRANGERS(
	a_peer_that_restarts_is_believed_again_and_its_past_is_not),
		ACQUAINTED(
		a_recording_of_an_earlier_session_of_ours_says_nothing),
		ACQUAINTED(a_flood_of_recordings_does_not_silence_a_peer),
		ACQUAINTED(what_is_not_theirs_is_not_believed),
		ACQUAINTED(any_changed_or_missing_byte_is_noticed),
		ACQUAINTED(nodes_take_a_new_secret_one_by_one),
		ACQUAINTED(
			a_node_tells_its_calls_and_what_its_site_file_is),
		STRANGERS(a_node_of_before_is_understood_and_understands),
		STRANGERS(two_new_ones_find_out_by_either_family),
		ACQUAINTED(a_reload_keeps_who_is_still_there),
		STRANGERS(a_peer_that_was_away_from_the_site_is_believed_again),
		cmocka_unit_test(a_site_of_one_node_has_no_peers),
		cmocka_unit_test(a_session_is_never_zero),
		cmocka_unit_test(every_counter_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
