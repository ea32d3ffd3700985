/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sipload - a SIP load generator that counts only right answers
 *
 * A closed loop: --window requests are outstanding, each answer (or timeout)
 * makes room for the next request.  Nothing is sent twice.  It spins instead
 * of sleeping, so that waking it up costs the server nothing, and lets answers
 * gather for 20 us so that a system call carries many; give it a core of its
 * own.  One thread, one UDP socket.
 *
 * Prints `key value` lines; exits 0 when there were right answers and no
 * others, 1 otherwise, 64 on a bad command line, 71 on a system error.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>

#include "bench/histogram.h"
#include "bench/loadmsg.h"
#include "bench/loadopt.h"
#include "bench/loadsock.h"
#include "bench/window.h"
#include "common/clock.h"

enum {
	PRIME_CHUNK = 4096,	/* clients that are redirected, then follow */
	EXPIRE_EVERY_NS = 1000000,
	GATHER_NS = 20000,	/* let answers gather for so long ... */
	GATHER_WINDOW = 32,	/* ... when the window is at least this */
	EXIT_USAGE = 64,
	EXIT_SYSTEM = 71,
};

static const uint64_t NS_PER_MS = 1000000;
static const uint64_t NS_PER_S = 1000000000;

struct tally {
	uint64_t sent;
	uint64_t verdicts[LOADMSG_VERDICTS];
	uint64_t timeouts;
	uint64_t acks;
	uint64_t right_bytes;
	uint64_t last_ns;	/* when the last right answer came */
	struct histogram latency_ns;
};

/* One stretch of load: where, with what, and what is right. */
struct phase {
	const struct sockaddr_in *peer;
	struct loadmsg_shape shape;
	struct loadmsg_want want;
	uint64_t first_key;
	uint64_t key_cnt;	/* keys are taken in turn */
	uint64_t count;		/* stop after so many requests; 0: by time */
	uint64_t until_ns;
};

struct load {
	struct loadopt opt;
	struct loadsock sock;
	char run[LOADMSG_RUN_LEN];
	char want_contact[256];
	char prime_host[INET_ADDRSTRLEN + 6];
	char target_host[INET_ADDRSTRLEN];
	struct window window;
	char (*texts)[LOADMSG_MAX];	/* a request per slot */
	size_t *lens;
	char acks[LOADSOCK_BATCH][LOADMSG_MAX];
	unsigned shown;			/* bit per verdict: a sample was shown */
	struct tally tally;
};

static struct in_addr key_source(const struct load *l, uint64_t key)
{
	uint32_t first = ntohl(l->opt.source.s_addr);

	return (struct in_addr){
		htonl(first + (uint32_t)(key % l->opt.sources))
	};
}

static struct loadmsg_request slot_request(const struct load *l,
					   const struct window_slot *slot)
{
	return (struct loadmsg_request){
		.id = slot->id,
		.source = key_source(l, slot->key),
		.port = l->sock.port,
		.agent = (unsigned)(slot->key / l->opt.sources),
	};
}

/* ---- sending ---- */

/* Fill idle slots.  Returns false once the phase has nothing more to send. */
static bool send_requests(struct load *l, const struct phase *ph,
			  uint64_t *sent, uint64_t now)
{
	while (!ph->count || *sent < ph->count) {
		struct window_slot *slot;
		struct loadmsg_request req;
		size_t number;

		if (!ph->count && now >= ph->until_ns)
			return false;
		if (loadsock_is_full(&l->sock))
			return true;
		slot = window_take(&l->window, now);
		if (!slot)
			return true;

		slot->key = ph->first_key + *sent % ph->key_cnt;
		req = slot_request(l, slot);
		number = window_number(&l->window, slot);
		l->lens[number] = loadmsg_write(l->texts[number], &ph->shape,
						&req);
		loadsock_put(&l->sock, l->texts[number], l->lens[number],
			     req.source);
		(*sent)++;
		l->tally.sent++;
	}
	return false;
}

/* ---- receiving ---- */

static void show_sample(struct load *l, enum loadmsg_verdict verdict,
			struct slice got)
{
	if (l->shown & 1u << verdict)
		return;

	l->shown |= 1u << verdict;
	fprintf(stderr, "sipload: the first answer of kind %s:\n",
		loadmsg_verdict_name(verdict));
	for (size_t i = 0; i < got.len; i++) {
		unsigned char ch = (unsigned char)got.text[i];

		if (ch == '\n' || (ch >= ' ' && ch <= '~'))
			fputc(ch, stderr);
		else if (ch != '\r')
			fprintf(stderr, "\\x%02x", ch);
	}
}

static void send_ack(struct load *l, const struct phase *ph, unsigned i,
		     const struct window_slot *slot, struct slice to)
{
	struct loadmsg_request req = slot_request(l, slot);
	size_t len = loadmsg_write_ack(l->acks[i], &ph->shape, &req, to);

	if (!len)
		return;
	loadsock_put(&l->sock, l->acks[i], len, req.source);
	l->tally.acks++;
}

static bool is_echo(const struct load *l, const struct window_slot *slot,
		    struct slice got)
{
	size_t number = window_number(&l->window, slot);

	return slice_equal(got, slice_of(l->texts[number], l->lens[number]));
}

/* Judge datagram i.  When it answers an outstanding request, right or wrong,
 * *answered is that request's slot.
 */
static enum loadmsg_verdict judge(struct load *l, const struct phase *ph,
				  unsigned i, struct slice got,
				  struct window_slot **answered)
{
	struct loadmsg_reply reply;
	enum loadmsg_verdict verdict;
	struct window_slot *slot;
	uint64_t id;

	*answered = NULL;
	if (loadmsg_read(&reply, got))
		return LOADMSG_MALFORMED;
	if (loadmsg_id(&id, &ph->shape, reply.call_id))
		return LOADMSG_NO_REQUEST;
	slot = window_find(&l->window, id);
	if (!slot)
		return LOADMSG_NO_REQUEST;
	if (!loadsock_is_right_way(&l->sock, i, key_source(l, slot->key)))
		return LOADMSG_WRONG_PEER;
	if (reply.is_reply && reply.status < 200)
		return LOADMSG_VERDICTS;	/* provisional: wait on */

	*answered = slot;
	if (l->opt.echo)
		return is_echo(l, slot, got) ? LOADMSG_RIGHT
					     : LOADMSG_ECHO_DIFFERS;

	verdict = loadmsg_judge(&reply, &ph->shape, &ph->want, id);
	if (verdict == LOADMSG_RIGHT && l->opt.ack)
		send_ack(l, ph, i, slot, reply.to);
	return verdict;
}

static void take_answer(struct load *l, const struct phase *ph, unsigned i,
			uint64_t now)
{
	struct slice got = loadsock_text(&l->sock, i);
	struct window_slot *slot;
	enum loadmsg_verdict verdict = judge(l, ph, i, got, &slot);

	if (verdict == LOADMSG_VERDICTS)
		return;

	l->tally.verdicts[verdict]++;
	if (verdict == LOADMSG_RIGHT) {
		l->tally.right_bytes += got.len;
		l->tally.last_ns = now;
		histogram_add(&l->tally.latency_ns, now - slot->sent_ns);
	} else {
		show_sample(l, verdict, got);
	}
	if (slot)
		window_done(&l->window, slot);
}

static int receive_answers(struct load *l, const struct phase *ph)
{
	unsigned cnt;
	uint64_t now;
	int err = loadsock_receive(&l->sock, &cnt);

	if (err || !cnt)
		return err;

	now = clock_ns();
	for (unsigned i = 0; i < cnt; i++)
		take_answer(l, ph, i, now);
	return 0;
}

/* ---- phases ---- */

/* Without touching the socket: its lock is the server's too. */
static void gather(const struct load *l)
{
	uint64_t until;

	if (l->opt.window < GATHER_WINDOW)
		return;
	for (until = clock_ns() + GATHER_NS; clock_ns() < until;)
		;
}

static int run_phase(struct load *l, const struct phase *ph)
{
	uint64_t timeout_ns = l->opt.timeout_ms * NS_PER_MS;
	uint64_t expired_ns = 0, sent = 0;
	bool more = true;
	int err = loadsock_aim(&l->sock, ph->peer);

	while (!err && (more || window_busy_cnt(&l->window))) {
		uint64_t now;

		err = receive_answers(l, ph);
		loadsock_flush(&l->sock);		/* the ACKs */

		now = clock_ns();
		if (now - expired_ns >= EXPIRE_EVERY_NS) {
			l->tally.timeouts += window_expire(&l->window, now,
							   timeout_ns);
			expired_ns = now;
		}
		if (more)
			more = send_requests(l, ph, &sent, now);
		loadsock_flush(&l->sock);
		gather(l);
	}
	return err;
}

static struct phase load_phase(const struct load *l)
{
	const struct loadopt *o = &l->opt;
	struct phase ph = {
		.peer = &o->target,
		.shape = {
			.method = slice_str(o->method),
			.user = slice_str(o->user),
			.ruri_host = slice_str(l->target_host),
			.domain = slice_str(l->target_host),
			.body = !o->no_body,
		},
		.want = {
			.status = (unsigned)o->status,
			.contact = slice_str(l->want_contact),
			.any_contact = o->any_contact,
		},
		.key_cnt = o->sources * o->agents,
	};

	if (o->domain)
		ph.shape.ruri_host = ph.shape.domain = slice_str(o->domain);
	memcpy(ph.shape.run, l->run, LOADMSG_RUN_LEN);
	return ph;
}

/* Let every client be redirected and follow, in chunks: a follow within the
 * time a real client would take.
 */
static int run_prime(struct load *l)
{
	struct phase redirect = load_phase(l);
	struct phase follow = redirect;
	uint64_t key_cnt = redirect.key_cnt;
	int err = 0;

	follow.peer = &l->opt.prime;
	follow.shape.ruri_host = slice_str(l->prime_host);
	follow.want = (struct loadmsg_want){ .status = 0 };

	for (uint64_t key = 0; key < key_cnt && !err; key += PRIME_CHUNK) {
		uint64_t left = key_cnt - key;

		redirect.first_key = follow.first_key = key;
		redirect.count = follow.count = left < PRIME_CHUNK
						? left : PRIME_CHUNK;
		redirect.key_cnt = follow.key_cnt = redirect.count;
		err = run_phase(l, &redirect);
		if (!err)
			err = run_phase(l, &follow);
	}
	return err;
}

static uint64_t wrong_cnt(const struct tally *t)
{
	uint64_t wrong = 0;

	for (unsigned i = LOADMSG_RIGHT + 1; i < LOADMSG_VERDICTS; i++)
		wrong += t->verdicts[i];
	return wrong;
}

static void print_tally(const struct load *l, uint64_t elapsed_ns)
{
	const struct tally *t = &l->tally;
	uint64_t right = t->verdicts[LOADMSG_RIGHT];

	printf("sent %" PRIu64 "\n", t->sent);
	printf("right %" PRIu64 "\n", right);
	printf("wrong %" PRIu64 "\n", wrong_cnt(t));
	for (unsigned i = LOADMSG_RIGHT + 1; i < LOADMSG_VERDICTS; i++)
		if (t->verdicts[i])
			printf("wrong_%s %" PRIu64 "\n",
			       loadmsg_verdict_name(i), t->verdicts[i]);
	printf("timeouts %" PRIu64 "\n", t->timeouts);
	printf("send_errors %" PRIu64 "\n", l->sock.send_errors);
	printf("acks %" PRIu64 "\n", t->acks);
	printf("elapsed_ms %" PRIu64 "\n", elapsed_ns / NS_PER_MS);
	printf("rate %.0f\n", elapsed_ns ? (double)right * (double)NS_PER_S /
					   (double)elapsed_ns : 0.0);
	printf("answer_bytes %" PRIu64 "\n", right ? t->right_bytes / right : 0);
	printf("p50_us %.1f\n",
	       (double)histogram_permille(&t->latency_ns, 500) / 1000);
	printf("p99_us %.1f\n",
	       (double)histogram_permille(&t->latency_ns, 990) / 1000);
}

/* Prime and warm up; the tally restarts, but for what went wrong. */
static int run_before(struct load *l)
{
	struct phase warm = load_phase(l);
	int err = 0;

	if (l->opt.prime.sin_family)
		err = run_prime(l);
	if (!err && l->opt.warmup_ms) {
		warm.until_ns = clock_ns() + l->opt.warmup_ms * NS_PER_MS;
		err = run_phase(l, &warm);
	}
	if (!err && (wrong_cnt(&l->tally) || l->tally.timeouts))
		fprintf(stderr, "sipload: before the measurement: %" PRIu64
			" wrong answers, %" PRIu64 " timeouts\n",
			wrong_cnt(&l->tally), l->tally.timeouts);
	l->tally = (struct tally){ 0 };
	l->sock.send_errors = 0;
	return err;
}

static int run_load(struct load *l)
{
	struct phase ph = load_phase(l);
	uint64_t start_ns;
	int err = run_before(l);

	if (err)
		return err;

	start_ns = clock_ns();
	ph.count = l->opt.count;
	ph.until_ns = start_ns + l->opt.duration_ms * NS_PER_MS;
	err = run_phase(l, &ph);
	if (!err)
		print_tally(l, (l->tally.last_ns ? l->tally.last_ns
							 : clock_ns()) - start_ns);
	return err;
}

/* ---- set-up ---- */

static void format_names(struct load *l)
{
	char ip[INET_ADDRSTRLEN];
	const struct loadopt *o = &l->opt;

	inet_ntop(AF_INET, &o->target.sin_addr, l->target_host,
		  sizeof(l->target_host));
	inet_ntop(AF_INET, &o->prime.sin_addr, ip, sizeof(ip));
	snprintf(l->prime_host, sizeof(l->prime_host), "%s:%u", ip,
		 ntohs(o->prime.sin_port));
	if (o->contact)
		snprintf(l->want_contact, sizeof(l->want_contact), "%s@%s",
			 o->user, o->contact);
}

static int make_run_tag(char out[static LOADMSG_RUN_LEN])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char bytes[LOADMSG_RUN_LEN];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		out[i] = hex[bytes[i] & 0xf];
	return 0;
}

static int load_init(struct load *l)
{
	int err = window_init(&l->window, l->opt.window);

	l->texts = calloc(l->opt.window, sizeof(*l->texts));
	l->lens = calloc(l->opt.window, sizeof(*l->lens));
	if (err || !l->texts || !l->lens)
		return ENOMEM;

	err = make_run_tag(l->run);
	if (!err)
		err = loadsock_open(&l->sock, &l->opt.target, &l->opt.source,
				    l->opt.sources > 1);
	if (!err)
		format_names(l);
	return err;
}

static void load_fini(struct load *l)
{
	loadsock_close(&l->sock);
	free(l->texts);
	free(l->lens);
	window_fini(&l->window);
}

int main(int argc, char **argv)
{
	static struct load l = { .sock = { .fd = -1 } };
	const struct tally *t = &l.tally;
	int err;

	if (loadopt_parse(&l.opt, argc, (const char *const *)argv, stderr))
		return EXIT_USAGE;
	if (l.opt.help) {
		loadopt_print_help(stdout);
		return 0;
	}

	err = load_init(&l);
	if (!err)
		err = run_load(&l);
	load_fini(&l);
	if (err) {
		fprintf(stderr, "sipload: %s\n", strerror(err));
		return EXIT_SYSTEM;
	}
	return t->verdicts[LOADMSG_RIGHT] && !wrong_cnt(t) && !t->timeouts
	       ? 0 : 1;
}
