/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A relay on loopback that says how many calls it has, or does not. */
#include "common/test/table.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "health-agent/daemon/counting.h"
#include "rtp-pinner/ng/dict.h"

static void an_answer_is_read_or_it_is_none(void **state)
{
	static const struct {
		const char *datagram;
		bool is, knows;
		uint32_t calls;
	} rows[] = {
		{ "c-1 d7:runningi12e6:result2:oke", true, true, 12 },
		{ "c-1 {\"result\":\"ok\",\"running\":3}", true, true, 3 },
		{ "c-1 d7:runningi0ee", true, true, 0 },
		/* a relay of another make, or an older one */
		{ "c-1 d12:error-reason20:Unrecognized command6:result5:errore",
		  true, false, 0 },
		{ "c-1 d7:running1:3e", true, false, 0 },
		{ "c-1 d7:runningi-1ee", true, false, 0 },
		{ "c-1 d7:runningi4294967296ee", true, false, 0 },
		{ "c-0 d7:runningi12ee", false, false, 0 },
		{ "c-1 d7:runningi12e", false, false, 0 },
		{ "c-1", false, false, 0 },
		{ "", false, false, 0 },
	};
	struct ng_dict *d;

	(void)state;
	assert_int_equal(0, ng_dict_new(&d, 32, 1024));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool knows;
		uint32_t calls;

		CHECK_EQ(rows[i].is,
			 counting_read(d, slice_str("c-1"), &knows, &calls,
				       slice_str(rows[i].datagram)),
			 rows[i].datagram);
		CHECK_EQ(rows[i].knows, knows, rows[i].datagram);
		CHECK_EQ(rows[i].calls, calls, rows[i].datagram);
	}
	ng_dict_free(d);
}

struct bed {
	uv_loop_t loop;
	struct counting *counting;
	struct endpoint at;
	int fd;			/* the relay's */
	unsigned news;
};

static void on_news(void *arg)
{
	struct bed *b = arg;

	b->news++;
}

static void begin(struct bed *b)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	*b = (struct bed){ .at.addr = { .family = ADDR_IP4,
					.bytes_be = { 127, 0, 0, 1 } } };
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	b->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(b->fd >= 0);
	assert_int_equal(0, bind(b->fd, (struct sockaddr *)&at, len));
	assert_int_equal(0, getsockname(b->fd, (struct sockaddr *)&at, &len));
	b->at.port = ntohs(at.sin_port);
	assert_int_equal(0, uv_loop_init(&b->loop));
	assert_int_equal(0, counting_new(&b->counting, &b->loop, on_news, b));
}

static void end(struct bed *b)
{
	counting_stop(b->counting);
	uv_run(&b->loop, UV_RUN_DEFAULT);
	assert_int_equal(0, uv_loop_close(&b->loop));
	counting_free(b->counting);
	if (b->fd >= 0)
		close(b->fd);
}

/* The relay answers the question it has got, as running says. */
static void answer(struct bed *b, const char *running)
{
	char text[256], reply[512];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(b->fd, text, sizeof(text) - 1, 0,
			     (struct sockaddr *)&from, &len);

	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(strstr(text, " d7:command9:node infoe"));
	snprintf(reply, sizeof(reply), "%.*s %s", (int)strcspn(text, " "),
		 text, running);
	assert_true(sendto(b->fd, reply, strlen(reply), 0,
			   (struct sockaddr *)&from, len) > 0);
	uv_run(&b->loop, UV_RUN_ONCE);
}

static void check(struct bed *b, uint64_t later_ms, bool known,
		  enum drain_relay relay, uint32_t calls)
{
	enum drain_relay got;
	uint32_t got_calls;

	assert_int_equal(known, counting_look(b->counting, &got, &got_calls,
					      clock_boot_ms() + later_ms));
	if (!known)
		return;
	assert_int_equal(relay, got);
	assert_int_equal(calls, got_calls);
}

static void a_relay_is_asked_and_believed_for_a_while(void **state)
{
	struct bed b;

	(void)state;
	begin(&b);
	check(&b, 0, true, DRAIN_NO_RELAY, 0);
	counting_set(b.counting, &b.at);
	check(&b, 0, false, 0, 0);
	answer(&b, "d7:runningi12ee");
	check(&b, 0, true, DRAIN_COUNTED, 12);
	assert_int_equal(b.news, 1);
	counting_ask(b.counting);
	answer(&b, "d7:runningi12ee");
	assert_int_equal(b.news, 1);
	counting_ask(b.counting);
	answer(&b, "d7:runningi0ee");
	check(&b, 0, true, DRAIN_COUNTED, 0);
	assert_int_equal(b.news, 2);
	check(&b, COUNTING_SILENT_MS + 100, true, DRAIN_SILENT, 0);
	counting_ask(b.counting);
	answer(&b, "d5:errorn");
	assert_int_equal(counting_stats(b.counting)->strange, 1);
	counting_ask(b.counting);
	answer(&b, "d6:result5:errore");
	check(&b, 0, true, DRAIN_NO_RELAY, 0);
	counting_set(b.counting, NULL);
	check(&b, 0, true, DRAIN_NO_RELAY, 0);
	end(&b);
}

static void where_nobody_listens_there_is_no_relay(void **state)
{
	struct bed b;

	(void)state;
	begin(&b);
	close(b.fd);
	b.fd = -1;
	counting_set(b.counting, &b.at);
	uv_run(&b.loop, UV_RUN_ONCE);
	assert_true(counting_stats(b.counting)->refused > 0);
	check(&b, 0, true, DRAIN_NO_RELAY, 0);
	end(&b);
}

static void a_relay_that_is_gone_may_be_about_to_be_back(void **state)
{
	struct bed b;

	(void)state;
	begin(&b);
	counting_set(b.counting, &b.at);
	answer(&b, "d7:runningi12ee");
	close(b.fd);
	b.fd = -1;
	counting_ask(b.counting);
	uv_run(&b.loop, UV_RUN_ONCE);
	assert_true(counting_stats(b.counting)->refused > 0);
	check(&b, 0, true, DRAIN_COUNTED, 12);
	check(&b, COUNTING_SILENT_MS + 100, true, DRAIN_NO_RELAY, 0);
	end(&b);
}

/* Its port was closed for the time of a restart; then it hangs. */
static void one_that_is_back_and_silent_may_have_calls(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct bed b;

	(void)state;
	begin(&b);
	close(b.fd);
	counting_set(b.counting, &b.at);
	uv_run(&b.loop, UV_RUN_ONCE);
	check(&b, 0, true, DRAIN_NO_RELAY, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons(b.at.port);
	b.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(0, bind(b.fd, (struct sockaddr *)&at, sizeof(at)));
	counting_ask(b.counting);
	/* it has not had the time to say it is there */
	check(&b, COUNTING_SILENT_MS + 100, true, DRAIN_NO_RELAY, 0);
	counting_ask(b.counting);
	check(&b, COUNTING_SILENT_MS + 100, true, DRAIN_SILENT, 0);
	end(&b);
}

static void one_that_never_answers_may_have_calls(void **state)
{
	struct bed b;

	(void)state;
	begin(&b);
	counting_set(b.counting, &b.at);
	check(&b, COUNTING_SILENT_MS + 100, true, DRAIN_SILENT, 0);
	end(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_read_or_it_is_none),
		cmocka_unit_test(a_relay_is_asked_and_believed_for_a_while),
		cmocka_unit_test(where_nobody_listens_there_is_no_relay),
		cmocka_unit_test(a_relay_that_is_gone_may_be_about_to_be_back),
		cmocka_unit_test(one_that_is_back_and_silent_may_have_calls),
		cmocka_unit_test(one_that_never_answers_may_have_calls),
	};

	return cmocka_run_group_tests_name("counting", tests, NULL, NULL);
}
