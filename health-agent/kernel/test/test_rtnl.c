/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "health-agent/kernel/rtnl.h"

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(0, prefix_parse(&p, slice_str(text)));
	return p;
}

/* What the kernel of a little-endian machine has sent, as strace shows it:
 * `ip route add 192.0.2.53/32 dev anycast0 table 200 proto 200 metric 10'
 */
static const uint8_t added[] = {
	60, 0, 0, 0, 24, 0, 2, 0, 7, 0, 0, 0, 9, 0, 0, 0,	/* header */
	2, 32, 0, 0, 200, 200, 253, 1, 0, 0, 0, 0,	/* rtmsg */
	8, 0, 15, 0, 200, 0, 0, 0,	/* RTA_TABLE */
	8, 0, 1, 0, 192, 0, 2, 53,	/* RTA_DST */
	8, 0, 6, 0, 10, 0, 0, 0,	/* RTA_PRIORITY */
	8, 0, 4, 0, 3, 0, 0, 0,		/* RTA_OIF */
};

static bool is_little_endian(void)
{
	const uint16_t one = 1;

	return *(const uint8_t *)&one;
}

static struct cursor of(const uint8_t *bytes, size_t len)
{
	return cursor_of((const char *)bytes, len);
}

static void a_route_of_the_kernels_is_read(void **state)
{
	struct cursor c = of(added, sizeof(added));
	struct prefix want = prefix("192.0.2.53");
	struct rtnl_message m;

	(void)state;
	if (!is_little_endian())
		skip();
	assert_int_equal(0, rtnl_read(&m, &c));
	assert_int_equal(RTNL_ROUTE, m.kind);
	assert_int_equal(7, m.seq);
	assert_int_equal(9, m.port);
	assert_true(m.interrupted == false);
	assert_true(prefix_equal(&want, &m.route.prefix));
	assert_int_equal(200, m.route.table);
	assert_int_equal(10, m.route.metric);
	assert_int_equal(3, m.route.ifindex);
	assert_int_equal(200, m.route.protocol);
	assert_int_equal(RTN_UNICAST, m.route.type);
	assert_int_equal(ENOENT, rtnl_read(&m, &c));
}

/* Change one byte of the message above, or cut it. */
static void a_wrong_message_is_no_route(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		size_t len;
		int err;
		enum rtnl_kind want;
	} rows[] = {
		{ "as it is", 0, 60, 60, 0, RTNL_ROUTE },
		{ "deleted", 4, RTM_DELROUTE, 60, 0, RTNL_ROUTE_GONE },
		{ "a rule", 4, RTM_NEWRULE, 60, 0, RTNL_OTHER },
		{ "a link, of whatever", 4, RTM_NEWLINK, 60, 0, RTNL_LINK },
		{ "no bytes", 0, 60, 0, ENOENT, RTNL_OTHER },
		{ "a cut header", 0, 60, 15, EBADMSG, RTNL_OTHER },
		{ "a cut message", 0, 60, 59, EBADMSG, RTNL_OTHER },
		{ "longer than it is", 0, 61, 60, EBADMSG, RTNL_OTHER },
		{ "shorter than a header", 0, 15, 60, EBADMSG, RTNL_OTHER },
		{ "of no length", 0, 0, 60, EBADMSG, RTNL_OTHER },
		{ "without the last attribute", 0, 52, 52, 0, RTNL_ROUTE },
		{ "a header alone", 0, 16, 16, 0, RTNL_OTHER },
		{ "a cut rtmsg", 0, 27, 28, 0, RTNL_OTHER },
		{ "another family", 16, 28, 60, 0, RTNL_OTHER },
		{ "a prefix too long", 17, 33, 60, 0, RTNL_OTHER },
		{ "IPv6 with four bytes", 16, AF_INET6, 60, 0, RTNL_OTHER },
		{ "an attribute of no length", 28, 0, 60, 0, RTNL_OTHER },
		{ "an attribute behind the end", 52, 9, 60, 0, RTNL_OTHER },
		{ "a table of three bytes", 28, 7, 60, 0, RTNL_OTHER },
		{ "no destination", 38, RTA_SRC, 60, 0, RTNL_OTHER },
		{ "an unknown attribute", 46, 99, 60, 0, RTNL_ROUTE },
	};

	(void)state;
	if (!is_little_endian())
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint8_t bytes[sizeof(added)];
		struct rtnl_message m;
		struct cursor c;

		memcpy(bytes, added, sizeof(bytes));
		bytes[rows[i].at] = rows[i].value;
		c = of(bytes, rows[i].len);
		CHECK_EQ(rows[i].err, rtnl_read(&m, &c), rows[i].what);
		CHECK_EQ(rows[i].want, m.kind, rows[i].what);
	}
}

static void acks_and_ends_are_read(void **state)
{
	static const struct {
		const char *what;
		uint16_t type;
		int32_t error;
		size_t body_len;
		enum rtnl_kind want;
		int want_err;
	} rows[] = {
		{ "done well", NLMSG_ERROR, 0, 4, RTNL_ACK, 0 },
		{ "there is one", NLMSG_ERROR, -EEXIST, 4, RTNL_ACK, EEXIST },
		{ "no errno", NLMSG_ERROR, 17, 4, RTNL_OTHER, 0 },
		{ "no errno either", NLMSG_ERROR, INT32_MIN, 4, RTNL_OTHER, 0 },
		{ "a cut one", NLMSG_ERROR, 0, 3, RTNL_OTHER, 0 },
		{ "an empty one", NLMSG_ERROR, 0, 0, RTNL_OTHER, 0 },
		{ "end of a dump", NLMSG_DONE, 0, 4, RTNL_DONE, 0 },
		{ "of an old kernel's", NLMSG_DONE, 0, 0, RTNL_DONE, 0 },
		{ "no such table", NLMSG_DONE, -ENOENT, 4, RTNL_DONE, ENOENT },
		{ "no errno", NLMSG_DONE, 1, 4, RTNL_OTHER, 0 },
		{ "lost some", NLMSG_OVERRUN, 0, 0, RTNL_OVERRUN, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct {
			struct nlmsghdr head;
			int32_t error;
		} bytes = {
			.head = {
				.nlmsg_len = (uint32_t)(sizeof(bytes.head) +
							rows[i].body_len),
				.nlmsg_type = rows[i].type,
				.nlmsg_flags = NLM_F_DUMP_INTR,
				.nlmsg_seq = 5,
			},
			.error = rows[i].error,
		};
		struct cursor c = cursor_of((const char *)&bytes,
					    sizeof(bytes.head) +
						    rows[i].body_len);
		struct rtnl_message m;

		CHECK_EQ(0, rtnl_read(&m, &c), rows[i].what);
		CHECK_EQ(rows[i].want, m.kind, rows[i].what);
		CHECK_EQ(rows[i].want_err, m.err, rows[i].what);
		CHECK_EQ(5, m.seq, rows[i].what);
		CHECK_EQ(true, m.interrupted, rows[i].what);
	}
}

static void what_is_written_is_read(void **state)
{
	static const struct {
		const char *prefix;
		uint32_t table, metric;
	} rows[] = {
		{ "192.0.2.53", 200, 1 },
		{ "192.0.2.0/24", 200, 10 },
		{ "2001:db8:53::53", 200, 5 },
		{ "2001:db8:53::/48", 254, 1 },
		{ "0.0.0.0/0", 200, 1 },
		{ "::/0", 1000000, UINT32_MAX },
	};
	_Alignas(4) uint8_t bytes[2048];
	struct rtnl_writer w = { .bytes = bytes, .room = sizeof(bytes) };
	struct rtnl_message m;
	struct cursor c;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct rtnl_route r = {
			.prefix = prefix(rows[i].prefix),
			.table = rows[i].table,
			.metric = rows[i].metric,
			.ifindex = 3,
			.protocol = 200,
			.type = RTN_UNICAST,
		};

		rtnl_write_add(&w, 2 * i, &r);
		rtnl_write_delete(&w, 2 * i + 1, &r);
	}
	assert_false(w.full);
	c = of(bytes, w.len);
	for (uint32_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		struct prefix want = prefix(rows[i / 2].prefix);

		CHECK_EQ(0, rtnl_read(&m, &c), rows[i / 2].prefix);
		CHECK_EQ(i % 2 ? RTNL_ROUTE_GONE : RTNL_ROUTE, m.kind,
			 rows[i / 2].prefix);
		CHECK_EQ(i, m.seq, rows[i / 2].prefix);
		CHECK_EQ(true, prefix_equal(&want, &m.route.prefix),
			 rows[i / 2].prefix);
		CHECK_EQ(rows[i / 2].table, m.route.table, rows[i / 2].prefix);
		CHECK_EQ(rows[i / 2].metric, m.route.metric,
			 rows[i / 2].prefix);
		CHECK_EQ(3, m.route.ifindex, rows[i / 2].prefix);
		CHECK_EQ(200, m.route.protocol, rows[i / 2].prefix);
	}
	assert_int_equal(ENOENT, rtnl_read(&m, &c));
}

/* A message is written whole or not at all, whatever the room. */
static void there_may_be_no_room(void **state)
{
	const struct rtnl_route r = {
		.prefix = prefix("2001:db8::1"),
		.table = 200,
	};
	_Alignas(4) uint8_t bytes[512];

	(void)state;
	for (size_t room = 0; room < sizeof(bytes); room += 4) {
		struct rtnl_writer w = { .bytes = bytes, .room = room };
		struct cursor c;
		struct rtnl_message m;
		unsigned cnt = 0;
		int err;

		rtnl_write_add(&w, 1, &r);
		rtnl_write_link_up(&w, 2, 3);
		rtnl_write_link_quiet(&w, 3, 3);
		rtnl_write_dump(&w, 4, ADDR_IP6, 200, 0);
		assert_true(w.len <= room);
		c = of(bytes, w.len);
		while (!(err = rtnl_read(&m, &c)))
			cnt++;
		assert_int_equal(ENOENT, err);
		assert_true(w.full == (cnt < 4));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_route_of_the_kernels_is_read),
		cmocka_unit_test(a_wrong_message_is_no_route),
		cmocka_unit_test(acks_and_ends_are_read),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(there_may_be_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
