/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/guardian/test/bed.h"

#include "common/test/table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

struct bed bed;

static const char site[] =
	"[service]\n"
	"domain = sip.example.net\n"
	"address = 192.0.2.53, 2001:db8:53::53\n"
	"secret = a secret of the tests only, long enough\n"
	"[node fra1]\n"
	"address = 198.51.100.11, 2001:db8:1::11\n"
	"local-as = 64511\n"
	"neighbor = 198.51.100.1 as 64500\n"
	"neighbor = 2001:db8:1::1 as 64500\n";

static const char *path_of(const char *name)
{
	static char path[2][128];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[0]), "%s/%s", bed.dir, name);
	return path[turn];
}

static int listen_at(const char *name, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path_of(name));
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

int bed_setup(void **state)
{
	FILE *f;

	(void)state;
	memset(&bed, 0, sizeof(bed));
	bed.to = bed.from = bed.orders = -1;
	snprintf(bed.dir, sizeof(bed.dir), "/tmp/sip-anycast-test.XXXXXX");
	if (!mkdtemp(bed.dir))
		return -1;
	f = fopen(path_of("site.conf"), "w");
	if (!f || fputs(site, f) < 0 || fclose(f))
		return -1;
	bed.listener = listen_at("orders", SOCK_STREAM);
	bed.notices = listen_at("notify", SOCK_DGRAM);
	if (listen(bed.listener, 4) < 0)
		return -1;
	fake_exabgp_init(&bed.exabgp, "198.51.100.1 2001:db8:1::1");
	lines_init(&bed.commands);
	lines_init(&bed.words);
	signal(SIGPIPE, SIG_IGN);
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int bed_teardown(void **state)
{
	static const char *const files[] = { "site.conf", "orders", "notify",
					     "refuse" };

	(void)state;
	if (bed.pid) {
		kill(bed.pid, SIGKILL);
		waitpid(bed.pid, NULL, 0);
	}
	close_fd(&bed.to);
	close_fd(&bed.from);
	close_fd(&bed.orders);
	close_fd(&bed.listener);
	close_fd(&bed.notices);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlink(path_of(files[i]));
	return rmdir(bed.dir);
}

uint64_t bed_now_ms(void)
{
	return clock_ms();
}

void bed_start(const char *option, ...)
{
	char site_path[128], orders_path[128], refuse_path[128];
	const char *argv[32] = {
		TRIAL, "--site", site_path, "--node", "fra1", "--orders",
		orders_path, "--refuse", refuse_path, "--prefix",
		"192.0.2.53", "--prefix", "192.0.2.0/24", "--prefix",
		"2001:db8:53::53", "--worker-timeout", "1000",
		"--ack-timeout", "3000", "--adopt", "5000",
	};
	size_t argc = 21;
	int in[2], out[2];
	va_list ap;

	va_start(ap, option);
	for (; option && argc < ARRAY_SIZE(argv) - 1;
	     option = va_arg(ap, const char *))
		argv[argc++] = option;
	va_end(ap);
	snprintf(site_path, sizeof(site_path), "%s", path_of("site.conf"));
	snprintf(orders_path, sizeof(orders_path), "%s", path_of("orders"));
	snprintf(refuse_path, sizeof(refuse_path), "%s", path_of("refuse"));
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	bed.pid = fork();
	if (bed.pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		setenv("NOTIFY_SOCKET", path_of("notify"), 1);
		execv(TRIAL, (char *const *)(uintptr_t)argv);
		_exit(126);
	}
	assert_true(bed.pid > 0);
	close(in[0]);
	close(out[1]);
	bed.to = in[1];
	bed.from = out[0];
	fcntl(bed.from, F_SETFL, O_NONBLOCK);
}

/* ---- ExaBGP */

void bed_say(const char *text, size_t len)
{
	while (len && bed.to >= 0) {
		ssize_t n = write(bed.to, text, len);

		if (n < 0)
			return;		/* it has ended */
		text += n;
		len -= (size_t)n;
	}
}

static void answer(struct slice command)
{
	static char text[LINES_MAX + 1];
	const char *said;
	size_t len = strlen(bed.said);

	if (!command.len)
		return;		/* what a test has filled the pipe with */
	snprintf(text, sizeof(text), "%.*s", (int)command.len, command.text);
	snprintf(bed.said + len, sizeof(bed.said) - len, "%s\n", text);
	if (bed.mood == BED_SILENT)
		return;
	if (bed.mood == BED_REFUSES && strncmp(text, "show ", 5) != 0)
		said = "error\n";
	else
		said = fake_exabgp_command(&bed.exabgp, text);
	bed_say(said, strlen(said));
}

static void hear_commands(void)
{
	struct slice command;
	size_t room;
	char *to = lines_room(&bed.commands, &room);
	ssize_t n = read(bed.from, to, room);

	if (n == 0)
		close_fd(&bed.from);
	if (n <= 0)
		return;
	lines_added(&bed.commands, (size_t)n);
	while (lines_next(&bed.commands, &command))
		answer(command);
}

/* ---- the worker */

void bed_order(const char *line)
{
	char text[512];
	int n = snprintf(text, sizeof(text), "%s\n", line);

	assert_in_range(n, 1, sizeof(text) - 1);
	assert_int_equal(send(bed.orders, text, (size_t)n, MSG_NOSIGNAL), n);
}

static void hear_word(struct slice word)
{
	static char text[LINES_MAX + 1];

	snprintf(text, sizeof(text), "%.*s", (int)word.len, word.text);
	if (sscanf(text, "worker %d", &bed.worker) == 1)
		bed.workers++;
	else if (strcmp(text, "hup") == 0)
		bed.hups++;
	else if (strcmp(text, "term") == 0)
		bed.terms++;
	else if (strncmp(text, "status ", 7) == 0)
		memcpy(bed.heard, text, sizeof(bed.heard));
	else
		sscanf(text, "spawned %d", &bed.spawned);
}

static void hear_worker(void)
{
	struct slice word;
	size_t room;
	char *to = lines_room(&bed.words, &room);
	ssize_t n = recv(bed.orders, to, room, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		close_fd(&bed.orders);
	if (n <= 0)
		return;
	lines_added(&bed.words, (size_t)n);
	while (lines_next(&bed.words, &word))
		hear_word(word);
}

static void accept_worker(void)
{
	close_fd(&bed.orders);
	bed.orders = accept4(bed.listener, NULL, NULL, SOCK_CLOEXEC);
	lines_init(&bed.words);
}

/* ---- everybody */

static void hear_notices(void)
{
	size_t len = strlen(bed.noticed);
	ssize_t n = recv(bed.notices, bed.noticed + len,
			 sizeof(bed.noticed) - len - 2, MSG_DONTWAIT);

	if (n > 0)
		memcpy(bed.noticed + len + n, "\n", 2);
}

static void reap(void)
{
	if (bed.pid && waitpid(bed.pid, &bed.status, WNOHANG) == bed.pid)
		bed.pid = 0;
}

void bed_pump(uint64_t ms)
{
	struct pollfd fds[] = {
		{ bed.mood == BED_FROZEN ? -1 : bed.from, POLLIN, 0 },
		{ bed.orders, POLLIN, 0 },
		{ bed.listener, POLLIN, 0 },
		{ bed.notices, POLLIN, 0 },
	};

	poll(fds, ARRAY_SIZE(fds), (int)ms);
	if (fds[0].revents)
		hear_commands();
	if (fds[1].revents)
		hear_worker();
	if (fds[2].revents)
		accept_worker();
	if (fds[3].revents)
		hear_notices();
	reap();
}

void bed_give_up(const char *what)
{
	fail_msg("gave up: %s\nlast status: %s\nsaid:\n%s\nnotices:\n%s", what,
		 bed.heard, bed.said, bed.noticed);
}
