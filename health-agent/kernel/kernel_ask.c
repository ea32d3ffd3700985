/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel_ask.c - requests to the kernel, one at a time, and its answers */
#include "health-agent/kernel/kernel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

enum {
	/* a change has 68 bytes with IPv6 */
	REQUEST_MAX = 72 * PLAN_CHANGES_MAX,
	/* of requests in one go; more would be a quarrel with somebody */
	TURNS_MAX = 16,
};

void kernel_ask_anew(struct output *o, uint64_t now_ms)
{
	struct kernel_request *r = &o->request;

	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->asking = KERNEL_IDLE;
	o->dump_due = true;
	o->retry_ms = now_ms + KERNEL_RETRY_MS;
}

/* ---- requests ---- */

static struct rtnl_writer begin(struct kernel_request *r, uint8_t *bytes,
				size_t room)
{
	r->seq = r->next_seq;
	return (struct rtnl_writer){ .bytes = bytes, .room = room };
}

static void ask(struct output *o, enum kernel_asking asking,
		const struct rtnl_writer *w, uint64_t now_ms)
{
	struct kernel_request *r = &o->request;
	int err = nl_send(r->fd, w->bytes, w->len);

	if (err) {
		o->errors++;
		log_warn("kernel: a request cannot be sent (%s)",
			 strerror(err));
		kernel_ask_anew(o, now_ms);
		return;
	}
	r->asking = asking;
	r->acks_due = r->next_seq - r->seq;
	r->asked_ms = now_ms;
	r->refused = false;
}

static void ask_setup(struct output *o, uint64_t now_ms)
{
	struct kernel_request *r = &o->request;
	_Alignas(4) uint8_t bytes[256];
	struct rtnl_writer w = begin(r, bytes, sizeof(bytes));

	o->setup_due = false;
	rtnl_write_link_quiet(&w, r->next_seq++, o->ifindex);
	rtnl_write_link_up(&w, r->next_seq++, o->ifindex);
	ask(o, KERNEL_SETUP, &w, now_ms);
}

static void ask_dump(struct output *o, enum kernel_asking asking,
		     uint64_t now_ms)
{
	struct kernel_request *r = &o->request;
	_Alignas(4) uint8_t bytes[64];
	struct rtnl_writer w = begin(r, bytes, sizeof(bytes));
	bool is_first = asking == KERNEL_DUMP4;

	if (is_first) {
		plan_begin(&r->dump, o->table_id, o->ifindex);
		r->interrupted = false;
		o->dump_due = false;
	}
	rtnl_write_dump(&w, r->next_seq++, is_first ? ADDR_IP4 : ADDR_IP6,
			o->table_id, o->protocol);
	ask(o, asking, &w, now_ms);
}

static void ask_changes(struct output *o, uint64_t now_ms)
{
	struct kernel_request *r = &o->request;
	_Alignas(4) uint8_t bytes[REQUEST_MAX];
	struct rtnl_writer w = begin(r, bytes, sizeof(bytes));

	for (size_t i = 0; i < r->change_cnt; i++) {
		const struct plan_change *c = &r->changes[i];

		if (c->add)
			rtnl_write_add(&w, r->next_seq++, &c->route);
		else
			rtnl_write_delete(&w, r->next_seq++, &c->route);
	}
	o->commands += r->change_cnt;
	o->rounds++;
	ask(o, KERNEL_CHANGE, &w, now_ms);
}

static void settle(struct output *o)
{
	o->settled = true;
	o->rounds = 0;
	o->retry_ms = 0;
	o->done_generation = o->generation;
	memset(o->refused, 0, sizeof(o->refused));
}

/* Is the table what is wanted, and if not, what is to change now? */
static void make_plan(struct output *o, uint64_t now_ms)
{
	struct kernel_request *r = &o->request;

	o->plan_due = false;
	if (!o->has_want || !o->table_known)
		return;
	r->change_cnt = plan_make(r->changes, &o->table, &o->want);
	if (!r->change_cnt) {
		settle(o);
		return;
	}
	if (o->settled)
		o->resyncs++;	/* somebody else has changed it */
	o->settled = false;
	if (!o->retry_ms && o->rounds >= KERNEL_ROUNDS_MAX)
		o->retry_ms = now_ms + KERNEL_RETRY_MS;
	if (!o->retry_ms && !o->device_err)
		ask_changes(o, now_ms);
}

/* Ask for what is due; false: for nothing. */
static bool ask_next(struct output *o, uint64_t now_ms)
{
	struct kernel_request *r = &o->request;

	if (r->fd < 0) {
		int err = o->retry_ms ? EAGAIN : nl_open(&r->fd, &r->port);

		if (err && err != EAGAIN) {
			log_warn("kernel: no netlink socket (%s)",
				 strerror(err));
			kernel_ask_anew(o, now_ms);
		}
		if (err)
			return false;
	}
	if (o->setup_due && o->tun >= 0)
		ask_setup(o, now_ms);
	else if (o->dump_due)
		ask_dump(o, KERNEL_DUMP4, now_ms);
	else if (o->plan_due)
		make_plan(o, now_ms);
	return r->asking != KERNEL_IDLE;
}

/* ---- answers ---- */

static void setup_answered(struct output *o, size_t at, int err,
			   uint64_t now_ms)
{
	if (at == 0)
		return;		/* quiet: a kernel without IPv6 refuses it */
	if (err && o->device_err != err)
		log_warn("kernel: %s cannot be set up (%s)", o->device,
			 strerror(err));
	o->device_err = err;
	if (err)
		o->device_ms = now_ms + KERNEL_RETRY_MS;
	else
		o->retry_ms = 0;	/* what it refused may work now */
}

static void change_answered(struct output *o, size_t at, int err)
{
	const struct plan_change *c = &o->request.changes[at];
	char text[PREFIX_TEXT_MAX];

	/* deleted by somebody else meanwhile */
	if (!c->add && err == ESRCH)
		err = 0;
	if (err) {
		o->errors++;
		o->request.refused = true;
	}
	/* set down or taken away while nobody listened, as over an exec */
	o->setup_due |= err == ENETDOWN || err == ENODEV;
	for (size_t i = 0; i < o->own_cnt; i++) {
		if (!prefix_equal(&o->own[i], &c->route.prefix))
			continue;
		if (err && o->refused[i] != err) {
			prefix_format(text, &o->own[i]);
			log_warn("kernel: %s metric %u is not %s (%s)", text,
				 c->route.metric, c->add ? "added" : "deleted",
				 strerror(err));
		}
		o->refused[i] = err;
	}
}

static void changes_done(struct output *o, uint64_t now_ms)
{
	o->dump_due = true;	/* the proof, and what is left to do */
	if (o->request.refused)
		o->retry_ms = now_ms + KERNEL_RETRY_MS;
}

static void acked(struct output *o, const struct rtnl_message *m,
		  uint64_t now_ms)
{
	struct kernel_request *r = &o->request;
	size_t at = m->seq - r->seq;

	if (r->asking == KERNEL_SETUP)
		setup_answered(o, at, m->err, now_ms);
	else
		change_answered(o, at, m->err);
	if (--r->acks_due)
		return;
	if (r->asking == KERNEL_SETUP)
		o->dump_due = true;
	else
		changes_done(o, now_ms);
	r->asking = KERNEL_IDLE;
}

static void table_seen(struct output *o, uint64_t now_ms)
{
	if (o->request.interrupted) {
		o->dump_due = true;
		return;
	}
	o->table = o->request.dump;
	o->table_known = true;
	o->last_ack_ms = now_ms;
	o->proof_ms = now_ms + KERNEL_PROOF_MS;
	if (!o->found_known)
		plan_found(&o->found, &o->table);
	o->found_known = true;
	o->plan_due = true;
}

static void dump_done(struct output *o, int err, uint64_t now_ms)
{
	struct kernel_request *r = &o->request;
	bool was_first = r->asking == KERNEL_DUMP4;

	r->asking = KERNEL_IDLE;
	/* ENOENT: a table without routes is not there.  A kernel without IPv6
	 * knows no such dump.
	 */
	if (err && err != ENOENT &&
	    !(!was_first && (err == EOPNOTSUPP || err == EAFNOSUPPORT))) {
		o->errors++;
		log_warn("kernel: table %u cannot be read (%s)", o->table_id,
			 strerror(err));
		kernel_ask_anew(o, now_ms);
	} else if (was_first) {
		ask_dump(o, KERNEL_DUMP6, now_ms);
	} else {
		table_seen(o, now_ms);
	}
}

static void hear_dump(struct output *o, const struct rtnl_message *m,
		      uint64_t now_ms)
{
	struct kernel_request *r = &o->request;
	/* a kernel without IPv6 may dump all it has instead */
	uint8_t family = r->asking == KERNEL_DUMP4 ? ADDR_IP4 : ADDR_IP6;

	r->interrupted |= m->interrupted;
	if (m->kind == RTNL_ROUTE && m->route.prefix.addr.family == family)
		plan_see(&r->dump, &m->route);
	else if (m->kind == RTNL_DONE || m->kind == RTNL_ACK)
		dump_done(o, m->err, now_ms);
}

static void hear(struct output *o, const struct rtnl_message *m,
		 uint64_t now_ms)
{
	struct kernel_request *r = &o->request;

	/* of an earlier request, or of none */
	if (m->seq - r->seq >= r->next_seq - r->seq)
		return;
	if (r->asking == KERNEL_DUMP4 || r->asking == KERNEL_DUMP6)
		hear_dump(o, m, now_ms);
	else if (r->asking != KERNEL_IDLE && m->kind == RTNL_ACK)
		acked(o, m, now_ms);
}

/* All that is there.  False: there is no more, and the answer is not whole. */
static bool hear_all(struct output *o, uint64_t now_ms)
{
	static _Alignas(4) char bytes[NL_BUFFER];
	struct kernel_request *r = &o->request;

	while (r->asking != KERNEL_IDLE) {
		struct rtnl_message m;
		struct cursor c;
		size_t len;
		int err = nl_receive(r->fd, bytes, sizeof(bytes), &len);

		if (err == EAGAIN)
			return false;
		c = cursor_of(bytes, err ? 0 : len);
		while (!err && r->fd >= 0 && !(err = rtnl_read(&m, &c)))
			hear(o, &m, now_ms);
		if (r->fd >= 0 && err != ENOENT) {
			o->errors++;
			o->lost++;
			kernel_ask_anew(o, now_ms);
		}
	}
	return true;
}

void kernel_ask(struct output *o, uint64_t now_ms)
{
	for (unsigned i = 0; i < TURNS_MAX; i++) {
		if (o->request.asking != KERNEL_IDLE && !hear_all(o, now_ms))
			return;
		if (!ask_next(o, now_ms))
			return;
	}
}
