/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server and its clients in one loop, on loopback. */
#include "common/test/table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/httpd.h"

enum { PORT = 17104, GUARD_MS = 5000 };

static uv_loop_t loop;
static struct httpd *httpd;
static uv_timer_t guard;	/* a loop that waits for what never comes */
static unsigned asked;
static bool without_memory;
static uint64_t later_ms;

uint64_t __real_uv_now(const uv_loop_t *loop);
uint64_t __wrap_uv_now(const uv_loop_t *loop);

uint64_t __wrap_uv_now(const uv_loop_t *of)
{
	return __real_uv_now(of) + later_ms;
}

struct client {
	uv_tcp_t tcp;
	uv_connect_t connect;
	uv_write_t write;
	const char *request;
	char reply[2048];
	size_t len;
	bool closed;
};

static char *text(void *arg)
{
	assert_ptr_equal(arg, &asked);
	asked++;
	return without_memory ? NULL : strdup("things_total 7\n");
}

static void on_guard(uv_timer_t *timer)
{
	(void)timer;
	fail_msg("nothing has happened for %d ms", GUARD_MS);
}

static int setup(void **state)
{
	static const struct endpoint at = {
		{ ADDR_IP4, { 127, 0, 0, 1 } }, PORT
	};

	(void)state;
	return uv_loop_init(&loop) || uv_timer_init(&loop, &guard) ||
	       httpd_new(&httpd, &loop, text, &asked) ||
	       httpd_listen(httpd, &at);
}

static int teardown(void **state)
{
	(void)state;
	httpd_stop(httpd);
	uv_close((uv_handle_t *)&guard, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	httpd_free(httpd);
	httpd = NULL;
	return uv_loop_close(&loop);
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct client *c = handle->data;

	(void)size;
	*buf = uv_buf_init(c->reply + c->len,
			   (unsigned)(sizeof(c->reply) - 1 - c->len));
}

static void on_closed(uv_handle_t *handle)
{
	struct client *c = handle->data;

	c->closed = true;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	(void)buf;
	if (n > 0)
		c->len += (size_t)n;
	else if (n < 0)
		uv_close((uv_handle_t *)stream, on_closed);
}

static void on_connected(uv_connect_t *req, int status)
{
	struct client *c = req->data;
	uv_buf_t buf = uv_buf_init((char *)(uintptr_t)c->request,
				   (unsigned)strlen(c->request));

	assert_int_equal(status, 0);
	assert_int_equal(uv_write(&c->write, req->handle, &buf, 1, NULL), 0);
	assert_int_equal(uv_read_start(req->handle, on_room, on_read), 0);
}

/* The whole answer, up to the server's close. */
static const char *ask(struct client *c, const char *request)
{
	struct sockaddr_in to;

	*c = (struct client){ .request = request };
	uv_ip4_addr("127.0.0.1", PORT, &to);
	assert_int_equal(uv_tcp_init(&loop, &c->tcp), 0);
	c->tcp.data = c;
	c->connect.data = c;
	assert_int_equal(uv_tcp_connect(&c->connect, &c->tcp,
					(struct sockaddr *)&to, on_connected),
			 0);
	uv_timer_start(&guard, on_guard, GUARD_MS, 0);
	while (!c->closed)
		uv_run(&loop, UV_RUN_ONCE);
	uv_timer_stop(&guard);
	return c->reply;
}

static void only_get_metrics_is_answered(void **state)
{
	static const struct {
		const char *what, *request, *status, *body;
		unsigned asked;
	} rows[] = {
		{ "GET", "GET /metrics HTTP/1.0\r\n\r\n", "200 OK",
		  "things_total 7\n", 1 },
		{ "HEAD", "HEAD /metrics HTTP/1.0\r\n\r\n", "200 OK", NULL, 1 },
		{ "elsewhere", "GET / HTTP/1.0\r\n\r\n", "404 Not Found",
		  "see /metrics\n", 0 },
		{ "POST with a body",
		  "POST /metrics HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc",
		  "405 Method Not Allowed", "only GET\n", 0 },
		{ "nonsense", "\r\n\r\nnonsense\r\n\r\n", NULL, NULL, 0 },
	};
	struct client c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *reply, *body;

		asked = 0;
		reply = ask(&c, rows[i].request);
		CHECK_EQ(rows[i].asked, asked, rows[i].what);
		if (rows[i].status)
			CHECK(strstr(reply, rows[i].status), rows[i].what);
		body = strstr(reply, "\r\n\r\n");
		if (rows[i].body)
			CHECK_STR(rows[i].body, body ? body + 4 : "",
				  rows[i].what);
	}
}

static void without_memory_the_connection_is_closed(void **state)
{
	struct client c;

	(void)state;
	without_memory = true;
	assert_string_equal(ask(&c, "GET /metrics HTTP/1.0\r\n\r\n"), "");
	without_memory = false;
	assert_non_null(strstr(ask(&c, "GET /metrics HTTP/1.0\r\n\r\n"),
			       "things_total 7\n"));
}

/* A connection that stays, once the server has answered on it. */
static int open_connection(void)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unsigned before = asked;
	struct sockaddr_in to;

	uv_ip4_addr("127.0.0.1", PORT, &to);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(send(fd, request, strlen(request), 0),
			 strlen(request));
	uv_timer_start(&guard, on_guard, GUARD_MS, 0);
	while (asked == before)
		uv_run(&loop, UV_RUN_ONCE);
	uv_timer_stop(&guard);
	return fd;
}

static void who_takes_all_connections_takes_them_for_a_while(void **state)
{
	int fds[HTTPD_CONNECTIONS_MAX];
	struct client c;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = open_connection();
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	assert_non_null(strstr(ask(&c, "GET /metrics HTTP/1.0\r\n\r\n"),
			       "things_total 7\n"));
}

static void a_trickle_keeps_no_connection(void **state)
{
	int fd = open_connection();
	ssize_t n = 1;
	char reply[512];

	(void)state;
	uv_timer_start(&guard, on_guard, GUARD_MS, 0);
	later_ms = HTTPD_LIFE_MS;
	assert_int_equal(send(fd, "G", 1, 0), 1);
	do {
		uv_run(&loop, UV_RUN_NOWAIT);
		n = recv(fd, reply, sizeof(reply), MSG_DONTWAIT);
	} while (n > 0 || (n < 0 && errno == EAGAIN));
	later_ms = 0;
	uv_timer_stop(&guard);
	close(fd);
}

static void an_address_that_is_not_ours_is_refused(void **state)
{
	static const struct endpoint strange = {
		{ ADDR_IP4, { 192, 0, 2, 1 } }, PORT
	};
	struct client c;

	(void)state;
	assert_int_equal(httpd_listen(httpd, &strange), EADDRNOTAVAIL);
	assert_non_null(strstr(ask(&c, "GET /metrics HTTP/1.0\r\n\r\n"),
			       "things_total 7\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_get_metrics_is_answered),
		cmocka_unit_test(without_memory_the_connection_is_closed),
		cmocka_unit_test(
			who_takes_all_connections_takes_them_for_a_while),
		cmocka_unit_test(a_trickle_keeps_no_connection),
		cmocka_unit_test(an_address_that_is_not_ours_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
