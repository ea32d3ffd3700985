/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fakes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes_tls.h"
#include "health-agent/probe/net.h"
#include "kamailio-module/totag.h"

struct connection {
	uv_tcp_t tcp;
	struct fake *f;
	struct fake_tls_connection *tls;	/* NULL: none */
	uv_idle_t turn;
	unsigned handles;
	char *out;		/* what is left to say */
	size_t at, len;
	bool bytewise;
};

/* Allocations are cmocka's: it tells of leaks, and a test that lets malloc()
 * fail does not mean these.
 */

/* --- scripts -------------------------------------------------------------- */

static struct slice line_of(const char *request, const char *name)
{
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "\r\n%s: ", name);
	at = strstr(request, start);
	if (!at)
		return (struct slice){ 0 };
	at += 2;
	return slice_of(at, (size_t)(strstr(at, "\r\n") - at));
}

/* Append to what out has room for; the length. */
static size_t put(char *out, const char *text, size_t len)
{
	if (len)
		memcpy(out, text, len);
	return len;
}

static size_t put_tag(char *out, struct fake *f, const char *request)
{
	struct slice call_id = line_of(request, "Call-ID");
	struct slice from = line_of(request, "From");
	struct slice cseq = line_of(request, "CSeq");
	struct slice tag;
	char digits[sizeof(";tag=") + TOTAG_LEN] = ";tag=";

	call_id = slice_of(call_id.text + 9, call_id.len - 9);
	assert_true(totag_find(slice_of(from.text + 6, from.len - 6), &tag));
	totag_make(digits + 5, &f->site->keys, call_id, tag,
		   (uint32_t)strtoul(cseq.text + 6, NULL, 10));
	return put(out, digits, strlen(digits));
}

/* Fill the placeholders of part; out has room for it. */
static size_t expand(char *out, struct fake *f, const char *part, size_t len,
		     const char *request)
{
	static const char *const lines[][2] = {
		{ "{via}", "Via" },	{ "{from}", "From" },
		{ "{to}", "To" },	{ "{to-tag}", "To" },
		{ "{call-id}", "Call-ID" }, { "{cseq}", "CSeq" },
	};
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		struct slice line;
		size_t l = 0;

		while (l < 6 && strncmp(part + i, lines[l][0],
					strlen(lines[l][0])))
			l++;
		if (part[i] != '{' || l == 6) {
			out[at++] = part[i];
			continue;
		}
		line = line_of(request, lines[l][1]);
		at += put(out + at, line.text, line.len);
		if (l == 3)
			at += put_tag(out + at, f, request);
		at += put(out + at, "\r\n", 2);
		i += strlen(lines[l][0]) - 1;
	}
	return at;
}

/* A prober that had to wait for its turn asks again, though it was answered. */
static bool is_repeated(const struct fake *f, const char *request)
{
	unsigned last = f->requests - 1;

	return !f->tcp && !f->repeats && f->requests &&
	       last < FAKE_REQUESTS_MAX && !memcmp(f->request[last], request,
						   FAKE_REQUEST_MAX);
}

/* The part that answers this request, or NULL. */
static char *answer(struct fake *f, const char *request, size_t len,
		    size_t *out_len)
{
	char text[FAKE_REQUEST_MAX] = "";
	unsigned n = f->requests;
	const char *part = n < FAKE_PARTS_MAX ? f->script[n] : NULL;
	size_t part_len;
	char *out;

	memcpy(text, request, len < sizeof(text) ? len : sizeof(text) - 1);
	if (is_repeated(f, text))
		return NULL;
	f->requests++;
	if (n < FAKE_REQUESTS_MAX)
		memcpy(f->request[n], text, sizeof(text));
	if (f->reply) {
		out = test_malloc(FAKE_REQUEST_MAX);
		assert_non_null(out);
		*out_len = f->reply(f, out, request, len);
		return out;
	}
	if (!part)
		return NULL;
	part_len = f->script_len[n] ? f->script_len[n] : strlen(part);
	out = test_malloc(part_len + 4 * FAKE_REQUEST_MAX);
	assert_non_null(out);
	*out_len = expand(out, f, part, part_len, text);
	return out;
}

/* --- UDP ------------------------------------------------------------------ */

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	static char bytes[65536];

	(void)handle, (void)size;
	*buf = uv_buf_init(bytes, sizeof(bytes));
}

static void on_datagram(uv_udp_t *udp, ssize_t len, const uv_buf_t *buf,
			const struct sockaddr *from, unsigned flags)
{
	struct fake *f = udp->data;
	size_t out_len = 0;
	char *out, *piece;

	(void)flags;
	if (len < 0 || !from)
		return;
	out = answer(f, buf->base, (size_t)len, &out_len);
	for (piece = out; out && piece < out + out_len;) {
		char *cut = f->reply ? NULL :
				       memchr(piece, *FAKE_CUT,
					      (size_t)(out + out_len - piece));
		char *end = cut ? cut : out + out_len;
		uv_buf_t b = uv_buf_init(piece, (unsigned)(end - piece));

		assert_int_equal(uv_udp_try_send(udp, &b, 1, from),
				 end - piece);
		piece = end + 1;
	}
	if (out)
		test_free(out);
}

static void local_port(struct fake *f)
{
	union net_address local;
	int len = sizeof(local);
	struct addr addr;

	if (f->tcp)
		uv_tcp_getsockname(&f->listener, &local.sa, &len);
	else
		uv_udp_getsockname(&f->udp, &local.sa, &len);
	net_endpoint(&addr, &f->port, &local);
}

static void start(struct fake *f, uv_loop_t *loop, const struct site *site)
{
	f->loop = loop;
	f->site = site;
	assert_int_equal(uv_loop_init(loop), 0);
}

static void listen_udp(struct fake *f, uint16_t port)
{
	struct sockaddr_in any;

	uv_ip4_addr("127.0.0.1", port, &any);
	uv_udp_init(f->loop, &f->udp);
	f->udp.data = f;
	assert_int_equal(uv_udp_bind(&f->udp, (struct sockaddr *)&any, 0), 0);
	uv_udp_recv_start(&f->udp, on_alloc, on_datagram);
	local_port(f);
}

void fake_udp(struct fake *f, uv_loop_t *loop, const struct site *site)
{
	start(f, loop, site);
	listen_udp(f, 0);
}

void fake_udp_beside(struct fake *f, struct fake *tcp)
{
	f->loop = tcp->loop;
	tcp->beside = f;
	listen_udp(f, tcp->port);
}

/* --- TCP ------------------------------------------------------------------ */

static void on_connection_closed(uv_handle_t *handle)
{
	struct connection *c = handle->data;

	if (--c->handles)
		return;
	fake_tls_disconnect(c->tls);
	if (c->out)
		test_free(c->out);
	test_free(c);
}

static void hang_up(struct connection *c)
{
	if (uv_is_closing((uv_handle_t *)&c->tcp))
		return;
	uv_close((uv_handle_t *)&c->tcp, on_connection_closed);
	uv_close((uv_handle_t *)&c->turn, on_connection_closed);
}

static void on_written(uv_write_t *req, int status)
{
	(void)status;
	test_free(req->data);
	test_free(req);
}

static void send_raw(struct connection *c, const char *bytes, size_t len)
{
	uv_write_t *req = test_malloc(sizeof(*req));
	char *copy = test_malloc(len);
	uv_buf_t buf = uv_buf_init(copy, (unsigned)len);

	memcpy(copy, bytes, len);
	req->data = copy;
	if (uv_write(req, (uv_stream_t *)&c->tcp, &buf, 1, on_written)) {
		test_free(copy);
		test_free(req);
	}
}

static void flush_tls(struct connection *c)
{
	char bytes[16384];
	size_t len;

	while ((len = fake_tls_pull(c->tls, bytes, sizeof(bytes))))
		send_raw(c, bytes, len);
}

static void send_text(struct connection *c, const char *text, size_t len)
{
	if (!c->tls) {
		send_raw(c, text, len);
		return;
	}
	fake_tls_write(c->tls, text, len);
	flush_tls(c);
}

static size_t piece_len(const struct connection *c)
{
	size_t len = 0;

	if (c->f->reply)
		return c->len - c->at;
	while (c->at + len < c->len && c->out[c->at + len] != *FAKE_CUT &&
	       c->out[c->at + len] != *FAKE_CLOSE)
		if (++len && c->bytewise)
			break;
	return len;
}

static void on_turn(uv_idle_t *turn)
{
	struct connection *c = turn->data;
	size_t len = piece_len(c);

	if (len)
		send_text(c, c->out + c->at, len);
	c->at += len;
	if (c->at < c->len && c->out[c->at] == *FAKE_CLOSE)
		hang_up(c);
	else if (c->at == c->len)
		uv_idle_stop(turn);
	else if (c->out[c->at] == *FAKE_CUT)
		c->at++;
}

static void on_request(struct connection *c, const char *bytes, size_t len)
{
	size_t out_len = 0;
	char *out = answer(c->f, bytes, len, &out_len);

	if (!out)
		return;
	if (c->out)
		test_free(c->out);
	c->out = out;
	c->len = out_len;
	c->bytewise = !c->f->reply && out_len && *out == *FAKE_BYTEWISE;
	c->at = c->bytewise;
	uv_idle_start(&c->turn, on_turn);
}

static void on_read(uv_stream_t *tcp, ssize_t len, const uv_buf_t *buf)
{
	struct connection *c = tcp->data;
	char text[16384];
	size_t n;

	if (len < 0) {
		hang_up(c);
		return;
	}
	if (!len)
		return;
	if (!c->tls) {
		on_request(c, buf->base, (size_t)len);
		return;
	}
	n = fake_tls_feed(c->tls, buf->base, (size_t)len, text, sizeof(text));
	flush_tls(c);
	if (n)
		on_request(c, text, n);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct fake *f = listener->data;
	struct connection *c = test_calloc(1, sizeof(*c));

	assert_int_equal(status, 0);
	assert_non_null(c);
	f->connections++;
	c->f = f;
	uv_tcp_init(f->loop, &c->tcp);
	uv_idle_init(f->loop, &c->turn);
	c->handles = 2;
	c->tcp.data = c;
	c->turn.data = c;
	assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
	uv_tcp_nodelay(&c->tcp, 1);
	if (f->tls)
		c->tls = fake_tls_connect(f->tls);
	uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read);
}

void fake_tcp(struct fake *f, uv_loop_t *loop, const struct site *site)
{
	struct sockaddr_in any;

	start(f, loop, site);
	f->tcp = true;
	uv_ip4_addr("127.0.0.1", 0, &any);
	uv_tcp_init(loop, &f->listener);
	f->listener.data = f;
	assert_int_equal(uv_tcp_bind(&f->listener, (struct sockaddr *)&any, 0),
			 0);
	assert_int_equal(uv_listen((uv_stream_t *)&f->listener, 8,
				   on_connection), 0);
	local_port(f);
}

void fake_tls(struct fake *f, uv_loop_t *loop, const struct site *site,
	      const char *name, int days)
{
	fake_tcp(f, loop, site);
	f->tls = fake_tls_new(name, days);
}

void fake_tls_ca(const struct fake *f, char path[static 64])
{
	fake_tls_save(f->tls, path);
}

void fake_end(struct fake *f)
{
	uv_close(&f->handle, NULL);
	if (f->beside)
		uv_close(&f->beside->handle, NULL);
	uv_run(f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(f->loop), 0);
	if (f->tls) {
		snprintf(f->tls_name, sizeof(f->tls_name), "%s",
			 fake_tls_name(f->tls));
		fake_tls_free(f->tls);
	}
}

/* --- attempts ------------------------------------------------------------- */

static void report(void *arg, const char *line)
{
	(void)arg;
	fail_msg("%s", line);
}

struct site *fake_site(void)
{
	static const char text[] =
		"[service]\n"
		"domain = sip.example.net\n"
		"address = 192.0.2.53, 2001:db8:53::53\n"
		"secret = a secret of the tests only\n"
		"[node fra1]\n"
		"address = 198.51.100.11, 2001:db8:1::11\n"
		"host = fra1.sip.example.net\n"
		"http = http://fra1.www.example.net\n"
		"[node ams1]\n"
		"address = 198.51.100.12\n";
	struct site *site;

	assert_int_equal(site_parse(&site, "site.conf", NULL,
				    slice_of(text, sizeof(text) - 1), report,
				    NULL), 0);
	return site;
}

void fake_on_result(void *arg, struct prober *p,
		    const struct prober_result *result)
{
	struct fake_seen *seen = arg;

	(void)p;
	seen->cnt++;
	seen->last = *result;
}

struct prober_result fake_attempt(struct fake *f,
				  const struct prober_conf *conf)
{
	struct fake_seen seen = { 0 };
	char text[PROBER_TEXT_MAX];
	struct prober *p;
	uint64_t end_ns;

	if (prober_check(text, conf))
		fail_msg("%s", text);
	assert_int_equal(prober_new(&p, f->loop, conf, fake_on_result, &seen),
			 0);
	assert_int_equal(prober_attempt(p), 0);
	while (!seen.cnt)
		uv_run(f->loop, UV_RUN_ONCE);
	/* what the attempt has sent last */
	end_ns = uv_hrtime() + UINT64_C(2000000000);
	while (f->requests < f->want_requests && uv_hrtime() < end_ns)
		uv_run(f->loop, UV_RUN_NOWAIT);
	prober_close(p);
	fake_end(f);
	assert_int_equal(seen.cnt, 1);
	return seen.last;
}
