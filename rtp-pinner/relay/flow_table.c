/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/flow_table.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

#define BOOT_FILE "/proc/sys/kernel/random/boot_id"

enum { BOOT_LEN = 36 };

static const uint64_t magic = 0x73612d726f777300;	/* "sa-rows" */

struct head {
	uint64_t magic;		/* written last */
	uint32_t layout;
	uint32_t row_size;
	uint16_t port_min;
	uint16_t port_max;
	uint32_t threads;
	struct addr media4;	/* bytes only: no padding */
	struct addr media6;
	char boot[BOOT_LEN];
};

_Static_assert(sizeof(struct head) <= FLOW_ROW_SIZE, "a head fits in a row");

size_t flow_table_needed(const struct relay_conf *conf)
{
	return (size_t)conf->port_max - conf->port_min + 2;
}

size_t flow_table_size(const struct relay_conf *conf)
{
	return flow_table_needed(conf) * sizeof(struct flow_row);
}

static void read_boot(char out[static BOOT_LEN])
{
	FILE *file = fopen(BOOT_FILE, "re");

	memset(out, 0, BOOT_LEN);
	if (!file)
		return;		/* every boot looks the same then */
	if (fread(out, 1, BOOT_LEN, file) != BOOT_LEN)
		memset(out, 0, BOOT_LEN);
	fclose(file);
}

static struct head *head_of(const struct flow_table *r)
{
	return (struct head *)&r->row[r->cnt];
}

/* 0, ENOENT when there is nothing to resume, or EINVAL after a line. */
static int check_head(const struct head *head, const struct relay_conf *conf)
{
	char boot[BOOT_LEN], old4[ADDR_TEXT_MAX], old6[ADDR_TEXT_MAX];

	read_boot(boot);
	if (head->magic && head->magic != magic)
		log_warn("relay: the flow table kept from the last run is "
			 "damaged: begun anew, every leg latches again");
	if (head->magic != magic ||
	    memcmp(head->boot, boot, sizeof(boot)) != 0)
		return ENOENT;

	if (head->layout != FLOW_LAYOUT ||
	    head->row_size != sizeof(struct flow_row)) {
		log_err("relay: the flow table kept from the last run has layout "
			"%u (%u bytes a row), this version has %u (%zu); stop "
			"the service, then start it: a restart keeps the table",
			head->layout, head->row_size, FLOW_LAYOUT,
			sizeof(struct flow_row));
		return EINVAL;
	}
	if (!head->threads || head->threads > RELAY_THREADS_MAX) {
		log_err("relay: the flow table kept from the last run is damaged "
			"(%u threads); stop the service, then start it: a restart "
			"keeps the table", head->threads);
		return EINVAL;
	}
	if (head->port_min != conf->port_min ||
	    head->port_max != conf->port_max ||
	    !addr_equal(&head->media4, &conf->media4) ||
	    !addr_equal(&head->media6, &conf->media6)) {
		addr_format(old4, &head->media4);
		addr_format(old6, &head->media6);
		log_err("relay: the flow table kept from the last run is of "
			"ports %u-%u at %s and %s, which the configuration has "
			"changed; stop the service, then start it: a restart "
			"keeps the table", head->port_min, head->port_max,
			old4, old6);
		return EINVAL;
	}
	return 0;
}

int flow_table_map(struct flow_table *out, int fd,
		   const struct relay_conf *conf)
{
	size_t size = flow_table_size(conf);
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int err;

	memset(out, 0, sizeof(*out));
	if (at == MAP_FAILED)
		return errno;
	out->row = at;
	out->cnt = flow_table_needed(conf) - 1;
	out->port_min = conf->port_min;

	err = check_head(head_of(out), conf);
	if (!err) {
		out->resumed = true;
		out->kept_threads = head_of(out)->threads;
		return 0;
	}
	if (err == ENOENT) {
		memset(at, 0, size);
		return 0;
	}
	flow_table_unmap(out);
	return err;
}

void flow_table_sign(struct flow_table *r, const struct relay_conf *conf)
{
	struct head *head = head_of(r);

	head->layout = FLOW_LAYOUT;
	head->row_size = sizeof(struct flow_row);
	head->port_min = conf->port_min;
	head->port_max = conf->port_max;
	head->threads = conf->threads;
	head->media4 = conf->media4;
	head->media6 = conf->media6;
	read_boot(head->boot);
	__atomic_store_n(&head->magic, magic, __ATOMIC_RELEASE);
}

static int file_path(char out[static PATH_MAX], const struct relay_conf *conf)
{
	return snprintf(out, PATH_MAX, "%s/rows", conf->state_dir) < PATH_MAX ?
		       0 : ENAMETOOLONG;
}

int flow_table_open_file(int *out, const struct relay_conf *conf)
{
	off_t size = (off_t)flow_table_size(conf);
	char path[PATH_MAX];
	struct stat st;
	int err = file_path(path, conf);

	*out = -1;
	if (err)
		return err;
	*out = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (*out < 0)
		return errno;
	if (fstat(*out, &st))
		err = errno;
	else if (st.st_size && st.st_size != size)
		err = EINVAL;
	else	/* a full disk shows here, not as SIGBUS in a call */
		err = posix_fallocate(*out, 0, size);
	if (err) {
		close(*out);
		*out = -1;
	}
	return err;
}

void flow_table_remove_file(const struct relay_conf *conf)
{
	char path[PATH_MAX];

	if (!file_path(path, conf))
		unlink(path);
}

void flow_table_unmap(struct flow_table *r)
{
	if (r->row)
		munmap(r->row, (r->cnt + 1) * sizeof(*r->row));
	memset(r, 0, sizeof(*r));
}
