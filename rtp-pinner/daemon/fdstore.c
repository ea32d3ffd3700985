/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/daemon/fdstore.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cursor.h"
#include "common/notify.h"

enum {
	LISTEN_FDS_START = 3,	/* sd_listen_fds(3) */
	STATE_MAX = 512,
};

/* One descriptor the keeper has. */
struct kept {
	char name[FDSTORE_NAME_MAX];
	int fd;			/* our duplicate, to know it by */
	bool handed_over;	/* from an earlier run, and nobody took it */
};

struct fdstore {
	struct notify notify;
	bool keeps;		/* descriptors too */
	struct kept kept[FDSTORE_MAX];
	size_t cnt;
	struct relay_keeper keeper;
};

static bool name_is_good(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= FDSTORE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (name[i] <= ' ' || name[i] >= 0x7f || name[i] == ':')
			return false;
	}
	return true;
}

static struct kept *find(struct fdstore *fs, const char *name)
{
	for (size_t i = 0; i < fs->cnt; i++) {
		if (strcmp(fs->kept[i].name, name) == 0)
			return &fs->kept[i];
	}
	return NULL;
}

static void forget(struct fdstore *fs, struct kept *k)
{
	close(k->fd);
	*k = fs->kept[--fs->cnt];
}

/* ---- the environment */

static uint64_t number_of(const char *variable, uint64_t max)
{
	const char *text = getenv(variable);
	uint64_t number;

	if (!text || slice_u64(&number, slice_str(text), max))
		return 0;
	return number;
}

/* Descriptors from 3 on, their names with colons between. */
static void take_over(struct fdstore *fs)
{
	const char *names = getenv("LISTEN_FDNAMES");
	struct cursor c = cursor_of(names, names ? strlen(names) : 0);
	int cnt = 0;

	if (number_of("LISTEN_PID", INT32_MAX) == (uint64_t)getpid())
		cnt = (int)number_of("LISTEN_FDS", 4096);
	for (int i = 0; i < cnt; i++) {
		struct slice name = cursor_until(&c, ":");
		int fd = LISTEN_FDS_START + i;
		struct kept *k = &fs->kept[fs->cnt];

		if (cursor_left(&c))
			cursor_byte(&c);
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
			continue;	/* there is none: the keeper is wrong */
		if (fs->cnt == FDSTORE_MAX || name.len == 0 ||
		    name.len >= FDSTORE_NAME_MAX) {
			close(fd);
			continue;
		}
		*k = (struct kept){ .fd = fd, .handed_over = true };
		memcpy(k->name, name.text, name.len);
		fs->cnt++;
	}
}

static int keeper_take(void *arg, const char *name)
{
	return fdstore_take(arg, name);
}

static int keeper_keep(void *arg, const char *name, int fd)
{
	return fdstore_keep(arg, name, fd);
}

int fdstore_new(struct fdstore **out)
{
	struct fdstore *fs = calloc(1, sizeof(*fs));

	*out = fs;
	if (!fs)
		return ENOMEM;
	fs->keeper = (struct relay_keeper){ .take = keeper_take, .arg = fs };
	/* first of all: a descriptor we open must not be taken for one of 3.. */
	take_over(fs);
	notify_open(&fs->notify, 0);
	/* $FDSTORE is there from systemd 254 on; before, nobody says whether
	 * what is sent is kept
	 */
	fs->keeps = fs->notify.fd >= 0 &&
		    (!getenv("FDSTORE") || number_of("FDSTORE", INT32_MAX));
	if (fs->keeps)
		fs->keeper.keep = keeper_keep;
	notify_forget();
	return 0;
}

void fdstore_free(struct fdstore *fs)
{
	if (!fs)
		return;
	while (fs->cnt)
		forget(fs, &fs->kept[0]);
	notify_close(&fs->notify);
	free(fs);
}

bool fdstore_has_keeper(const struct fdstore *fs)
{
	return fs->keeps;
}

uint64_t fdstore_watchdog_ms(const struct fdstore *fs)
{
	return fs->notify.watchdog_ms;
}

int fdstore_notify(struct fdstore *fs, const char *state)
{
	return notify_send(&fs->notify, state, -1);
}

/* ---- descriptors */

int fdstore_take(struct fdstore *fs, const char *name)
{
	struct kept *k = find(fs, name);
	int fd;

	if (!k || !k->handed_over)
		return -1;
	fd = fcntl(k->fd, F_DUPFD_CLOEXEC, LISTEN_FDS_START);
	k->handed_over = fd < 0;
	return fd;
}

static bool is_same(int a, int b)
{
	pid_t pid = getpid();

	return syscall(SYS_kcmp, pid, pid, KCMP_FILE, (unsigned long)a,
		       (unsigned long)b) == 0;
}

int fdstore_keep(struct fdstore *fs, const char *name, int fd)
{
	char state[STATE_MAX];
	struct kept *k;
	int own, err;

	if (!name_is_good(name) || fd < 0)
		return EINVAL;
	if (!fs->keeps)
		return ENOENT;
	k = find(fs, name);
	if (k && is_same(k->fd, fd))
		return 0;
	/* systemd keeps several under one name */
	if (k)
		fdstore_drop(fs, name);
	if (fs->cnt == FDSTORE_MAX)
		return ENOSPC;
	/* FDPOLL=0: it would drop a socket at its first ICMP error, and a BPF
	 * map, which cannot be polled, at once
	 */
	snprintf(state, sizeof(state), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	own = fcntl(fd, F_DUPFD_CLOEXEC, LISTEN_FDS_START);
	if (own < 0)
		return errno;
	err = notify_send(&fs->notify, state, fd);
	if (err) {
		close(own);
		return err;
	}
	k = &fs->kept[fs->cnt++];
	*k = (struct kept){ .fd = own };
	memcpy(k->name, name, strlen(name) + 1);
	return 0;
}

void fdstore_drop(struct fdstore *fs, const char *name)
{
	char state[STATE_MAX];
	struct kept *k;

	snprintf(state, sizeof(state), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	if (name_is_good(name) && fs->keeps)
		(void)notify_send(&fs->notify, state, -1);
	while ((k = find(fs, name)))
		forget(fs, k);
}

unsigned fdstore_drop_rest(struct fdstore *fs)
{
	unsigned cnt = 0;

	for (size_t i = fs->cnt; i > 0; i--) {
		char name[FDSTORE_NAME_MAX];

		if (i > fs->cnt || !fs->kept[i - 1].handed_over)
			continue;
		memcpy(name, fs->kept[i - 1].name, sizeof(name));
		fdstore_drop(fs, name);
		cnt++;
	}
	return cnt;
}

const struct relay_keeper *fdstore_keeper(struct fdstore *fs)
{
	return &fs->keeper;
}
