/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket and its clients in one loop. */
#include "common/test/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "common/clock.h"
#include "health-agent/daemon/control.h"
#include "health-agent/daemon/control_socket.h"

enum { PATIENCE_MS = 20000, BIG = 200000, CROWD = 1000 };

static uv_loop_t loop;
static char path[PATH_MAX];

/* "echo X" is answered X; "big" with BIG bytes; "none" without memory. */
static char *answer(void *arg, const char *text, size_t len, uid_t uid)
{
	char *reply;

	assert_ptr_equal(arg, &loop);
	assert_int_equal(uid, geteuid());
	if (len == 4 && !memcmp(text, "none", 4))
		return NULL;
	if (len == 3 && !memcmp(text, "big", 3)) {
		reply = malloc(BIG + 1);
		assert_non_null(reply);
		memset(reply, 'x', BIG - 1);
		reply[BIG - 1] = '\n';
		reply[BIG] = '\0';
		return reply;
	}
	assert_true(asprintf(&reply, "%.*s\n", (int)len, text) > 0);
	return reply;
}

static struct control *start(void)
{
	struct control *c;

	assert_int_equal(control_new(&c, &loop, path, answer, &loop), 0);
	return c;
}

static void stop(struct control *c)
{
	control_stop(c);
	uv_run(&loop, UV_RUN_DEFAULT);
	control_free(c);
	scratch_files(1);
}

static int try_connect(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", path);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int client(void)
{
	int fd = try_connect();

	assert_true(fd >= 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
			 strlen(text));
}

/* All it says up to its close, while the loop turns. */
static size_t hear(int fd, char *out, size_t room)
{
	uint64_t end_ms = clock_ms() + PATIENCE_MS;
	size_t len = 0;

	while (clock_ms() < end_ms) {
		ssize_t n = recv(fd, out + len, room - 1 - len, 0);

		if (n == 0 || (n < 0 && errno != EAGAIN))
			break;
		if (n > 0)
			len += (size_t)n;
		else
			uv_run(&loop, UV_RUN_NOWAIT);
	}
	if (clock_ms() >= end_ms)
		fail_msg("no end after %zu bytes", len);
	close(fd);
	out[len] = '\0';
	return len;
}

static void assert_answers(const char *request, const char *want)
{
	char reply[8192];
	int fd = client();

	say(fd, request);
	hear(fd, reply, sizeof(reply));
	assert_string_equal(reply, want);
}

static void a_line_gets_a_line_and_the_end(void **state)
{
	struct control *c = start();
	char reply[64];
	int fd;

	(void)state;
	assert_answers("hello\n", "hello\n");
	assert_answers("\n", "\n");
	assert_answers("first\nsecond\n", "first\n");
	/* in pieces */
	fd = client();
	say(fd, "he");
	uv_run(&loop, UV_RUN_NOWAIT);
	uv_run(&loop, UV_RUN_NOWAIT);
	say(fd, "llo\n");
	hear(fd, reply, sizeof(reply));
	assert_string_equal(reply, "hello\n");
	assert_int_equal(control_counts(c)[CONTROL_REQUESTS], 4);
	assert_answers("none\n", "");
	stop(c);
}

static void a_long_reply_comes_whole(void **state)
{
	struct control *c = start();
	char *reply = malloc(BIG + 10);
	int fd = client();

	(void)state;
	say(fd, "big\n");
	assert_int_equal(hear(fd, reply, BIG + 10), BIG);
	free(reply);
	stop(c);
}

static void a_request_has_a_bound(void **state)
{
	struct control *c = start();
	char text[CONTROL_REQUEST_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[CONTROL_REQUEST_MAX - 1] = '\n';
	text[CONTROL_REQUEST_MAX] = '\0';
	assert_answers(text, text);
	text[CONTROL_REQUEST_MAX - 1] = 'x';
	assert_answers(text, "{\"ok\":false,\"error\":\"the request is longer "
			     "than 4096 bytes\"}\n");
	assert_int_equal(control_counts(c)[CONTROL_TOO_LONG], 1);
	stop(c);
}

static void who_goes_away_is_forgotten(void **state)
{
	struct control *c = start();
	int fd = client();
	uint64_t end_ms = clock_ms() + PATIENCE_MS;

	(void)state;
	say(fd, "half of a requ");
	close(fd);
	fd = client();
	say(fd, "hello\n");
	close(fd);
	while (control_counts(c)[CONTROL_BROKEN] < 2 && clock_ms() < end_ms)
		uv_run(&loop, UV_RUN_NOWAIT);
	assert_int_equal(control_counts(c)[CONTROL_BROKEN], 2);
	assert_answers("hello\n", "hello\n");
	stop(c);
}

static void a_crowd_is_served_and_idlers_are_closed(void **state)
{
	struct control *c = start();
	static int fds[CROWD];
	uint64_t end_ms = clock_ms() + PATIENCE_MS;
	uint64_t begun_ms = clock_ms();
	unsigned cnt = 0;

	(void)state;
	/* as many idle ones as want to, then one who has a question */
	while (cnt < CROWD && clock_ms() < end_ms) {
		int fd = try_connect();

		if (fd >= 0)
			fds[cnt++] = fd;
		else
			uv_run(&loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(cnt, CROWD);
	assert_answers("hello\n", "hello\n");
	print_message("behind %d idle ones: %d ms, closed: %d\n", CROWD,
		      (int)(clock_ms() - begun_ms),
		      (int)control_counts(c)[CONTROL_SLOW]);
	assert_true(control_counts(c)[CONTROL_SLOW] >=
		    CROWD - CONTROL_CLIENTS_MAX);
	for (unsigned i = 0; i < CROWD; i++)
		close(fds[i]);
	assert_answers("hello\n", "hello\n");
	stop(c);
}

static void its_file_is_for_owner_and_group(void **state)
{
	struct control *c = start();
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(scratch_files(0), 1);
	control_stop(c);
	uv_run(&loop, UV_RUN_DEFAULT);
	control_free(c);
	assert_int_equal(scratch_files(0), 0);
}

/* The kernel refuses those whom the mode keeps out; a descriptor that has been
 * handed on is refused by its peer's user.
 */
static void strangers_are_not_admitted(void **state)
{
	int fds[2];
	uid_t uid = 4711;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_true(control_socket_admits(fds[0], &uid));
	assert_int_equal(uid, geteuid());
	if (geteuid() == 0) {
		/* we have become somebody else, and the peer is root */
		assert_int_equal(seteuid(65534), 0);
		assert_true(control_socket_admits(fds[0], &uid));
		assert_int_equal(seteuid(0), 0);
	}
	close(fds[0]);
	close(fds[1]);
}

static void what_a_dead_agent_left_is_replaced(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct control *c;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	snprintf(at.sun_path, sizeof(at.sun_path), "%.100s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	c = start();
	assert_answers("hello\n", "hello\n");
	stop(c);
}

static void who_answers_there_is_left_alone(void **state)
{
	struct control *first = start();
	struct control *second = start();

	(void)state;
	uv_run(&loop, UV_RUN_NOWAIT);
	assert_answers("hello\n", "hello\n");
	assert_int_equal(control_counts(second)[CONTROL_REQUESTS], 0);
	control_tick(second);
	assert_int_equal(control_counts(second)[CONTROL_REQUESTS], 0);
	control_stop(first);
	control_tick(second);
	assert_answers("hello\n", "hello\n");
	assert_int_equal(control_counts(second)[CONTROL_REQUESTS], 1);
	stop(second);
	control_free(first);
}

static void another_file_is_not_touched(void **state)
{
	struct control *c;

	(void)state;
	scratch_write("control.sock", "precious", 8);
	c = start();
	assert_true(try_connect() < 0);
	assert_int_equal(scratch_files(0), 1);
	stop(c);
}

static void a_socket_taken_away_comes_back(void **state)
{
	struct control *c = start();

	(void)state;
	assert_int_equal(unlink(path), 0);
	assert_true(try_connect() < 0);
	control_tick(c);
	assert_answers("hello\n", "hello\n");
	stop(c);
}

static void its_folder_is_made(void **state)
{
	struct control *c;

	(void)state;
	snprintf(path, sizeof(path), "%s/a/b/control.sock", scratch_dir);
	c = start();
	assert_answers("hello\n", "hello\n");
	control_stop(c);
	uv_run(&loop, UV_RUN_DEFAULT);
	control_free(c);
	assert_int_equal(rmdir(scratch_path("a/b")), 0);
	assert_int_equal(rmdir(scratch_path("a")), 0);

	memset(path, 'x', 200);
	path[0] = '/';
	path[200] = '\0';
	c = start();	/* without a socket */
	stop(c);
	snprintf(path, sizeof(path), "%s/control.sock", scratch_dir);
}

static int setup(void **state)
{
	signal(SIGPIPE, SIG_IGN);
	if (uv_loop_init(&loop) || scratch_setup(state))
		return -1;
	snprintf(path, sizeof(path), "%s/control.sock", scratch_dir);
	return 0;
}

static int teardown(void **state)
{
	return uv_loop_close(&loop) || scratch_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_gets_a_line_and_the_end),
		cmocka_unit_test(a_long_reply_comes_whole),
		cmocka_unit_test(a_request_has_a_bound),
		cmocka_unit_test(who_goes_away_is_forgotten),
		cmocka_unit_test(a_crowd_is_served_and_idlers_are_closed),
		cmocka_unit_test(its_file_is_for_owner_and_group),
		cmocka_unit_test(strangers_are_not_admitted),
		cmocka_unit_test(what_a_dead_agent_left_is_replaced),
		cmocka_unit_test(who_answers_there_is_left_alone),
		cmocka_unit_test(another_file_is_not_touched),
		cmocka_unit_test(a_socket_taken_away_comes_back),
		cmocka_unit_test(its_folder_is_made),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
