/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtpload - an RTP load generator that accounts for every packet
 *
 * Sets up calls by ng, two parties each, then sends the packets of all streams
 * in turn, evenly spread at a set rate, and looks at what comes back: each
 * packet must arrive once, whole, at the other party, from the port that party
 * was told.  What is still under way DRAIN_NS after the last was sent is lost.
 * With --max-rate it then looks for the highest rate at which no more than one
 * in LOSS_ONE_IN packets is lost or later than LATE_NS, which is when a phone
 * would have done without it.
 *
 * It spins instead of sleeping; give it a core of its own.  One thread.
 *
 * Prints `key value` lines; exits 0 when all calls came up and every packet of
 * the measurement was right, 1 otherwise, 64 on a bad command line, 71 on a
 * system error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cpuwatch.h"
#include "bench/ngrun.h"
#include "bench/packetsock.h"
#include "bench/rtpopt.h"
#include "bench/rtptally.h"
#include "common/clock.h"

enum {
	CALLS_PER_OCTET = 250,
	FIRST_PORT = 16384,
	PORT_PAIRS = 8192,
	NG_WINDOW = 16,
	NG_TIMEOUT_MS = 5000,
	RECEIVE_BATCH = 64,
	DRAIN_NS = 500 * 1000000,
	TRIAL_DRAIN_NS = 100 * 1000000,
	STALL_NS = 2 * 1000000,		/* not to be made up for in a burst */
	LATE_NS = 20 * 1000000,		/* one packet's audio */
	LOSS_ONE_IN = 1000,
	LEAST_RATE = 1000,
	TRIAL_FIRST = 8,		/* the first is max-rate / 8 ... */
	TRIAL_STEP_PERCENT = 125,	/* ... then this of the last good one */
	TRIAL_SPLITS = 4,		/* then halve the gap so often */
	EXIT_USAGE = 64,
	EXIT_SYSTEM = 71,
};

static const uint64_t NS_PER_S = 1000000000;

struct generator {
	struct rtpopt opt;
	struct ngrun ng;
	struct packetsock sock;
	struct rtptally tally;
	struct cpuwatch cpu;
	uint64_t skipped;	/* packets of this phase we came too late for */
};

/* ---- calls ---- */

static struct sockaddr_in party(const struct generator *g, uint64_t number,
				bool callee)
{
	uint64_t n = g->opt.first + number;
	uint32_t host = (uint32_t)((n / CALLS_PER_OCTET + 1) << 8 |
				   (n % CALLS_PER_OCTET + 1));

	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)(FIRST_PORT + n % PORT_PAIRS * 2)),
		.sin_addr.s_addr = g->opt.parties.s_addr |
				   htonl(host | (uint32_t)callee << 16),
	};
}

static void describe_call(void *arg, struct ngmsg_call *call)
{
	const struct generator *g = arg;

	call->caller = party(g, call->number, false);
	call->callee = party(g, call->number, true);
}

/* Stream 2n goes from the caller of call n to its callee, 2n + 1 back. */
static void set_parties(struct generator *g, uint64_t number)
{
	for (unsigned i = 0; i < 2; i++) {
		struct rtpstream *s = &g->tally.streams[2 * number + i];
		struct sockaddr_in from = party(g, number, i == 1);
		struct sockaddr_in to = party(g, number, i == 0);

		s->out.saddr_be = from.sin_addr.s_addr;
		s->out.sport_be = from.sin_port;
		s->want.daddr_be = to.sin_addr.s_addr;
		s->want.dport_be = to.sin_port;
	}
}

/* The party that is told this port sends there and is sent from there.  An
 * offer's reply is what the callee is told, an answer's the caller.
 */
static void set_media(void *arg, uint64_t number, enum ngmsg_op op,
		      const struct sockaddr_in *where)
{
	struct generator *g = arg;
	bool callee = op == NGMSG_OFFER;
	struct rtpstream *its = &g->tally.streams[2 * number + callee];
	struct rtpstream *other = &g->tally.streams[2 * number + !callee];

	its->out.daddr_be = where->sin_addr.s_addr;
	its->out.dport_be = where->sin_port;
	other->want.saddr_be = where->sin_addr.s_addr;
	other->want.sport_be = where->sin_port;
}

static void set_echo(struct generator *g)
{
	for (size_t i = 0; i < g->tally.cnt; i++) {
		struct rtpstream *s = &g->tally.streams[i];

		s->out.daddr_be = g->opt.echo.sin_addr.s_addr;
		s->out.dport_be = g->opt.echo.sin_port;
		s->want = (struct rtpflow){
			.saddr_be = s->out.daddr_be,
			.sport_be = s->out.dport_be,
			.daddr_be = s->out.saddr_be,
			.dport_be = s->out.sport_be,
		};
	}
}

static int do_calls(struct generator *g, enum ngmsg_op from, enum ngmsg_op to)
{
	struct ngrun_job job = {
		.cnt = g->opt.calls,
		.from = from,
		.to = to,
		.arg = g,
		.describe = describe_call,
		.media = set_media,
	};

	return g->opt.ng.sin_family ? ngrun_do(&g->ng, &job) : 0;
}

static int set_up(struct generator *g)
{
	for (uint64_t i = 0; i < g->opt.calls; i++)
		set_parties(g, i);
	if (g->opt.echo.sin_family)
		set_echo(g);
	return do_calls(g, NGMSG_OFFER, NGMSG_ANSWER);
}

/* ---- load ---- */

static bool receive_some(struct generator *g)
{
	unsigned cnt;

	for (cnt = 0; cnt < RECEIVE_BATCH; cnt++) {
		uint64_t when_ns;
		size_t len;
		const uint8_t *ip = packetsock_receive(&g->sock, &len,
						       &when_ns);

		if (!ip)
			break;
		rtptally_take(&g->tally, ip, len, when_ns);
		packetsock_release(&g->sock);
	}
	return cnt;
}

static void send_some(struct generator *g, uint64_t due)
{
	while (due-- && !packetsock_is_full(&g->sock)) {
		struct rtpmark mark;
		const struct rtpflow *flow = rtptally_next(&g->tally, &mark,
							   clock_wall_ns());

		rtpframe_fill(packetsock_put(&g->sock), flow, &mark);
	}
	packetsock_flush(&g->sock);
}

/* Until all has come back, or nothing has for that long. */
static void drain(struct generator *g, uint64_t patience_ns)
{
	uint64_t quiet_ns = clock_ns();

	while (rtptally_lost(&g->tally) && clock_ns() - quiet_ns < patience_ns)
		if (receive_some(g))
			quiet_ns = clock_ns();
}

/* One phase, without the wait for what is under way at its end; returns how
 * long it took.
 */
static uint64_t run_phase(struct generator *g, uint64_t rate, uint64_t ms)
{
	uint64_t cnt = rate * ms / 1000, planned = 0;
	uint64_t start_ns = clock_ns(), now = start_ns;
	uint64_t stall = rate * (STALL_NS / 1000) / 1000000 + PACKETSOCK_BATCH;

	rtptally_begin(&g->tally);
	g->skipped = 0;
	while (planned < cnt) {
		uint64_t due = (now - start_ns) * rate / NS_PER_S;

		due = (due < cnt ? due : cnt) - planned;
		if (due > stall) {
			g->skipped += due - stall;
			planned += due - stall;
			due = stall;
		}
		if (due > PACKETSOCK_BATCH)
			due = PACKETSOCK_BATCH;
		send_some(g, due);
		planned += due;
		receive_some(g);
		now = clock_ns();
	}
	return now - start_ns;
}

/* ---- the limit ---- */

enum trial {
	TRIAL_GOOD,
	TRIAL_LOSS,
	TRIAL_OURS,	/* we were too slow ourselves */
};

/* The relay's work in the best trial so far. */
struct best {
	uint64_t rate;
	uint64_t packets;
	struct cpusample spent;
};

static int sample_cpu(const struct generator *g, struct cpusample *out)
{
	*out = (struct cpusample){ 0 };
	return g->opt.group ? cpuwatch_read(&g->cpu, out) : 0;
}

static void note_best(struct generator *g, struct best *best, uint64_t rate,
		      const struct cpusample *before)
{
	struct cpusample after;

	/* a relay that has died meanwhile has its last good rate */
	if (rate <= best->rate || sample_cpu(g, &after))
		return;
	*best = (struct best){
		.rate = rate,
		.packets = g->tally.verdicts[RTPTALLY_RIGHT],
		.spent = cpusample_since(&after, before),
	};
}

static enum trial try_once(struct generator *g, struct best *best,
			   uint64_t rate)
{
	const struct rtptally *t = &g->tally;
	struct cpusample before;

	if (sample_cpu(g, &before))
		return TRIAL_LOSS;
	run_phase(g, rate, g->opt.trial_ms);
	drain(g, TRIAL_DRAIN_NS);
	if (g->skipped * 100 > (t->sent + g->skipped) * 2)
		return TRIAL_OURS;
	if ((rtptally_lost(t) + t->late) * LOSS_ONE_IN > t->sent)
		return TRIAL_LOSS;
	note_best(g, best, rate, &before);
	return TRIAL_GOOD;
}

/* Somebody else's work on the machine fails a trial now and then: two out of
 * three count.
 */
static enum trial try_rate(struct generator *g, struct best *best,
			   uint64_t rate)
{
	enum trial first = try_once(g, best, rate), second;

	if (first == TRIAL_GOOD)
		return first;
	second = try_once(g, best, rate);
	return second == TRIAL_GOOD ? try_once(g, best, rate) : second;
}

/* The next rate to try; 0: no more.  Up in steps from the last good one until
 * one is bad, or down until one is good; then the gap is halved.
 */
static uint64_t next_rate(uint64_t good, uint64_t bad, uint64_t max,
			  unsigned *splits)
{
	uint64_t rate;

	if (!bad) {
		rate = good * TRIAL_STEP_PERCENT / 100;
		return good == max ? 0 : rate < max ? rate : max;
	}
	if (!good)
		return bad < 2 * LEAST_RATE ? 0 : bad / 2;
	return (*splits)++ < TRIAL_SPLITS ? (good + bad) / 2 : 0;
}

static void find_limit(struct generator *g)
{
	static const char *const names[] = {
		[TRIAL_GOOD] = "option",
		[TRIAL_LOSS] = "relay",
		[TRIAL_OURS] = "generator",
	};
	uint64_t rate = g->opt.max_rate / TRIAL_FIRST, bad = 0;
	enum trial limit = TRIAL_GOOD;
	struct best best = { 0 };
	unsigned splits = 0;

	while (rate) {
		enum trial trial = try_rate(g, &best, rate);

		if (trial != TRIAL_GOOD) {
			bad = rate;
			limit = trial;
		}
		rate = next_rate(best.rate, bad, g->opt.max_rate, &splits);
	}
	printf("max_rate %" PRIu64 "\n", best.rate);
	printf("max_limit %s\n", names[limit]);
	printf("max_packets %" PRIu64 "\n", best.packets);
	printf("max_tasks_us %" PRIu64 "\n", best.spent.tasks_ns / 1000);
	printf("max_softirq_us %" PRIu64 "\n", best.spent.softirq_ns / 1000);
}

/* ---- what it prints ---- */

static void print_calls(const struct generator *g, uint64_t setup_ns)
{
	if (!g->opt.ng.sin_family)
		return;
	printf("calls %" PRIu64 "\n", g->ng.done);
	printf("calls_refused %" PRIu64 "\n", g->ng.refused);
	printf("calls_timeout %" PRIu64 "\n", g->ng.timeouts);
	printf("setup_ms %" PRIu64 "\n", setup_ns / 1000000);
	if (g->ng.refused)
		fprintf(stderr, "rtpload: first refusal: %s\n", g->ng.said);
}

static void print_tally(struct generator *g, uint64_t elapsed_ns)
{
	const struct rtptally *t = &g->tally;

	printf("sent %" PRIu64 "\n", t->sent);
	printf("lost %" PRIu64 "\n", rtptally_lost(t));
	for (unsigned i = 0; i < RTPTALLY_VERDICTS; i++)
		printf("%s %" PRIu64 "\n", rtptally_verdict_name(i),
		       t->verdicts[i]);
	printf("late %" PRIu64 "\n", t->late);
	printf("reordered %" PRIu64 "\n", t->reordered);
	printf("skipped %" PRIu64 "\n", g->skipped);
	printf("send_errors %" PRIu64 "\n", g->sock.send_errors);
	printf("ring_drops %" PRIu64 "\n", packetsock_dropped(&g->sock));
	printf("elapsed_ms %" PRIu64 "\n", elapsed_ns / 1000000);
	printf("p50_us %.1f\n",
	       (double)histogram_permille(&t->delay_ns, 500) / 1000);
	printf("p99_us %.1f\n",
	       (double)histogram_permille(&t->delay_ns, 990) / 1000);
}

static void print_cpu(const struct cpusample *spent)
{
	printf("cpu_tasks_us %" PRIu64 "\n", spent->tasks_ns / 1000);
	printf("cpu_user_us %" PRIu64 "\n", spent->user_ns / 1000);
	printf("cpu_system_us %" PRIu64 "\n", spent->system_ns / 1000);
	printf("core_busy_us %" PRIu64 "\n", spent->busy_ns / 1000);
	printf("core_softirq_us %" PRIu64 "\n", spent->softirq_ns / 1000);
}

/* ---- all of it ---- */

static int measure(struct generator *g, bool *right)
{
	const struct rtptally *t = &g->tally;
	struct cpusample before, after;
	uint64_t elapsed_ns;
	int err;

	if (g->opt.warmup_ms)
		run_phase(g, g->opt.rate, g->opt.warmup_ms);
	drain(g, DRAIN_NS);
	packetsock_dropped(&g->sock);
	err = sample_cpu(g, &before);
	if (err)
		return err;
	elapsed_ns = run_phase(g, g->opt.rate, g->opt.duration_ms);
	drain(g, DRAIN_NS);
	err = sample_cpu(g, &after);
	if (err)
		return err;

	print_tally(g, elapsed_ns);
	if (g->opt.group) {
		after = cpusample_since(&after, &before);
		print_cpu(&after);
	}
	*right = t->sent == t->verdicts[RTPTALLY_RIGHT] &&
		 !t->verdicts[RTPTALLY_DUPLICATE] &&
		 !t->verdicts[RTPTALLY_MISROUTED];
	return 0;
}

static int run(struct generator *g, bool *right)
{
	uint64_t start_ns = clock_ns();
	bool up;
	int err = set_up(g);

	if (err)
		return err;
	up = !g->opt.ng.sin_family || g->ng.done == g->opt.calls;
	print_calls(g, clock_ns() - start_ns);
	/* a stream without a port would send to nowhere */
	if (up) {
		err = measure(g, right);
		if (!err && g->opt.max_rate)
			find_limit(g);
	}
	if (!err && !g->opt.keep)
		err = do_calls(g, NGMSG_DELETE, NGMSG_DELETE);
	return err;
}

static int open_all(struct generator *g)
{
	const struct rtpopt *o = &g->opt;
	int err = 0;

	if (o->ng.sin_family)
		err = ngrun_open(&g->ng, &o->ng, NG_WINDOW, NG_TIMEOUT_MS);
	if (!err)
		err = rtptally_init(&g->tally, 2 * o->calls,
				    o->ng.sin_family ? g->ng.run
						     : (uint32_t)clock_ns());
	g->tally.late_ns = LATE_NS;
	if (!err && o->group)
		err = cpuwatch_open(&g->cpu, (pid_t)o->group,
				    (unsigned)o->core);
	if (!err)
		err = packetsock_open(&g->sock, o->device, o->ng.sin_family
						? o->ng.sin_addr
						: o->echo.sin_addr,
				      o->parties, RTPOPT_PARTIES_PREFIX);
	return err;
}

int main(int argc, char **argv)
{
	static struct generator g = { .ng.fd = -1, .sock = { .tx = -1, .rx = -1 } };
	bool right = false;
	int err;

	if (rtpopt_parse(&g.opt, argc, (const char *const *)argv, stderr))
		return EXIT_USAGE;
	if (g.opt.help) {
		rtpopt_print_help(stdout);
		return 0;
	}

	err = open_all(&g);
	if (!err)
		err = run(&g, &right);
	packetsock_close(&g.sock);
	ngrun_close(&g.ng);
	rtptally_fini(&g.tally);
	if (err) {
		fprintf(stderr, "rtpload: %s\n", strerror(err));
		return EXIT_SYSTEM;
	}
	return right ? 0 : 1;
}
