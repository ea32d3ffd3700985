/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/ng.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/addr.h"
#include "common/clock.h"
#include "common/cursor.h"
#include "ctl/ctl.h"

enum {
	REPLY_MAX = 65536,
	TRIES = 3,
	TRY_MS = 700,
	GONE_MS = 150,
};

struct ng_client {
	const char *where;	/* borrowed */
	int fd;
	uint64_t cookie;
	char reply[REPLY_MAX];
};

static int parse_where(struct sockaddr_storage *out, socklen_t *len,
		       const char *where)
{
	size_t colon = strlen(where);
	struct addr addr;
	uint32_t port;

	while (colon > 0 && where[colon - 1] != ':')
		colon--;
	if (colon == 0 || slice_u32(&port, slice_str(where + colon), 65535) ||
	    port == 0 || addr_parse_host(&addr, where, colon - 1))
		return EINVAL;
	*out = (struct sockaddr_storage){ 0 };
	if (addr.family == ADDR_IP4) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		memcpy(&in->sin_addr, addr.bytes_be, 4);
		*len = sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		memcpy(&in6->sin6_addr, addr.bytes_be, 16);
		*len = sizeof(*in6);
	}
	return 0;
}

int ng_open(struct ng_client **out, const char *where)
{
	struct sockaddr_storage to;
	struct ng_client *ng;
	socklen_t len;

	*out = NULL;
	if (parse_where(&to, &len, where)) {
		ctl_complain("--pinner %s: not ADDRESS:PORT (IPv6 in brackets)",
			     where);
		return CTL_USAGE;
	}
	ng = calloc(1, sizeof(*ng));
	if (!ng) {
		ctl_complain("%s", strerror(ENOMEM));
		return CTL_FAILURE;
	}
	ng->where = where;
	ng->fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* connected: an ICMP error tells at once that nobody is there */
	if (ng->fd < 0 || connect(ng->fd, (struct sockaddr *)&to, len) < 0 ||
	    getrandom(&ng->cookie, sizeof(ng->cookie), 0) < 0) {
		ctl_complain("%s: %s", where, strerror(errno));
		ng_close(ng);
		return CTL_FAILURE;
	}
	*out = ng;
	return CTL_OK;
}

void ng_close(struct ng_client *ng)
{
	if (!ng)
		return;
	if (ng->fd >= 0)
		close(ng->fd);
	free(ng);
}

/* Wait for the reply to cookie until then.  Its text, or "" with the reason in
 * errno.
 */
static struct slice wait_reply(struct ng_client *ng, struct slice cookie,
			       uint64_t until_ms)
{
	for (;;) {
		struct pollfd p = { .fd = ng->fd, .events = POLLIN };
		uint64_t now_ms = clock_ms();
		struct cursor c;
		ssize_t n;

		errno = ETIMEDOUT;
		if (now_ms >= until_ms ||
		    poll(&p, 1, (int)(until_ms - now_ms)) <= 0)
			return slice_of("", 0);
		n = recv(ng->fd, ng->reply, sizeof(ng->reply), 0);
		if (n < 0)
			return slice_of("", 0);
		c = cursor_of(ng->reply, (size_t)n);
		if (!slice_equal(cursor_until(&c, " "), cookie))
			continue;	/* to an earlier try */
		cursor_byte(&c);
		return cursor_take(&c, cursor_left(&c));
	}
}

/* The reply's text; "" after a complaint. */
static struct slice exchange(struct ng_client *ng, const char *text)
{
	char cookie[32];
	struct iovec parts[] = {
		{ cookie, (size_t)snprintf(cookie, sizeof(cookie), "%016llx ",
					   (unsigned long long)ng->cookie++) },
		{ (void *)(uintptr_t)text, strlen(text) },
	};
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	struct slice reply = { 0 };
	int err = 0;

	for (unsigned i = 0; i < TRIES && !reply.len; i++) {
		err = 0;
		if (sendmsg(ng->fd, &msg, 0) < 0)
			err = errno;
		else
			reply = wait_reply(ng, slice_of(cookie,
							parts[0].iov_len - 1),
					   clock_ms() + TRY_MS);
		if (!reply.len && !err)
			err = errno;
		/* nobody listens: it may be about to be back */
		if (!reply.len && err != ETIMEDOUT)
			poll(NULL, 0, GONE_MS);
	}
	if (!reply.len)
		ctl_complain("%s: no answer (%s); is rtp-pinner running? "
			     "--pinner names another address",
			     ng->where, strerror(err));
	return reply;
}

int ng_ask(struct ng_client *ng, json_t **reply, json_t *request)
{
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	struct slice got;
	json_error_t error;

	*reply = NULL;
	json_decref(request);
	if (!text) {
		ctl_complain("this cannot be asked for: it is no UTF-8");
		return CTL_FAILURE;
	}
	got = exchange(ng, text);
	free(text);
	if (!got.len)
		return CTL_FAILURE;
	*reply = json_loadb(got.text, got.len, JSON_DISABLE_EOF_CHECK, &error);
	if (!json_is_object(*reply)) {
		ctl_complain("%s: the answer is no JSON object", ng->where);
	} else if (strcmp(ng_text(*reply, "result"), "error") == 0) {
		ctl_complain("%s says: %s", ng->where,
			     ng_text(*reply, "error-reason"));
	} else {
		return CTL_OK;
	}
	json_decref(*reply);
	*reply = NULL;
	return CTL_FAILURE;
}

json_t *ng_get(json_t *from, ...)
{
	const char *name;
	va_list ap;

	va_start(ap, from);
	while (from && (name = va_arg(ap, const char *)))
		from = json_object_get(from, name);
	va_end(ap);
	return from;
}

const char *ng_text_of(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? text : "";
}
