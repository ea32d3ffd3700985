/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "rtp-pinner/relay/flow_access.h"
#include "rtp-pinner/relay/relay_priv.h"
#include "rtp-pinner/relay/reserve.h"
#include "rtp-pinner/relay/thread.h"

int relay_fail(struct relay *r, int err, const char *what)
{
	const char *cure = "";

	if (err == EPERM || err == EACCES)
		cure = " (needs CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW)";
	snprintf(r->why, sizeof(r->why), "%s: %s%s", what, strerror(err), cure);
	return err;
}

static int check_conf(const struct relay_conf *conf)
{
	if (!conf->port_min || conf->port_min > conf->port_max ||
	    !conf->threads || conf->threads > RELAY_THREADS_MAX ||
	    conf->service_cnt > RELAY_SERVICE_MAX ||
	    conf->closed_cnt > RELAY_CLOSED_MAX || !conf->state_dir)
		return EINVAL;
	if (!addr_is_set(&conf->media4) && !addr_is_set(&conf->media6))
		return EINVAL;
	if ((addr_is_set(&conf->media4) && conf->media4.family != ADDR_IP4) ||
	    (addr_is_set(&conf->media6) && conf->media6.family != ADDR_IP6))
		return EINVAL;
	return 0;
}

/* One instance: two would steer and bind the same ports. */
static int take_lock(struct relay *r, const char *dir)
{
	char path[PATH_MAX];
	int err = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/lock", dir) >=
	    sizeof(path))
		return ENAMETOOLONG;
	if (mkdir(dir, 0750) && errno != EEXIST)
		err = errno;
	r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (r->lock < 0) {
		err = err ? err : errno;
		log_err("relay: cannot open %s: %s", path, strerror(err));
		return err;
	}
	if (!flock(r->lock, LOCK_EX | LOCK_NB))
		return 0;

	err = errno == EWOULDBLOCK ? EBUSY : errno;
	if (err == EBUSY)
		log_err("relay: another rtp-pinner is running, it holds %s",
			path);
	else
		log_err("relay: cannot lock %s: %s", path, strerror(err));
	return err;
}

static int make_with(struct relay *r, const struct relay_ops *ops,
		     const struct relay_conf *conf,
		     const struct relay_keeper *keeper)
{
	int err;

	r->ops = ops;
	r->may_fall_back = false;
	r->why[0] = '\0';
	err = ops->make(r, conf, keeper);
	if (err) {
		ops->fini(r);
		flow_table_unmap(&r->rows);
	}
	return err;
}

static int make_backend(struct relay *r, const struct relay_conf *conf,
			const struct relay_keeper *keeper)
{
	char because[RELAY_WHY_MAX];
	int err;

	if (conf->kind == RELAY_SOCKETS) {
		err = make_with(r, &relay_sockets_ops, conf, keeper);
		if (!err)
			snprintf(r->why, sizeof(r->why), "as configured");
		goto out;
	}
	err = make_with(r, &relay_range_ops, conf, keeper);
	if (!err) {
		snprintf(r->why, sizeof(r->why), "%s",
			 conf->kind == RELAY_AUTO ? "kernel and capabilities "
						    "permit it" :
						    "as configured");
		goto out;
	}
	if (conf->kind != RELAY_AUTO || !r->may_fall_back)
		goto out;

	memcpy(because, r->why, sizeof(because));
	err = make_with(r, &relay_sockets_ops, conf, keeper);
	if (!err)
		memcpy(r->why, because, sizeof(r->why));
out:
	if (err && r->why[0])
		log_err("relay: backend %s: %s", r->ops->name, r->why);
	return err;
}

/* Whatever lies in a kept table: from here on conf.thread is an index. */
static void check_rows(struct relay *r)
{
	for (size_t i = 0; i < r->rows.cnt; i++) {
		struct flow_conf conf = r->rows.row[i].conf;

		if (conf.thread < r->conf.threads)
			continue;
		conf.thread = 0;
		conf.active = 0;
		flow_conf_write(&r->rows.row[i], &conf);
	}
}

static int make_threads(struct relay *r)
{
	int err = 0;

	r->threads = aligned_alloc(_Alignof(struct relay_thread),
				   r->conf.threads * sizeof(*r->threads));
	r->opened = calloc(r->rows.cnt, sizeof(*r->opened));
	if (r->threads)		/* relay_free() looks at them whatever fails */
		memset(r->threads, 0, r->conf.threads * sizeof(*r->threads));
	if (!r->threads || !r->opened)
		return ENOMEM;
	for (unsigned i = 0; i < r->conf.threads && !err; i++) {
		struct relay_thread *t = &r->threads[i];

		t->relay = r;
		t->index = i;
		t->path = (struct path){
			.rows = r->rows.row,
			.port_min = r->conf.port_min,
			.port_max = r->conf.port_max,
			.thread = (uint8_t)i,
			.media4 = r->conf.media4,
			.media6 = r->conf.media6,
			.service_cnt = r->conf.service_cnt,
			.closed_cnt = r->conf.closed_cnt,
		};
		memcpy(t->path.service, r->conf.service,
		       sizeof(r->conf.service));
		memcpy(t->path.closed, r->conf.closed, sizeof(r->conf.closed));
		err = ring_init(&t->rtcp);
	}
	return err;
}

int relay_new(struct relay **out, const struct relay_conf *conf,
	      const struct relay_keeper *keeper)
{
	static const struct relay_keeper none;
	struct relay *r;
	int err = check_conf(conf);

	if (err)
		return err;
	r = calloc(1, sizeof(*r));
	if (!r)
		return ENOMEM;
	r->lock = -1;
	r->conf = *conf;
	r->conf.state_dir = NULL;

	err = take_lock(r, conf->state_dir);
	if (!err)
		err = reserve_check(conf->port_min, conf->port_max);
	if (!err)
		err = make_backend(r, conf, keeper ? keeper : &none);
	if (!err)
		err = make_threads(r);
	if (!err)
		check_rows(r);
	if (err) {
		relay_free(r);
		return err;
	}
	flow_table_sign(&r->rows, &r->conf);
	log_info("relay: backend %s ports=%u-%u threads=%u rows=%s (%s)",
		 r->ops->name, r->conf.port_min, r->conf.port_max,
		 r->conf.threads, r->rows.resumed ? "resumed" : "new", r->why);
	*out = r;
	return 0;
}

int relay_start(struct relay *r)
{
	uint64_t now_us = clock_ns() / 1000;
	int err = 0;

	for (unsigned i = 0; i < r->conf.threads; i++)
		r->threads[i].path.began_us = now_us;
	for (unsigned i = 0; i < r->conf.threads && !err; i++)
		err = thread_start(&r->threads[i]);
	if (err)
		log_err("relay: cannot start a thread: %s", strerror(err));
	r->started = true;
	return err;
}

void relay_free(struct relay *r)
{
	if (!r)
		return;

	__atomic_store_n(&r->stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; r->threads && i < r->conf.threads; i++)
		thread_join(&r->threads[i]);
	if (r->ops)
		r->ops->fini(r);
	for (unsigned i = 0; r->threads && i < r->conf.threads; i++)
		ring_fini(&r->threads[i].rtcp);
	flow_table_unmap(&r->rows);
	free(r->threads);
	free(r->opened);
	if (r->lock >= 0)
		close(r->lock);
	free(r);
}

bool relay_is_range(const struct relay *r)
{
	return r->ops == &relay_range_ops;
}

const char *relay_reason(const struct relay *r)
{
	return r->why;
}

unsigned relay_threads(const struct relay *r)
{
	return r->conf.threads;
}

bool relay_resumed(const struct relay *r)
{
	return r->rows.resumed;
}

int relay_open(struct relay *r, uint16_t port, const struct flow_conf *conf)
{
	struct flow_row *row = flow_table_find(&r->rows, port);
	struct flow_conf copy = *conf;
	int err = 0;

	if (!row || conf->thread >= r->conf.threads)
		return EINVAL;
	if (r->opened[port - r->rows.port_min])
		return EEXIST;

	copy.active = 1;
	copy.generation = row->conf.generation;
	if (!row->conf.active) {
		copy.generation++;
		memset(&row->steer, 0, sizeof(row->steer));
	}
	if (r->ops->open)
		err = r->ops->open(r, port, &copy);
	if (err)
		return err;

	flow_conf_write(row, &copy);
	r->opened[port - r->rows.port_min] = 1;
	if (r->ops->opened)
		err = r->ops->opened(r, port);
	if (err)
		relay_close(r, port);
	return err;
}

void relay_set(struct relay *r, uint16_t port, const struct flow_conf *conf)
{
	struct flow_row *row = flow_table_find(&r->rows, port);
	struct flow_conf copy = *conf;

	if (!row || !row->conf.active)
		return;
	copy.active = 1;
	copy.generation = row->conf.generation;
	copy.thread = row->conf.thread;	/* its sockets are that thread's */
	if (r->ops->set)
		r->ops->set(r, port, &copy);
	flow_conf_write(row, &copy);
}

void relay_close(struct relay *r, uint16_t port)
{
	struct flow_row *row = flow_table_find(&r->rows, port);
	struct flow_conf copy;

	if (!row)
		return;
	if (row->conf.active) {
		copy = row->conf;
		copy.active = 0;
		flow_conf_write(row, &copy);
	}
	if (!r->opened[port - r->rows.port_min])
		return;		/* of the last run: it has no socket here */
	r->opened[port - r->rows.port_min] = 0;
	if (r->ops->closed)
		r->ops->closed(r, port);
}

const struct flow_row *relay_row(const struct relay *r, uint16_t port)
{
	return flow_table_find(&r->rows, port);
}

size_t relay_take_rtcp(struct relay *r, size_t max, relay_rtcp_h *h, void *arg)
{
	const struct ring_item *item;
	size_t cnt = 0;

	for (unsigned i = 0; i < r->conf.threads; i++) {
		struct ring *ring = &r->threads[i].rtcp;

		while (cnt < max && (item = ring_first(ring))) {
			h(arg, item->port, item->at_ms, item->bytes, item->len);
			ring_drop(ring);
			cnt++;
		}
	}
	return cnt;
}

static uint64_t seen(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void relay_read_totals(const struct relay *r, struct relay_totals *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < r->conf.threads; i++) {
		const struct thread_counts *c = &r->threads[i].counts;

		out->packets_in += seen(&c->packets_in);
		out->packets_out += seen(&c->packets_out);
		out->bytes_out += seen(&c->bytes_out);
		for (int k = 0; k < FLOW_DROPS; k++)
			out->drops[k] += seen(&c->drops[k]);
		out->unowned += seen(&c->unowned);
		out->rtcp_not_copied += seen(&c->rtcp_not_copied);
		out->icmp_errors += seen(&c->icmp_errors);
		out->receive_overflows += seen(&c->overflows);
	}
	r->ops->add_totals(r, out);
}
