/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "health-agent/guardian/link.h"

static int ends[2];

static int setup(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int teardown(void **state)
{
	(void)state;
	close(ends[0]);
	if (ends[1] >= 0)
		close(ends[1]);
	return 0;
}

static void every_kind_arrives_as_it_was_sent(void **state)
{
	struct link_want want = {
		.generation = 7, .drained = true,
		.set = { .cnt = 1, .routes[0] = { .med = 100, .prepend = 2 } },
	};
	struct link_status status = { .commands = 12, .session_cnt = 2 };
	union link_message got;

	(void)state;
	assert_int_equal(link_send(ends[0], NULL, 0, LINK_BEAT), 0);
	assert_int_equal(link_send(ends[0], &want, sizeof(want), LINK_WANT), 0);
	assert_int_equal(link_send(ends[0], &status, sizeof(status),
				   LINK_STATUS), 0);

	assert_int_equal(link_receive(ends[1], &got), 0);
	assert_int_equal(got.head.type, LINK_BEAT);
	assert_int_equal(link_receive(ends[1], &got), 0);
	assert_int_equal(got.head.type, LINK_WANT);
	assert_int_equal(got.want.generation, 7);
	assert_true(got.want.drained);
	assert_int_equal(got.want.set.routes[0].prepend, 2);
	assert_int_equal(link_receive(ends[1], &got), 0);
	assert_int_equal(got.head.type, LINK_STATUS);
	assert_int_equal(got.status.commands, 12);
	assert_int_equal(link_receive(ends[1], &got), EAGAIN);
}

/* Sends the message with its first differing bytes set, as another version of
 * the program would.
 */
static void send_wrong(void *message, size_t len)
{
	assert_int_equal(send(ends[0], message, len, 0), len);
}

static void messages_of_another_version_are_dropped(void **state)
{
	union link_message good, wrong;
	size_t len = sizeof(struct link_want);

	(void)state;
	memset(&good, 0, sizeof(good));
	assert_int_equal(link_send(ends[0], &good, len, LINK_WANT), 0);
	assert_int_equal(link_receive(ends[1], &good), 0);

	wrong = good;
	wrong.head.magic++;
	send_wrong(&wrong, len);
	wrong = good;
	wrong.head.version++;
	send_wrong(&wrong, len);
	wrong = good;
	wrong.head.type = LINK_TYPES;
	send_wrong(&wrong, len);
	send_wrong(&good, len - 1);
	send_wrong(&good, 3);
	wrong = good;
	wrong.want.set.cnt = ROUTE_PREFIXES_MAX + 1;
	send_wrong(&wrong, len);
	wrong = good;
	wrong.want.set.cnt = 1;
	wrong.want.set.routes[0].community_cnt = ROUTE_COMMUNITIES_MAX + 1;
	send_wrong(&wrong, len);
	for (int i = 0; i < 7; i++)
		assert_int_equal(link_receive(ends[1], &wrong), EBADMSG);
	send_wrong(&good, len);
	assert_int_equal(link_receive(ends[1], &wrong), 0);
}

static void texts_without_an_end_are_dropped(void **state)
{
	struct link_status status = { .session_cnt = 1 };
	union link_message got;

	(void)state;
	memset(status.sessions[0].reason, 'x', LINK_TEXT_MAX);
	assert_int_equal(link_send(ends[0], &status, sizeof(status),
				   LINK_STATUS), 0);
	assert_int_equal(link_receive(ends[1], &got), EBADMSG);
	status.sessions[0].reason[LINK_TEXT_MAX - 1] = '\0';
	assert_int_equal(link_send(ends[0], &status, sizeof(status),
				   LINK_STATUS), 0);
	assert_int_equal(link_receive(ends[1], &got), 0);
}

static void a_full_socket_blocks_nobody(void **state)
{
	struct link_status status = { 0 };
	int err = 0;

	(void)state;
	for (int i = 0; i < 10000 && !err; i++)
		err = link_send(ends[0], &status, sizeof(status), LINK_STATUS);
	assert_int_equal(err, EAGAIN);
}

static void the_other_ones_end_is_told(void **state)
{
	union link_message got;

	(void)state;
	close(ends[1]);
	ends[1] = -1;
	assert_int_equal(link_send(ends[0], NULL, 0, LINK_BEAT), EPIPE);
	assert_int_equal(link_receive(ends[0], &got), ECONNRESET);
}

static void every_proof_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LINK_PROOFS; i++) {
		assert_non_null(link_proof_name(i));
		assert_string_not_equal(link_proof_name(i), "?");
	}
	assert_string_equal(link_proof_name(LINK_PROOFS), "?");
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(every_kind_arrives_as_it_was_sent),
		EACH(messages_of_another_version_are_dropped),
		EACH(texts_without_an_end_are_dropped),
		EACH(a_full_socket_blocks_nobody),
		EACH(the_other_ones_end_is_told),
		cmocka_unit_test(every_proof_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
