/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/probe.h"
#include "kamailio-module/httpreq.h"
#include "kamailio-module/writer.h"

#include <stdio.h>
#include <time.h>

static const struct {
	const char *name;
	const char *status;	/* NULL: depends on the method */
} outcomes[HTTPREQ_OUTCOMES] = {
	[HTTPREQ_REDIRECT] = { "redirect", NULL },
	[HTTPREQ_OPTIONS] = { "options", "200 OK" },
	[HTTPREQ_WEBSOCKET] = { "websocket", "426 Upgrade Required" },
	[HTTPREQ_NO_NODE] = { "no_node", "503 Service Unavailable" },
	[HTTPREQ_BAD_LINE] = { "bad_line", "400 Bad Request" },
	[HTTPREQ_BAD_TARGET] = { "bad_target", "400 Bad Request" },
	[HTTPREQ_BAD_FIELD] = { "bad_field", "400 Bad Request" },
	[HTTPREQ_BAD_HOST] = { "bad_host", "400 Bad Request" },
	[HTTPREQ_BAD_FRAMING] = { "bad_framing", "400 Bad Request" },
	[HTTPREQ_CONNECT] = { "connect", "405 Method Not Allowed" },
	[HTTPREQ_CHUNKED] = { "chunked", "411 Length Required" },
	[HTTPREQ_BODY_TOO_LARGE] = { "body_too_large",
				     "413 Content Too Large" },
	[HTTPREQ_TARGET_TOO_LONG] = { "target_too_long", "414 URI Too Long" },
	[HTTPREQ_HEAD_TOO_LARGE] = { "head_too_large",
				     "431 Request Header Fields Too Large" },
	[HTTPREQ_BAD_VERSION] = { "bad_version",
				  "505 HTTP Version Not Supported" },
};

/* The headers that count, gathered while walking the head. */
struct fields {
	unsigned hosts;
	bool host_bad;
	unsigned lengths;
	bool length_bad;
	struct slice length;
	bool has_coding;	/* Transfer-Encoding */
	bool chunked;		/* ... and it ends in chunked */
	bool close;
	bool keep_alive;
	bool websocket;
	struct slice probe;
};

/* --- reading ------------------------------------------------------------- */

static bool is_alnum(unsigned char byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= 'a' && byte <= 'z');
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char byte = (unsigned char)s.text[i];

		if (!is_alnum(byte) &&
		    !(byte && strchr("!#$%&'*+-.^_`|~", byte)))
			return false;
	}
	return s.len > 0;
}

static bool is_printable(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.text[i] <= ' ' || s.text[i] >= 0x7f)
			return false;
	}
	return true;
}

/* RFC 9110 5.5: visible characters, blanks, and bytes above ASCII. */
static bool is_field_value(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char byte = (unsigned char)s.text[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

/* A Host value: uri-host [ ":" port ], or nothing (RFC 9112 3.2). */
static bool is_host(struct slice s)
{
	struct cursor c = cursor_of(s.text, s.len);
	bool bracketed = cursor_peek(&c) == '[';
	struct slice host;

	if (bracketed)
		cursor_byte(&c);
	host = cursor_until(&c, bracketed ? "]" : ":");
	for (size_t i = 0; i < host.len; i++) {
		unsigned char byte = (unsigned char)host.text[i];

		if (!is_alnum(byte) &&
		    !(byte && strchr(bracketed ? ":." : "-._~!$&'()*+,;=%",
				     byte)))
			return false;
	}
	if (bracketed)
		cursor_expect(&c, slice_str("]"));
	if (cursor_left(&c)) {
		cursor_expect(&c, slice_str(":"));
		while (cursor_left(&c)) {
			unsigned char byte = cursor_byte(&c);

			if (byte < '0' || byte > '9')
				return false;
		}
	}
	return cursor_ok(&c) && (!bracketed || host.len);
}

/* The line up to CRLF; fails the cursor at any other line end. */
static struct slice next_line(struct cursor *c)
{
	struct slice line = cursor_until(c, "\r\n");

	cursor_expect(c, slice_str("\r\n"));
	return line;
}

/* The next element of a comma-separated list; false at its end. */
static bool next_element(struct cursor *c, struct slice *out)
{
	while (cursor_left(c)) {
		*out = slice_trim(cursor_until(c, ","));
		if (cursor_left(c))
			cursor_byte(c);
		if (out->len)
			return true;
	}
	return false;
}

static void note_connection(struct fields *f, struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice option;

	while (next_element(&c, &option)) {
		if (slice_case_equal(option, slice_str("close")))
			f->close = true;
		else if (slice_case_equal(option, slice_str("keep-alive")))
			f->keep_alive = true;
	}
}

static void note_coding(struct fields *f, struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice coding;

	f->has_coding = true;
	f->chunked = false;
	while (next_element(&c, &coding))
		f->chunked = slice_case_equal(coding, slice_str("chunked"));
}

static void note_upgrade(struct fields *f, struct slice value)
{
	struct cursor c = cursor_of(value.text, value.len);
	struct slice protocol;

	while (next_element(&c, &protocol)) {
		if (slice_case_equal(protocol, slice_str("websocket")))
			f->websocket = true;
	}
}

static void note_field(struct fields *f, struct slice name, struct slice value)
{
	switch (name.len) {
	case 4:
		if (slice_case_equal(name, slice_str("Host"))) {
			f->hosts++;
			f->host_bad = f->host_bad || !is_host(value);
		}
		break;
	case 7:
		if (slice_case_equal(name, slice_str("Upgrade")))
			note_upgrade(f, value);
		break;
	case 10:
		if (slice_case_equal(name, slice_str("Connection")))
			note_connection(f, value);
		break;
	case 14:
		if (slice_case_equal(name, slice_str("Content-Length"))) {
			f->lengths++;
			f->length = value;
		}
		break;
	case sizeof(PROBE_HEADER) - 1:
		if (slice_case_equal(name, slice_str(PROBE_HEADER)))
			f->probe = value;
		break;
	case 17:
		if (slice_case_equal(name, slice_str("Transfer-Encoding")))
			note_coding(f, value);
		break;
	default:
		break;
	}
}

/* Walk the header fields to the empty line.  HTTPREQ_REDIRECT when all are
 * well-formed.
 */
static enum httpreq_outcome read_fields(struct fields *f, struct cursor *c)
{
	unsigned cnt = 0;

	for (;;) {
		struct slice line = next_line(c);
		struct cursor in = cursor_of(line.text, line.len);
		struct slice name, value;

		if (!cursor_ok(c))
			return HTTPREQ_BAD_FIELD;
		if (!line.len)
			return HTTPREQ_REDIRECT;
		if (++cnt > HTTPREQ_FIELDS_MAX || c->pos > HTTPREQ_HEAD_MAX)
			return HTTPREQ_HEAD_TOO_LARGE;
		name = cursor_until(&in, ":");
		cursor_expect(&in, slice_str(":"));
		value = cursor_take(&in, cursor_left(&in));
		if (!cursor_ok(&in) || !is_token(name) ||
		    !is_field_value(value))
			return HTTPREQ_BAD_FIELD;
		note_field(f, name, slice_trim(value));
	}
}

/* HTTPREQ_REDIRECT when the version is one we speak. */
static enum httpreq_outcome read_version(struct httpreq *out,
					 struct slice version)
{
	struct cursor c = cursor_of(version.text, version.len);
	unsigned major, minor;

	cursor_expect(&c, slice_str("HTTP/"));
	major = cursor_byte(&c);
	cursor_expect(&c, slice_str("."));
	minor = cursor_byte(&c);
	if (!cursor_ok(&c) || cursor_left(&c) || major < '0' || major > '9' ||
	    minor < '0' || minor > '9')
		return HTTPREQ_BAD_LINE;
	if (major != '1')
		return HTTPREQ_BAD_VERSION;
	out->minor = minor > '0';
	return HTTPREQ_REDIRECT;
}

/* The path and query of an absolute-form target; the authority must be there
 * and is then forgotten.
 */
static bool read_absolute(struct httpreq *out)
{
	struct cursor c = cursor_of(out->target.text, out->target.len);
	struct slice scheme = cursor_until(&c, ":");
	struct slice authority;

	cursor_expect(&c, slice_str("://"));
	authority = cursor_until(&c, "/?#");
	if (!cursor_ok(&c) || !authority.len ||
	    !(slice_case_equal(scheme, slice_str("http")) ||
	      slice_case_equal(scheme, slice_str("https"))))
		return false;
	out->path_empty = cursor_peek(&c) != '/';
	out->path = cursor_take(&c, cursor_left(&c));
	return true;
}

static enum httpreq_outcome read_target(struct httpreq *out)
{
	bool options = slice_equal(out->method, slice_str("OPTIONS"));

	if (out->target.len > HTTPREQ_TARGET_MAX)
		return HTTPREQ_TARGET_TOO_LONG;
	if (!out->target.len || !is_printable(out->target))
		return HTTPREQ_BAD_TARGET;
	if (slice_equal(out->method, slice_str("CONNECT")))
		return HTTPREQ_CONNECT;

	if (out->target.text[0] == '/')
		out->path = out->target;
	else if (slice_equal(out->target, slice_str("*")))
		out->asterisk = true;
	else if (!read_absolute(out))
		return HTTPREQ_BAD_TARGET;

	if (options && out->path_empty && !out->path.len)
		out->asterisk = true;
	if (out->asterisk)
		return options ? HTTPREQ_OPTIONS : HTTPREQ_BAD_TARGET;
	return HTTPREQ_REDIRECT;
}

/* HTTPREQ_REDIRECT when the line is well-formed; the target is looked at
 * later, because a wrong version says that the rest means something else.
 */
static enum httpreq_outcome read_line(struct httpreq *out, struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);

	out->method = cursor_until(&c, " ");
	cursor_expect(&c, slice_str(" "));
	out->target = cursor_until(&c, " ");
	cursor_expect(&c, slice_str(" "));
	if (!cursor_ok(&c) || !is_token(out->method))
		return HTTPREQ_BAD_LINE;
	return read_version(out, cursor_take(&c, cursor_left(&c)));
}

/* HTTPREQ_REDIRECT when the headers agree with each other and the body. */
static enum httpreq_outcome judge_fields(struct httpreq *out,
					 const struct fields *f,
					 size_t body_len)
{
	if (f->has_coding) {
		/* RFC 9112 6.1: unreliable in 1.0, and beside a length */
		if (f->lengths || !out->minor || !f->chunked)
			return HTTPREQ_BAD_FRAMING;
		return HTTPREQ_CHUNKED;
	}
	if (f->lengths > 1)
		return HTTPREQ_BAD_FRAMING;
	if (f->lengths && slice_u32(&out->body_len, f->length, UINT32_MAX)) {
		for (size_t i = 0; i < f->length.len; i++) {
			if (f->length.text[i] < '0' || f->length.text[i] > '9')
				return HTTPREQ_BAD_FRAMING;
		}
		return f->length.len ? HTTPREQ_BODY_TOO_LARGE :
				       HTTPREQ_BAD_FRAMING;
	}
	if (out->body_len > HTTPREQ_BODY_MAX)
		return HTTPREQ_BODY_TOO_LARGE;
	if (out->body_len != body_len)
		return HTTPREQ_BAD_FRAMING;
	if (f->host_bad || f->hosts > 1 || (out->minor && !f->hosts))
		return HTTPREQ_BAD_HOST;
	return HTTPREQ_REDIRECT;
}

static enum httpreq_outcome parse(struct httpreq *out, struct slice message)
{
	struct cursor c = cursor_of(message.text, message.len);
	struct fields f = { 0 };
	enum httpreq_outcome outcome;
	struct slice line;

	/* RFC 9112 2.2: empty lines before the request do not count */
	do {
		line = next_line(&c);
	} while (cursor_ok(&c) && !line.len);
	if (!cursor_ok(&c))
		return message.len > HTTPREQ_HEAD_MAX ? HTTPREQ_HEAD_TOO_LARGE :
							HTTPREQ_BAD_LINE;

	outcome = read_line(out, line);
	if (outcome == HTTPREQ_REDIRECT)
		outcome = read_fields(&f, &c);
	if (outcome == HTTPREQ_REDIRECT)
		outcome = judge_fields(out, &f, cursor_left(&c));
	if (outcome == HTTPREQ_REDIRECT)
		outcome = read_target(out);
	if (outcome == HTTPREQ_REDIRECT || outcome == HTTPREQ_OPTIONS)
		out->keep_alive = !f.close && (out->minor || f.keep_alive);
	out->websocket = f.websocket;
	out->probe = f.probe;
	return outcome;
}

enum httpreq_outcome httpreq_parse(struct httpreq *out, struct slice message)
{
	*out = (struct httpreq){ 0 };
	return parse(out, message);
}

/* --- answering ------------------------------------------------------------ */

static void put_two(struct writer *w, int number)
{
	char digits[2] = { (char)('0' + number / 10 % 10),
			   (char)('0' + number % 10) };

	writer_put(w, digits, sizeof(digits));
}

/* IMF-fixdate, RFC 9110 5.6.7; strftime() would ask the locale, and
 * snprintf() would cost more than the rest of the answer.
 */
static void put_date(struct writer *w, uint64_t wall_s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)wall_s;
	struct tm tm;

	if (!wall_s || !gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900)
		return;
	writer_str(w, "Date: ");
	writer_put(w, &days[tm.tm_wday * 3], 3);
	writer_str(w, ", ");
	put_two(w, tm.tm_mday);
	writer_str(w, " ");
	writer_put(w, &months[tm.tm_mon * 3], 3);
	writer_str(w, " ");
	put_two(w, (tm.tm_year + 1900) / 100);
	put_two(w, (tm.tm_year + 1900) % 100);
	writer_str(w, " ");
	put_two(w, tm.tm_hour);
	writer_str(w, ":");
	put_two(w, tm.tm_min);
	writer_str(w, ":");
	put_two(w, tm.tm_sec);
	writer_str(w, " GMT\r\n");
}

static void put_retry_after(struct writer *w, unsigned seconds)
{
	if (!seconds)
		return;
	writer_str(w, "Retry-After: ");
	writer_u32(w, seconds);
	writer_str(w, "\r\n");
}

static const char *status_line(enum httpreq_outcome outcome,
			       const struct httpreq *req,
			       const struct httpreq_facts *facts)
{
	if (outcome != HTTPREQ_REDIRECT)
		return outcomes[outcome].status;
	if (facts->other_status == 302 ||
	    slice_equal(req->method, slice_str("GET")) ||
	    slice_equal(req->method, slice_str("HEAD")))
		return "302 Found";
	return "307 Temporary Redirect";
}

/* The answer to a HEAD is the same: no answer of ours has a body. */
static void write_answer(struct httpreq_answer *out, char *buf, size_t size,
			 const struct httpreq *req,
			 const struct httpreq_facts *facts)
{
	const char *status = status_line(out->outcome, req, facts);
	struct writer w = writer_of(buf, size);

	writer_str(&w, "HTTP/1.1 ");
	writer_str(&w, status);
	writer_str(&w, "\r\n");
	put_date(&w, facts->wall_s);
	if (out->outcome == HTTPREQ_REDIRECT) {
		writer_str(&w, "Location: ");
		writer_slice(&w, facts->base);
		if (req->path_empty)
			writer_str(&w, "/");
		writer_slice(&w, req->path);
		writer_str(&w, "\r\n");
	}
	if (out->outcome == HTTPREQ_CONNECT || out->outcome == HTTPREQ_OPTIONS)
		writer_str(&w, "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, "
			    "OPTIONS\r\n");
	if (out->outcome == HTTPREQ_NO_NODE)
		put_retry_after(&w, facts->retry_after_s);
	writer_str(&w, "Cache-Control: no-store\r\nContent-Length: 0\r\n");
	if (out->close)
		writer_str(&w, "Connection: close\r\n");
	else if (!req->minor)
		writer_str(&w, "Connection: keep-alive\r\n");
	writer_str(&w, "\r\n");

	out->len = writer_len(&w);
	out->status = (unsigned)(status[0] - '0') * 100 +
		      (unsigned)(status[1] - '0') * 10 +
		      (unsigned)(status[2] - '0');
}

/* RFC 6455 4.1: a GET.  What else is wrong with it is not judged here. */
static bool is_handshake(const struct httpreq *req)
{
	return req->websocket &&
	       slice_equal(req->method, slice_str("GET"));
}

void httpreq_write(struct httpreq_answer *out, char *buf, size_t size,
		   enum httpreq_outcome outcome, const struct httpreq *req,
		   const struct httpreq_facts *facts)
{
	*out = (struct httpreq_answer){ .outcome = outcome };
	if (outcome == HTTPREQ_REDIRECT && facts->websocket &&
	    is_handshake(req)) {
		out->outcome = HTTPREQ_WEBSOCKET;
		return;
	}
	if ((out->outcome == HTTPREQ_REDIRECT ||
	     out->outcome == HTTPREQ_OPTIONS) &&
	    (!facts->base.len || facts->base.len > HTTPREQ_BASE_MAX))
		out->outcome = HTTPREQ_NO_NODE;
	out->close = !req->keep_alive;
	write_answer(out, buf, size, req, facts);
}

void httpreq_answer(struct httpreq_answer *out, char *buf, size_t size,
		    struct slice message, const struct httpreq_facts *facts)
{
	struct httpreq req;
	enum httpreq_outcome outcome = httpreq_parse(&req, message);

	httpreq_write(out, buf, size, outcome, &req, facts);
}

void httpreq_refuse(struct httpreq_answer *out, char *buf, size_t size,
		    enum httpreq_outcome outcome,
		    const struct httpreq_facts *facts)
{
	struct httpreq req = { .minor = 1 };

	*out = (struct httpreq_answer){ .outcome = outcome, .close = true };
	if (outcome == HTTPREQ_REDIRECT || outcome >= HTTPREQ_OUTCOMES)
		out->outcome = HTTPREQ_BAD_LINE;
	write_answer(out, buf, size, &req, facts);
}

const char *httpreq_outcome_name(enum httpreq_outcome outcome)
{
	return (unsigned)outcome < HTTPREQ_OUTCOMES ? outcomes[outcome].name :
						      "unknown";
}
