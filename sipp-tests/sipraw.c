/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sipraw - send SIP messages byte for byte and keep what comes back
 *
 * Each FILE goes out exactly as it is, over UDP as one datagram, over TCP on
 * one connection, from the chosen source.  Everything received until the end,
 * on the sending socket and on every -l listener, is written to DIR/N.sip,
 * with one line per message in DIR/index:
 *
 *	N LOCAL PEER udp|tcp BYTES FIRST-LINE
 *
 * After each FILE sipraw waits for -n final replies (status 200 and above).
 * That something is *not* answered is shown by a fence: -f sends one more
 * request at the end, and what had come in when its reply arrives is all
 * there is, because the server handles one socket's messages in order.
 *
 * Exit: 0 all awaited replies came, 1 they did not within the limit, 2 the
 * peer closed the connection first, 64 wrong usage, 69 no socket.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

enum {
	MESSAGE_MAX = 262144,
	LISTENERS_MAX = 8,
	ENDPOINT_MAX = 64,
	CALL_ID_MAX = 256,
	EXIT_LIMIT = 1,
	EXIT_CLOSED = 2,
	EXIT_USAGE = 64,
	EXIT_SOCKET = 69,
};

struct endpoint {
	struct sockaddr_storage ss;
	socklen_t len;
};

struct message {
	char *bytes;		/* MESSAGE_MAX + 1, NUL after len */
	size_t len;
};

struct raw {
	bool tcp;
	struct endpoint peer;
	struct endpoint source;
	bool has_source;
	const char *dir;
	unsigned await;		/* final replies after each file */
	unsigned limit_ms;	/* for each file */
	const char *fence;	/* path, or NULL */

	struct pollfd fds[1 + LISTENERS_MAX];	/* [0] is the sending socket */
	size_t fd_cnt;
	struct message in;	/* TCP: what has arrived and is not framed */
	struct message dgram;
	FILE *index;
	unsigned received;	/* messages, all sockets */
	unsigned finals;	/* final replies since the last send */
	char fence_call_id[CALL_ID_MAX];
	bool fenced;		/* the fence's reply has come */
	bool closed;
};

static void die(int code, const char *what, const char *arg)
{
	fprintf(stderr, "sipraw: %s %s\n", what, arg);
	exit(code);
}

static void endpoint_parse(struct endpoint *out, const char *text)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *found;
	char host[ENDPOINT_MAX];
	const char *port = strrchr(text, ':');
	const char *start = text;
	size_t len;

	if (!port || port == text)
		die(EXIT_USAGE, "want ADDR:PORT or [ADDR]:PORT, not", text);
	len = (size_t)(port - text);
	if (text[0] == '[' && text[len - 1] == ']') {
		start++;
		len -= 2;
	}
	if (len >= sizeof(host))
		die(EXIT_USAGE, "address too long:", text);
	memcpy(host, start, len);
	host[len] = '\0';
	if (getaddrinfo(host, port + 1, &hints, &found))
		die(EXIT_USAGE, "not an address and port:", text);
	memcpy(&out->ss, found->ai_addr, found->ai_addrlen);
	out->len = found->ai_addrlen;
	freeaddrinfo(found);
}

static void endpoint_format(char out[static ENDPOINT_MAX],
			    const struct endpoint *e)
{
	char host[INET6_ADDRSTRLEN];
	char port[8];

	if (getnameinfo((const struct sockaddr *)&e->ss, e->len, host,
			sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		snprintf(out, ENDPOINT_MAX, "-");
	else
		snprintf(out, ENDPOINT_MAX,
			 e->ss.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
			 host, port);
}

static int socket_bound(int family, int type, const struct endpoint *bound)
{
	int on = 1;
	int size = 1 << 20;
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die(EXIT_SOCKET, "socket:", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bound && bind(fd, (const struct sockaddr *)&bound->ss, bound->len))
		die(EXIT_SOCKET, "bind:", strerror(errno));
	return fd;
}

static void raw_listen(struct raw *r, const char *text)
{
	struct endpoint e;

	if (r->fd_cnt == 1 + LISTENERS_MAX)
		die(EXIT_USAGE, "too many listeners:", text);
	endpoint_parse(&e, text);
	r->fds[r->fd_cnt++] = (struct pollfd){
		.fd = socket_bound(e.ss.ss_family, SOCK_DGRAM, &e),
		.events = POLLIN,
	};
}

/* The same two ends may have had a connection a moment ago; until it has
 * closed on both sides the kernel has no address for another.
 */
static void connect_tcp(int fd, const struct endpoint *peer)
{
	enum { TRIES = 250, PAUSE_MS = 20 };
	int i = 0;

	while (connect(fd, (const struct sockaddr *)&peer->ss, peer->len)) {
		if (errno != EADDRNOTAVAIL || ++i == TRIES)
			die(EXIT_SOCKET, "connect:", strerror(errno));
		poll(NULL, 0, PAUSE_MS);
	}
}

static void raw_open(struct raw *r)
{
	int fd = socket_bound(r->peer.ss.ss_family,
			      r->tcp ? SOCK_STREAM : SOCK_DGRAM,
			      r->has_source ? &r->source : NULL);

	/* A UDP socket stays unconnected: a reply from a wrong address must be
	 * seen, not filtered by the kernel.
	 */
	if (r->tcp)
		connect_tcp(fd, &r->peer);
	r->fds[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void message_init(struct message *m)
{
	m->bytes = malloc(MESSAGE_MAX + 1);
	if (!m->bytes)
		die(EXIT_SOCKET, "malloc:", strerror(errno));
	m->len = 0;
	m->bytes[0] = '\0';
}

static void message_load(struct message *m, const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		die(EXIT_USAGE, "cannot open", path);
	m->len = fread(m->bytes, 1, MESSAGE_MAX, f);
	m->bytes[m->len] = '\0';
	if (ferror(f) || !feof(f))
		die(EXIT_USAGE, "cannot read all of", path);
	fclose(f);
}

/* The value of a header by its long or compact name; "" when absent. */
static void message_header(char *out, size_t size, const struct message *m,
			   const char *name, const char *compact)
{
	const char *line = m->bytes;

	out[0] = '\0';
	while ((line = strstr(line, "\r\n")) && strncmp(line, "\r\n\r\n", 4)) {
		size_t len = 0;

		line += 2;
		if (!strncasecmp(line, name, strlen(name)))
			len = strlen(name);
		else if (!strncasecmp(line, compact, strlen(compact)))
			len = strlen(compact);
		if (!len || !strchr(": \t", line[len]))
			continue;
		line += len;
		line += strspn(line, ": \t");
		len = strcspn(line, "\r\n");
		snprintf(out, size, "%.*s", (int)len, line);
		return;
	}
}

static unsigned message_status(const struct message *m)
{
	unsigned status = 0;

	if (sscanf(m->bytes, "SIP/2.0 %3u", &status) != 1)
		return 0;
	return status;
}

/* Note one received message: a file, a line in the index, the counters. */
static void raw_note(struct raw *r, int fd, const struct endpoint *from,
		     const struct message *m, bool tcp)
{
	struct endpoint local = { .len = sizeof(local.ss) };
	char here[ENDPOINT_MAX], there[ENDPOINT_MAX], call_id[CALL_ID_MAX];
	char path[4096];
	FILE *f;

	getsockname(fd, (struct sockaddr *)&local.ss, &local.len);
	endpoint_format(here, &local);
	endpoint_format(there, from);
	r->received++;
	snprintf(path, sizeof(path), "%s/%u.sip", r->dir, r->received);
	f = fopen(path, "wb");
	if (!f || fwrite(m->bytes, 1, m->len, f) != m->len || fclose(f))
		die(EXIT_SOCKET, "cannot write", path);
	fprintf(r->index, "%u %s %s %s %zu %.*s\n", r->received, here, there,
		tcp ? "tcp" : "udp", m->len, (int)strcspn(m->bytes, "\r\n"),
		m->bytes);
	fflush(r->index);
	if (message_status(m) < 200)
		return;
	message_header(call_id, sizeof(call_id), m, "Call-ID", "i");
	if (r->fence_call_id[0] && !strcmp(call_id, r->fence_call_id))
		r->fenced = true;
	r->finals++;
}

static void raw_read_udp(struct raw *r, int fd)
{
	struct endpoint from = { .len = sizeof(from.ss) };
	ssize_t n = recvfrom(fd, r->dgram.bytes, MESSAGE_MAX, MSG_DONTWAIT,
			     (struct sockaddr *)&from.ss, &from.len);

	if (n < 0)
		return;
	r->dgram.len = (size_t)n;
	r->dgram.bytes[n] = '\0';
	raw_note(r, fd, &from, &r->dgram, false);
}

/* Take whole messages off the front of the TCP stream. */
static void raw_frame_tcp(struct raw *r)
{
	struct message *in = &r->in;

	for (;;) {
		struct message one = { .bytes = in->bytes };
		char value[32];
		char *end;
		char kept;

		while (in->len && strchr("\r\n", in->bytes[0])) {
			in->len--;
			memmove(in->bytes, in->bytes + 1, in->len + 1);
		}
		end = strstr(in->bytes, "\r\n\r\n");
		if (!end)
			return;
		one.len = (size_t)(end + 4 - in->bytes);
		message_header(value, sizeof(value), &one, "Content-Length",
			       "l");
		one.len += strtoul(value, NULL, 10);
		if (one.len > in->len)
			return;
		kept = one.bytes[one.len];
		one.bytes[one.len] = '\0';
		raw_note(r, r->fds[0].fd, &r->peer, &one, true);
		one.bytes[one.len] = kept;
		in->len -= one.len;
		memmove(in->bytes, in->bytes + one.len, in->len + 1);
	}
}

static void raw_read_tcp(struct raw *r)
{
	struct message *in = &r->in;
	ssize_t n = recv(r->fds[0].fd, in->bytes + in->len,
			 MESSAGE_MAX - in->len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		r->closed = true;
		r->fds[0].fd = -1;
		fprintf(r->index, "closed\n");
		return;
	}
	in->len += (size_t)n;
	in->bytes[in->len] = '\0';
	raw_frame_tcp(r);
}

/* Wait up to timeout_ms, then read once from each socket that has something;
 * returns whether any had.
 */
static bool raw_read(struct raw *r, int timeout_ms)
{
	if (poll(r->fds, r->fd_cnt, timeout_ms) <= 0)
		return false;
	for (size_t i = 0; i < r->fd_cnt; i++) {
		if (!r->fds[i].revents)
			continue;
		if (i == 0 && r->tcp)
			raw_read_tcp(r);
		else
			raw_read_udp(r, r->fds[i].fd);
	}
	return true;
}

/* Read until enough final replies, the fence's reply, or the limit. */
static int raw_wait(struct raw *r, unsigned finals, bool fence)
{
	uint64_t end_ms = clock_ms() + r->limit_ms;

	while (fence ? !r->fenced : r->finals < finals) {
		uint64_t now_ms = clock_ms();

		if (r->closed)
			return EXIT_CLOSED;
		if (now_ms >= end_ms)
			return EXIT_LIMIT;
		raw_read(r, (int)(end_ms - now_ms));
	}
	/* What came before the last awaited reply may wait on a listener. */
	while (!r->closed && raw_read(r, 0))
		;
	return 0;
}

static void raw_send(struct raw *r, const struct message *m)
{
	size_t sent = 0;

	r->finals = 0;
	if (!r->tcp) {
		if (sendto(r->fds[0].fd, m->bytes, m->len, 0,
			   (struct sockaddr *)&r->peer.ss, r->peer.len) < 0)
			die(EXIT_SOCKET, "sendto:", strerror(errno));
		return;
	}
	while (sent < m->len && !r->closed) {
		ssize_t n = send(r->fds[0].fd, m->bytes + sent, m->len - sent,
				 MSG_NOSIGNAL);

		/* Reset by the peer: the reads report what came before it. */
		if (n < 0)
			return;
		sent += (size_t)n;
	}
}

static int raw_run(struct raw *r, char *const files[], int file_cnt)
{
	struct message out;
	int rc = 0;

	message_init(&out);
	for (int i = 0; i < file_cnt && !rc; i++) {
		message_load(&out, files[i]);
		raw_send(r, &out);
		rc = raw_wait(r, r->await, false);
	}
	if (r->fence && !rc) {
		message_load(&out, r->fence);
		message_header(r->fence_call_id, sizeof(r->fence_call_id),
			       &out, "Call-ID", "i");
		raw_send(r, &out);
		rc = raw_wait(r, 1, true);
	}
	free(out.bytes);
	return rc;
}

static unsigned number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (!*text || *end || n > 600000)
		die(EXIT_USAGE, "not a number up to 600000:", text);
	return (unsigned)n;
}

static const char usage[] =
	"usage: sipraw [-t udp|tcp] [-s ADDR:PORT] [-l ADDR:PORT]... [-n FINALS]\n"
	"              [-w LIMIT-MS] [-f FENCE] -o DIR ADDR:PORT FILE...\n";

int main(int argc, char *argv[])
{
	struct raw r = { .await = 1, .limit_ms = 5000, .fd_cnt = 1 };
	char path[4096];
	int opt, rc;

	while ((opt = getopt(argc, argv, "t:s:l:n:w:f:o:")) != -1) {
		switch (opt) {
		case 't':
			r.tcp = !strcmp(optarg, "tcp");
			break;
		case 's':
			endpoint_parse(&r.source, optarg);
			r.has_source = true;
			break;
		case 'l':
			raw_listen(&r, optarg);
			break;
		case 'n':
			r.await = number(optarg);
			break;
		case 'w':
			r.limit_ms = number(optarg);
			break;
		case 'f':
			r.fence = optarg;
			break;
		case 'o':
			r.dir = optarg;
			break;
		default:
			die(EXIT_USAGE, "", usage);
		}
	}
	if (!r.dir || argc - optind < 1)
		die(EXIT_USAGE, "", usage);

	endpoint_parse(&r.peer, argv[optind]);
	snprintf(path, sizeof(path), "%s/index", r.dir);
	r.index = fopen(path, "w");
	if (!r.index)
		die(EXIT_SOCKET, "cannot write", path);
	message_init(&r.in);
	message_init(&r.dgram);
	raw_open(&r);
	rc = raw_run(&r, argv + optind + 1, argc - optind - 1);
	free(r.in.bytes);
	free(r.dgram.bytes);
	fclose(r.index);
	return rc;
}
