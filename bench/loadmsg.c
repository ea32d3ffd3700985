/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two halves: writing requests by appending known pieces, and reading answers
 * line by line.  Both are on the generator's hot path: it must outrun the
 * server it measures, on one core.
 */
#include "bench/loadmsg.h"

#include <errno.h>
#include <strings.h>

enum {
	ID_LEN = 16,		/* hex digits */
	UNIQUE_LEN = LOADMSG_RUN_LEN + 1 + ID_LEN,
};

#define BRANCH_MAGIC "z9hG4bK-"		/* RFC 3261 8.1.1.7 */
#define CALL_ID_END "@sipload"
#define CSEQ_NUMBER "1 "

static const char session[] =
	"v=0\r\n"
	"o=- 1716 1716 IN IP4 192.0.2.200\r\n"
	"s=-\r\n"
	"c=IN IP4 192.0.2.200\r\n"
	"t=0 0\r\n"
	"m=audio 40000 RTP/AVP 8 0 101\r\n"
	"a=rtpmap:8 PCMA/8000\r\n"
	"a=rtpmap:0 PCMU/8000\r\n"
	"a=rtpmap:101 telephone-event/8000\r\n"
	"a=sendrecv\r\n";

/* ---- writing ---- */

struct writer {
	char *start;
	size_t len;
	bool full;
};

static void put(struct writer *w, struct slice s)
{
	if (s.len > LOADMSG_MAX - w->len) {
		w->full = true;
		return;
	}
	memcpy(w->start + w->len, s.text, s.len);
	w->len += s.len;
}

#define PUT(w, literal) put((w), slice_of("" literal, sizeof(literal) - 1))

static void put_number(struct writer *w, unsigned number)
{
	char digits[10];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put(w, slice_of(digits + at, sizeof(digits) - at));
}

static void put_ip4(struct writer *w, struct in_addr source)
{
	uint32_t ip = ntohl(source.s_addr);

	for (int shift = 24; shift >= 0; shift -= 8) {
		put_number(w, (ip >> shift) & 0xff);
		if (shift)
			PUT(w, ".");
	}
}

/* What makes a request's names its own: written to out, which it borrows. */
static struct slice unique_format(char out[static UNIQUE_LEN],
				  const struct loadmsg_shape *shape,
				  uint64_t id)
{
	static const char hex[] = "0123456789abcdef";

	memcpy(out, shape->run, LOADMSG_RUN_LEN);
	out[LOADMSG_RUN_LEN] = '-';
	for (size_t i = 0; i < ID_LEN; i++)
		out[UNIQUE_LEN - 1 - i] = hex[(id >> (4 * i)) & 0xf];

	return slice_of(out, UNIQUE_LEN);
}

/* Everything up to the User-Agent; to is the To header's value. */
static void put_head(struct writer *w, const struct loadmsg_shape *shape,
		     const struct loadmsg_request *req, struct slice method,
		     struct slice to)
{
	char text[UNIQUE_LEN];
	struct slice unique = unique_format(text, shape, req->id);

	put(w, method);
	PUT(w, " sip:");
	put(w, shape->user);
	PUT(w, "@");
	put(w, shape->ruri_host);
	PUT(w, " SIP/2.0\r\nVia: SIP/2.0/UDP ");
	put_ip4(w, req->source);
	PUT(w, ":");
	put_number(w, req->port);
	PUT(w, ";rport;branch=" BRANCH_MAGIC);
	put(w, unique);
	PUT(w, "\r\nMax-Forwards: 70\r\nFrom: \"Load\" <sip:load@");
	put(w, shape->domain);
	PUT(w, ">;tag=");
	put(w, unique);
	PUT(w, "\r\nTo: ");
	put(w, to);
	PUT(w, "\r\nCall-ID: ");
	put(w, unique);
	PUT(w, CALL_ID_END "\r\nCSeq: " CSEQ_NUMBER);
	put(w, method);
	PUT(w, "\r\nUser-Agent: sipload/1.0 agent-");
	put_number(w, req->agent);
	PUT(w, "\r\n");
}

static void put_body(struct writer *w, bool body)
{
	if (!body) {
		PUT(w, "Content-Length: 0\r\n\r\n");
		return;
	}
	PUT(w, "Content-Type: application/sdp\r\nContent-Length: ");
	put_number(w, sizeof(session) - 1);
	PUT(w, "\r\n\r\n");
	put(w, slice_of(session, sizeof(session) - 1));
}

size_t loadmsg_write(char out[static LOADMSG_MAX],
		     const struct loadmsg_shape *shape,
		     const struct loadmsg_request *req)
{
	struct writer w = { .start = out };
	char text[256];
	struct writer to = { .start = text };

	if (shape->user.len + shape->domain.len > sizeof(text) - 8)
		return 0;
	PUT(&to, "<sip:");
	put(&to, shape->user);
	PUT(&to, "@");
	put(&to, shape->domain);
	PUT(&to, ">");

	put_head(&w, shape, req, shape->method, slice_of(text, to.len));
	PUT(&w, "Contact: <sip:load@");
	put_ip4(&w, req->source);
	PUT(&w, ":");
	put_number(&w, req->port);
	PUT(&w, ">\r\n"
	    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, NOTIFY\r\n"
	    "Supported: replaces, timer, outbound\r\n");
	put_body(&w, shape->body);

	return w.full ? 0 : w.len;
}

size_t loadmsg_write_ack(char out[static LOADMSG_MAX],
			 const struct loadmsg_shape *shape,
			 const struct loadmsg_request *req, struct slice to)
{
	struct writer w = { .start = out };

	put_head(&w, shape, req, slice_of("ACK", 3), to);
	put_body(&w, false);

	return w.full ? 0 : w.len;
}

/* ---- reading ---- */

/* Take one line, which must end in CRLF; returned without it. */
static struct slice take_line(struct cursor *c)
{
	const char *at = c->start + c->pos;
	const char *end = cursor_left(c) ? memchr(at, '\n', cursor_left(c))
					 : NULL;
	struct slice line;

	if (!end || end == at || end[-1] != '\r') {
		cursor_fail(c);
		return (struct slice){ 0 };
	}
	line = cursor_take(c, (size_t)(end - at) + 1);
	line.len -= 2;
	return line;
}

/* Split "Name: value"; an empty name when there is no colon. */
static struct slice split_name(struct slice line, struct slice *value)
{
	const char *colon = memchr(line.text, ':', line.len);
	size_t skip;

	*value = (struct slice){ 0 };
	if (!colon)
		return *value;

	skip = (size_t)(colon - line.text) + 1;
	while (skip < line.len && line.text[skip] == ' ')
		skip++;
	*value = slice_of(line.text + skip, line.len - skip);
	return slice_of(line.text, (size_t)(colon - line.text));
}

static bool is_name(struct slice name, const char *full, size_t full_len,
		    char compact)
{
	if (name.len == 1)
		return (name.text[0] | 0x20) == compact;

	return name.len == full_len && !strncasecmp(name.text, full, full_len);
}

#define IS_NAME(name, full, compact) \
	is_name((name), "" full, sizeof(full) - 1, (compact))

/* The value of ;param= after the address part; empty when absent.  prefix is
 * ";name=".
 */
static struct slice find_param(struct slice value, struct slice prefix)
{
	const char *at = memchr(value.text, '>', value.len);
	const char *end = value.text + value.len;
	const char *stop;

	if (!at)
		at = value.text;	/* a Via, or an addr-spec */
	at = memmem(at, (size_t)(end - at), prefix.text, prefix.len);
	if (!at)
		return (struct slice){ 0 };

	at += prefix.len;
	for (stop = at; stop < end && !memchr(";, \t", *stop, 4); stop++)
		;
	return slice_of(at, (size_t)(stop - at));
}

#define PARAM(value, name) \
	find_param((value), slice_of(";" name "=", sizeof(";" name "=") - 1))

/* How many addresses a Contact value has: commas outside <> and quotes. */
static unsigned count_contacts(struct slice value)
{
	unsigned cnt = 1;
	bool quoted = false, in_uri = false;

	for (size_t i = 0; i < value.len; i++) {
		char ch = value.text[i];

		if (quoted && ch == '\\')
			i++;
		else if (ch == '"' && !in_uri)
			quoted = !quoted;
		else if (!quoted && (ch == '<' || ch == '>'))
			in_uri = ch == '<';
		else if (!quoted && !in_uri && ch == ',')
			cnt++;
	}
	return cnt;
}

/* user@host:port of <sip:user@host:port;...>; empty when it is not that. */
static struct slice contact_target(struct slice value)
{
	const char *open = memchr(value.text, '<', value.len);
	const char *end = value.text + value.len;
	const char *stop;

	if (!open || end - open < 5 || memcmp(open, "<sip:", 5))
		return (struct slice){ 0 };

	open += 5;
	for (stop = open; stop < end && !memchr(";?>", *stop, 3); stop++)
		;
	return stop == end ? (struct slice){ 0 }
			   : slice_of(open, (size_t)(stop - open));
}

static void read_contact(struct loadmsg_reply *out, struct slice value)
{
	if (!out->contact_cnt)
		out->contact = contact_target(value);
	out->contact_cnt += count_contacts(value);
}

static void read_header(struct loadmsg_reply *out, struct slice name,
			struct slice value)
{
	switch (name.text[0] | 0x20) {
	case 'v':
		if (IS_NAME(name, "Via", 'v') && !out->branch.len)
			out->branch = PARAM(value, "branch");
		break;
	case 'i':
		if (name.len == 1)
			out->call_id = value;
		break;
	case 'm':
		if (name.len == 1)
			read_contact(out, value);
		break;
	case 'c':
		if (IS_NAME(name, "Call-ID", 'i'))
			out->call_id = value;
		else if (name.len > 1 && IS_NAME(name, "CSeq", 0))
			out->cseq = value;
		else if (IS_NAME(name, "Contact", 'm'))
			read_contact(out, value);
		break;
	case 'f':
		if (IS_NAME(name, "From", 'f'))
			out->from_tag = PARAM(value, "tag");
		break;
	case 't':
		if (IS_NAME(name, "To", 't')) {
			out->to = value;
			out->to_tag = PARAM(value, "tag");
		}
		break;
	default:
		break;
	}
}

/* "SIP/2.0 302 ..." gives 302; 0 when it is no status line. */
static unsigned read_status(struct slice line)
{
	unsigned status = 0;

	if (line.len < 12 || memcmp(line.text, "SIP/2.0 ", 8) ||
	    line.text[11] != ' ')
		return 0;

	for (size_t i = 8; i < 11; i++) {
		if (line.text[i] < '0' || line.text[i] > '9')
			return 0;
		status = status * 10 + (unsigned)(line.text[i] - '0');
	}
	return status >= 100 && status < 700 ? status : 0;
}

int loadmsg_read(struct loadmsg_reply *out, struct slice datagram)
{
	struct cursor c = cursor_of(datagram.text, datagram.len);
	struct slice line = take_line(&c);

	*out = (struct loadmsg_reply){ .status = read_status(line) };
	out->is_reply = out->status != 0;
	if (!out->is_reply &&
	    (line.len < 9 || memcmp(line.text + line.len - 8, " SIP/2.0", 8)))
		return EBADMSG;

	while (cursor_ok(&c)) {
		struct slice name, value;

		line = take_line(&c);
		if (!line.len)
			break;		/* the end of the headers, or an error */
		name = split_name(line, &value);
		if (!name.len)
			return EBADMSG;
		if (value.len)
			read_header(out, name, value);
	}
	return cursor_ok(&c) ? 0 : EBADMSG;
}

int loadmsg_id(uint64_t *out, const struct loadmsg_shape *shape,
	       struct slice call_id)
{
	static const size_t want_len = UNIQUE_LEN + sizeof(CALL_ID_END) - 1;
	uint64_t id = 0;

	if (call_id.len != want_len ||
	    memcmp(call_id.text, shape->run, LOADMSG_RUN_LEN) ||
	    call_id.text[LOADMSG_RUN_LEN] != '-' ||
	    memcmp(call_id.text + UNIQUE_LEN, CALL_ID_END,
		   sizeof(CALL_ID_END) - 1))
		return EBADMSG;

	for (size_t i = LOADMSG_RUN_LEN + 1; i < UNIQUE_LEN; i++) {
		char ch = call_id.text[i];

		if (ch >= '0' && ch <= '9')
			id = id << 4 | (uint64_t)(ch - '0');
		else if (ch >= 'a' && ch <= 'f')
			id = id << 4 | (uint64_t)(ch - 'a' + 10);
		else
			return EBADMSG;
	}
	*out = id;
	return 0;
}

static bool is_branch(struct slice branch, struct slice unique)
{
	static const size_t magic_len = sizeof(BRANCH_MAGIC) - 1;

	return branch.len == magic_len + unique.len &&
	       !memcmp(branch.text, BRANCH_MAGIC, magic_len) &&
	       !memcmp(branch.text + magic_len, unique.text, unique.len);
}

static bool is_cseq(struct slice cseq, struct slice method)
{
	static const size_t number_len = sizeof(CSEQ_NUMBER) - 1;

	return cseq.len == number_len + method.len &&
	       !memcmp(cseq.text, CSEQ_NUMBER, number_len) &&
	       !memcmp(cseq.text + number_len, method.text, method.len);
}

enum loadmsg_verdict loadmsg_judge(const struct loadmsg_reply *reply,
				   const struct loadmsg_shape *shape,
				   const struct loadmsg_want *want,
				   uint64_t id)
{
	char text[UNIQUE_LEN];
	struct slice unique = unique_format(text, shape, id);

	if (!reply->is_reply)
		return LOADMSG_NOT_A_REPLY;
	if (!is_branch(reply->branch, unique))
		return LOADMSG_WRONG_BRANCH;
	if (!slice_equal(reply->from_tag, unique))
		return LOADMSG_WRONG_FROM_TAG;
	if (!is_cseq(reply->cseq, shape->method))
		return LOADMSG_WRONG_CSEQ;
	if (!want->status)
		return reply->status >= 200 ? LOADMSG_RIGHT
					    : LOADMSG_WRONG_STATUS;
	if (reply->status != want->status)
		return LOADMSG_WRONG_STATUS;
	if (!reply->to_tag.len)
		return LOADMSG_NO_TO_TAG;
	if (!want->any_contact && !want->contact.len)
		return reply->contact_cnt ? LOADMSG_MANY_CONTACTS
					  : LOADMSG_RIGHT;
	if (!reply->contact_cnt)
		return LOADMSG_NO_CONTACT;
	if (reply->contact_cnt > 1)
		return LOADMSG_MANY_CONTACTS;
	if (!reply->contact.len ||
	    (!want->any_contact &&
	     !slice_equal(reply->contact, want->contact)))
		return LOADMSG_WRONG_CONTACT;

	return LOADMSG_RIGHT;
}

const char *loadmsg_verdict_name(enum loadmsg_verdict verdict)
{
	static const char *const names[LOADMSG_VERDICTS] = {
		[LOADMSG_RIGHT] = "right",
		[LOADMSG_MALFORMED] = "malformed",
		[LOADMSG_NOT_A_REPLY] = "not_a_reply",
		[LOADMSG_NO_REQUEST] = "no_request",
		[LOADMSG_WRONG_PEER] = "wrong_peer",
		[LOADMSG_WRONG_STATUS] = "wrong_status",
		[LOADMSG_WRONG_BRANCH] = "wrong_branch",
		[LOADMSG_WRONG_FROM_TAG] = "wrong_from_tag",
		[LOADMSG_WRONG_CSEQ] = "wrong_cseq",
		[LOADMSG_NO_TO_TAG] = "no_to_tag",
		[LOADMSG_NO_CONTACT] = "no_contact",
		[LOADMSG_MANY_CONTACTS] = "many_contacts",
		[LOADMSG_WRONG_CONTACT] = "wrong_contact",
		[LOADMSG_ECHO_DIFFERS] = "echo_differs",
	};

	if ((unsigned)verdict >= LOADMSG_VERDICTS)
		return "unknown";

	return names[verdict];
}
