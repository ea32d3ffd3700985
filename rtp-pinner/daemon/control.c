/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/control.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "rtp-pinner/daemon/handlers.h"
#include "rtp-pinner/ng/cookies.h"
#include "rtp-pinner/ng/message.h"

enum {
	REQUEST_VALUES = 4096,
	REPLY_VALUES = 16384,
	TEXT_MAX = 1 << 17,
	ANSWERS_MAX = 1 << 15, /* of one generation */
	ANSWER_BYTES_MAX = 16 << 20,
	/* Kamailio asks 5 times in 5 s */
	ANSWER_GENERATION_MS = 15000,
	SOCKET_BUFFER = 4 << 20,
};

struct control {
	struct pinner *p; /* borrowed */
	struct cookies *cookies;
	struct ng_dict *request;
	struct ng_dict *reply;
	uv_udp_t sockets[CONF_LISTEN_MAX];
	size_t socket_cnt;
	char in[NG_DATAGRAM_MAX + 1]; /* more is a truncated one */
	char out[NG_DATAGRAM_MAX];
};

/* A sender, as libuv gives it. */
struct sender {
	const struct sockaddr *sa;
	struct addr addr;
	uint16_t port;
};

static struct sender sender_of(const struct sockaddr *sa)
{
	struct sender s = { .sa = sa };

	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof(in));
		addr_from_ip4(&s.addr, (const uint8_t *)&in.sin_addr);
		s.port = ntohs(in.sin_port);
	} else if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, sa, sizeof(in6));
		addr_from_ip6(&s.addr, in6.sin6_addr.s6_addr);
		addr_unmap(&s.addr);
		s.port = ntohs(in6.sin6_port);
	}
	return s;
}

static void count(struct control *c, enum pinner_counter which)
{
	counter_add(&c->p->counters, which, 1);
}

static void send_reply(struct control *c, uv_udp_t *socket,
		       const struct sender *to, struct slice text)
{
	uv_buf_t buf = uv_buf_init((char *)text.text, (unsigned)text.len);

	if (uv_udp_try_send(socket, &buf, 1, to->sa) < 0)
		count(c, PINNER_C_REPLY_NOT_SENT);
}

/* Write c->reply to c->out; *len 0 when that is impossible. */
static void write_reply(struct control *c, size_t *len, struct slice cookie,
			enum ng_encoding encoding,
			const struct ng_command *command, uint64_t now_ms)
{
	int err = ng_message_write(c->out, sizeof(c->out), len, cookie,
				   encoding, c->reply);

	if (!err)
		return;
	count(c, PINNER_C_REPLY_TOO_LONG);
	handlers_shorten(c->p, c->reply, command, now_ms);
	if (ng_message_write(c->out, sizeof(c->out), len, cookie, encoding,
			     c->reply))
		*len = 0;
}

/* The command's answer in c->out. */
static size_t answer(struct control *c, struct slice cookie, struct slice body,
		     const struct sender *from, uint64_t now_ms)
{
	struct ng_command command = { .verb = NG_VERBS };
	uint64_t began_ns = clock_ns();
	enum ng_encoding encoding;
	const char *reason;
	bool fine = false;
	size_t len = 0;

	ng_dict_reset(c->reply);
	if (ng_message_read(c->request, &encoding, &reason, body)) {
		count(c, PINNER_C_BROKEN);
		handlers_error(c->reply, reason);
	} else if (ng_command_read(&command, &reason, c->request)) {
		count(c, PINNER_C_NO_COMMAND);
		handlers_error(c->reply, reason);
	} else {
		fine = handlers_run(c->p, c->reply, &command, now_ms);
	}
	write_reply(c, &len, cookie, encoding, &command, now_ms);
	pinner_count(c->p, &from->addr, command.verb, !fine,
		     (clock_ns() - began_ns) / 1000);
	return len;
}

static void datagram(struct control *c, uv_udp_t *socket, struct slice text,
		     const struct sender *from)
{
	uint64_t now_ms = clock_ms();
	struct slice cookie, body, known;
	size_t len;

	count(c, PINNER_C_DATAGRAMS);
	if (!conf_is_allowed(c->p->conf, &from->addr)) {
		count(c, PINNER_C_NOT_ALLOWED);
		return;
	}
	if (ng_message_split(&cookie, &body, text)) {
		count(c, PINNER_C_NO_COOKIE);
		return;
	}
	cookies_tick(c->cookies, now_ms);
	if (cookies_find(&known, c->cookies, &from->addr, from->port, text)) {
		count(c, PINNER_C_REPEATED);
		send_reply(c, socket, from, known);
		return;
	}
	len = answer(c, cookie, body, from, now_ms);
	/* before the reply: who has it finds the ports of a delete closed */
	pinner_settle(c->p, now_ms);
	if (len) {
		struct slice reply = slice_of(c->out, len);

		send_reply(c, socket, from, reply);
		cookies_put(c->cookies, &from->addr, from->port, text, reply,
			    now_ms);
	}
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct control *c = handle->data;

	(void)suggested;
	*buf = uv_buf_init(c->in, sizeof(c->in));
}

static void on_datagram(uv_udp_t *socket, ssize_t n, const uv_buf_t *buf,
			const struct sockaddr *sa, unsigned flags)
{
	struct control *c = socket->data;
	struct sender from;

	if (n < 0) {
		count(c, PINNER_C_RECEIVE_ERRORS);
		return;
	}
	if (!sa)
		return; /* nothing more to read */
	if (flags & UV_UDP_PARTIAL) {
		count(c, PINNER_C_TRUNCATED);
		return;
	}
	from = sender_of(sa);
	datagram(c, socket, slice_of(buf->base, (size_t)n), &from);
}

static int listen_on(struct control *c, uv_loop_t *loop,
		     const struct endpoint *at)
{
	uv_udp_t *socket = &c->sockets[c->socket_cnt];
	struct sockaddr_storage ss = { 0 };
	char text[ADDR_TEXT_MAX];
	int buffer = SOCKET_BUFFER;
	unsigned flags = 0;
	int err;

	if (at->addr.family == ADDR_IP4) {
		struct sockaddr_in *in = (void *)&ss;

		in->sin_family = AF_INET;
		in->sin_port = htons(at->port);
		memcpy(&in->sin_addr, at->addr.bytes_be, 4);
	} else {
		struct sockaddr_in6 *in6 = (void *)&ss;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(at->port);
		memcpy(&in6->sin6_addr, at->addr.bytes_be, 16);
		flags = UV_UDP_IPV6ONLY;
	}
	err = -uv_udp_init(loop, socket);
	if (err)
		return err;
	socket->data = c;
	c->socket_cnt++;
	err = -uv_udp_bind(socket, (struct sockaddr *)&ss, flags);
	if (!err)
		err = -uv_udp_recv_start(socket, on_alloc, on_datagram);
	addr_format_host(text, &at->addr);
	if (err) {
		log_err("ng: cannot listen on %s:%u (%s)", text, at->port,
			strerror(err));
		return err;
	}
	/* a burst of commands waits here; less is no failure */
	(void)uv_recv_buffer_size((uv_handle_t *)socket, &buffer);
	log_info("ng: listening on %s:%u", text, at->port);
	return 0;
}

int control_new(struct control **out, uv_loop_t *loop, struct pinner *p)
{
	static const struct cookies_conf cookies = {
		.entries_max = ANSWERS_MAX,
		.bytes_max = ANSWER_BYTES_MAX,
		.generation_ms = ANSWER_GENERATION_MS,
	};
	struct control *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return ENOMEM;
	c->p = p;
	/* from here on the handles may be in the loop: control_stop() and
	 * control_free() are the caller's, also on error
	 */
	*out = c;
	err = cookies_new(&c->cookies, &cookies);
	if (!err)
		err = ng_dict_new(&c->request, REQUEST_VALUES, TEXT_MAX);
	if (!err)
		err = ng_dict_new(&c->reply, REPLY_VALUES, TEXT_MAX);
	if (err)
		log_err("ng: cannot be set up (%s)", strerror(err));
	for (size_t i = 0; !err && i < p->conf->listen_cnt; i++)
		err = listen_on(c, loop, &p->conf->listen[i]);
	return err;
}

void control_tick(struct control *c, uint64_t now_ms)
{
	cookies_tick(c->cookies, now_ms);
}

void control_stop(struct control *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->socket_cnt; i++)
		uv_close((uv_handle_t *)&c->sockets[i], NULL);
}

void control_free(struct control *c)
{
	if (!c)
		return;
	cookies_free(c->cookies);
	ng_dict_free(c->request);
	ng_dict_free(c->reply);
	free(c);
}
