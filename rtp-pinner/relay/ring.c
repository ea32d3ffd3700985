/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ring_init(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->items = calloc(RING_SLOTS, sizeof(*r->items));
	return r->items ? 0 : ENOMEM;
}

void ring_fini(struct ring *r)
{
	free(r->items);
	r->items = NULL;
}

bool ring_put(struct ring *r, uint16_t port, uint64_t at_ms,
	      const uint8_t *bytes, size_t len)
{
	uint32_t taken = __atomic_load_n(&r->taken, __ATOMIC_ACQUIRE);
	struct ring_item *item = &r->items[r->put % RING_SLOTS];

	if (len > sizeof(item->bytes) || r->put - taken == RING_SLOTS)
		return false;
	item->at_ms = at_ms;
	item->port = port;
	item->len = (uint16_t)len;
	memcpy(item->bytes, bytes, len);
	__atomic_store_n(&r->put, r->put + 1, __ATOMIC_RELEASE);
	return true;
}

const struct ring_item *ring_first(struct ring *r)
{
	if (__atomic_load_n(&r->put, __ATOMIC_ACQUIRE) == r->taken)
		return NULL;
	return &r->items[r->taken % RING_SLOTS];
}

void ring_drop(struct ring *r)
{
	__atomic_store_n(&r->taken, r->taken + 1, __ATOMIC_RELEASE);
}
