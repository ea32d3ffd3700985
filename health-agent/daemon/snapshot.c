/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/daemon/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/cursor.h"
#include "common/secret.h"

#define MAGIC "sipaheal"

enum { VERSION = 1 };

/* The file as it is; numbers in the machine's order, which reads it alone. */
struct file_unit {
	char group[HEALTH_NAME_MAX];
	uint8_t family, state, announced, suppressed;
	uint32_t penalty;
	uint64_t since_ms, suppressed_ms;
};

struct file {
	char magic[8];
	uint32_t version;
	uint32_t unit_cnt;
	char boot[SNAPSHOT_BOOT_LEN];
	uint8_t order, forced, has_wait;
	uint64_t saved_ms, order_ms, wait_ms;
	struct file_unit units[HEALTH_UNITS_MAX];
	uint64_t withdrawn_ms, deadline_ms, phones_ms;
	uint8_t has_deadline, has_phones;
	uint8_t rest[142];
	uint64_t sum;		/* of all before it */
};

static_assert(sizeof(struct file) == SNAPSHOT_LEN, "the file's size");
static_assert(offsetof(struct file, sum) + sizeof(uint64_t) ==
	      sizeof(struct file), "no padding behind the sum");

uint64_t snapshot_sum(const uint8_t bytes[static SNAPSHOT_LEN])
{
	static const uint8_t key[SECRET_SIPHASH_KEY_LEN] = "health memory";

	return secret_siphash(key, bytes, offsetof(struct file, sum));
}

void snapshot_encode(uint8_t out[static SNAPSHOT_LEN],
		     const struct health_memory *m,
		     const char boot[static SNAPSHOT_BOOT_LEN])
{
	struct file f;

	memset(&f, 0, sizeof(f));
	memcpy(f.magic, MAGIC, sizeof(f.magic));
	f.version = VERSION;
	memcpy(f.boot, boot, sizeof(f.boot));
	f.order = (uint8_t)m->order;
	f.forced = m->forced;
	f.has_wait = m->has_wait;
	f.wait_ms = m->wait_ms;
	f.order_ms = m->order_ms;
	f.saved_ms = m->saved_ms;
	f.has_deadline = m->has_deadline;
	f.deadline_ms = m->deadline_ms;
	f.has_phones = m->has_phones;
	f.phones_ms = m->phones_ms;
	f.withdrawn_ms = m->withdrawn_ms;
	f.unit_cnt = (uint32_t)m->unit_cnt;
	for (size_t i = 0; i < m->unit_cnt; i++) {
		struct file_unit *u = &f.units[i];

		memcpy(u->group, m->units[i].group, sizeof(u->group));
		u->family = m->units[i].family;
		u->state = m->units[i].state;
		u->announced = m->units[i].announced;
		u->suppressed = m->units[i].suppressed;
		u->penalty = m->units[i].penalty;
		u->since_ms = m->units[i].since_ms;
		u->suppressed_ms = m->units[i].suppressed_ms;
	}
	f.sum = snapshot_sum((const uint8_t *)&f);
	memcpy(out, &f, sizeof(f));
}

/* The sum says that it was written so, not that who wrote it was right. */
static bool unit_fits(const struct file_unit *u)
{
	size_t len = strnlen(u->group, sizeof(u->group));

	return len > 0 && len < sizeof(u->group) &&
	       !slice_has_controls(slice_of(u->group, len)) &&
	       (u->family == ADDR_IP4 || u->family == ADDR_IP6) &&
	       u->state < NODE_STATES && u->announced <= 1 &&
	       u->suppressed <= 1;
}

static bool fits(const struct file *f)
{
	if (memcmp(f->magic, MAGIC, sizeof(f->magic)) != 0 ||
	    f->version != VERSION || f->sum != snapshot_sum((const uint8_t *)f))
		return false;
	if (f->order >= HEALTH_ORDERS || f->forced > 1 || f->has_wait > 1 ||
	    f->has_deadline > 1 || f->wait_ms > HEALTH_TIME_MAX_MS ||
	    f->deadline_ms > HEALTH_TIME_MAX_MS || f->has_phones > 1 ||
	    f->phones_ms > HEALTH_TIME_MAX_MS ||
	    f->withdrawn_ms > f->saved_ms || f->order_ms > f->saved_ms ||
	    f->unit_cnt > HEALTH_UNITS_MAX ||
	    strnlen(f->boot, sizeof(f->boot)) == sizeof(f->boot))
		return false;
	for (size_t i = 0; i < f->unit_cnt; i++) {
		if (!unit_fits(&f->units[i]))
			return false;
	}
	return true;
}

static void take_units(struct health_memory *out, const struct file *f)
{
	out->unit_cnt = f->unit_cnt;
	for (size_t i = 0; i < f->unit_cnt; i++) {
		const struct file_unit *u = &f->units[i];

		memcpy(out->units[i].group, u->group, sizeof(u->group));
		out->units[i].family = u->family;
		out->units[i].state = u->state;
		out->units[i].announced = u->announced == 1;
		out->units[i].suppressed = u->suppressed == 1;
		out->units[i].penalty = u->penalty;
		out->units[i].since_ms = u->since_ms;
		out->units[i].suppressed_ms = u->suppressed_ms;
	}
}

int snapshot_decode(struct health_memory *out, bool *fresh,
		    const uint8_t *bytes, size_t len,
		    const char boot[static SNAPSHOT_BOOT_LEN], uint64_t now_ms)
{
	struct file f;
	bool this_boot;

	memset(out, 0, sizeof(*out));
	*fresh = false;
	if (len != sizeof(f))
		return EBADMSG;
	memcpy(&f, bytes, sizeof(f));
	if (!fits(&f))
		return EBADMSG;

	this_boot = boot[0] && strcmp(f.boot, boot) == 0;
	*fresh = this_boot && f.saved_ms <= now_ms &&
		 now_ms - f.saved_ms < SNAPSHOT_FRESH_MS;
	out->order = f.order;
	out->forced = f.forced == 1;
	out->has_wait = f.has_wait == 1;
	out->wait_ms = f.wait_ms;
	out->has_deadline = f.has_deadline == 1;
	out->deadline_ms = f.deadline_ms;
	out->has_phones = f.has_phones == 1;
	out->phones_ms = f.phones_ms;
	if (this_boot && f.saved_ms <= now_ms)
		out->withdrawn_ms = f.withdrawn_ms;
	if (!*fresh)
		return 0;
	out->order_ms = f.order_ms;
	out->saved_ms = f.saved_ms;
	take_units(out, &f);
	return 0;
}
