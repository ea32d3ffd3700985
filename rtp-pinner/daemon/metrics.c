/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/metrics.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

enum {
	CONNECTIONS_MAX = 16,
	IDLE_S = 10,
};

/* One listening address. */
struct server {
	struct metrics *metrics;
	struct MHD_Daemon *mhd;
	uv_poll_t poll;
	uv_timer_t timer;
	bool in_loop;
};

struct metrics {
	struct pinner *p; /* borrowed */
	struct server servers[CONF_METRICS_MAX];
	size_t server_cnt;
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
	text = metrics_text(server->metrics->p, clock_ms());
	if (!text)
		return MHD_NO;
	return answer(connection, MHD_HTTP_OK, text,
		      "text/plain; version=0.0.4; charset=utf-8");
}

static void on_timer(uv_timer_t *timer);

static void run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(server->mhd);
	if (MHD_get_timeout(server->mhd, &ms) == MHD_YES)
		uv_timer_start(&server->timer, on_timer, ms, 0);
	else
		uv_timer_stop(&server->timer);
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

static struct MHD_Daemon *start_mhd(struct server *server,
				    const struct endpoint *at)
{
	struct sockaddr_storage ss = { 0 };
	unsigned flags = MHD_USE_EPOLL;

	if (at->addr.family == ADDR_IP6) {
		struct sockaddr_in6 *in6 = (void *)&ss;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(at->port);
		memcpy(&in6->sin6_addr, at->addr.bytes_be, 16);
		flags |= MHD_USE_IPv6;
	} else {
		struct sockaddr_in *in = (void *)&ss;

		in->sin_family = AF_INET;
		in->sin_port = htons(at->port);
		memcpy(&in->sin_addr, at->addr.bytes_be, 4);
	}
	return MHD_start_daemon(
		flags, at->port, NULL, NULL, on_request, server,
		MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&ss,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_END);
}

static int start_server(struct metrics *m, uv_loop_t *loop,
			const struct endpoint *at)
{
	struct server *server = &m->servers[m->server_cnt];
	const union MHD_DaemonInfo *info;
	char text[ADDR_TEXT_MAX];
	int err;

	addr_format_host(text, &at->addr);
	server->metrics = m;
	errno = 0;
	server->mhd = start_mhd(server, at);
	if (!server->mhd) {
		err = errno ? errno : EADDRINUSE;
		log_err("metrics: cannot listen on %s:%u (%s)", text, at->port,
			strerror(err));
		return err;
	}
	m->server_cnt++;
	info = MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return ENOTSUP;
	err = -uv_poll_init(loop, &server->poll, info->epoll_fd);
	if (err)
		return err;
	uv_timer_init(loop, &server->timer);
	server->poll.data = server;
	server->timer.data = server;
	server->in_loop = true;
	err = -uv_poll_start(&server->poll, UV_READABLE, on_poll);
	if (!err)
		log_info("metrics: http://%s:%u/metrics", text, at->port);
	return err;
}

int metrics_new(struct metrics **out, uv_loop_t *loop, struct pinner *p)
{
	struct metrics *m;
	int err = 0;

	*out = NULL;
	if (!p->conf->metrics_cnt)
		return 0;
	m = calloc(1, sizeof(*m));
	if (!m)
		return ENOMEM;
	m->p = p;
	*out = m;
	for (size_t i = 0; !err && i < p->conf->metrics_cnt; i++)
		err = start_server(m, loop, &p->conf->metrics[i]);
	return err;
}

void metrics_stop(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->server_cnt; i++) {
		struct server *server = &m->servers[i];

		if (!server->in_loop)
			continue;
		uv_close((uv_handle_t *)&server->poll, NULL);
		uv_close((uv_handle_t *)&server->timer, NULL);
	}
}

void metrics_free(struct metrics *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->server_cnt; i++)
		MHD_stop_daemon(m->servers[i].mhd);
	free(m);
}
