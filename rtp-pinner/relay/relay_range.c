/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_range.c - one socket per thread for the whole port range
 *
 * What outlives the daemon, by its name in the keeper:
 *
 *   steer-map     the flow table
 *   steer-link    the attachment of the steering program
 *   media-rx-N    the socket of thread N; packets queue there meanwhile
 *   sink          what takes packets nobody wants, so that no ICMP goes out
 *
 * All UDP sockets are bound to the first port of the range (SO_REUSEPORT), at
 * the media address: the program decides about that port as well, so a bound
 * port takes nothing from anybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/log.h"
#include "rtp-pinner/relay/icmp.h"
#include "rtp-pinner/relay/relay_range.h"
#include "rtp-pinner/relay/steer.h"
#include "rtp-pinner/relay/thread.h"

enum {
	/* What comes during a restart waits here: a second of 300 calls, with
	 * the kernel's overhead.  Counted only while it is in use.
	 */
	RECEIVE_BUFFER = 32 << 20,
};

struct range {
	struct steer *steer;
	int map, link, sink;	/* kept ones; map and link -1 if new */
	struct range_thread *threads[RELAY_THREADS_MAX];
	bool sink_is_new;
	bool media_is_new[RELAY_THREADS_MAX];
};

static int take(const struct relay_keeper *k, const char *name)
{
	return k->take ? k->take(k->arg, name) : -1;
}

/* A relay that cannot be restarted without loss is better than none. */
static void keep(const struct relay_keeper *k, const char *name, int fd)
{
	int err = k->keep ? k->keep(k->arg, name, fd) : 0;

	if (err)
		log_warn("relay: cannot keep %s: %s (a restart will lose "
			 "packets)", name, strerror(err));
}

static void media_name(char out[static 24], unsigned index)
{
	snprintf(out, 24, "media-rx-%u", index);
}

static int open_udp(int *out, const struct relay_conf *conf)
{
	unsigned flags = SOCK_F_REUSEPORT;
	bool has4 = addr_is_set(&conf->media4);

	if (has4 && addr_is_set(&conf->media6))
		flags |= SOCK_F_DUAL_STACK;
	return sock_open(out, has4 ? &conf->media4 : &conf->media6,
			 conf->port_min, SOCK_DGRAM, 0, flags);
}

/* Blocking, but never long: see range_thread.c. */
static int set_blocking(int fd)
{
	struct timeval look = { .tv_usec = RELAY_LOOK_MS * 1000 };
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &look, sizeof(look)))
		return errno;
	return 0;
}

static int set_media_options(int fd, const struct relay_conf *conf)
{
	int err = set_blocking(fd);

	if (!err)
		err = sock_set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (!err && addr_is_set(&conf->media4))
		err = sock_set(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, 1);
	if (!err && addr_is_set(&conf->media6))
		err = sock_set(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1);
	sock_receive_buffer(fd, RECEIVE_BUFFER);
	return err;
}

/* The kept socket of that name, or a new one. */
static int get_udp(struct relay *r, int *out, bool *is_new,
		   const struct relay_keeper *k, const char *name, bool is_media)
{
	int err = 0;

	*out = take(k, name);
	*is_new = *out < 0;
	if (*is_new)
		err = open_udp(out, &r->conf);
	if (err)
		return relay_fail(r, err, "open a socket at the first port");
	err = is_media ? set_media_options(*out, &r->conf) :
			 sock_drop_all(*out);
	if (err)
		return relay_fail(r, err, "set the options of a socket");
	return 0;
}

static int make_thread(struct relay *r, struct range *range, unsigned index,
		       const struct relay_keeper *k)
{
	struct range_thread *rt = calloc(1, sizeof(*rt));
	char name[24];
	int err;

	if (!rt)
		return ENOMEM;
	rt->media = rt->icmp4 = rt->icmp6 = -1;
	rt->raw4.fd = rt->raw6.fd = -1;
	range->threads[index] = rt;

	media_name(name, index);
	err = get_udp(r, &rt->media, &range->media_is_new[index], k, name,
		      true);
	if (err)
		return err;
	err = steer_set_socket(range->steer, index, rt->media);
	if (err)
		return relay_fail(r, err, "tell the program of a socket");
	return 0;
}

static void sent(void *arg, const struct path_out *out, size_t len, bool done)
{
	if (done)
		thread_sent(arg, out, len);
	else
		thread_refused(arg, out);
}

static int open_raw(struct relay *r, struct range_thread *rt)
{
	int err = 0;

	if (addr_is_set(&r->conf.media4)) {
		err = rawsend_init(&rt->raw4, &r->conf.media4, sent, NULL);
		if (!err)
			err = icmp_open(&rt->icmp4, &r->conf.media4);
	}
	if (!err && addr_is_set(&r->conf.media6)) {
		err = rawsend_init(&rt->raw6, &r->conf.media6, sent, NULL);
		if (!err)
			err = icmp_open(&rt->icmp6, &r->conf.media6);
	}
	if (err)
		return relay_fail(r, err, "open a raw socket");
	return 0;
}

/* Load the program upon the kept table or a new one, and map that. */
static int make_rows(struct relay *r, struct range *range)
{
	int err = steer_new(&range->steer, &r->conf, range->map,
			    (uint32_t)flow_table_needed(&r->conf));

	if (err == EINVAL && range->map >= 0)
		return relay_fail(r, EINVAL, "the kept flow table is of another "
				  "range or version (stop the service, then "
				  "start it)");
	if (err)
		return relay_fail(r, err, "load the steering program");

	err = flow_table_map(&r->rows, steer_rows_fd(range->steer), &r->conf);
	if (err) {
		r->may_fall_back = false;	/* and it has been said */
		return err;
	}
	if (r->rows.kept_threads > r->conf.threads) {
		log_info("relay: threads=%u as in the last run, whose calls "
			 "they own", r->rows.kept_threads);
		r->conf.threads = r->rows.kept_threads;
	}
	return 0;
}

/* Only once all is made: what is kept of a failed attempt would hold the first
 * port against another backend.
 */
static void keep_new(const struct relay *r, const struct relay_keeper *k)
{
	const struct range *range = r->backend;
	char name[24];

	if (range->map < 0)
		keep(k, "steer-map", steer_rows_fd(range->steer));
	if (range->sink_is_new)
		keep(k, "sink", range->sink);
	for (unsigned i = 0; i < r->conf.threads; i++) {
		media_name(name, i);
		if (range->media_is_new[i])
			keep(k, name, range->threads[i]->media);
	}
	if (range->link < 0)
		keep(k, "steer-link", steer_link_fd(range->steer));
}

/* The order matters: sockets are in the map before the program is attached,
 * and raw sockets come before that too, so that a relay that cannot send does
 * not take packets.
 */
static int range_make(struct relay *r, const struct relay_conf *conf,
		      const struct relay_keeper *k)
{
	struct range *range = calloc(1, sizeof(*range));
	int err;

	if (!range)
		return ENOMEM;
	r->backend = range;
	range->sink = -1;
	range->map = take(k, "steer-map");
	range->link = take(k, "steer-link");
	/* the kept program would go on steering past any other backend */
	r->may_fall_back = range->link < 0;

	err = make_rows(r, range);
	if (!err)
		err = get_udp(r, &range->sink, &range->sink_is_new, k, "sink",
			      false);
	if (!err) {
		err = steer_set_socket(range->steer, STEER_SINK, range->sink);
		if (err)
			relay_fail(r, err, "tell the program of the sink");
	}
	for (unsigned i = 0; i < r->conf.threads && !err; i++) {
		err = make_thread(r, range, i, k);
		if (!err)
			err = open_raw(r, range->threads[i]);
	}
	if (err)
		return err;
	err = steer_attach(range->steer, range->link);
	if (err)
		return relay_fail(r, err, "attach the steering program");
	keep_new(r, k);
	flow_table_remove_file(conf);
	return 0;
}

static void range_fini(struct relay *r)
{
	struct range *range = r->backend;

	if (!range)
		return;
	for (unsigned i = 0; i < RELAY_THREADS_MAX; i++) {
		struct range_thread *rt = range->threads[i];

		if (!rt)
			continue;
		rawsend_fini(&rt->raw4);
		rawsend_fini(&rt->raw6);
		if (rt->icmp4 >= 0)
			close(rt->icmp4);
		if (rt->icmp6 >= 0)
			close(rt->icmp6);
		if (rt->media >= 0)
			close(rt->media);
		free(rt);
	}
	steer_free(range->steer);
	if (range->sink >= 0)
		close(range->sink);
	if (range->link >= 0)
		close(range->link);
	if (range->map >= 0)
		close(range->map);
	free(range);
	r->backend = NULL;
}

static void range_main(struct relay_thread *t)
{
	struct range *range = t->relay->backend;
	struct range_thread *rt = range->threads[t->index];

	rt->raw4.arg = t;
	rt->raw6.arg = t;
	range_run(t, rt);
}

static void range_add_totals(const struct relay *r, struct relay_totals *out)
{
	const struct range *range = r->backend;
	uint64_t verdicts[STEER_VERDICTS];

	for (unsigned i = 0; i < r->conf.threads; i++)
		out->receive_overflows += sock_drops(range->threads[i]->media);
	if (steer_read(range->steer, verdicts))
		return;
	out->gate_drops = verdicts[STEER_STRANGER];
	out->drops[FLOW_DROP_RATE] += verdicts[STEER_FLOOD];
	out->unowned += verdicts[STEER_FREE] + verdicts[STEER_ORPHAN] +
			out->gate_drops;
}

const struct relay_ops relay_range_ops = {
	.name = "range",
	.make = range_make,
	.fini = range_fini,
	.run = range_main,
	.add_totals = range_add_totals,
};
