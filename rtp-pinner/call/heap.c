/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls by their deadline: a binary heap, the earliest first. */
#include "rtp-pinner/call/calls_priv.h"

static void put(struct calls *calls, uint32_t at, struct call *call)
{
	calls->heap[at] = call;
	call->heap_at = at;
}

static void sift_up(struct calls *calls, uint32_t at)
{
	struct call *call = calls->heap[at];

	while (at) {
		uint32_t parent = (at - 1) / 2;

		if (calls->heap[parent]->deadline_ms <= call->deadline_ms)
			break;
		put(calls, at, calls->heap[parent]);
		at = parent;
	}
	put(calls, at, call);
}

static void sift_down(struct calls *calls, uint32_t at)
{
	struct call *call = calls->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= calls->sessions)
			break;
		if (child + 1 < calls->sessions &&
		    calls->heap[child + 1]->deadline_ms <
			    calls->heap[child]->deadline_ms)
			child++;
		if (call->deadline_ms <= calls->heap[child]->deadline_ms)
			break;
		put(calls, at, calls->heap[child]);
		at = child;
	}
	put(calls, at, call);
}

void calls_heap_add(struct calls *calls, struct call *call)
{
	put(calls, calls->sessions++, call);
	sift_up(calls, call->heap_at);
}

void calls_heap_move(struct calls *calls, struct call *call)
{
	sift_up(calls, call->heap_at);
	sift_down(calls, call->heap_at);
}

void calls_heap_del(struct calls *calls, struct call *call)
{
	uint32_t at = call->heap_at;
	struct call *last = calls->heap[--calls->sessions];

	if (last == call)
		return;
	put(calls, at, last);
	calls_heap_move(calls, last);
}
