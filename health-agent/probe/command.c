/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Command probes: a program is run, and is good when it ends with 0.
 *
 * No shell: argv[0] is a path, and the words are passed as they are.  The
 * program is the leader of a process group of its own; when its time is over,
 * and also when it has ended and left children behind, the whole group is
 * killed.  It is always waited for: while one of an earlier attempt cannot be
 * killed (it hangs in the kernel), no other is started.
 *
 * The first line it writes, to stdout or stderr, becomes the text.  Its
 * environment is small: PATH, LANG, and ANYCAST_...: NODE, DOMAIN, PROBE,
 * TIMEOUT_MS; of a probe that has a target FAMILY (4 or 6), ADDRESS, PORT.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "health-agent/probe/prober_priv.h"

enum {
	OUTPUT_MAX = 512,	/* more is read and forgotten */
	ENVIRONMENT_MAX = 10,
	VARIABLE_MAX = SITE_HOST_MAX + 32,
};

/* One process and its pipe, up to the end of both.  It holds the prober. */
struct run {
	struct command *command;
	bool is_asked;		/* its result counts */
	uv_process_t process;
	uv_pipe_t out;
	unsigned handles;
	size_t len;
	char output[OUTPUT_MAX];	/* what fits, and a NUL */
};

struct command {
	struct prober p;	/* first */
	struct run *run;	/* of the attempt in flight */
	unsigned running;	/* with those that were killed */
};

struct environment {
	char text[ENVIRONMENT_MAX][VARIABLE_MAX];
	char *pointers[ENVIRONMENT_MAX + 1];
	size_t cnt;
};

/* ---- what it is told ---- */

__attribute__((format(printf, 2, 3))) static void
tell(struct environment *e, const char *fmt, ...)
{
	va_list args;

	if (e->cnt == ENVIRONMENT_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(e->text[e->cnt], VARIABLE_MAX, fmt, args);
	va_end(args);
	e->pointers[e->cnt] = e->text[e->cnt];
	e->cnt++;
}

static void make_environment(struct environment *e,
			     const struct prober_conf *conf)
{
	char addr[ADDR_TEXT_MAX];

	*e = (struct environment){ .cnt = 0 };
	tell(e, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		"/sbin:/bin");
	tell(e, "LANG=C");
	if (conf->node)
		tell(e, "ANYCAST_NODE=%s", conf->node->name);
	if (conf->site)
		tell(e, "ANYCAST_DOMAIN=%s", conf->site->domain);
	tell(e, "ANYCAST_PROBE=%s", conf->name);
	tell(e, "ANYCAST_TIMEOUT_MS=%" PRIu64, conf->timeout_ms);
	if (!addr_is_set(&conf->target))
		return;
	addr_format(addr, &conf->target);
	tell(e, "ANYCAST_FAMILY=%u", conf->target.family);
	tell(e, "ANYCAST_ADDRESS=%s", addr);
	tell(e, "ANYCAST_PORT=%u", conf->port);
}

/* ---- its end ---- */

static void on_closed(uv_handle_t *handle)
{
	struct run *r = handle->data;

	if (--r->handles)
		return;
	r->command->running--;
	handle->data = r->command;
	prober_drop_handle(handle);
	free(r);
}

/* Whoever is left of the group; mostly nobody. */
static void kill_group(const struct run *r)
{
	(void)kill(-r->process.pid, SIGKILL);
}

/* The first line that is not empty, or "". */
static const char *first_line(struct run *r)
{
	size_t start = 0, end;

	while (start < r->len && slice_is_white(r->output[start]))
		start++;
	end = start;
	while (end < r->len && r->output[end] && r->output[end] != '\n' &&
	       r->output[end] != '\r')
		end++;
	r->output[end] = '\0';
	return r->output + start;
}

static void conclude(struct run *r, int64_t status, int signal)
{
	struct prober *p = &r->command->p;
	const char *line = first_line(r);
	const char *colon = *line ? ": " : "";

	if (signal)
		prober_done(p, HEALTH_BAD, "killed by signal %d (%s)%s%s",
			    signal, strsignal(signal), colon, line);
	else if (status)
		prober_done(p, HEALTH_BAD, "exit status %" PRId64 "%s%s",
			    status, colon, line);
	else
		prober_done(p, HEALTH_GOOD, "%s",
			    *line ? line : "exit status 0");
}

/* What it wrote has been read by now: libuv comes to signals last. */
static void on_exit_status(uv_process_t *process, int64_t status, int signal)
{
	struct run *r = process->data;

	kill_group(r);
	uv_close((uv_handle_t *)&r->out, on_closed);
	uv_close((uv_handle_t *)process, on_closed);
	if (!r->is_asked)
		return;
	r->command->run = NULL;
	conclude(r, status, signal);
}

/* ---- what it writes ---- */

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
	static char forgotten[4096];
	struct run *r = handle->data;
	size_t room = OUTPUT_MAX - 1 - r->len;

	(void)size;
	*buf = room ? uv_buf_init(r->output + r->len, (unsigned)room)
		    : uv_buf_init(forgotten, sizeof(forgotten));
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct run *r = stream->data;

	if (n < 0)		/* closed; its end is still to come */
		uv_read_stop(stream);
	else if (buf->base == r->output + r->len)
		r->len += (size_t)n;
}

/* ---- its start ---- */

static int spawn(struct run *r, int out)
{
	const struct prober_conf *conf = r->command->p.conf;
	struct environment environment;
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_IGNORE },		/* /dev/null */
		{ .flags = UV_INHERIT_FD, .data.fd = out },
		{ .flags = UV_INHERIT_FD, .data.fd = out },
	};
	const uv_process_options_t options = {
		.exit_cb = on_exit_status,
		.file = conf->argv[0],
		.args = (char **)conf->argv,
		.env = environment.pointers,
		.cwd = "/",
		.flags = UV_PROCESS_DETACHED,	/* a group of its own */
		.stdio_count = 3,
		.stdio = stdio,
	};

	make_environment(&environment, conf);
	r->process.data = r;
	r->handles++;		/* also where it fails */
	return -uv_spawn(r->command->p.loop, &r->process, &options);
}

static int open_pipe(struct run *r, uv_file *out)
{
	uv_file fds[2];
	int err = -uv_pipe(fds, UV_NONBLOCK_PIPE, 0);

	if (err)
		return err;
	err = -uv_pipe_open(&r->out, fds[0]);
	if (!err)
		err = -uv_read_start((uv_stream_t *)&r->out, on_alloc,
				     on_output);
	else
		close(fds[0]);
	if (err)
		close(fds[1]);
	else
		*out = fds[1];
	return err;
}

static int start(struct command *c)
{
	struct run *r = calloc(1, sizeof(*r));
	uv_file out;
	int err;

	if (!r)
		return ENOMEM;
	r->command = c;
	prober_hold(&c->p);
	c->running++;
	uv_pipe_init(c->p.loop, &r->out, 0);
	r->out.data = r;
	r->handles = 1;
	err = open_pipe(r, &out);
	if (!err) {
		err = spawn(r, out);
		close(out);
	}
	if (!err) {
		r->is_asked = true;
		c->run = r;
		return 0;
	}
	if (r->handles > 1)
		uv_close((uv_handle_t *)&r->process, on_closed);
	uv_close((uv_handle_t *)&r->out, on_closed);
	return err;
}

static void command_begin(struct prober *p)
{
	struct command *c = (struct command *)p;
	int err;

	if (c->running) {
		prober_done(p, HEALTH_BAD,
			    "the one of an earlier attempt cannot be killed");
		return;
	}
	err = start(c);
	if (err)
		prober_done(p, HEALTH_BAD, "%s cannot be run: %s",
			    p->conf->argv[0], strerror(err));
}

static void command_cancel(struct prober *p)
{
	struct command *c = (struct command *)p;

	if (!c->run)
		return;
	kill_group(c->run);
	c->run->is_asked = false;
	c->run = NULL;
}

static void command_late(struct prober *p)
{
	struct command *c = (struct command *)p;
	const char *line = c->run ? first_line(c->run) : "";

	prober_done(p, HEALTH_BAD, "not done in %" PRIu64 " ms%s%s",
		    p->conf->timeout_ms, *line ? ": " : "", line);
}

/* ---- the type ---- */

static int command_check(char text[static PROBER_TEXT_MAX],
			 const struct prober_conf *conf)
{
	if (!conf->argv[0] || conf->argv[0][0] != '/')
		return prober_say(text, "command must begin with the path of "
					"a program, which begins with /");
	return 0;
}

static size_t command_target(char out[static PROBER_TEXT_MAX],
			     const struct prober *p)
{
	size_t len = 0;

	for (size_t i = 0; p->conf->argv[i] && len < PROBER_TEXT_MAX - 1; i++)
		len += (size_t)snprintf(out + len, PROBER_TEXT_MAX - len,
					"%s%s", i ? " " : "",
					p->conf->argv[i]);
	return strlen(out);
}

const struct prober_type prober_command = {
	.size = sizeof(struct command),
	.check = command_check,
	.begin = command_begin,
	.cancel = command_cancel,
	.late = command_late,
	.target = command_target,
};
