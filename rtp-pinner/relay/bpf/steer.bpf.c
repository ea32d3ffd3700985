/* SPDX-License-Identifier: GPL-3.0-or-later */
/* steer.bpf.c - which socket gets a UDP packet to the media range
 *
 * Runs at socket lookup (sk_lookup, kernel 5.9) in the daemon's network
 * namespace, for every packet no connected socket takes, and once more for
 * each ICMP error about a packet of ours (remote is then where it was sent).
 * It only chooses between the thread that owns the port and the sink, a socket
 * whose filter drops everything; packets of others are left alone.
 *
 * What passes here is judged once more by the thread, under the row's seqlock.
 * So a row that is being rewritten is no danger: the gate is not looked at.
 */
#include <linux/bpf.h>
#include <linux/in.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "rtp-pinner/relay/bpf/steer.h"
#include "rtp-pinner/relay/flow.h"

enum { FAMILY_IP4 = 2, FAMILY_IP6 = 10 };	/* AF_INET, AF_INET6 */

struct source {
	uint8_t family;		/* 4 or 6, as in struct flow_endpoint */
	uint16_t port;
	uint32_t words_be[4];
};

struct budget {
	uint64_t second_ns;	/* begin of the current second */
	uint64_t spent;
};

const volatile struct steer_conf steer_conf = { 0 };

/* The flow table; max_entries is set at load. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct flow_row);
} rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, STEER_SOCKETS);
	__type(key, uint32_t);
	__type(value, uint64_t);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, STEER_VERDICTS);
	__type(key, uint32_t);
	__type(value, uint64_t);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct budget);
} samples SEC(".maps");

/* The verifier wants each field of the context read at its own fixed offset,
 * but the compiler joins reads on two branches into one behind a computed
 * pointer.  So fields are read through volatile and before any branch; those of
 * the other family read as 0.
 */
typedef const volatile struct bpf_sk_lookup lookup_t;

static __always_inline int is_ours(lookup_t *ctx)
{
	uint32_t family = ctx->family, protocol = ctx->protocol;
	uint32_t port = ctx->local_port, local4_be = ctx->local_ip4;
	uint32_t local6_be[4] = {
		ctx->local_ip6[0], ctx->local_ip6[1],
		ctx->local_ip6[2], ctx->local_ip6[3],
	};

	if (protocol != IPPROTO_UDP || port < steer_conf.port_min ||
	    port > steer_conf.port_max)
		return 0;
	if (family == FAMILY_IP4)
		return steer_conf.has4 && local4_be == steer_conf.media4_be;

	return family == FAMILY_IP6 && steer_conf.has6 &&
	       local6_be[0] == steer_conf.media6_be[0] &&
	       local6_be[1] == steer_conf.media6_be[1] &&
	       local6_be[2] == steer_conf.media6_be[2] &&
	       local6_be[3] == steer_conf.media6_be[3];
}

static __always_inline void read_source(struct source *out, lookup_t *ctx)
{
	uint32_t family = ctx->family, remote4_be = ctx->remote_ip4;
	uint32_t port_be = ctx->remote_port;

	out->port = bpf_ntohs((uint16_t)port_be);
	out->words_be[0] = ctx->remote_ip6[0];
	out->words_be[1] = ctx->remote_ip6[1];
	out->words_be[2] = ctx->remote_ip6[2];
	out->words_be[3] = ctx->remote_ip6[3];
	out->family = 6;
	if (family == FAMILY_IP4) {
		out->family = 4;
		out->words_be[0] = remote4_be;
	}
}

/* Do word i of entry and source differ in the bits the prefix has of it? */
static __always_inline int differs(const struct flow_endpoint *entry,
				   const struct source *from, int i)
{
	int bits = (int)entry->prefix_len - 32 * i;
	uint32_t mask = 0xffffffff, word_be;

	if (bits <= 0)
		return 0;
	if (bits < 32)
		mask <<= 32 - bits;
	__builtin_memcpy(&word_be, entry->bytes_be + 4 * i, sizeof(word_be));
	return ((word_be ^ from->words_be[i]) & bpf_htonl(mask)) != 0;
}

static __always_inline int matches(const struct flow_endpoint *entry,
				   const struct source *from)
{
	return entry->family == from->family && !differs(entry, from, 0) &&
	       !differs(entry, from, 1) && !differs(entry, from, 2) &&
	       !differs(entry, from, 3);
}

static __always_inline int is_stranger(const struct flow_conf *conf,
				       const struct source *from)
{
	uint32_t seq = *(const volatile uint32_t *)&conf->seq;

	if (conf->gate_mode != FLOW_GATE_STRICT)
		return 0;
	/* Unrolled: without CAP_PERFMON the verifier takes no pointer that
	 * depends on a loop's variable.
	 */
#pragma unroll
	for (int i = 0; i < FLOW_GATE_MAX; i++) {
		if (i >= conf->gate_cnt)
			break;
		if (matches(&conf->gate[i], from))
			return 0;
	}
	/* a gate that was changing meanwhile has said nothing */
	return !(seq & 1) && seq == *(const volatile uint32_t *)&conf->seq;
}

/* Is it time to show the thread a stranger?  Rarely, so that a flood from one
 * costs the thread nothing.
 */
static __always_inline int is_sample(struct flow_row *row)
{
	uint64_t now_ns = bpf_ktime_get_ns();
	struct budget *budget;
	uint32_t key = 0;

	if (now_ns - row->steer.sampled_ns < STEER_SAMPLE_MS * 1000000ULL)
		return 0;
	budget = bpf_map_lookup_elem(&samples, &key);
	if (!budget)
		return 0;
	if (now_ns - budget->second_ns >= 1000000000ULL) {
		budget->second_ns = now_ns;
		budget->spent = 0;
	}
	if (budget->spent >= STEER_SAMPLES_MAX)
		return 0;
	budget->spent++;
	row->steer.sampled_ns = now_ns;
	return 1;
}

/* All 128 bits and the port. */
static __always_inline int is_latched(const struct flow_state *state,
				      const struct source *from)
{
	struct flow_endpoint source = state->source;

	source.prefix_len = 128;
	return state->latched && source.port == from->port &&
	       matches(&source, from);
}

/* The thread and its socket serve many calls: no port may fill them.  The
 * clock is looked at only when a budget is spent.
 */
static __always_inline int is_flood(struct flow_row *row,
				    const struct source *from)
{
	uint64_t max = (uint64_t)row->conf.packet_rate_max * STEER_RATE_SLACK;
	uint32_t *spent = &row->steer.spent[0];
	uint64_t now_ns;

	if (!max)
		return 0;
	if (is_latched(&row->state, from))
		spent = &row->steer.spent[1];
	if (*spent >= max) {
		now_ns = bpf_ktime_get_ns();
		if (now_ns - row->steer.second_ns < 1000000000ULL)
			return 1;
		row->steer.second_ns = now_ns;
		row->steer.spent[0] = row->steer.spent[1] = 0;
	}
	__sync_fetch_and_add(spent, 1);
	return 0;
}

static __always_inline enum steer_verdict judge(struct flow_row *row,
						lookup_t *ctx)
{
	struct source from = { 0 };

	if (!row->conf.active)
		return STEER_FREE;
	read_source(&from, ctx);
	if (!is_stranger(&row->conf, &from))
		return is_flood(row, &from) ? STEER_FLOOD : STEER_THREAD;
	if (is_sample(row))
		return STEER_SAMPLE;
	__sync_fetch_and_add(&row->steer.stopped, 1);
	return STEER_STRANGER;
}

static __always_inline void count(uint32_t verdict)
{
	uint64_t *cnt = bpf_map_lookup_elem(&verdicts, &verdict);

	if (cnt)
		*cnt += 1;	/* per CPU */
}

static __always_inline int hand_to(struct bpf_sk_lookup *ctx, uint32_t index)
{
	struct bpf_sock *sk = bpf_map_lookup_elem(&sockets, &index);
	long err;

	if (!sk)
		return 0;
	/* The sockets share one port, and the group must not choose anew. */
	err = bpf_sk_assign(ctx, sk, BPF_SK_LOOKUP_F_NO_REUSEPORT);
	bpf_sk_release(sk);
	return !err;
}

SEC("sk_lookup")
int steer(struct bpf_sk_lookup *ctx)
{
	enum steer_verdict verdict;
	struct flow_row *row;
	uint32_t index;

	/* Another service of this machine: the usual lookup. */
	if (!is_ours(ctx))
		return SK_PASS;

	/* Cannot fail, the table has a row for every port of the range. */
	index = ctx->local_port - steer_conf.port_min;
	row = bpf_map_lookup_elem(&rows, &index);
	if (!row)
		return SK_DROP;

	verdict = judge(row, ctx);
	if (verdict == STEER_THREAD || verdict == STEER_SAMPLE) {
		if (hand_to(ctx, row->conf.thread)) {
			count(verdict);
			return SK_PASS;
		}
		/* A row of a thread this daemon does not have: control has
		 * resumed it, but not yet moved it.
		 */
		verdict = STEER_ORPHAN;
	}
	count(verdict);
	if (hand_to(ctx, STEER_SINK))
		return SK_PASS;

	/* The sink lives as long as the program, so this does not happen; it
	 * would mean an ICMP error to the sender, but never to another socket.
	 */
	return SK_DROP;
}

char steer_license[] SEC("license") = "GPL";
