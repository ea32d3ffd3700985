/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rtp-pinner/relay/flow_access.h"

#include <string.h>

enum {
	READ_TRIES = 64,	/* a write takes less than one of them */
	GATE_WORDS_AT = offsetof(struct flow_conf, gate) / sizeof(uint64_t),
	CONF_WORDS = sizeof(struct flow_conf) / sizeof(uint64_t),
};

/* Confs are copied by aligned words of 8 bytes. */
_Static_assert(offsetof(struct flow_row, conf) == 0, "conf is aligned");
_Static_assert(offsetof(struct flow_conf, gate) % sizeof(uint64_t) == 0,
	       "the gate begins a word");
_Static_assert(sizeof(struct flow_conf) % sizeof(uint64_t) == 0,
	       "a conf is whole words");
_Static_assert(offsetof(struct flow_row, state) % sizeof(uint64_t) == 0 &&
		       sizeof(struct flow_state) % sizeof(uint64_t) == 0,
	       "a state is whole words");

/* The first word holds seq, which is written by itself. */
typedef uint64_t __attribute__((may_alias)) word_t;

void flow_conf_write(struct flow_row *row, const struct flow_conf *conf)
{
	struct flow_conf copy = *conf;
	word_t *to = (word_t *)&row->conf;
	const word_t *from = (const word_t *)&copy;
	uint32_t seq = __atomic_load_n(&row->conf.seq, __ATOMIC_RELAXED) | 1;

	/* Release on each word keeps it behind the odd seq; acquire on each in
	 * the reader keeps its second look at seq behind them.  No fences, so
	 * ThreadSanitizer understands it.
	 */
	__atomic_store_n(&row->conf.seq, seq, __ATOMIC_RELAXED);
	__atomic_store_n(&row->conf.generation, copy.generation,
			 __ATOMIC_RELEASE);
	for (size_t i = 1; i < CONF_WORDS; i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELEASE);
	__atomic_store_n(&row->conf.seq, seq + 1, __ATOMIC_RELEASE);
}

static bool read_once(struct flow_conf *out, const struct flow_row *row,
		      bool with_gate)
{
	const word_t *from = (const word_t *)&row->conf;
	word_t *to = (word_t *)out;
	size_t words = GATE_WORDS_AT;

	out->seq = __atomic_load_n(&row->conf.seq, __ATOMIC_ACQUIRE);
	if (out->seq & 1)
		return false;
	out->generation = __atomic_load_n(&row->conf.generation,
					  __ATOMIC_ACQUIRE);
	for (size_t i = 1; i < words; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);
	if (with_gate && out->gate_cnt) {
		size_t bytes = sizeof(out->gate[0]) *
			       (out->gate_cnt <= FLOW_GATE_MAX ?
					out->gate_cnt : FLOW_GATE_MAX);

		words += (bytes + sizeof(word_t) - 1) / sizeof(word_t);
		for (size_t i = GATE_WORDS_AT; i < words; i++)
			to[i] = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);
	}
	return __atomic_load_n(&row->conf.seq, __ATOMIC_RELAXED) == out->seq;
}

static bool read_retry(struct flow_conf *out, const struct flow_row *row,
		       bool with_gate)
{
	for (int i = 0; i < READ_TRIES; i++)
		if (read_once(out, row, with_gate))
			return true;
	return false;
}

bool flow_conf_read(struct flow_conf *out, const struct flow_row *row)
{
	return read_retry(out, row, true);
}

bool flow_conf_read_head(struct flow_conf *out, const struct flow_row *row)
{
	return read_retry(out, row, false);
}

/* The thread writes its state with plain stores, for speed; a counter read
 * here is an old or a new one, never half of each.  ThreadSanitizer would call
 * that a race.
 */
__attribute__((no_sanitize("thread")))
void flow_state_read(struct flow_state *out, const struct flow_row *row)
{
	const volatile word_t *from = (const volatile word_t *)&row->state;
	word_t *to = (word_t *)out;

	for (size_t i = 0; i < sizeof(*out) / sizeof(word_t); i++)
		to[i] = from[i];
	if (out->generation != __atomic_load_n(&row->conf.generation,
					       __ATOMIC_RELAXED))
		memset(out, 0, sizeof(*out));
}

static const struct {
	const char *name;
	const char *help;
} drops[FLOW_DROPS] = {
	[FLOW_DROP_STRANGER] = { "stranger",
		"The source address is none that signalling named." },
	[FLOW_DROP_OTHER_SOURCE] = { "other_source",
		"Another source of the same leg is sending already." },
	[FLOW_DROP_NOT_MEDIA] = { "not_media",
		"Neither RTP nor RTCP, or not what this port carries." },
	[FLOW_DROP_NO_SINK] = { "no_sink",
		"The other leg is not there yet, or its media is off." },
	[FLOW_DROP_NO_TARGET] = { "no_target",
		"The other leg has named no address to send to." },
	[FLOW_DROP_FORBIDDEN] = { "forbidden",
		"The target is a service address, a group or the call itself." },
	[FLOW_DROP_TOO_BIG] = { "too_big",
		"Longer than the relay takes." },
	[FLOW_DROP_OLD] = { "old",
		"Waited longer than 100 ms, as after a restart." },
	[FLOW_DROP_RATE] = { "rate",
		"Above max-packet-rate of its port." },
	[FLOW_DROP_STUN] = { "stun",
		"STUN where no ICE passes, or an answer nobody asked for." },
	[FLOW_DROP_SEND] = { "send",
		"The kernel refused to send it." },
	[FLOW_DROP_BUSY] = { "busy",
		"Its port was being changed at that moment." },
};

const char *flow_drop_name(enum flow_drop drop)
{
	return drops[drop].name;
}

const char *flow_drop_help(enum flow_drop drop)
{
	return drops[drop].help;
}
