/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/control.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "health-agent/daemon/control_socket.h"

struct client {
	struct client *next, **back;
	struct control *control;
	uv_pipe_t pipe;
	uv_timer_t deadline;
	uv_write_t write;
	unsigned handles;	/* open or closing */
	bool closing;
	uid_t uid;
	char *reply;
	size_t len;
	char request[CONTROL_REQUEST_MAX];
};

struct control {
	uv_loop_t *loop;	/* borrowed */
	char path[PATH_MAX];
	control_request_h *request;
	void *arg;
	uv_pipe_t *pipe;	/* NULL: not listening; frees itself */
	struct stat socket;	/* which one is ours */
	bool warned, waiting;	/* waiting: one in the queue for a place */
	struct client *clients;	/* the latest first */
	unsigned client_cnt;
	uint64_t counts[CONTROL_COUNTERS];
};

const char *control_counter_name(enum control_counter which)
{
	static const char *const names[CONTROL_COUNTERS] = {
		[CONTROL_REQUESTS] = "requests",
		[CONTROL_REFUSED] = "refused",
		[CONTROL_TOO_LONG] = "too_long",
		[CONTROL_SLOW] = "slow",
		[CONTROL_BROKEN] = "broken",
	};

	return (unsigned)which < CONTROL_COUNTERS ? names[which] : "?";
}

/* ---- a client's end */

static void take_client(struct control *c);

static void on_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct control *c = client->control;

	if (--client->handles)
		return;
	*client->back = client->next;
	if (client->next)
		client->next->back = client->back;
	c->client_cnt--;
	free(client->reply);
	free(client);
	if (c->waiting)
		take_client(c);
}

static void close_client(struct client *client)
{
	if (client->closing)
		return;
	client->closing = true;
	uv_close((uv_handle_t *)&client->pipe, on_closed);
	uv_close((uv_handle_t *)&client->deadline, on_closed);
}

static void drop(struct client *client, enum control_counter why)
{
	if (!client->closing)
		client->control->counts[why]++;
	close_client(client);
}

static void on_deadline(uv_timer_t *timer)
{
	drop(timer->data, CONTROL_SLOW);
}

/* ---- request and reply */

static void on_written(uv_write_t *write, int status)
{
	struct client *client = write->data;

	if (status < 0)
		drop(client, CONTROL_BROKEN);
	else
		close_client(client);
}

static void reply(struct client *client, char *text)
{
	uv_buf_t buf;

	client->reply = text;
	uv_read_stop((uv_stream_t *)&client->pipe);
	if (!text) {
		drop(client, CONTROL_BROKEN);
		return;
	}
	client->write.data = client;
	buf = uv_buf_init(text, (unsigned)strlen(text));
	if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buf, 1,
		     on_written) < 0)
		drop(client, CONTROL_BROKEN);
}

static void refuse(struct client *client, enum control_counter why,
		   const char *text)
{
	client->control->counts[why]++;
	reply(client, strdup(text));
}

static void take_request(struct client *client, size_t len)
{
	struct control *c = client->control;

	c->counts[CONTROL_REQUESTS]++;
	reply(client, c->request(c->arg, client->request, len, client->uid));
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	struct client *client = handle->data;

	(void)size;
	*buf = uv_buf_init(client->request + client->len,
			   (unsigned)(sizeof(client->request) - client->len));
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *client = stream->data;
	char *end;

	if (n < 0) {
		drop(client, CONTROL_BROKEN);
		return;
	}
	end = memchr(buf->base, '\n', (size_t)n);
	client->len += (size_t)n;
	if (end)
		take_request(client, (size_t)(end - client->request));
	else if (client->len == sizeof(client->request))
		refuse(client, CONTROL_TOO_LONG,
		       "{\"ok\":false,\"error\":\"the request is longer than "
		       "4096 bytes\"}\n");
}

/* ---- a client's beginning */

/* Others wait for a place: nobody may take long. */
static void hurry(struct control *c)
{
	for (struct client *i = c->clients; i; i = i->next) {
		if (!i->closing &&
		    uv_timer_get_due_in(&i->deadline) > CONTROL_FULL_MS)
			uv_timer_start(&i->deadline, on_deadline,
				       CONTROL_FULL_MS, 0);
	}
}

static struct client *add_client(struct control *c)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->control = c;
	uv_pipe_init(c->loop, &client->pipe, 0);
	uv_timer_init(c->loop, &client->deadline);
	client->handles = 2;
	client->pipe.data = client;
	client->deadline.data = client;
	client->next = c->clients;
	client->back = &c->clients;
	if (c->clients)
		c->clients->back = &client->next;
	c->clients = client;
	c->client_cnt++;
	uv_timer_start(&client->deadline, on_deadline, CONTROL_SLOW_MS, 0);
	return client;
}

static void begin_client(struct client *client)
{
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&client->pipe, &fd) < 0 ||
	    uv_read_start((uv_stream_t *)&client->pipe, on_room, on_bytes) < 0)
		drop(client, CONTROL_BROKEN);
	else if (!control_socket_admits(fd, &client->uid))
		refuse(client, CONTROL_REFUSED,
		       "{\"ok\":false,\"error\":\"only for root, and for the "
		       "agent's user and group\"}\n");
}

static void take_client(struct control *c)
{
	struct client *client = NULL;

	if (c->client_cnt < CONTROL_CLIENTS_MAX)
		client = add_client(c);
	/* not taken: libuv leaves the others in the kernel's queue */
	c->waiting = !client;
	if (!client)
		return;
	if (uv_accept((uv_stream_t *)c->pipe, (uv_stream_t *)&client->pipe) < 0)
		close_client(client);
	else
		begin_client(client);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct control *c = stream->data;

	if (status < 0) {
		c->counts[CONTROL_BROKEN]++;
		return;
	}
	take_client(c);
	if (c->waiting)
		hurry(c);
}

/* ---- the socket */

static void free_pipe(uv_handle_t *pipe)
{
	free(pipe);
}

static int listen_on(struct control *c, int fd)
{
	uv_pipe_t *pipe = malloc(sizeof(*pipe));
	int err;

	if (!pipe) {
		close(fd);
		return ENOMEM;
	}
	uv_pipe_init(c->loop, pipe, 0);
	pipe->data = c;
	err = -uv_pipe_open(pipe, fd);
	if (err)
		close(fd);
	else
		err = -uv_listen((uv_stream_t *)pipe, SOMAXCONN,
				 on_connection);
	if (err)
		uv_close((uv_handle_t *)pipe, free_pipe);
	else
		c->pipe = pipe;
	return err;
}

static bool is_ours(const struct control *c)
{
	struct stat st;

	return lstat(c->path, &st) == 0 && st.st_dev == c->socket.st_dev &&
	       st.st_ino == c->socket.st_ino;
}

static void have_socket(struct control *c)
{
	int fd, err;

	err = control_socket_open(&fd, c->path);
	if (!err && lstat(c->path, &c->socket) < 0) {
		err = errno;
		close(fd);
	}
	if (!err)
		err = listen_on(c, fd);
	if (err && !c->warned)
		log_warn("control: %s cannot be had (%s): no commands until it "
			 "can", c->path,
			 err == EADDRINUSE ? "another agent answers there"
					   : strerror(err));
	else if (!err)
		log_info("control: %s", c->path);
	c->warned = err != 0;
}

static void close_socket(struct control *c)
{
	if (c->pipe)
		uv_close((uv_handle_t *)c->pipe, free_pipe);
	c->pipe = NULL;
	c->waiting = false;
}

/* A socket nobody can find any more, because its file is gone or another's, is
 * none.
 */
void control_tick(struct control *c)
{
	if (c->pipe && !is_ours(c)) {
		log_warn("control: %s has been taken away", c->path);
		close_socket(c);
	}
	if (!c->pipe)
		have_socket(c);
	else if (c->waiting)
		take_client(c);
}

int control_new(struct control **out, uv_loop_t *loop, const char *path,
		control_request_h *request, void *arg)
{
	struct control *c = calloc(1, sizeof(*c));

	if (!c)
		return ENOMEM;
	c->loop = loop;
	c->request = request;
	c->arg = arg;
	snprintf(c->path, sizeof(c->path), "%s", path);
	have_socket(c);
	*out = c;
	return 0;
}

const uint64_t *control_counts(const struct control *c)
{
	return c->counts;
}

void control_stop(struct control *c)
{
	if (!c)
		return;
	if (c->pipe && is_ours(c))
		unlink(c->path);
	close_socket(c);
	for (struct client *i = c->clients; i; i = i->next)
		close_client(i);
}

void control_free(struct control *c)
{
	free(c);
}
