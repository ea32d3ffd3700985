/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/httpd.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	IDLE_S = 10,
};

struct client {
	struct MHD_Connection *connection;	/* NULL: a free place */
	uint64_t since_ms;
};

/* One listening address. */
struct server {
	struct server *next;
	struct httpd *httpd;
	struct MHD_Daemon *mhd;
	uv_poll_t poll;
	uv_timer_t timer;
	struct client clients[HTTPD_CONNECTIONS_MAX];
	bool one_closed;	/* in this turn */
};

struct httpd {
	uv_loop_t *loop;	/* borrowed */
	httpd_text_h *text;
	void *arg;
	struct server *servers;
};

static enum MHD_Result answer(struct MHD_Connection *connection,
			      unsigned status, char *text, const char *type)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(strlen(text), text,
						   MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_word(struct MHD_Connection *connection,
				   unsigned status, const char *word)
{
	char *text = strdup(word);

	return text ? answer(connection, status, text, "text/plain") : MHD_NO;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version, const char *upload,
				  size_t *upload_len, void **state)
{
	static char seen;
	struct server *server = arg;
	char *text;

	(void)version;
	(void)upload;
	if (!*state) { /* the headers; a body may follow */
		*state = &seen;
		return MHD_YES;
	}
	if (*upload_len) {
		*upload_len = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_word(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				   "only GET\n");
	if (strcmp(url, "/metrics") != 0)
		return answer_word(connection, MHD_HTTP_NOT_FOUND,
				   "see /metrics\n");
	text = server->httpd->text(server->httpd->arg);
	if (!text)
		return MHD_NO;
	return answer(connection, MHD_HTTP_OK, text,
		      "text/plain; version=0.0.4; charset=utf-8");
}

/* ---- connections */

static void on_connection(void *arg, struct MHD_Connection *connection,
			  void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	bool begins = code == MHD_CONNECTION_NOTIFY_STARTED;
	struct MHD_Connection *was = begins ? NULL : connection;
	struct server *server = arg;

	(void)context;
	server->one_closed = server->one_closed || !begins;
	for (size_t i = 0; i < HTTPD_CONNECTIONS_MAX; i++) {
		struct client *c = &server->clients[i];

		if (c->connection != was)
			continue;
		*c = (struct client){ 0 };
		if (begins)
			*c = (struct client){ connection,
					      uv_now(server->httpd->loop) };
		return;
	}
}

static void end_connection(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	/* which the server sees as its client's end */
	if (info)
		(void)shutdown(info->connect_fd, SHUT_RDWR);
}

/* End those whose time is over; returns when the next one's is. */
static uint64_t expire(struct server *server)
{
	uint64_t now_ms = uv_now(server->httpd->loop);
	uint64_t next_ms = HTTPD_LIFE_MS;

	for (size_t i = 0; i < HTTPD_CONNECTIONS_MAX; i++) {
		struct client *c = &server->clients[i];
		uint64_t age_ms = now_ms - c->since_ms;

		if (!c->connection)
			continue;
		if (age_ms >= HTTPD_LIFE_MS)
			end_connection(c->connection);
		else if (HTTPD_LIFE_MS - age_ms < next_ms)
			next_ms = HTTPD_LIFE_MS - age_ms;
	}
	return next_ms;
}

/* ---- in the loop */

static void on_timer(uv_timer_t *timer);

static void run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG mhd_ms;
	uint64_t ms = expire(server);

	server->one_closed = false;
	MHD_run(server->mhd);
	/* only at its next turn does a server that was full listen again */
	if (server->one_closed)
		ms = 0;
	else if (MHD_get_timeout(server->mhd, &mhd_ms) == MHD_YES &&
		 mhd_ms < ms)
		ms = mhd_ms;
	uv_timer_start(&server->timer, on_timer, ms, 0);
}

static void on_timer(uv_timer_t *timer)
{
	run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	run(poll->data);
}

static int socket_at(const struct endpoint *at)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} to = { 0 };
	bool is6 = at->addr.family == ADDR_IP6;
	socklen_t len = is6 ? sizeof(to.in6) : sizeof(to.in);
	int on = 1, err;
	int fd = socket(is6 ? AF_INET6 : AF_INET,
			SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (is6) {
		to.in6.sin6_family = AF_INET6;
		to.in6.sin6_port = htons(at->port);
		memcpy(&to.in6.sin6_addr, at->addr.bytes_be, 16);
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	} else {
		to.in.sin_family = AF_INET;
		to.in.sin_port = htons(at->port);
		memcpy(&to.in.sin_addr, at->addr.bytes_be, 4);
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (!bind(fd, &to.sa, len) && !listen(fd, HTTPD_CONNECTIONS_MAX))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

/* The socket is ours to make: libmicrohttpd 1.0 does not say why it could not.
 * 0 or errno.
 */
static int start_mhd(struct server *server, const struct endpoint *at)
{
	int fd = socket_at(at);

	if (fd < 0)
		return errno;
	server->mhd = MHD_start_daemon(
		MHD_USE_EPOLL, at->port, NULL, NULL, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTPD_CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_END);
	if (server->mhd)
		return 0;
	close(fd);
	return ENOMEM;
}

/* On failure nothing of it is in the loop. */
static int enter_loop(struct server *server)
{
	const union MHD_DaemonInfo *info;
	int err;

	info = MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return ENOTSUP;
	err = -uv_poll_init(server->httpd->loop, &server->poll,
			    info->epoll_fd);
	if (err)
		return err;
	uv_timer_init(server->httpd->loop, &server->timer);
	server->poll.data = server;
	server->timer.data = server;
	return -uv_poll_start(&server->poll, UV_READABLE, on_poll);
}

int httpd_new(struct httpd **out, uv_loop_t *loop, httpd_text_h *text,
	      void *arg)
{
	struct httpd *h = calloc(1, sizeof(*h));

	if (!h)
		return ENOMEM;
	*h = (struct httpd){ .loop = loop, .text = text, .arg = arg };
	*out = h;
	return 0;
}

int httpd_listen(struct httpd *h, const struct endpoint *at)
{
	struct server *server = calloc(1, sizeof(*server));
	int err;

	if (!server)
		return ENOMEM;
	server->httpd = h;
	err = start_mhd(server, at);
	if (err) {
		free(server);
		return err;
	}
	err = enter_loop(server);
	if (err) {
		MHD_stop_daemon(server->mhd);
		free(server);
		return err;
	}
	server->next = h->servers;
	h->servers = server;
	return 0;
}

void httpd_stop(struct httpd *h)
{
	for (struct server *s = h ? h->servers : NULL; s; s = s->next) {
		uv_close((uv_handle_t *)&s->poll, NULL);
		uv_close((uv_handle_t *)&s->timer, NULL);
	}
}

void httpd_free(struct httpd *h)
{
	if (!h)
		return;
	while (h->servers) {
		struct server *server = h->servers;

		h->servers = server->next;
		MHD_stop_daemon(server->mhd);
		free(server);
	}
	free(h);
}
