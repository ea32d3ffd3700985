/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that includes libosip2's SIP headers.
 *
 * libosip2 5.3.0 needs fences:
 * - it takes strings: a NUL ends a value early;
 * - it appends to its lists by walking them, so its time grows with the square
 *   of the number of fields, and of the values and parameters of one;
 * - it unfolds lines with look-ahead and gives up without a word at some;
 * - it reads a status code with %d, however long it is, and looks for the
 *   blank behind it in the next line too;
 * - it tells of errors on standard output, which is ExaBGP's;
 * - a body with its Content-Type sets off a parser of MIME.
 * So it is given the few fields we ask about, unfolded and counted, and no
 * body; the status line is read here.
 */
#include "health-agent/probe/sip_osip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <osipparser2/osip_message.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>

#include "common/probe.h"
#include "health-agent/probe/prober_priv.h"
#include "health-agent/probe/sip_frame.h"

enum {
	FENCE = 128,		/* more than the message: our status line, a CR
				 * where a line ends without, NULs behind it */
	FIELDS_MAX = 32,
	SEPARATORS_MAX = 32,	/* commas and semicolons in a field */
	FIELD_MAX = 2048,
};

static void say_nothing(const char *file, int line, osip_trace_level_t level,
			const char *fmt, va_list args)
{
	(void)file, (void)line, (void)level, (void)fmt, (void)args;
}

static void start_library(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	parser_init();
	/* its first message would set it up anew, to say everything */
	osip_trace_initialize_func(OSIP_FATAL, say_nothing);
	for (int level = 0; level < END_TRACE_LEVEL; level++)
		osip_trace_disable_level(level);
}

/* --- writing -------------------------------------------------------------- */

static int set_start(osip_message_t *message, const struct sip_request *req)
{
	osip_uri_t *uri;

	if (osip_uri_init(&uri))
		return ENOMEM;
	osip_message_set_uri(message, uri);
	osip_message_set_version(message, osip_strdup("SIP/2.0"));
	osip_message_set_method(message, osip_strdup(req->method));
	return osip_uri_parse(uri, req->uri) ? EINVAL : 0;
}

static int set_fields(osip_message_t *message, const struct sip_request *req)
{
	char cseq[32];
	int err;

	snprintf(cseq, sizeof(cseq), "%u %s", req->cseq, req->method);
	err = osip_message_set_via(message, req->via) |
	      osip_message_set_max_forwards(message, "70") |
	      osip_message_set_from(message, req->from) |
	      osip_message_set_to(message, req->to) |
	      osip_message_set_call_id(message, req->call_id) |
	      osip_message_set_cseq(message, cseq);
	if (req->contact[0])
		err |= osip_message_set_contact(message, req->contact);
	if (req->user_agent[0])
		err |= osip_message_set_user_agent(message, req->user_agent);
	if (req->probe[0])
		err |= osip_message_set_header(message, PROBE_HEADER,
					       req->probe);
	return err ? EINVAL : 0;
}

size_t sip_osip_write(char out[static SIP_REQUEST_MAX],
		      const struct sip_request *req)
{
	osip_message_t *message = NULL;
	char *text = NULL;
	size_t len = 0;

	start_library();
	if (osip_message_init(&message))
		return 0;
	if (set_start(message, req) || set_fields(message, req) ||
	    osip_message_to_str(message, &text, &len) ||
	    len >= SIP_REQUEST_MAX) {
		len = 0;
	} else {
		memcpy(out, text, len);
		out[len] = '\0';
	}
	osip_free(text);
	osip_message_free(message);
	return len;
}

/* --- what the library is given -------------------------------------------- */

static bool is_wanted(struct slice name)
{
	static const char *const wanted[] = {
		"Via", "v", "From", "f", "To", "t", "Call-ID", "i", "CSeq",
		"Contact", "m",
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (slice_case_equal(name, slice_str(wanted[i])))
			return true;
	return false;
}

static bool is_short(struct slice field)
{
	size_t separators = 0;

	for (size_t i = 0; i < field.len; i++)
		separators += field.text[i] == ',' || field.text[i] == ';';
	return field.len <= FIELD_MAX && separators <= SEPARATORS_MAX;
}

static void put(char *out, size_t *at, struct slice text)
{
	memcpy(out + *at, text.text, text.len);
	*at += text.len;
}

/* A folded field becomes one line. */
static void put_unfolded(char *out, size_t *at, struct slice field)
{
	for (size_t i = 0; i < field.len; i++) {
		char c = field.text[i];

		out[(*at)++] = c == '\r' || c == '\n' || c == '\t' ? ' ' : c;
	}
	put(out, at, slice_str("\r\n"));
}

/* Copy the wanted fields of the head that c stands in; out has room for all
 * of it.  0 when there is too much of something.
 */
static size_t filter(char *out, struct cursor *c)
{
	unsigned fields = 0;
	struct slice field;
	size_t at = 0;

	put(out, &at, slice_str("SIP/2.0 200 OK\r\n"));
	while (sip_frame_field(c, &field)) {
		struct cursor f = cursor_of(field.text, field.len);

		if (!is_wanted(slice_trim(cursor_until(&f, ":"))))
			continue;
		if (++fields > FIELDS_MAX || !is_short(field))
			return 0;
		put_unfolded(out, &at, field);
	}
	put(out, &at, slice_str("\r\n"));
	return cursor_ok(c) ? at : 0;
}

/* "SIP/2.0 302 Moved Temporarily" */
static int read_status(struct sip_reply *out, struct cursor *c)
{
	struct slice line, digits;
	uint32_t status;

	cursor_expect(c, slice_str("SIP/2.0 "));
	digits = cursor_take(c, 3);
	cursor_expect(c, slice_str(" "));
	line = cursor_until(c, "\r\n");
	if (!cursor_ok(c) || slice_u32(&status, digits, 699) || status < 100)
		return EBADMSG;
	cursor_until(c, "\n");
	cursor_expect(c, slice_str("\n"));
	out->status = status;
	snprintf(out->reason, sizeof(out->reason), "%.*s", (int)line.len,
		 line.text);
	prober_clean(out->reason);
	return cursor_ok(c) ? 0 : EBADMSG;
}

/* --- what it says of them ------------------------------------------------- */

/* False when it is too long. */
static bool copy(char *out, size_t size, const char *text)
{
	int len = text ? snprintf(out, size, "%s", text) : 0;

	return len >= 0 && (size_t)len < size;
}

#define COPY(out, text) copy(out, sizeof(out), text)

static bool copy_param(char out[static SIP_TOKEN_MAX], osip_list_t *params,
		       const char *name)
{
	osip_generic_param_t *param = NULL;

	/* only reads it */
	osip_generic_param_get_byname(params, (char *)name, &param);
	return !param || copy(out, SIP_TOKEN_MAX, param->gvalue);
}

static bool copy_via(struct sip_reply *out, osip_message_t *message)
{
	osip_via_t *via = osip_list_get(&message->vias, 0);
	uint32_t port = 0;

	if (!via || !via->host ||
	    (via->port && slice_u32(&port, slice_str(via->port), 65535)))
		return false;
	out->via_cnt = (unsigned)osip_list_size(&message->vias);
	out->sent_by_port = (uint16_t)port;
	return COPY(out->sent_by, via->host) &&
	       copy_param(out->branch, &via->via_params, "branch");
}

static bool copy_call_id(struct sip_reply *out, osip_message_t *message)
{
	const osip_call_id_t *id = message->call_id;
	int len;

	if (!id || !id->number)
		return false;
	len = snprintf(out->call_id, sizeof(out->call_id), "%s%s%s",
		       id->number, id->host ? "@" : "",
		       id->host ? id->host : "");
	return (size_t)len < sizeof(out->call_id);
}

static bool copy_cseq(struct sip_reply *out, osip_message_t *message)
{
	const osip_cseq_t *cseq = message->cseq;

	return cseq && cseq->number && cseq->method &&
	       !slice_u32(&out->cseq, slice_str(cseq->number), UINT32_MAX) &&
	       COPY(out->method, cseq->method);
}

static bool copy_contact(struct sip_reply *out, osip_message_t *message)
{
	const osip_contact_t *contact = osip_list_get(&message->contacts, 0);
	char *text = NULL;
	bool fits;

	out->contact_cnt = (unsigned)osip_list_size(&message->contacts);
	if (!contact || !contact->url ||
	    osip_uri_to_str(contact->url, &text))
		return true;
	fits = COPY(out->contact, text);
	osip_free(text);
	return fits;
}

static bool copy_all(struct sip_reply *out, osip_message_t *message)
{
	return message->from && message->to &&
	       copy_param(out->from_tag, &message->from->gen_params, "tag") &&
	       copy_param(out->to_tag, &message->to->gen_params, "tag") &&
	       copy_via(out, message) && copy_call_id(out, message) &&
	       copy_cseq(out, message) && copy_contact(out, message);
}

int sip_osip_read(struct sip_reply *out, struct slice message)
{
	struct cursor c = cursor_of(message.text, message.len);
	osip_message_t *parsed = NULL;
	int err = EBADMSG;
	size_t len;
	char *text;

	*out = (struct sip_reply){ 0 };
	if (message.len > SIP_FRAME_MAX || read_status(out, &c))
		return EBADMSG;
	start_library();
	text = calloc(1, message.len + FENCE);
	if (!text || osip_message_init(&parsed)) {
		err = ENOMEM;
		goto out;
	}
	len = filter(text, &c);
	if (len && !memchr(text, '\0', len) &&
	    !osip_message_parse(parsed, text, len) && copy_all(out, parsed))
		err = 0;
out:
	osip_message_free(parsed);
	free(text);
	return err;
}
