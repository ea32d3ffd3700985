/* SPDX-License-Identifier: GPL-3.0-or-later */
/* agent-trial: the guardian as it is, with a worker that does as it is told
 *
 *   agent-trial --site FILE --node NAME --prefix P [--prefix P]...
 *	[--output exabgp|kernel|dry-run] [--orders SOCKET]
 *	[--ack-timeout MS] [--worker-timeout MS] [--adopt MS] [--refuse FILE]
 *	[--late MS]
 *
 * The worker connects to SOCKET, says "worker PID", and obeys lines:
 *
 *	want PREFIX med N [prepend N] [community N:N]..., ...	("want": nothing)
 *	drained		the next want is a drain's end
 *	silent, beat	no more messages, and the guardian's are not heard; or again
 *	restart, stop	tell the guardian so
 *	exit N, abort	end
 *	spawn		start a process that stays, in a group of its own, and
 *			one that ends; says "spawned PID"
 *
 * It says "hup" and "term" for signals, and for each status of the guardian one
 * line of words.  --check-config ends with 78 while the file of --refuse is
 * there.  --late: so long it is not ready for signals.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "health-agent/daemon/conf.h"
#include "health-agent/exabgp/lines.h"
#include "health-agent/guardian/guardian.h"
#include "health-agent/guardian/link.h"

enum {
	BEAT_MS = 100,
	SAID_MAX = 8192,
};

struct trial {
	struct agent_conf conf;
	struct health_group_conf *group;
	const char *site, *node, *orders, *refuse;
	uint64_t late_ms;
	bool check;
};

static struct {
	int orders;
	struct lines lines;
	struct link_want want;
	bool wants, silent;
} worker;

static volatile sig_atomic_t hups, terms;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "agent-trial: %s: %s\n", what, why);
	exit(1);
}

/* ---- the worker */

__attribute__((format(printf, 1, 2)))
static void say(const char *fmt, ...)
{
	char text[SAID_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (worker.orders >= 0 && n > 0 && (size_t)n < sizeof(text) &&
	    send(worker.orders, text, (size_t)n, MSG_NOSIGNAL) < 0)
		worker.orders = -1;
}

static void parse_attribute(struct route *r, struct cursor *c,
			    struct slice word)
{
	struct slice value;
	uint32_t number = 0;

	cursor_skip_blanks(c);
	value = cursor_until(c, " ");
	if (slice_equal(word, slice_str("community"))) {
		if (route_parse_community(&number, value) ||
		    !route_add_community(r, number))
			die("community", "?");
		return;
	}
	if (slice_u32(&number, value, UINT32_MAX))
		die("want", "no number");
	if (slice_equal(word, slice_str("med")))
		r->med = number;
	else
		r->prepend = (uint8_t)number;
}

static void parse_route(struct route *r, struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct slice word = cursor_until(&c, " ");

	*r = (struct route){ .state = NODE_UP };
	if (prefix_parse(&r->prefix, word))
		die("want", "no prefix");
	for (;;) {
		cursor_skip_blanks(&c);
		word = cursor_until(&c, " ");
		if (!word.len)
			return;
		parse_attribute(r, &c, word);
	}
}

static void send_want(void)
{
	if (worker.wants && !worker.silent)
		link_send(LINK_FD, &worker.want, sizeof(worker.want),
			  LINK_WANT);
}

static void want(struct slice text)
{
	struct cursor c = cursor_of(text.text, text.len);
	struct route_set *set = &worker.want.set;

	set->cnt = 0;
	while (cursor_left(&c)) {
		parse_route(&set->routes[set->cnt++],
			    slice_trim(cursor_until(&c, ",")));
		if (cursor_left(&c))
			cursor_byte(&c);
	}
	worker.want.generation++;
	worker.wants = true;
	send_want();
	worker.want.drained = false;
}

static void spawn(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		close(LINK_FD);
		close(worker.orders);
		setsid();
		if (fork() == 0)
			_exit(0);
		for (;;)
			pause();
	}
	say("spawned %d\n", (int)pid);
}

static void obey(struct slice line)
{
	struct cursor c = cursor_of(line.text, line.len);
	struct slice word = cursor_until(&c, " ");
	struct slice rest = slice_trim(cursor_take(&c, cursor_left(&c)));

	if (slice_equal(word, slice_str("want")))
		want(rest);
	else if (slice_equal(word, slice_str("drained")))
		worker.want.drained = true;
	else if (slice_equal(word, slice_str("silent")))
		worker.silent = true;
	else if (slice_equal(word, slice_str("beat")))
		worker.silent = false;
	else if (slice_equal(word, slice_str("restart")))
		link_send(LINK_FD, NULL, 0, LINK_RESTART);
	else if (slice_equal(word, slice_str("stop")))
		link_send(LINK_FD, NULL, 0, LINK_STOP);
	else if (slice_equal(word, slice_str("exit")))
		exit(rest.len ? rest.text[0] - '0' : 0);
	else if (slice_equal(word, slice_str("abort")))
		abort();
	else if (slice_equal(word, slice_str("spawn")))
		spawn();
	else
		die("order", "unknown");
}

static void take_orders(void)
{
	struct slice line;
	size_t room;
	char *to = lines_room(&worker.lines, &room);
	ssize_t n = recv(worker.orders, to, room, MSG_DONTWAIT);

	if (n == 0)
		worker.orders = -1;
	if (n <= 0)
		return;
	lines_added(&worker.lines, (size_t)n);
	while (lines_next(&worker.lines, &line))
		obey(line);
}

static void tell_status(const struct link_status *s)
{
	char text[SAID_MAX / 2] = "", prefix[PREFIX_TEXT_MAX];
	size_t len = 0;

	for (size_t i = 0; i < s->route_cnt; i++) {
		prefix_format(prefix, &s->routes[i].prefix);
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					" %s=%s", prefix,
					link_proof_name(s->routes[i].proof));
	}
	for (size_t i = 0; i < s->session_cnt; i++) {
		addr_format(prefix, &s->sessions[i].neighbor);
		len += (size_t)snprintf(text + len, sizeof(text) - len,
					" session:%s=%s", prefix,
					s->sessions[i].up ? "up" : "down");
	}
	say("status generation=%llu found=%d starts=%u errors=%llu "
	    "timeouts=%llu events=%llu dropped=%llu resyncs=%llu%s text=%s\n",
	    (unsigned long long)s->generation,
	    s->found_known ? (int)s->found.cnt : -1, s->worker_starts,
	    (unsigned long long)s->errors, (unsigned long long)s->timeouts,
	    (unsigned long long)s->events,
	    (unsigned long long)s->dropped_lines,
	    (unsigned long long)s->resyncs, text, s->output_text);
}

static void hear_guardian(void)
{
	static union link_message m;
	int err;

	while (!(err = link_receive(LINK_FD, &m))) {
		if (m.head.type == LINK_STATUS)
			tell_status(&m.status);
	}
	if (err == ECONNRESET)
		exit(0);
}

static void on_signal(int signum)
{
	if (signum == SIGHUP)
		hups++;
	else
		terms++;
}

static void hear_signals(void)
{
	for (; hups; hups--)
		say("hup\n");
	if (terms) {
		say("term\n");
		exit(0);
	}
}

static void connect_orders(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	worker.orders = -1;
	if (!path)
		return;
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	worker.orders = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(worker.orders, (struct sockaddr *)&to, sizeof(to)) < 0)
		worker.orders = -1;
	say("worker %d\n", (int)getpid());
}

static _Noreturn void work(const struct trial *t)
{
	struct sigaction action = { .sa_handler = on_signal };
	uint64_t beat_ms = 0;

	poll(NULL, 0, (int)t->late_ms);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	connect_orders(t->orders);
	for (;;) {
		struct pollfd fds[] = { { LINK_FD, POLLIN, 0 },
					{ worker.orders, POLLIN, 0 } };

		poll(fds, 2, BEAT_MS / 2);
		hear_signals();
		if (!worker.silent)
			hear_guardian();
		if (worker.orders >= 0)
			take_orders();
		if (worker.silent || clock_boot_ms() < beat_ms)
			continue;
		beat_ms = clock_boot_ms() + BEAT_MS;
		link_send(LINK_FD, NULL, 0, LINK_BEAT);
		send_want();
	}
}

/* ---- the guardian */

static void complain(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "agent-trial: %s\n", line);
}

static uint64_t number(const char *text)
{
	uint64_t out;

	if (slice_u64(&out, slice_str(text), 3600000))
		die(text, "no number");
	return out;
}

static enum agent_output output_of(const char *name)
{
	if (strcmp(name, "kernel") == 0)
		return AGENT_KERNEL;
	return strcmp(name, "dry-run") == 0 ? AGENT_DRY_RUN : AGENT_EXABGP;
}

static void take_option(struct trial *t, int option)
{
	switch (option) {
	case 's':
		t->site = optarg;
		break;
	case 'n':
		t->node = optarg;
		break;
	case 'p':
		if (prefix_parse(&t->group->prefixes[t->group->prefix_cnt++],
				 slice_str(optarg)))
			die(optarg, "no prefix");
		break;
	case 'o':
		t->conf.output = output_of(optarg);
		break;
	case 'O':
		t->orders = optarg;
		break;
	case 'a':
		t->conf.ack_timeout_ms = number(optarg);
		break;
	case 'w':
		t->conf.worker_timeout_ms = number(optarg);
		break;
	case 'd':
		t->conf.adopt_ms = number(optarg);
		break;
	case 'r':
		t->refuse = optarg;
		break;
	case 'l':
		t->late_ms = number(optarg);
		break;
	case 'c':
		t->check = true;
		break;
	default:
		exit(64);
	}
}

static void take_options(struct trial *t, int argc, char *argv[])
{
	static const struct option options[] = {
		{ "site", required_argument, NULL, 's' },
		{ "node", required_argument, NULL, 'n' },
		{ "prefix", required_argument, NULL, 'p' },
		{ "output", required_argument, NULL, 'o' },
		{ "orders", required_argument, NULL, 'O' },
		{ "ack-timeout", required_argument, NULL, 'a' },
		{ "worker-timeout", required_argument, NULL, 'w' },
		{ "adopt", required_argument, NULL, 'd' },
		{ "refuse", required_argument, NULL, 'r' },
		{ "late", required_argument, NULL, 'l' },
		{ "check-config", no_argument, NULL, 'c' },
		{ 0 }
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		take_option(t, option);
}

int main(int argc, char *argv[])
{
	static struct trial t = {
		.conf = { .ack_timeout_ms = 2000, .worker_timeout_ms = 2000,
			  .adopt_ms = 800, .kernel_table = 200,
			  .kernel_device = "anycast0",
			  .health.group_cnt = 1 },
	};
	bool is_worker = argc > 1 && strcmp(argv[1], "--worker") == 0;
	int err;

	t.group = &t.conf.health.groups[0];
	if (is_worker) {
		argv[1] = argv[0];
		argv++;
		argc--;
	}
	take_options(&t, argc, argv);
	if (t.check)
		return t.refuse && access(t.refuse, F_OK) == 0 ? 78 : 0;
	if (is_worker)
		work(&t);
	if (site_read(&t.conf.site, t.site, complain, NULL))
		return 78;
	t.conf.node = site_find_node(t.conf.site, slice_str(t.node));
	if (!t.conf.node)
		die(t.node, "no such node");
	err = guardian_run(&t.conf, argc, argv);
	site_free(t.conf.site);
	return err ? 1 : 0;
}
