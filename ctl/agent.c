/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/agent.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/nodestate.h"
#include "ctl/ng.h"
#include "kamailio-module/states.h"

enum {
	REPLY_MAX = 4 << 20,
	REPLY_MS = 5000,
	RETRY_MS = 50,
};

/* ---- one connection */

static int connect_agent(int *fd, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int err;

	*fd = -1;
	if (strlen(path) >= sizeof(to.sun_path))
		return ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path) + 1);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return errno;
	if (connect(*fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return 0;
	err = errno;
	close(*fd);
	*fd = -1;
	return err;
}

static int wait_for(int fd, short events, uint64_t until_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t now_ms = clock_ms();
	int n;

	if (now_ms >= until_ms)
		return ETIMEDOUT;
	n = poll(&p, 1, (int)(until_ms - now_ms));
	if (n < 0)
		return errno == EINTR ? 0 : errno;	/* look again */
	return n ? 0 : ETIMEDOUT;
}

static int send_all(int fd, const char *text, size_t len, uint64_t until_ms)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		int err;

		if (n >= 0) {
			text += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN)
			return errno;
		err = wait_for(fd, POLLOUT, until_ms);
		if (err)
			return err;
	}
	return 0;
}

/* Read until the newline or the end.  *text is the caller's to free. */
static int receive_line(int fd, char **text, size_t *len, uint64_t until_ms)
{
	size_t room = 0;
	int err = 0;

	while (!err) {
		ssize_t n;

		if (*len == room) {
			char *bigger = room < REPLY_MAX
				? realloc(*text, room = room ? 2 * room : 65536)
				: NULL;

			if (!bigger)
				return room < REPLY_MAX ? ENOMEM : EMSGSIZE;
			*text = bigger;
		}
		n = recv(fd, *text + *len, room - *len, 0);
		if (n > 0) {
			*len += (size_t)n;
			if ((*text)[*len - 1] == '\n')
				return 0;
		} else if (n == 0) {
			return *len ? 0 : ECONNRESET;
		} else if (errno == EAGAIN) {
			err = wait_for(fd, POLLIN, until_ms);
		} else {
			err = errno;
		}
	}
	return err;
}

static int exchange(json_t **reply, const char *path, const char *request)
{
	uint64_t until_ms = clock_ms() + REPLY_MS;
	char *text = NULL;
	size_t len = 0;
	int fd, err;

	err = connect_agent(&fd, path);
	if (err)
		return err;
	err = send_all(fd, request, strlen(request), until_ms);
	if (!err)
		err = receive_line(fd, &text, &len, until_ms);
	close(fd);
	if (!err) {
		*reply = json_loadb(text, len, 0, NULL);
		err = *reply ? 0 : EBADMSG;
	}
	free(text);
	return err;
}

/* ---- who is there */

static bool is_nobody(int err)
{
	return err == ENOENT || err == ECONNREFUSED || err == ENOTDIR;
}

/* Only an agent says until when its word counts. */
static bool is_expected(const struct ctl *ctl)
{
	uint64_t now_ms = clock_boot_ms();
	struct nodestate file;
	bool fresh;

	if (nodestate_read(&file, ctl->state_path))
		return false;
	fresh = file.has_until && now_ms <= file.until_ms &&
		file.until_ms - now_ms <= STATES_UNTIL_MS;
	nodestate_fini(&file);
	return fresh;
}

static void complain_silent(const struct ctl *ctl, int err)
{
	ctl_complain("an agent has written %s within the last seconds, but at "
		     "%s nobody listens (%s); is it starting? --agent names "
		     "another socket", ctl->state_path, ctl->agent,
		     strerror(err));
}

static int judge(json_t **reply)
{
	const char *error = ng_text(*reply, "error");

	if (json_is_true(ng_get(*reply, "ok", NULL)))
		return CTL_OK;
	ctl_complain_clean("the agent says", *error ? error
						    : "nothing it should");
	json_decref(*reply);
	*reply = NULL;
	return CTL_FAILURE;
}

/* Where nobody listens but somebody should, as while the agent is started
 * again, it is tried again until patience is over.
 */
static int ask(json_t **reply, const struct ctl *ctl, const char *request,
	       uint64_t until_ms)
{
	for (;;) {
		int err = exchange(reply, ctl->agent, request);

		if (!err)
			return judge(reply);
		if (is_nobody(err) && !is_expected(ctl))
			return CTL_OK;
		if ((is_nobody(err) || err == ECONNRESET || err == EAGAIN) &&
		    clock_ms() < until_ms) {
			poll(NULL, 0, RETRY_MS);
			continue;
		}
		if (is_nobody(err))
			complain_silent(ctl, err);
		else
			ctl_complain("%s: %s%s", ctl->agent,
				     err == EBADMSG ? "the answer is no JSON"
						    : strerror(err),
				     err == EACCES ? "; root and the agent's "
				     "user and group may ask" : "");
		return CTL_FAILURE;
	}
}

void agent_await(const struct ctl *ctl, uint32_t patience_s)
{
	uint64_t until_ms = clock_ms() + UINT64_C(1000) * patience_s;
	int fd;

	while (is_nobody(connect_agent(&fd, ctl->agent)) &&
	       (!patience_s || clock_ms() < until_ms))
		poll(NULL, 0, RETRY_MS);
	if (fd >= 0)
		close(fd);
}

int agent_ask(json_t **reply, const struct ctl *ctl, json_t *request)
{
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
	char *line = NULL;
	int status;

	*reply = NULL;
	json_decref(request);
	if (!text || asprintf(&line, "%s\n", text) < 0) {
		free(text);
		ctl_complain("%s", strerror(ENOMEM));
		return CTL_FAILURE;
	}
	free(text);
	status = ask(reply, ctl, line, clock_ms() + AGENT_PATIENCE_MS);
	free(line);
	return status;
}

int agent_command(json_t **reply, const struct ctl *ctl, const char *command)
{
	int status = agent_ask(reply, ctl,
			       json_pack("{ss}", "command", command));

	if (status || *reply)
		return status;
	ctl_complain("%s: no agent listens there; --agent names another socket",
		     ctl->agent);
	return CTL_FAILURE;
}

/* ---- words */

const char *agent_span(char out[static AGENT_SPAN_MAX], const json_t *ms)
{
	static const struct {
		long long ms;
		const char *unit;
	} units[] = {
		{ 86400000, "d" }, { 3600000, "h" }, { 60000, "min" },
		{ 1000, "s" }, { 1, "ms" },
	};
	long long value = json_integer_value(ms);
	size_t i = 0;

	if (!json_is_integer(ms))
		return "-";
	/* from two of a unit on */
	while (i + 1 < sizeof(units) / sizeof(units[0]) &&
	       value < 2 * units[i].ms)
		i++;
	snprintf(out, AGENT_SPAN_MAX, "%lld %s", value / units[i].ms,
		 units[i].unit);
	return out;
}

const char *agent_family(const json_t *object)
{
	switch (json_integer_value(json_object_get(object, "family"))) {
	case 4:
		return "IPv4";
	case 6:
		return "IPv6";
	default:
		return "";
	}
}
