/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The call store in a life of puts, deletes, restarts and damage: a record it
 * tells of is one that was put, whole; without damage all of them are there.
 *
 * Input, a step each: 0-3 put (number, two bytes of length), 4 delete (number),
 * 5 damage (offset, value), 6 restart, 7 cut the file (KB).  An input that
 * begins with 0xff is the bytes of a whole file instead.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fuzz/harness.h"
#include "rtp-pinner/daemon/store_priv.h"

#define BOOT "fuzz"

enum { RECORDS = 16, LEN_MAX = 16 * 4400, STEPS_MAX = 48 };

static const struct store_conf conf = {
	.layout = 1, .port_min = 1, .port_max = 2, .records = RECORDS,
	.slots = STORE_SLOTS_MIN,
};

struct life {
	int fd;
	struct store *store;
	bool damaged;		/* since the last restart, or before it */
	size_t len[RECORDS];	/* SIZE_MAX: not there */
	uint8_t edition[RECORDS];
	unsigned seen;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t byte_at(const struct life *life, uint32_t id, size_t i)
{
	return (uint8_t)(id * 13 + life->edition[id] * 7 + i + i / 256);
}

static void dropped(void *arg, uint32_t id, const char *why)
{
	struct life *life = arg;

	check(id < RECORDS && why && life->damaged);
	life->len[id] = SIZE_MAX;
}

static void seen(void *arg, uint32_t id, const void *bytes, size_t len)
{
	struct life *life = arg;

	check(id < RECORDS && len == life->len[id]);
	for (size_t i = 0; i < len; i++)
		check(((const uint8_t *)bytes)[i] == byte_at(life, id, i));
	life->seen++;
}

static void restart(struct life *life)
{
	unsigned want = 0;
	int fd = dup(life->fd), err;

	store_close(life->store);
	life->store = NULL;
	err = store_open_fd(&life->store, fd, &conf, BOOT, dropped, life);
	if (err) {
		check(life->damaged && err != ENOENT);
		close(fd);
		return;
	}
	/* a word that was damaged to 0 takes its record along */
	for (size_t i = 0; i < RECORDS; i++)
		want += life->len[i] != SIZE_MAX;
	life->seen = 0;
	store_each(life->store, seen, life);
	check(life->seen == want || (life->damaged && life->seen < want));
	check(store_records(life->store) == life->seen);
}

static void put(struct life *life, uint32_t id, size_t len)
{
	static uint8_t bytes[LEN_MAX];
	uint8_t old = life->edition[id];
	int err;

	life->edition[id]++;
	for (size_t i = 0; i < len; i++)
		bytes[i] = byte_at(life, id, i);
	err = store_put(life->store, id, bytes, len);
	if (!err) {
		life->len[id] = len;
		return;
	}
	check(err == (len > STORE_RECORD_MAX ? EMSGSIZE : ENOSPC));
	life->edition[id] = old;
}

static void one_step(struct life *life, const uint8_t in[static 4])
{
	uint32_t id = in[1] % RECORDS;
	size_t at = (size_t)(in[1] << 8 | in[2]);

	switch (in[0] % 8) {
	case 4:
		store_del(life->store, id);
		life->len[id] = SIZE_MAX;
		break;
	case 5:
		life->damaged = true;
		store_close(life->store);
		life->store = NULL;
		check(pwrite(life->fd, &in[3], 1, (off_t)at) == 1);
		restart(life);
		break;
	case 6:
		restart(life);
		break;
	case 7:
		life->damaged = true;
		store_close(life->store);
		life->store = NULL;
		check(ftruncate(life->fd, (off_t)in[1] * 1024) == 0);
		restart(life);
		break;
	default:
		/* short for the most part, sometimes longer than may be */
		put(life, id, in[2] < 16 ? in[2] * (size_t)4400 + in[3]
					 : in[2] % 16 * (size_t)in[3]);
		break;
	}
}

static void ignore_damage(void *arg, uint32_t id, const char *why)
{
	(void)arg;
	check(id < RECORDS && why);
}

static void ignore_record(void *arg, uint32_t id, const void *bytes, size_t len)
{
	unsigned *cnt = arg;

	check(id < RECORDS && bytes && len <= STORE_RECORD_MAX);
	++*cnt;
}

static void whole_file(int fd, const uint8_t *data, size_t size)
{
	struct store *s;
	unsigned cnt = 0;

	check(write(fd, data, size) == (ssize_t)size);
	if (store_open_fd(&s, fd, &conf, BOOT, ignore_damage, NULL)) {
		close(fd);
		return;
	}
	store_each(s, ignore_record, &cnt);
	check(cnt == store_records(s));
	store_close(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct life life = { .fd = memfd_create("store", MFD_CLOEXEC) };

	check(life.fd >= 0);
	if (size && data[0] == 0xff) {
		whole_file(life.fd, data + 1, size - 1);
		return 0;
	}
	for (size_t i = 0; i < RECORDS; i++)
		life.len[i] = SIZE_MAX;
	check(store_format_fd(life.fd, &conf, BOOT) == 0);
	restart(&life);
	if (size > STEPS_MAX * 4)
		size = STEPS_MAX * 4;
	for (size_t i = 0; i + 4 <= size && life.store; i += 4)
		one_step(&life, data + i);
	if (life.store)
		restart(&life);
	store_close(life.store);
	close(life.fd);
	return 0;
}
