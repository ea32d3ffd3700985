/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/thread.h"

#include <signal.h>
#include <stdio.h>

bool thread_judge(struct relay_thread *t, struct path_out *out,
		  const struct path_packet *pkt, uint64_t now_us)
{
	switch (path_packet(out, &t->path, pkt, now_us)) {
	case PATH_UNOWNED:
		thread_count(&t->counts.unowned, 1);
		return false;
	case PATH_DROP:
		thread_count(&t->counts.drops[out->drop], 1);
		return false;
	case PATH_SEND:
		break;
	}
	thread_count(&t->counts.packets_in, 1);
	if (out->rtcp_over ||
	    (out->rtcp && !ring_put(&t->rtcp, pkt->port, now_us / 1000,
				    pkt->bytes, pkt->len)))
		thread_count(&t->counts.rtcp_not_copied, 1);
	return true;
}

void thread_sent(struct relay_thread *t, const struct path_out *out,
		 size_t len)
{
	thread_count(&t->counts.packets_out, 1);
	thread_count(&t->counts.bytes_out, len);
	path_sent(&t->path, out, len);
}

void thread_refused(struct relay_thread *t, const struct path_out *out)
{
	thread_count(&t->counts.drops[FLOW_DROP_SEND], 1);
	path_refused(&t->path, out);
}

void thread_icmp_error(struct relay_thread *t, uint16_t port)
{
	thread_count(&t->counts.icmp_errors, 1);
	path_icmp_error(&t->path, port);
}

static void *thread_main(void *arg)
{
	struct relay_thread *t = arg;

	t->relay->ops->run(t);
	return NULL;
}

int thread_start(struct relay_thread *t)
{
	sigset_t all, before;
	char name[16];
	int err;

	/* signals are the control thread's */
	sigfillset(&all);
	err = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (err)
		return err;
	err = pthread_create(&t->id, NULL, thread_main, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err)
		return err;
	t->running = true;
	snprintf(name, sizeof(name), "relay-%u", t->index);
	pthread_setname_np(t->id, name);
	return 0;
}

void thread_join(struct relay_thread *t)
{
	if (!t->running)
		return;
	if (t->relay->ops->wake)
		t->relay->ops->wake(t);
	pthread_join(t->id, NULL);
	t->running = false;
}
