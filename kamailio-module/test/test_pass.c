/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kamailio-module/test/sites.h"

#include <errno.h>
#include <sodium.h>

#include "kamailio-module/pass.h"

#define MESSAGE "CANCEL sip:bob@sip.example.net SIP/2.0\r\nCall-ID: 1\r\n\r\n"

enum { SEALED_AT = 28, TAG = 16, TABLE_KEY = 0x1234 };

static uint8_t datagram[PASS_DATAGRAM_MAX];
static struct pass_buffer buffer;

/* An ASK of ams1 to fra1, of what came to it over UDP. */
static struct pass_head usual(enum pass_kind kind)
{
	struct pass_head head = {
		.kind = kind,
		.hops = PASS_HOPS_MAX,
		.sender = "ams1",
		.origin = "ams1",
		.key = TABLE_KEY,
		.transport = SIP_UDP,
		.source = addr_of("203.0.113.7"),
		.source_port = 40000,
		.local = addr_of("192.0.2.53"),
		.local_port = 5060,
	};

	if (kind == PASS_OWNED || kind == PASS_TELL)
		site_name_copy(head.owner, slice_str("lon1"));
	if (kind == PASS_TELL) {
		head.source = head.local = (struct addr){ 0 };
		head.source_port = head.local_port = 0;
	}
	return head;
}

static struct slice message_of(const struct pass_head *head)
{
	return head->kind == PASS_TELL ? (struct slice){ 0 } :
					 slice_str(MESSAGE);
}

static size_t encode(const struct site *site, const char *receiver,
		     const struct pass_head *head)
{
	size_t len;

	CHECK_EQ(0, pass_encode(datagram, &len, site, slice_str(receiver),
				head, message_of(head)), receiver);
	return len;
}

static const char *decode(struct pass_head *head, struct slice *message,
			  const struct site *site, const char *self,
			  size_t len)
{
	return pass_verdict_name(pass_decode(head, message, &buffer, site,
					     slice_str(self), datagram, len));
}

static void check_same(const struct pass_head *want,
		       const struct pass_head *got)
{
	const char *what = pass_kind_name(want->kind);

	CHECK_EQ(want->kind, got->kind, what);
	CHECK_EQ(want->claim, got->claim, what);
	CHECK_EQ(want->hops, got->hops, what);
	CHECK_STR(want->sender, got->sender, what);
	CHECK_STR(want->origin, got->origin, what);
	CHECK_STR(want->owner, got->owner, what);
	CHECK_EQ(want->key, got->key, what);
	CHECK_EQ(want->transport, got->transport, what);
	CHECK_EQ(want->source_port, got->source_port, what);
	CHECK_EQ(want->local_port, got->local_port, what);
	CHECK_EQ(want->connection, got->connection, what);
	CHECK(!memcmp(&want->source, &got->source, sizeof(got->source)), what);
	CHECK(!memcmp(&want->local, &got->local, sizeof(got->local)), what);
}

static void every_kind_arrives_as_it_went(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);

	(void)state;
	for (unsigned k = 0; k < PASS_KINDS; k++) {
		struct pass_head want = usual(k), got;
		struct slice message;
		size_t len;

		want.claim = k == PASS_ASK;
		want.key = UINT64_C(0xfedcba9876543210);
		if (k == PASS_OWNED) {
			want.transport = SIP_WSS;
			want.source = addr_of("2001:db8::7");
			want.local = addr_of("2001:db8:53::53");
			want.connection = UINT32_MAX;
			want.hops = 1;
			site_name_copy(want.origin, slice_str("fra1"));
		}
		len = encode(site, "fra1", &want);
		CHECK_STR("ok", decode(&got, &message, site, "fra1", len),
			  pass_kind_name(k));
		check_same(&want, &got);
		CHECK(slice_equal(message, message_of(&want)), "message");
		CHECK_EQ(0, message.text[message.len], "followed by a NUL");
		CHECK((const uint8_t *)message.text >= buffer.bytes &&
		      (const uint8_t *)message.text < buffer.bytes +
			      sizeof(buffer), "in the buffer");
	}
	site_free(site);
}

static void two_datagrams_of_one_message_share_nothing(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct pass_head head = usual(PASS_ASK);
	size_t len = encode(site, "fra1", &head), same = 0;
	static uint8_t first[PASS_DATAGRAM_MAX];

	(void)state;
	memcpy(first, datagram, len);
	CHECK_EQ(len, encode(site, "fra1", &head), "length");
	for (size_t i = 4; i < len; i++)
		same += first[i] == datagram[i];
	assert_in_range(same, 0, len / 10);
	site_free(site);
}

/* Nonce, ciphertext, tag, version: every bit counts. */
static void a_changed_bit_is_noticed(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct pass_head head = usual(PASS_DELIVER), got;
	size_t len = encode(site, "fra1", &head);
	struct slice message;

	(void)state;
	for (size_t bit = 0; bit < 8 * len; bit++) {
		datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
		CHECK_STR(bit < 32 ? "version" : "unopenable",
			  decode(&got, &message, site, "fra1", len), "bit");
		CHECK(!got.sender[0] && !message.text, "nothing is left");
		datagram[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t cut = 0; cut < len; cut++)
		CHECK(strcmp("ok", decode(&got, &message, site, "fra1",
					  cut)) != 0, "cut");
	CHECK_STR("ok", decode(&got, &message, site, "fra1", len), "intact");
	site_free(site);
}

static void the_shortest_is_a_tell_of_short_names(void **state)
{
	struct site *site = site_of("[service]\ndomain = x.net\n"
				    "address = 192.0.2.53\n"
				    "secret = a secret of sixteen or more\n"
				    "[node a]\naddress = 198.51.100.1\n"
				    "[node b]\naddress = 198.51.100.2\n");
	struct pass_head head = usual(PASS_TELL), got;
	struct slice message;
	size_t len;

	(void)state;
	site_name_copy(head.sender, slice_str("a"));
	site_name_copy(head.origin, slice_str("a"));
	site_name_copy(head.owner, slice_str("a"));
	len = encode(site, "b", &head);
	CHECK_STR("ok", decode(&got, &message, site, "b", len), "it opens");
	CHECK_STR("short", decode(&got, &message, site, "b", len - 4), "cut");
	CHECK_STR("short", decode(&got, &message, site, "b", 0), "empty");
	site_free(site);
}

static void it_opens_at_its_receiver_alone(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct pass_head head = usual(PASS_ASK), got;
	size_t len = encode(site, "fra1", &head);
	struct slice message;

	(void)state;
	CHECK_STR("ok", decode(&got, &message, site, "fra1", len), "fra1");
	CHECK_STR("unopenable", decode(&got, &message, site, "lon1", len),
		  "another node");
	CHECK_STR("unopenable", decode(&got, &message, site, "ams1", len),
		  "sent back to who sent it");
	CHECK_STR("unopenable", decode(&got, &message, site, "", len), "none");
	site_free(site);
}

#define SERVICE(secret) \
	"[service]\ndomain = sip.example.net\naddress = 192.0.2.53\n" \
	"secret = " secret "\n[node fra1]\naddress = 198.51.100.11\n" \
	"[node ams1]\naddress = 198.51.100.12\n"

static void nodes_understand_each_other_while_the_secret_changes(void **state)
{
	struct site *sites[4] = {
		site_of(SERVICE("a secret of sixteen or more")),
		site_of(SERVICE("another secret of sixteen\n"
				"previous-secret = a secret of sixteen or more")),
		site_of(SERVICE("another secret of sixteen\n"
				"previous-secret = a secret of sixteen or more")),
		site_of(SERVICE("another secret of sixteen")),
	};
	static const char *const want[4][4] = {	/* writer, reader */
		{ "ok", "ok", "ok", "unopenable" },
		{ "ok", "ok", "ok", "unopenable" },
		{ "unopenable", "ok", "ok", "ok" },
		{ "unopenable", "ok", "ok", "ok" },
	};

	(void)state;
	sites[2]->previous_is_over = true;
	for (size_t w = 0; w < 4; w++) {
		struct pass_head head = usual(PASS_ASK), got;
		size_t len = encode(sites[w], "fra1", &head);

		for (size_t r = 0; r < 4; r++) {
			struct slice message;

			CHECK_STR(want[w][r], decode(&got, &message, sites[r],
						     "fra1", len), "secret");
		}
	}
	for (size_t i = 0; i < 4; i++)
		site_free(sites[i]);
}

/* Another site file than the sender's. */
static void a_stranger_with_the_secret_is_no_sender(void **state)
{
	struct site *wide = site_of(SITE_OF_FOUR);
	struct site *few = site_of(SERVICE("a secret of sixteen or more"));
	struct pass_head head = usual(PASS_ASK), got;
	struct slice message;

	(void)state;
	site_name_copy(head.sender, slice_str("lon1"));
	CHECK_STR("sender", decode(&got, &message, few, "fra1",
				   encode(wide, "fra1", &head)), "lon1");
	site_name_copy(head.sender, slice_str("fra1"));
	CHECK_STR("sender", decode(&got, &message, few, "fra1",
				   encode(wide, "fra1", &head)), "ourselves");
	head = usual(PASS_ASK);
	site_name_copy(head.origin, slice_str("lon1"));
	CHECK_STR("malformed", decode(&got, &message, few, "fra1",
				      encode(wide, "fra1", &head)), "origin");
	head = usual(PASS_OWNED);
	CHECK_STR("malformed", decode(&got, &message, few, "fra1",
				      encode(wide, "fra1", &head)), "owner");
	head = usual(PASS_ASK);
	head.source = addr_of("2001:db8::1");
	head.local = addr_of("2001:db8:53::53");
	CHECK_STR("malformed", decode(&got, &message, few, "fra1",
				      encode(wide, "fra1", &head)),
		  "not our service");
	site_free(wide);
	site_free(few);
}

static void a_head_that_cannot_be_is_not_sent(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct pass_head bad[16];
	size_t cnt = 0, len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		bad[i] = usual(PASS_ASK);
	bad[cnt++].kind = PASS_KINDS;
	bad[cnt++].transport = SIP_TRANSPORTS;
	bad[cnt++].sender[0] = '\0';
	bad[cnt++].origin[0] = '\0';
	site_name_copy(bad[cnt++].owner, slice_str("fra1"));
	bad[cnt++].source_port = 0;
	bad[cnt++].local_port = 0;
	bad[cnt++].source = (struct addr){ 0 };
	bad[cnt++].local = addr_of("2001:db8:53::53");
	bad[cnt] = usual(PASS_DELIVER);
	bad[cnt++].claim = true;
	bad[cnt] = usual(PASS_OWNED);
	bad[cnt++].owner[0] = '\0';
	bad[cnt] = usual(PASS_TELL);
	bad[cnt++].source = addr_of("203.0.113.7");
	bad[cnt] = usual(PASS_TELL);
	bad[cnt++].connection = 1;
	assert_in_range(cnt, 1, ARRAY_SIZE(bad));
	for (size_t i = 0; i < cnt; i++) {
		len = 1;
		CHECK_EQ(EINVAL, pass_encode(datagram, &len, site,
					     slice_str("fra1"), &bad[i],
					     message_of(&bad[i])), "head");
		CHECK_EQ(0, len, "nothing");
	}
	bad[0] = usual(PASS_TELL);
	CHECK_EQ(EINVAL, pass_encode(datagram, &len, site, slice_str("fra1"),
				     &bad[0], slice_str(MESSAGE)),
		 "a message told");
	bad[0] = usual(PASS_ASK);
	CHECK_EQ(EINVAL, pass_encode(datagram, &len, site, slice_str("fra1"),
				     &bad[0], (struct slice){ 0 }), "none asked");
	CHECK_EQ(EINVAL, pass_encode(datagram, &len, site, slice_str("Fra1"),
				     &bad[0], slice_str(MESSAGE)), "receiver");
	bad[0].hops = 0;
	CHECK_EQ(ELOOP, pass_encode(datagram, &len, site, slice_str("fra1"),
				    &bad[0], slice_str(MESSAGE)), "no hops");
	bad[0].hops = PASS_HOPS_MAX + 1;
	CHECK_EQ(ELOOP, pass_encode(datagram, &len, site, slice_str("fra1"),
				    &bad[0], slice_str(MESSAGE)), "many hops");
	site_free(site);
}

static void a_message_fits_one_datagram_or_stays(void **state)
{
	static char large[PASS_DATAGRAM_MAX + 1];
	struct site *site = site_of(SITE_OF_FOUR);
	struct pass_head head = usual(PASS_ASK), got;
	size_t len = encode(site, "fra1", &head);
	size_t room = PASS_DATAGRAM_MAX - (len - strlen(MESSAGE));
	struct slice message;

	(void)state;
	memset(large, 'x', sizeof(large));
	CHECK_EQ(0, pass_encode(datagram, &len, site, slice_str("fra1"), &head,
				slice_of(large, room)), "it just fits");
	CHECK_EQ(PASS_DATAGRAM_MAX, len, "full");
	CHECK_STR("ok", decode(&got, &message, site, "fra1", len), "opens");
	CHECK_EQ(room, message.len, "all of it");
	CHECK_EQ(EMSGSIZE, pass_encode(datagram, &len, site, slice_str("fra1"),
				       &head, slice_of(large, room + 1)),
		 "one more");
	CHECK_EQ(0, len, "nothing");
	CHECK_EQ(EMSGSIZE, pass_encode(datagram, &len, site, slice_str("fra1"),
				       &head, slice_of(large, sizeof(large))),
		 "more than any");
	assert_in_range(PASS_DATAGRAM_MAX - room, 100, 200);
	site_free(site);
}

/* ---- what only another implementation would seal */

static size_t seal(const struct site *site, const uint8_t *plain, size_t len)
{
	unsigned long long sealed;

	memcpy(datagram, "SAP1", 4);
	memset(datagram + 4, 7, 24);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		datagram + SEALED_AT, &sealed, plain, len,
		(const uint8_t *)"SAP1fra1", 8, NULL, datagram + 4,
		site->keys.pass);
	return SEALED_AT + (size_t)sealed;
}

/* The form on the wire, byte by byte: it does not change without the version.
 * Offsets: kind 0, flags 1, hops 2, transport 3, key 4, connection 12, source
 * 16 (family, 16 bytes, port), local 35, names from 54.
 */
static size_t plain_ask(uint8_t *plain)
{
	static const uint8_t fixed[] = {
		0, 1, 3, 0,  0, 0, 0, 0, 0, 0, 0x12, 0x34,  0, 0, 0, 0,
		4, 203, 0, 113, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x9c, 0x40,
		4, 192, 0, 2, 53, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x13, 0xc4,
	};
	static const char rest[] = "\4ams1\4lon1\0" MESSAGE;

	memcpy(plain, fixed, sizeof(fixed));
	memcpy(plain + sizeof(fixed), rest, sizeof(rest) - 1);
	return sizeof(fixed) + sizeof(rest) - 1;
}

static void the_form_on_the_wire_does_not_change(void **state)
{
	struct site *site = site_of(SITE_OF_FOUR);
	struct pass_head want = usual(PASS_ASK), got;
	struct slice message;
	uint8_t plain[300];
	size_t len = seal(site, plain, plain_ask(plain));

	(void)state;
	want.claim = true;
	site_name_copy(want.origin, slice_str("lon1"));
	CHECK_STR("ok", decode(&got, &message, site, "fra1", len), "by hand");
	check_same(&want, &got);
	assert_true(slice_equal(message, slice_str(MESSAGE)));
	site_free(site);
}

static void what_is_sealed_but_cannot_be_is_told_apart(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		const char *want;
	} rows[] = {
		{ "kind", 0, PASS_KINDS, "malformed" },
		{ "a tell with a message", 0, PASS_TELL, "malformed" },
		{ "a claim that is no ask", 0, PASS_YOURS, "malformed" },
		{ "an unknown flag", 1, 3, "malformed" },
		{ "no hops", 2, 0, "hops" },
		{ "too many hops", 2, PASS_HOPS_MAX + 1, "hops" },
		{ "transport", 3, SIP_TRANSPORTS, "malformed" },
		{ "family", 16, 5, "malformed" },
		{ "no family", 16, 0, "malformed" },
		{ "two families", 16, 6, "malformed" },
		{ "not the service", 39, 54, "malformed" },
		{ "sender's length", 54, 3, "malformed" },
		{ "no sender", 54, 0, "malformed" },
		{ "a long name", 54, 40, "malformed" },
		{ "past the end", 54, 255, "malformed" },
		{ "sender", 55, 'A', "malformed" },
		{ "unknown sender", 55, 'x', "sender" },
		{ "unknown origin", 60, 'x', "malformed" },
		{ "an owner", 64, 1, "malformed" },
	};
	struct site *site = site_of(SITE_OF_FOUR);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct pass_head got;
		struct slice message;
		uint8_t plain[300];
		size_t len = plain_ask(plain);

		plain[rows[i].at] = rows[i].value;
		len = seal(site, plain, len);
		CHECK_STR(rows[i].want,
			  decode(&got, &message, site, "fra1", len),
			  rows[i].what);
		CHECK(!got.sender[0] && !message.text, rows[i].what);
	}
	site_free(site);
}

static void an_answer_is_a_hop_nearer_its_end(void **state)
{
	struct pass_head head = usual(PASS_ASK), next;

	(void)state;
	head.claim = true;
	next = pass_next(&head, PASS_DELIVER, slice_str("fra1"));
	head.kind = PASS_DELIVER;
	head.claim = false;
	head.hops--;
	site_name_copy(head.sender, slice_str("fra1"));
	check_same(&head, &next);
	head = usual(PASS_OWNED);
	assert_string_equal(pass_next(&head, PASS_DELIVER,
				      slice_str("fra1")).owner, "");
	head.hops = 0;
	assert_int_equal(pass_next(&head, PASS_DELIVER,
				   slice_str("fra1")).hops, 0);
}

static void every_kind_and_verdict_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < PASS_KINDS; i++)
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(pass_kind_name(i), pass_kind_name(j)) != 0,
			      "kinds");
	for (unsigned i = 0; i < PASS_VERDICTS; i++)
		for (unsigned j = 0; j < i; j++)
			CHECK(strcmp(pass_verdict_name(i),
				     pass_verdict_name(j)) != 0, "verdicts");
	assert_string_equal(pass_kind_name(PASS_KINDS), "?");
	assert_string_equal(pass_verdict_name(PASS_VERDICTS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_arrives_as_it_went),
		cmocka_unit_test(two_datagrams_of_one_message_share_nothing),
		cmocka_unit_test(a_changed_bit_is_noticed),
		cmocka_unit_test(the_shortest_is_a_tell_of_short_names),
		cmocka_unit_test(it_opens_at_its_receiver_alone),
		cmocka_unit_test(
			nodes_understand_each_other_while_the_secret_changes),
		cmocka_unit_test(a_stranger_with_the_secret_is_no_sender),
		cmocka_unit_test(a_head_that_cannot_be_is_not_sent),
		cmocka_unit_test(a_message_fits_one_datagram_or_stays),
		cmocka_unit_test(the_form_on_the_wire_does_not_change),
		cmocka_unit_test(what_is_sealed_but_cannot_be_is_told_apart),
		cmocka_unit_test(an_answer_is_a_hop_nearer_its_end),
		cmocka_unit_test(every_kind_and_verdict_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
