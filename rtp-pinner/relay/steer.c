/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/steer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "steer.skel.h"

_Static_assert((int)STEER_SINK >= (int)RELAY_THREADS_MAX,
	       "a socket for each thread");

struct steer {
	struct steer_bpf *skel;
	struct bpf_link *link;
	int cpus;
};

/* What goes wrong is told by the one line of the caller; libbpf's many lines
 * are for whoever looks for the cause.
 */
__attribute__((format(printf, 2, 0)))
static int print_at_debug(enum libbpf_print_level level, const char *fmt,
			  va_list args)
{
	char line[512];
	size_t len;

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), fmt, args);
	len = strcspn(line, "\n");
	log_debug("relay: %.*s", (int)len, line);
	return 0;
}

static void set_conf(struct steer_conf *out, const struct relay_conf *conf)
{
	out->port_min = conf->port_min;
	out->port_max = conf->port_max;
	out->has4 = addr_is_set(&conf->media4);
	out->has6 = addr_is_set(&conf->media6);
	memcpy(&out->media4_be, conf->media4.bytes_be, sizeof(out->media4_be));
	memcpy(out->media6_be, conf->media6.bytes_be, sizeof(out->media6_be));
}

int steer_new(struct steer **out, const struct relay_conf *conf, int rows_fd,
	      uint32_t rows_cnt)
{
	struct steer *s;
	int err = 0;

	s = calloc(1, sizeof(*s));
	if (!s)
		return ENOMEM;
	libbpf_set_print(print_at_debug);

	s->cpus = libbpf_num_possible_cpus();
	s->skel = steer_bpf__open();
	if (s->cpus <= 0 || !s->skel) {
		err = s->cpus <= 0 ? -s->cpus : errno;
		goto out;
	}
	set_conf((struct steer_conf *)&s->skel->rodata->steer_conf, conf);

	err = -bpf_map__set_max_entries(s->skel->maps.rows, rows_cnt);
	if (!err && rows_fd >= 0)
		err = -bpf_map__reuse_fd(s->skel->maps.rows, rows_fd);
	/* reuse_fd takes over whatever shape the kept one has */
	if (!err &&
	    (bpf_map__max_entries(s->skel->maps.rows) != rows_cnt ||
	     bpf_map__value_size(s->skel->maps.rows) !=
		     sizeof(struct flow_row)))
		err = EINVAL;
	if (!err)
		err = -steer_bpf__load(s->skel);
out:
	if (err)
		steer_free(s);
	else
		*out = s;
	return err;
}

void steer_free(struct steer *s)
{
	if (!s)
		return;

	bpf_link__destroy(s->link);	/* only closes our descriptor */
	steer_bpf__destroy(s->skel);
	free(s);
}

int steer_rows_fd(const struct steer *s)
{
	return bpf_map__fd(s->skel->maps.rows);
}

int steer_program_fd(const struct steer *s)
{
	return bpf_program__fd(s->skel->progs.steer);
}

int steer_set_socket(struct steer *s, uint32_t index, int fd)
{
	uint64_t value = (uint64_t)fd;
	int map = bpf_map__fd(s->skel->maps.sockets);

	return -bpf_map_update_elem(map, &index, &value, BPF_ANY);
}

int steer_attach(struct steer *s, int link_fd)
{
	int netns, err = 0;

	if (link_fd >= 0)
		return -bpf_link_update(link_fd, steer_program_fd(s), NULL);

	netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return errno;
	s->link = bpf_program__attach_netns(s->skel->progs.steer, netns);
	if (!s->link)
		err = errno;
	close(netns);
	return err;
}

int steer_link_fd(const struct steer *s)
{
	return s->link ? bpf_link__fd(s->link) : -1;
}

int steer_read(const struct steer *s, uint64_t out[static STEER_VERDICTS])
{
	int map = bpf_map__fd(s->skel->maps.verdicts), err = 0;
	uint64_t *values = calloc((size_t)s->cpus, sizeof(*values));

	if (!values)
		return ENOMEM;
	for (uint32_t i = 0; i < STEER_VERDICTS && !err; i++) {
		out[i] = 0;
		err = -bpf_map_lookup_elem(map, &i, values);
		for (int cpu = 0; cpu < s->cpus && !err; cpu++)
			out[i] += values[cpu];
	}
	free(values);
	return err;
}
