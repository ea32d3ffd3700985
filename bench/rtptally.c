/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/rtptally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEEN_BITS = 64,
};

const char *rtptally_verdict_name(enum rtptally_verdict verdict)
{
	static const char *const names[RTPTALLY_VERDICTS] = {
		[RTPTALLY_RIGHT] = "right",
		[RTPTALLY_FOREIGN] = "foreign",
		[RTPTALLY_STALE] = "stale",
		[RTPTALLY_DUPLICATE] = "duplicate",
		[RTPTALLY_MISROUTED] = "misrouted",
	};

	return names[verdict];
}

int rtptally_init(struct rtptally *t, size_t stream_cnt, uint32_t run)
{
	*t = (struct rtptally){ .cnt = stream_cnt, .run = run };
	t->streams = calloc(stream_cnt, sizeof(*t->streams));
	return t->streams ? 0 : ENOMEM;
}

void rtptally_fini(struct rtptally *t)
{
	free(t->streams);
	t->streams = NULL;
	t->cnt = 0;
}

void rtptally_begin(struct rtptally *t)
{
	t->phase++;
	t->sent = 0;
	t->reordered = 0;
	t->late = 0;
	memset(t->verdicts, 0, sizeof(t->verdicts));
	memset(&t->delay_ns, 0, sizeof(t->delay_ns));
}

const struct rtpflow *rtptally_next(struct rtptally *t, struct rtpmark *mark,
				    uint64_t now_ns)
{
	struct rtpstream *s = &t->streams[t->next];

	*mark = (struct rtpmark){
		.sent_ns = now_ns,
		.run = t->run,
		.phase = t->phase,
		.stream = (uint32_t)t->next,
		.seq = s->sent++,
	};
	t->next = t->next + 1 < t->cnt ? t->next + 1 : 0;
	t->sent++;
	return &s->out;
}

static bool same_flow(const struct rtpflow *a, const struct rtpflow *b)
{
	return a->saddr_be == b->saddr_be && a->daddr_be == b->daddr_be &&
	       a->sport_be == b->sport_be && a->dport_be == b->dport_be;
}

/* Note that seq came; false when it had come before.  One that is more than
 * SEEN_BITS behind the newest cannot be told from a duplicate, and is one.
 */
static bool note_seq(struct rtptally *t, struct rtpstream *s, uint32_t seq)
{
	uint32_t ahead = seq + 1 - s->newest, behind;

	if (seq >= s->newest) {
		s->seen = ahead < SEEN_BITS ? s->seen << ahead : 0;
		s->seen |= 1;
		s->newest = seq + 1;
		return true;
	}
	behind = s->newest - 1 - seq;
	if (behind >= SEEN_BITS || s->seen & (uint64_t)1 << behind)
		return false;
	s->seen |= (uint64_t)1 << behind;
	t->reordered++;
	return true;
}

static enum rtptally_verdict judge(struct rtptally *t, struct rtpmark *mark,
				   const uint8_t *ip, size_t len)
{
	struct rtpflow flow;
	struct rtpstream *s;

	if (rtpframe_read(&flow, mark, ip, len) || mark->run != t->run ||
	    mark->stream >= t->cnt)
		return RTPTALLY_FOREIGN;
	s = &t->streams[mark->stream];
	if (!same_flow(&flow, &s->want))
		return RTPTALLY_MISROUTED;
	if (mark->seq >= s->sent)
		return RTPTALLY_FOREIGN;
	if (!note_seq(t, s, mark->seq))
		return RTPTALLY_DUPLICATE;
	return mark->phase == t->phase ? RTPTALLY_RIGHT : RTPTALLY_STALE;
}

enum rtptally_verdict rtptally_take(struct rtptally *t, const uint8_t *ip,
				    size_t len, uint64_t now_ns)
{
	struct rtpmark mark;
	enum rtptally_verdict verdict = judge(t, &mark, ip, len);
	uint64_t delay;

	t->verdicts[verdict]++;
	if (verdict != RTPTALLY_RIGHT)
		return verdict;

	delay = now_ns > mark.sent_ns ? now_ns - mark.sent_ns : 0;
	histogram_add(&t->delay_ns, delay);
	if (t->late_ns && delay > t->late_ns)
		t->late++;
	return verdict;
}
