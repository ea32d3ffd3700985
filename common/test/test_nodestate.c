/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/scratch.h"

#include <errno.h>
#include <inttypes.h>

#include "common/nodestate.h"

#define HEAD "sip-anycast-state 1\n"

/* All of a state in one line of text. */
static const char *in_short(const struct nodestate *s)
{
	static char out[1024];
	size_t len;

	len = (size_t)snprintf(out, sizeof(out), "%s=%s", s->self,
			       node_state_name(s->state));
	for (size_t i = 0; i < s->peer_cnt; i++)
		len += (size_t)snprintf(out + len, sizeof(out) - len,
					" %s=%s@%" PRIu64, s->peers[i].name,
					node_state_name(s->peers[i].state),
					s->peers[i].heard_ms);
	if (s->has_until)
		snprintf(out + len, sizeof(out) - len, " until %" PRIu64,
			 s->until_ms);
	return out;
}

static void good_text_is_understood(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ HEAD "self fra1 draining\n", "fra1=draining" },
		{ HEAD "self fra1 up\nuntil 0\n", "fra1=up until 0" },
		{ HEAD "self fra1 draining\nnode ams1 up 912345\nuntil 918345\n",
		  "fra1=draining ams1=up@912345 until 918345" },
		{ HEAD "self a unknown\nnode b degraded 1\nnode c down 2\n"
		  "node d disabled 18446744073709551615\n",
		  "a=unknown b=degraded@1 c=down@2 "
		  "d=disabled@18446744073709551615" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nodestate s;
		unsigned line = 99;

		CHECK_EQ(0, nodestate_parse(&s, &line, slice_str(rows[i].text)),
			 rows[i].text);
		CHECK_EQ(0, line, rows[i].text);
		CHECK_STR(rows[i].want, in_short(&s), rows[i].text);
		nodestate_fini(&s);
	}
}

static void bad_text_names_its_line(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} rows[] = {
		{ "", 1 },
		{ "\n", 1 },
		{ "sip-anycast-state 2\nself fra1 up\n", 1 },
		{ "sip-anycast-state 1", 1 },
		{ "sip-anycast-state 1 \nself fra1 up\n", 1 },
		{ HEAD, 2 },
		{ HEAD "self\n", 2 },
		{ HEAD "self fra1\n", 2 },
		{ HEAD "self fra1 \n", 2 },
		{ HEAD "self  up\n", 2 },
		{ HEAD "self fra1 up", 2 },
		{ HEAD "self fra1 up \n", 2 },
		{ HEAD "self fra1 up x\n", 2 },
		{ HEAD "self fra1 Up\n", 2 },
		{ HEAD "self fra1 asleep\n", 2 },
		{ HEAD "self FRA1 up\n", 2 },
		{ HEAD "self a234567890123456789012345678901b up\n", 2 },
		{ HEAD "node fra1 up 1\n", 2 },
		{ HEAD "self fra1 up\nself fra1 up\n", 3 },
		{ HEAD "self fra1 up\n\n", 3 },
		{ HEAD "self fra1 up\nnode\n", 3 },
		{ HEAD "self fra1 up\nnode ams1 up\n", 3 },
		{ HEAD "self fra1 up\nnode ams1 up \n", 3 },
		{ HEAD "self fra1 up\nnode ams1 up -1\n", 3 },
		{ HEAD "self fra1 up\nnode ams1 up 18446744073709551616\n", 3 },
		{ HEAD "self fra1 up\nnode ams1 up 12", 3 },
		{ HEAD "self fra1 up\nnode fra1 up 12\n", 3 },
		{ HEAD "self fra1 up\nnode b up 1\nnode c up 1\nnode b up 2\n",
		  5 },
		{ HEAD "self fra1 up\nuntil\n", 3 },
		{ HEAD "self fra1 up\nuntil 1", 3 },
		{ HEAD "self fra1 up\nuntil x\n", 3 },
		{ HEAD "self fra1 up\nuntil 1\nuntil 1\n", 4 },
		{ HEAD "self fra1 up\nuntil 1\nnode ams1 up 1\n", 4 },
		{ HEAD "self fra1 up\r\n", 2 },
	};
	static const struct nodestate zero;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct nodestate s;
		unsigned line = 99;

		CHECK_EQ(EBADMSG,
			 nodestate_parse(&s, &line, slice_str(rows[i].text)),
			 rows[i].text);
		CHECK_EQ(rows[i].line, line, rows[i].text);
		CHECK(memcmp(&s, &zero, sizeof(s)) == 0, rows[i].text);
	}
}

static void a_nul_is_no_text(void **state)
{
	static const char text[] = HEAD "self fra1 up\0\n";
	struct nodestate s;
	unsigned line;

	(void)state;
	assert_int_equal(nodestate_parse(&s, &line,
					 slice_of(text, sizeof(text) - 1)),
			 EBADMSG);
	assert_int_equal(line, 2);
}

static void what_is_written_is_read_back(void **state)
{
	struct nodestate_peer peers[] = {
		{ "ams1", NODE_DOWN, 17 },
		{ "zrh1", NODE_UP, UINT64_MAX },
	};
	struct nodestate s = {
		.self = "fra1",
		.state = NODE_DRAINING,
		.has_until = true,
		.until_ms = UINT64_MAX,
		.peers = peers,
		.peer_cnt = ARRAY_SIZE(peers),
	};
	struct nodestate got;
	char want[1024];
	const char *path = scratch_path("node.state");

	(void)state;
	snprintf(want, sizeof(want), "%s", in_short(&s));
	assert_int_equal(nodestate_write(&s, path), 0);
	assert_int_equal(nodestate_read(&got, path), 0);
	assert_string_equal(in_short(&got), want);
	nodestate_fini(&got);

	/* again, shorter, over the old one; nothing else is left behind */
	s.peer_cnt = 0;
	s.has_until = false;
	assert_int_equal(nodestate_write(&s, path), 0);
	assert_int_equal(nodestate_read(&got, path), 0);
	assert_string_equal(in_short(&got), "fra1=draining");
	nodestate_fini(&got);
	assert_int_equal(scratch_files(0), 1);
}

/* PATH.tmp.PID: where the writer writes before it renames. */
static const char *tmp_of(const char *path)
{
	static char tmp[PATH_MAX + 32];

	snprintf(tmp, sizeof(tmp), "%s.tmp.%ld", path, (long)getpid());
	return tmp;
}

static void what_a_crash_left_behind_does_not_show(void **state)
{
	struct nodestate s = { .self = "fra1", .state = NODE_UP };
	const char *path = scratch_path("crash");
	FILE *left = fopen(tmp_of(path), "w");
	struct nodestate got;

	(void)state;
	assert_non_null(left);
	fprintf(left, "%0200d", 0);
	fclose(left);
	assert_int_equal(nodestate_write(&s, path), 0);
	assert_int_equal(nodestate_read(&got, path), 0);
	assert_string_equal(in_short(&got), "fra1=up");
	assert_int_equal(access(tmp_of(path), F_OK), -1);
}

static void what_could_not_be_read_back_is_not_written(void **state)
{
	struct nodestate_peer bad_peer = { "Ams1", NODE_UP, 1 };
	const struct nodestate rows[] = {
		{ .self = "", .state = NODE_UP },
		{ .self = "fra1\n", .state = NODE_UP },
		{ .self = "fra1", .state = NODE_STATES },
		{ .self = "fra1", .peers = &bad_peer, .peer_cnt = 1 },
	};
	const char *path = scratch_path("never");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(nodestate_write(&rows[i], path), EINVAL);
	assert_int_equal(access(path, F_OK), -1);
}

static void failures_are_told_apart(void **state)
{
	static char big[(1 << 20) + 1];
	static char long_path[PATH_MAX];
	struct nodestate s = { .self = "fra1", .state = NODE_UP };

	(void)state;
	assert_int_equal(nodestate_read(&s, scratch_path("none")), ENOENT);
	assert_int_equal(nodestate_read(&s, scratch_dir), EISDIR);
	scratch_write("big", big, sizeof(big));
	assert_int_equal(nodestate_read(&s, scratch_path("big")), EFBIG);
	scratch_write("bad", "x", 1);
	assert_int_equal(nodestate_read(&s, scratch_path("bad")), EBADMSG);

	s = (struct nodestate){ .self = "fra1", .state = NODE_UP };
	assert_int_equal(nodestate_write(&s, scratch_path("no/such")), ENOENT);
	assert_int_equal(nodestate_write(&s, scratch_dir), EISDIR);
	assert_int_equal(access(tmp_of(scratch_dir), F_OK), -1);
	memset(long_path, 'x', sizeof(long_path) - 1);
	assert_int_equal(nodestate_write(&s, long_path), ENAMETOOLONG);
}

static void a_site_full_of_nodes_fits(void **state)
{
	static struct nodestate_peer peers[SITE_NODES_MAX];
	struct nodestate s = {
		.self = "fra1",
		.peers = peers,
		.peer_cnt = SITE_NODES_MAX,
	};
	struct nodestate got;
	const char *path = scratch_path("full");

	(void)state;
	for (size_t i = 0; i < SITE_NODES_MAX; i++) {
		snprintf(peers[i].name, sizeof(peers[i].name), "%031zu", i);
		peers[i].state = NODE_DISABLED;
		peers[i].heard_ms = UINT64_MAX;
	}
	assert_int_equal(nodestate_write(&s, path), 0);
	assert_int_equal(nodestate_read(&got, path), 0);
	assert_int_equal(got.peer_cnt, SITE_NODES_MAX);
	assert_string_equal(got.peers[SITE_NODES_MAX - 1].name,
			    peers[SITE_NODES_MAX - 1].name);
	nodestate_fini(&got);
	s.peer_cnt++;
	assert_int_equal(nodestate_write(&s, path), EINVAL);
}

static void one_node_more_than_a_site_has_is_refused(void **state)
{
	static char text[SITE_NODES_MAX * 16 + 64];
	struct nodestate got;
	unsigned line;
	size_t len;

	(void)state;
	len = (size_t)snprintf(text, sizeof(text), HEAD "self fra1 up\n");
	for (unsigned i = 0; i <= SITE_NODES_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					"node n%u up 1\n", i);
	assert_int_equal(nodestate_parse(&got, &line, slice_of(text, len)),
			 EBADMSG);
	assert_int_equal(line, 3 + SITE_NODES_MAX);
}

static void every_state_has_a_word_of_its_own(void **state)
{
	enum node_state got;

	(void)state;
	for (int i = 0; i < NODE_STATES; i++) {
		const char *word = node_state_name((enum node_state)i);

		assert_int_equal(node_state_parse(&got, slice_str(word)), 0);
		assert_int_equal(got, i);
	}
	assert_string_equal(node_state_name(NODE_STATES), "?");
	assert_int_equal(node_state_parse(&got, slice_str("")), EINVAL);
	assert_int_equal(node_state_parse(&got, slice_str("upp")), EINVAL);
	assert_int_equal(node_state_parse(&got, slice_str("u")), EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_text_is_understood),
		cmocka_unit_test(bad_text_names_its_line),
		cmocka_unit_test(a_nul_is_no_text),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(what_a_crash_left_behind_does_not_show),
		cmocka_unit_test(what_could_not_be_read_back_is_not_written),
		cmocka_unit_test(failures_are_told_apart),
		cmocka_unit_test(a_site_full_of_nodes_fits),
		cmocka_unit_test(one_node_more_than_a_site_has_is_refused),
		cmocka_unit_test(every_state_has_a_word_of_its_own),
	};

	return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
