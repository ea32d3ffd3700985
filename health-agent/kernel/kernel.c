/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/kernel/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "health-agent/daemon/conf.h"

enum {
	BUDGET = 256,		/* packets or events in one go */
	PACKET_MAX = 2048,
};

/* ---- the device ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What an image before this one has kept: its device, and the table its routes
 * are in.  False: nothing.
 */
static bool find_kept(int *fd, uint32_t *table)
{
	const char *text = getenv(KERNEL_KEPT_DEVICE);
	uint32_t number = 0;
	struct cursor c;
	bool found;

	if (!text)
		return false;
	c = cursor_of(text, strlen(text));
	found = !slice_u32(&number, cursor_until(&c, ","), INT32_MAX) &&
		cursor_byte(&c) == ',' &&
		!slice_u32(table, cursor_take(&c, cursor_left(&c)),
			   UINT32_MAX) &&
		nl_is_device((int)number);
	unsetenv(KERNEL_KEPT_DEVICE);	/* no child is to see it */
	*fd = (int)number;
	return found;
}

/* The device of before an exec, if it is what is configured now.  If not, it
 * goes, and its routes with it: nobody would look after them.
 */
static bool take_device(struct output *o)
{
	uint32_t table;
	int fd, err;

	if (!find_kept(&fd, &table))
		return false;
	err = table == o->table_id ? nl_device_take(fd, &o->ifindex, o->device)
				   : EINVAL;
	if (!err)
		err = nl_keep(fd, false);
	if (err) {
		log_warn("kernel: the device of before the restart is given up "
			 "with its routes (not %s and table %u)",
			 o->device, o->table_id);
		close(fd);
		return false;
	}
	o->tun = fd;
	return true;
}

static int make_device(struct output *o)
{
	int err = nl_device_new(&o->tun, &o->ifindex, o->device);

	switch (err) {
	case 0:
		log_info("kernel: device=%s table=%u", o->device, o->table_id);
		break;
	case EPERM:
		log_err("kernel: %s cannot be made: CAP_NET_ADMIN is needed",
			o->device);
		break;
	case ENOENT:
		log_err("kernel: %s cannot be made: there is no /dev/net/tun "
			"(modprobe tun)",
			o->device);
		break;
	case EBUSY:
		log_err("kernel: there is a device %s already; is another "
			"agent running?",
			o->device);
		break;
	default:
		log_err("kernel: %s cannot be made (%s)", o->device,
			strerror(err));
	}
	o->setup_due = !err;
	return err;
}

static int hear_of_device(struct output *o)
{
	int err;

	close_fd(&o->events);
	err = nl_open_events(&o->events, o->table_id, o->protocol,
			     o->ifindex);
	if (err)
		log_err("kernel: changes of the table cannot be heard of (%s)",
			strerror(err));
	o->dump_due = true;
	return err;
}

/* Somebody has deleted it, or moved it to another namespace, and all routes are
 * gone.
 */
static void lose_device(struct output *o, uint64_t now_ms)
{
	log_warn("kernel: device %s was taken away, making another",
		 o->device);
	close_fd(&o->tun);
	o->ifindex = 0;
	o->device_err = ENODEV;
	o->dump_due = true;
	o->device_ms = now_ms;
}

static void renew_device(struct output *o, uint64_t now_ms)
{
	o->device_err = make_device(o);
	if (!o->device_err)
		o->device_err = hear_of_device(o);
	if (o->device_err) {
		close_fd(&o->tun);
		o->device_ms = now_ms + KERNEL_RETRY_MS;
	}
}

/* What a kernel says of itself to any device it has (MLD, IGMP). */
static bool is_multicast(const unsigned char *packet, size_t len)
{
	if (len >= 20 && packet[0] >> 4 == 4)
		return packet[16] >> 4 == 14;
	return len >= 40 && packet[0] >> 4 == 6 && packet[24] == 0xff;
}

static void drain_packets(struct output *o, uint64_t now_ms)
{
	unsigned char packet[PACKET_MAX];

	for (unsigned i = 0; i < BUDGET; i++) {
		ssize_t n = read(o->tun, packet, sizeof(packet));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			lose_device(o, now_ms);
		if (n <= 0)
			return;
		if (!is_multicast(packet, (size_t)n))
			o->packets++;
	}
}

/* ---- events ---- */

static void heard(struct output *o, const struct rtnl_message *m,
		  uint64_t now_ms)
{
	bool is_link = m->kind == RTNL_LINK || m->kind == RTNL_LINK_GONE;
	bool is_route = m->kind == RTNL_ROUTE || m->kind == RTNL_ROUTE_GONE;

	/* what we did ourselves is dumped anyway */
	if (m->port && m->port == o->request.port)
		return;
	if (is_link && m->ifindex == o->ifindex) {
		o->heard++;
		/* down: its IPv4 routes are gone, and nobody says so */
		o->setup_due |= m->kind == RTNL_LINK && !m->is_up;
		o->dump_due = true;
		if (m->kind == RTNL_LINK_GONE && o->tun >= 0)
			lose_device(o, now_ms);
	} else if (is_route && m->route.table == o->table_id) {
		o->heard++;
		o->dump_due = true;
	}
}

static void hear_events(struct output *o, uint64_t now_ms)
{
	static _Alignas(4) char bytes[NL_BUFFER];

	for (unsigned i = 0; i < BUDGET; i++) {
		struct rtnl_message m;
		struct cursor c;
		size_t len;
		int err = nl_receive(o->events, bytes, sizeof(bytes), &len);

		if (err == EAGAIN)
			return;
		if (err) {	/* some are lost: look for ourselves */
			o->lost++;
			o->dump_due = true;
			continue;
		}
		c = cursor_of(bytes, len);
		while (!rtnl_read(&m, &c))
			heard(o, &m, now_ms);
	}
}

/* ---- the output ---- */

static void kernel_free(struct output *o)
{
	if (!o)
		return;
	close_fd(&o->tun);
	close_fd(&o->events);
	close_fd(&o->request.fd);
	free(o);
}

static int kernel_new(struct output **out, const struct agent_conf *conf,
		      const struct prefix *own, size_t own_cnt,
		      uint64_t now_ms)
{
	struct output *o;
	int err = 0;

	if (own_cnt > ROUTE_PREFIXES_MAX)
		return EINVAL;
	o = calloc(1, sizeof(*o));
	if (!o)
		return ENOMEM;
	o->tun = -1;
	o->events = -1;
	o->request.fd = -1;
	o->request.next_seq = 1;
	o->table_id = conf->kernel_table;
	o->protocol = plan_is_shared(o->table_id) ? PLAN_PROTOCOL : 0;
	o->timeout_ms = conf->ack_timeout_ms;
	snprintf(o->device, sizeof(o->device), "%s", conf->kernel_device);
	memcpy(o->own, own, own_cnt * sizeof(*own));
	o->own_cnt = own_cnt;

	if (!take_device(o))
		err = make_device(o);
	if (!err)
		err = hear_of_device(o);
	if (err) {
		kernel_free(o);
		return err;
	}
	kernel_ask(o, now_ms);
	*out = o;
	return 0;
}

static void kernel_want(struct output *o, const struct route_set *set,
			uint64_t generation, uint64_t now_ms)
{
	o->want = *set;
	o->generation = generation;
	o->has_want = true;
	o->settled = false;
	o->rounds = 0;
	o->plan_due = true;
	o->retry_ms = 0;
	kernel_ask(o, now_ms);
}

static size_t kernel_fds(const struct output *o,
			 struct pollfd out[static OUTPUT_FDS_MAX])
{
	const int fds[] = { o->tun, o->events, o->request.fd };
	size_t cnt = 0;

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			out[cnt++] = (struct pollfd){
				.fd = fds[i],
				.events = POLLIN,
			};
	}
	return cnt;
}

static void time_passed(struct output *o, uint64_t now_ms)
{
	struct kernel_request *r = &o->request;

	if (r->asking != KERNEL_IDLE &&
	    now_ms >= r->asked_ms + o->timeout_ms) {
		o->timeouts++;
		log_warn("kernel: no answer in %llu ms",
			 (unsigned long long)o->timeout_ms);
		kernel_ask_anew(o, now_ms);
	}
	if (o->retry_ms && now_ms >= o->retry_ms) {
		o->retry_ms = 0;
		o->rounds = 0;
		o->dump_due = true;
	}
	/* told of while nobody could hear it */
	if (o->device_err == ENODEV && o->tun >= 0)
		lose_device(o, now_ms);
	if (o->device_ms && now_ms >= o->device_ms) {
		o->device_ms = 0;
		if (o->tun < 0)
			renew_device(o, now_ms);
		else
			o->setup_due = true;
	}
	if (now_ms >= o->proof_ms)
		o->dump_due = true;
}

static uint64_t next_ms(const struct output *o, uint64_t now_ms)
{
	const struct kernel_request *r = &o->request;
	uint64_t next = o->proof_ms;

	if (r->asking != KERNEL_IDLE)
		next = r->asked_ms + o->timeout_ms;
	else if (r->fd < 0)
		next = UINT64_MAX;	/* nothing before the next retry */
	else if (o->dump_due || o->plan_due)
		next = now_ms;	/* there was no end to it this time */
	if (o->retry_ms && o->retry_ms < next)
		next = o->retry_ms;
	if (o->device_ms && o->device_ms < next)
		next = o->device_ms;
	return next;
}

static uint64_t kernel_step(struct output *o, const struct pollfd *ready,
			    size_t cnt, uint64_t now_ms, int *err)
{
	*err = 0;
	for (size_t i = 0; i < cnt; i++) {
		if (!ready[i].revents)
			continue;
		if (ready[i].fd == o->tun)
			drain_packets(o, now_ms);
		else if (ready[i].fd == o->events)
			hear_events(o, now_ms);
	}
	time_passed(o, now_ms);
	kernel_ask(o, now_ms);
	return next_ms(o, now_ms);
}

/* The kernel answers always; so does a table that is looked at each second. */
static bool kernel_alive(const struct output *o, uint64_t now_ms)
{
	return o->tun >= 0 && o->table_known &&
	       now_ms < o->last_ack_ms + KERNEL_PROOF_MS + o->timeout_ms;
}

static void kernel_keep(struct output *o, bool kept)
{
	char text[32];

	if (o->tun < 0)
		return;
	snprintf(text, sizeof(text), "%d,%u", o->tun, o->table_id);
	if (nl_keep(o->tun, kept)) {
		log_warn("kernel: %s does not live through the restart",
			 o->device);
		return;
	}
	if (kept)
		setenv(KERNEL_KEPT_DEVICE, text, 1);
	else
		unsetenv(KERNEL_KEPT_DEVICE);
}

static void kernel_forget(void)
{
	uint32_t table;
	int fd;

	if (!find_kept(&fd, &table))
		return;
	log_warn("kernel: the device of before the restart is given up with "
		 "its routes (the output is another one)");
	close(fd);
}

const struct output_type output_kernel = {
	.name = "kernel",
	.new = kernel_new,
	.want = kernel_want,
	.fds = kernel_fds,
	.step = kernel_step,
	.status = kernel_status,
	.alive = kernel_alive,
	.keep = kernel_keep,
	.forget = kernel_forget,
	.free = kernel_free,
};
