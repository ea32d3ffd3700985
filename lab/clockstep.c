/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clockstep.c - LD_PRELOAD: the wall clock of some processes, stepped at will
 *
 * LAB_CLOCK names a file of eight bytes: seconds, added to CLOCK_REALTIME as
 * the processes with this library see it, and to the times the kernel writes on
 * what they receive.  A story writes them, and at that moment the clock of a
 * whole node has been stepped; the machine's own goes on.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static const volatile int64_t none;
static const volatile int64_t *step_s = &none;

__attribute__((constructor)) static void map_step(void)
{
	const char *path = getenv("LAB_CLOCK");
	void *map;
	int fd;

	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*step_s), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (map != MAP_FAILED)
		step_s = map;
}

EXPORT int clock_gettime(clockid_t id, struct timespec *now)
{
	int err = (int)syscall(SYS_clock_gettime, id, now);

	if (!err && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		now->tv_sec += *step_s;
	return err;
}

EXPORT int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
	struct timespec ts;
	int err = clock_gettime(CLOCK_REALTIME, &ts);

	(void)zone;
	if (!err) {		/* now: declared nonnull */
		now->tv_sec = ts.tv_sec;
		now->tv_usec = ts.tv_nsec / 1000;
	}
	return err;
}

EXPORT time_t time(time_t *out)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (out)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

EXPORT int timespec_get(struct timespec *now, int base)
{
	if (base != TIME_UTC || clock_gettime(CLOCK_REALTIME, now))
		return 0;
	return base;
}

/* SO_TIMESTAMPNS: when a packet came, CLOCK_REALTIME. */
static void step_arrival(struct msghdr *msg)
{
	struct timespec at;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&at, CMSG_DATA(c), sizeof(at));
		at.tv_sec += *step_s;
		memcpy(CMSG_DATA(c), &at, sizeof(at));
	}
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t n = syscall(SYS_recvmsg, fd, msg, flags);

	if (n >= 0)
		step_arrival(msg);
	return n;
}

EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned cnt, int flags,
		    struct timespec *timeout)
{
	int n = (int)syscall(SYS_recvmmsg, fd, msgs, cnt, flags, timeout);

	for (int i = 0; i < n; i++)
		step_arrival(&msgs[i].msg_hdr);
	return n;
}
