/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_sockets.c - one socket per port and family, no privileges
 *
 * The rows lie in the file `rows' of the state directory and outlive the
 * daemon; sockets do not, a restarted daemon binds its ports anew.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "rtp-pinner/relay/relay_sockets.h"
#include "rtp-pinner/relay/thread.h"

enum {
	CLOSING_MAX_S = 2,	/* a thread that takes longer is stuck */
};

static struct sockets_thread *thread_of(const struct relay *r, uint16_t port)
{
	const struct sockets *s = r->backend;

	return s->threads[flow_table_find(&r->rows, port)->conf.thread];
}

static struct port_sockets *port_of(const struct relay *r, uint16_t port)
{
	const struct sockets *s = r->backend;

	return &s->ports[port - r->rows.port_min];
}

static void mailbox_fini(struct mailbox *m)
{
	if (!m->ports)
		return;
	if (m->event >= 0)
		close(m->event);
	pthread_mutex_destroy(&m->lock);
	pthread_cond_destroy(&m->closed);
	free(m->ports);
}

static int mailbox_init(struct mailbox *m, size_t ports)
{
	pthread_condattr_t attr;

	m->ports = calloc(ports, sizeof(*m->ports));
	if (!m->ports)
		return ENOMEM;
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->closed, &attr);
	pthread_condattr_destroy(&attr);
	m->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return m->event < 0 ? errno : 0;
}

static void mailbox_wake(struct mailbox *m)
{
	uint64_t one = 1;

	/* fails only when it is set already */
	if (write(m->event, &one, sizeof(one)) < 0)
		return;
}

static int make_thread(struct relay *r, struct sockets *s, unsigned index)
{
	struct sockets_thread *st = calloc(1, sizeof(*st));
	struct epoll_event event = {
		.events = EPOLLIN,
		.data.u64 = SOCKETS_MAILBOX,
	};
	int err;

	if (!st)
		return ENOMEM;
	st->epoll = -1;
	st->mailbox.event = -1;
	s->threads[index] = st;
	err = mailbox_init(&st->mailbox, r->rows.cnt);
	if (err)
		return err;
	st->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (st->epoll < 0 || epoll_ctl(st->epoll, EPOLL_CTL_ADD,
				       st->mailbox.event, &event))
		return errno;
	return 0;
}

static int make_rows(struct relay *r, const struct relay_conf *conf)
{
	int fd, err = flow_table_open_file(&fd, conf);

	if (err == EINVAL)
		return relay_fail(r, err, "the kept flow table is of another "
				  "range (remove the file `rows' in the state "
				  "directory)");
	if (err)
		return relay_fail(r, err, "make the flow table");
	err = flow_table_map(&r->rows, fd, conf);
	close(fd);
	if (err)
		return err;
	if (r->rows.kept_threads > r->conf.threads)
		r->conf.threads = r->rows.kept_threads;
	return 0;
}

static int sockets_make(struct relay *r, const struct relay_conf *conf,
			const struct relay_keeper *keeper)
{
	struct sockets *s;
	int err, link;

	link = keeper->take ? keeper->take(keeper->arg, "steer-link") : -1;
	if (link >= 0) {
		close(link);
		return relay_fail(r, EINVAL, "the last run used backend range, "
				  "whose program still steers (stop the "
				  "service, then start it)");
	}
	s = calloc(1, sizeof(*s));
	if (!s)
		return ENOMEM;
	r->backend = s;
	err = make_rows(r, conf);
	if (err)
		return err;
	s->ports = calloc(r->rows.cnt, sizeof(*s->ports));
	if (!s->ports)
		return ENOMEM;
	for (size_t i = 0; i < r->rows.cnt; i++)
		s->ports[i].fd4 = s->ports[i].fd6 = -1;
	for (unsigned i = 0; i < r->conf.threads && !err; i++)
		err = make_thread(r, s, i);
	if (err)
		relay_fail(r, err, "prepare a thread");
	return err;
}

static void sockets_fini(struct relay *r)
{
	struct sockets *s = r->backend;

	if (!s)
		return;
	for (size_t i = 0; s->ports && i < r->rows.cnt; i++) {
		if (s->ports[i].fd4 >= 0)
			close(s->ports[i].fd4);
		if (s->ports[i].fd6 >= 0)
			close(s->ports[i].fd6);
	}
	for (unsigned i = 0; i < RELAY_THREADS_MAX; i++) {
		struct sockets_thread *st = s->threads[i];

		if (!st)
			continue;
		mailbox_fini(&st->mailbox);
		if (st->epoll >= 0)
			close(st->epoll);
		free(st);
	}
	free(s->ports);
	free(s);
	r->backend = NULL;
}

static void sockets_main(struct relay_thread *t)
{
	sockets_run(t, t->relay->backend);
}

static void sockets_wake(struct relay_thread *t)
{
	const struct sockets *s = t->relay->backend;

	mailbox_wake(&s->threads[t->index]->mailbox);
}

static void set_dscp(int fd, uint8_t family, uint8_t dscp)
{
	if (fd < 0)
		return;
	if (family == ADDR_IP4)
		sock_set(fd, IPPROTO_IP, IP_TOS, dscp << 2);
	else
		sock_set(fd, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2);
}

static int open_one(int *out, const struct addr *media, uint16_t port,
		    uint8_t dscp)
{
	int fd, err = sock_open(&fd, media, port, SOCK_DGRAM, 0, 0);

	if (err)
		return err;
	err = sock_set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (!err && media->family == ADDR_IP4)
		err = sock_set(fd, IPPROTO_IP, IP_RECVERR, 1);
	else if (!err)
		err = sock_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	if (err) {
		close(fd);
		return err;
	}
	set_dscp(fd, media->family, dscp);
	__atomic_store_n(out, fd, __ATOMIC_RELEASE);
	return 0;
}

/* The last sockets of the port are closed by the thread very soon. */
static int wait_free(struct mailbox *m, const struct port_sockets *p)
{
	struct timespec until;
	int err = 0;

	pthread_mutex_lock(&m->lock);
	if (p->phase == PORT_CLOSING) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += CLOSING_MAX_S;
		while (p->phase == PORT_CLOSING && !err)
			err = pthread_cond_timedwait(&m->closed, &m->lock,
						     &until);
	}
	pthread_mutex_unlock(&m->lock);
	return err ? EADDRINUSE : 0;
}

static int sockets_open(struct relay *r, uint16_t port,
			const struct flow_conf *conf)
{
	struct port_sockets *p = port_of(r, port);
	int err = wait_free(&thread_of(r, port)->mailbox, p);

	if (!err && addr_is_set(&r->conf.media4))
		err = open_one(&p->fd4, &r->conf.media4, port, conf->dscp);
	if (!err && addr_is_set(&r->conf.media6))
		err = open_one(&p->fd6, &r->conf.media6, port, conf->dscp);
	if (err && p->fd4 >= 0) {	/* no thread knows it yet */
		close(p->fd4);
		p->fd4 = -1;
	}
	if (!err)
		p->phase = PORT_OPEN;
	return err;
}

static int watch(const struct sockets_thread *st, int fd, uint64_t family,
		 uint16_t port)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLET,
		.data.u64 = family << 32 | port,
	};

	if (fd < 0)
		return 0;
	return epoll_ctl(st->epoll, EPOLL_CTL_ADD, fd, &event) ? errno : 0;
}

/* The row is written: packets may be read from now on. */
static int sockets_opened(struct relay *r, uint16_t port)
{
	const struct sockets_thread *st = thread_of(r, port);
	const struct port_sockets *p = port_of(r, port);
	int err = watch(st, p->fd4, ADDR_IP4, port);

	return err ? err : watch(st, p->fd6, ADDR_IP6, port);
}

static void sockets_set(struct relay *r, uint16_t port,
			const struct flow_conf *conf)
{
	const struct port_sockets *p = port_of(r, port);

	if (conf->dscp == flow_table_find(&r->rows, port)->conf.dscp)
		return;
	set_dscp(p->fd4, ADDR_IP4, conf->dscp);
	set_dscp(p->fd6, ADDR_IP6, conf->dscp);
}

static void sockets_closed(struct relay *r, uint16_t port)
{
	unsigned thread = flow_table_find(&r->rows, port)->conf.thread;
	struct mailbox *m = &thread_of(r, port)->mailbox;
	struct port_sockets *p = port_of(r, port);

	pthread_mutex_lock(&m->lock);
	p->phase = PORT_CLOSING;
	if (r->started)
		m->ports[m->cnt++] = port;
	else
		sockets_close_port(&r->threads[thread], p);
	pthread_mutex_unlock(&m->lock);
	if (r->started)
		mailbox_wake(m);
}

static void sockets_add_totals(const struct relay *r, struct relay_totals *out)
{
	const struct sockets *s = r->backend;

	for (size_t i = 0; i < r->rows.cnt; i++) {
		if (!r->opened[i])
			continue;
		if (s->ports[i].fd4 >= 0)
			out->receive_overflows += sock_drops(s->ports[i].fd4);
		if (s->ports[i].fd6 >= 0)
			out->receive_overflows += sock_drops(s->ports[i].fd6);
	}
}

const struct relay_ops relay_sockets_ops = {
	.name = "sockets",
	.make = sockets_make,
	.fini = sockets_fini,
	.run = sockets_main,
	.wake = sockets_wake,
	.open = sockets_open,
	.opened = sockets_opened,
	.set = sockets_set,
	.closed = sockets_closed,
	.add_totals = sockets_add_totals,
};
