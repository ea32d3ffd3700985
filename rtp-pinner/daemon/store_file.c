/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of the call store: made, judged, mapped. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/secret.h"
#include "common/textfile.h"
#include "rtp-pinner/daemon/store_map.h"

#define MAGIC "sipapin\n"
#define BOOT_PATH "/proc/sys/kernel/random/boot_id"

static_assert(sizeof(struct store_header) <= STORE_PAGE, "header fits");
static_assert(offsetof(struct store_header, sum) + sizeof(uint64_t) ==
	      sizeof(struct store_header), "no padding behind the sum");

size_t store_word_at(uint32_t id)
{
	return STORE_PAGE + (size_t)id * sizeof(uint64_t);
}

size_t store_slots_at(const struct store_conf *conf)
{
	size_t end = store_word_at(conf->records);

	return (end + STORE_PAGE - 1) / STORE_PAGE * STORE_PAGE;
}

static uint64_t header_sum(const struct store_header *header)
{
	static const uint8_t key[SECRET_SIPHASH_KEY_LEN] = "store header";

	return secret_siphash(key, header, offsetof(struct store_header, sum));
}

static struct store_header header_for(const struct store_conf *conf,
				      const char *boot)
{
	struct store_header header = {
		.version = STORE_VERSION,
		.layout = conf->layout,
		.slot_size = STORE_SLOT_SIZE,
		.records = conf->records,
		.slots = conf->slots,
		.port_min = conf->port_min,
		.port_max = conf->port_max,
	};

	memcpy(header.magic, MAGIC, sizeof(header.magic));
	snprintf(header.boot, sizeof(header.boot), "%s", boot);
	header.sum = header_sum(&header);
	return header;
}

int store_format_fd(int fd, const struct store_conf *conf, const char *boot)
{
	struct store_header header = header_for(conf, boot);
	int err = posix_fallocate(fd, 0, (off_t)store_slots_at(conf));

	if (err)
		return err;
	if (pwrite(fd, &header, sizeof(header), 0) != sizeof(header))
		return errno ? errno : EIO;
	return 0;
}

/* ---- an open file */

/* 0, EBADMSG, EINVAL, ESTALE; *why says what differs. */
static int judge_header(const struct store_header *got,
			const struct store_conf *conf, const char *boot,
			const char **why)
{
	struct store_header want = header_for(conf, boot);
	bool other_boot = memcmp(got->boot, want.boot, sizeof(want.boot)) != 0;

	*why = "its header is damaged";
	if (memcmp(got->magic, want.magic, sizeof(want.magic)) != 0)
		return EBADMSG;
	if (got->version == want.version && got->sum != header_sum(got))
		return EBADMSG;
	if (other_boot)
		return ESTALE;
	if (got->version != want.version || got->layout != want.layout ||
	    got->slot_size != want.slot_size) {
		*why = "it was written by another version";
		return EINVAL;
	}
	if (got->port_min != want.port_min || got->port_max != want.port_max) {
		*why = "it is of another port range";
		return EINVAL;
	}
	if (got->records != want.records || got->slots != want.slots) {
		*why = "it is of another size";
		return EINVAL;
	}
	return 0;
}

static int map_file(struct store *s, size_t size)
{
	s->slots_at = store_slots_at(&s->conf);
	if (size < s->slots_at)
		return EBADMSG;
	size -= s->slots_at;
	s->high = size / STORE_SLOT_SIZE < s->conf.slots ?
			  (uint32_t)(size / STORE_SLOT_SIZE) : s->conf.slots;
	s->map_len = s->slots_at + (size_t)s->conf.slots * STORE_SLOT_SIZE;
	s->map = mmap(NULL, s->map_len, PROT_READ | PROT_WRITE, MAP_SHARED,
		      s->fd, 0);
	if (s->map == MAP_FAILED) {
		s->map = NULL;
		return errno;
	}
	s->words = (void *)((char *)s->map + store_word_at(0));
	s->slots = (void *)((char *)s->map + s->slots_at);
	return 0;
}

static int open_fd(struct store **out, int fd, const struct store_conf *conf,
		   const char *boot, store_damage_h *damage, void *arg,
		   const char **why)
{
	struct store_header header;
	struct store *s;
	struct stat st;
	int err;

	*out = NULL;
	*why = NULL;
	if (fstat(fd, &st) < 0)
		return errno;
	*why = "its header is cut";
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return EBADMSG;
	err = judge_header(&header, conf, boot, why);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ENOMEM;
	*s = (struct store){ .fd = fd, .conf = *conf };
	s->conf.path = NULL;
	*why = "its list of records is cut";
	err = map_file(s, (size_t)st.st_size);
	if (!err)
		err = store_scan(s, damage, arg);
	if (err) {
		s->fd = -1;	/* the caller's still */
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

int store_open_fd(struct store **out, int fd, const struct store_conf *conf,
		  const char *boot, store_damage_h *damage, void *arg)
{
	const char *why;

	return open_fd(out, fd, conf, boot, damage, arg, &why);
}

/* ---- by its name */

/* A new file, in place of what may be there: complete or not at all. */
static int make_file(int *fd, const struct store_conf *conf, const char *boot)
{
	char tmp[PATH_MAX];
	int err, n = snprintf(tmp, sizeof(tmp), "%s.new", conf->path);

	*fd = -1;
	if (n < 0 || (size_t)n >= sizeof(tmp))
		return ENAMETOOLONG;
	if (unlink(tmp) < 0 && errno != ENOENT)
		return errno;
	*fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (*fd < 0)
		return errno;
	err = store_format_fd(*fd, conf, boot);
	if (!err && rename(tmp, conf->path) < 0)
		err = errno;
	if (err) {
		unlink(tmp);
		close(*fd);
		*fd = -1;
	}
	return err;
}

static void log_refusal(const char *path, int err, const char *why)
{
	if (err == EBADMSG || err == EINVAL)
		log_err("store: %s refused: %s (stop rtp-pinner, which ends "
			"its calls, remove the file and start it again)",
			path, why);
	else
		log_err("store: %s cannot be used: %s", path, strerror(err));
}

int store_open_boot(struct store **out, bool *resumed,
		    const struct store_conf *conf, const char *boot,
		    store_damage_h *damage, void *arg)
{
	const char *why = NULL;
	int fd, err;

	*out = NULL;
	*resumed = false;
	fd = open(conf->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	err = fd < 0 ? errno : 0;
	if (!err)
		err = open_fd(out, fd, conf, boot, damage, arg, &why);
	*resumed = !err;
	if (err == ESTALE)
		log_info("store: %s is of an earlier boot, as are its calls: "
			 "begun anew", conf->path);
	if (err == ESTALE || err == ENOENT) {
		if (fd >= 0)
			close(fd);
		err = make_file(&fd, conf, boot);
		if (!err)
			err = open_fd(out, fd, conf, boot, damage, arg, &why);
	}
	if (err) {
		if (fd >= 0)
			close(fd);
		log_refusal(conf->path, err, why);
	}
	return err;
}

int store_open(struct store **out, bool *resumed,
	       const struct store_conf *conf, store_damage_h *damage,
	       void *arg)
{
	char boot[STORE_BOOT_LEN] = "";
	size_t len;
	char *text;
	int err;

	*out = NULL;
	*resumed = false;
	if (!conf->records || conf->records > STORE_RECORDS_MAX ||
	    conf->slots < STORE_SLOTS_MIN || conf->slots > STORE_SLOTS_MAX)
		return EINVAL;
	err = textfile_read(&text, &len, BOOT_PATH, 256);
	if (err) {
		log_err("store: " BOOT_PATH " cannot be read: %s",
			strerror(err));
		return err;
	}
	snprintf(boot, sizeof(boot), "%.36s", text);
	textfile_free(text, len);
	return store_open_boot(out, resumed, conf, boot, damage, arg);
}
