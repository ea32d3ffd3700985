/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happens without memory; and how little is asked for. */
#include "rtp-pinner/sdp/test/sdp_change.h"

#include "rtp-pinner/sdp/sdp_osip.h"

static unsigned asked;		/* allocations since the last reset */
static unsigned fail_at;	/* the one that fails; 0: none */

static bool fails(void)
{
	return ++asked == fail_at;
}

static void reset(unsigned fail)
{
	asked = 0;
	fail_at = fail;
}

/* Put in place of the C library's by the linker. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t cnt, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t cnt, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t cnt, size_t size)
{
	return fails() ? NULL : __real_calloc(cnt, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

static const char text[] =
	SESSION
	"m=audio 4000 RTP/AVP 0\n"
	"a=ice-ufrag:abcd\n"
	"a=candidate:1 1 UDP 1 198.51.100.1 4000 typ host\n"
	"m=video 4002 RTP/AVP 31\n"
	"a=ice-ufrag:abcd\n";

static struct sdp_media_change media[2] = {
	{ TO_RELAY, .ice = SDP_ICE_OURS, .rtcp_line = true, .rtcp_full = true,
	  .addr_other = RELAY6, .mux = SDP_MUX_ADD },
	{ TO_RELAY6, .ice = SDP_ICE_OURS, .rtcp_line = true, .rtcp_full = true,
	  .addr_other = RELAY4, .mux = SDP_MUX_ADD },
};
static const struct sdp_change change = { .media = media };

static void one_allocation_each_does(void **state)
{
	const char *reason;
	struct sdp *sdp;
	size_t len;
	char *out;

	(void)state;
	reset(0);
	assert_int_equal(sdp_parse(&sdp, &reason, slice_str(text)), 0);
	assert_int_equal(asked, 1);
	reset(0);
	assert_int_equal(sdp_rewrite(&out, &len, sdp, &change), 0);
	assert_int_equal(asked, 1);
	free(out);
	sdp_free(sdp);
}

static void without_memory_nothing_is_given_out(void **state)
{
	const char *reason;
	struct sdp *sdp;
	size_t len;
	char *out;

	(void)state;
	reset(1);
	assert_int_equal(sdp_parse(&sdp, &reason, slice_str(text)), ENOMEM);
	assert_null(sdp);
	reset(0);
	assert_int_equal(sdp_parse(&sdp, &reason, slice_str(text)), 0);
	reset(1);
	assert_int_equal(sdp_rewrite(&out, &len, sdp, &change), ENOMEM);
	assert_null(out);
	sdp_free(sdp);
	reset(1);
	assert_false(sdp_osip_check(slice_str(text)));
	reset(0);
}

/* Far more than the writer sets aside for a section. */
static void a_long_word_makes_the_text_grow(void **state)
{
	char word[4096];
	struct sdp_media_change grown[2];
	struct sdp_change grow = { .media = grown };
	struct sdp *sdp = parsed(text, "grow");
	size_t len;
	char *out;

	(void)state;
	memset(word, 'W', sizeof(word));
	memcpy(grown, media, sizeof(grown));
	grown[0].proto_text = grown[1].proto_text =
		slice_of(word, sizeof(word));

	reset(0);
	assert_int_equal(sdp_rewrite(&out, &len, sdp, &grow), 0);
	assert_true(asked > 1);
	assert_int_equal(strlen(out), len);
	assert_memory_equal(strchr(out, 'W'), word, sizeof(word));
	assert_memory_equal(strrchr(out, 'W') - sizeof(word) + 1, word,
			    sizeof(word));
	free(out);

	reset(2);
	assert_int_equal(sdp_rewrite(&out, &len, sdp, &grow), ENOMEM);
	assert_null(out);
	reset(0);
	sdp_free(sdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_allocation_each_does),
		cmocka_unit_test(without_memory_nothing_is_given_out),
		cmocka_unit_test(a_long_word_makes_the_text_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
