/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies of the field: two public collections, read in place beside the
 * checkout, so that they need not be copied into it.
 */
#include "rtp-pinner/sdp/test/sdp_text.h"

#include <dirent.h>

#include "rtp-pinner/sdp/sdp_osip.h"
#include "rtp-pinner/sdp/test/sdp_invariants.h"

static char *read_body(size_t *len, const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = malloc(64 * 1024);

	assert_non_null(text);
	if (!f) {
		free(text);
		return NULL;
	}
	*len = fread(text, 1, 64 * 1024, f);
	fclose(f);
	return text;
}

/* A step that is odd and no power of two meets all bits of what is asked. */
static bool check_body(const char *path, const char *name)
{
	const char *reason;
	struct sdp *sdp;
	size_t len = 0;
	char *text = read_body(&len, path);
	int err;

	CHECK(text, name);
	err = sdp_parse(&sdp, &reason, slice_of(text, len));
	for (unsigned bits = 0; !err && bits < ASK_END; bits += 37) {
		const char *broken = broken_invariant(sdp, bits);

		if (broken)
			fail_msg("%s, asked for %#x: %s", name, bits, broken);
	}
	(void)sdp_osip_check(slice_of(text, len));
	sdp_free(sdp);
	free(text);
	return !err;
}

static void check_folder(const char *folder, size_t want_good)
{
	struct dirent **entries;
	size_t good = 0;
	int n = scandir(folder, &entries, NULL, alphasort);

	if (n < 0) {
		printf("%s is absent\n", folder);
		skip();
	}
	for (int i = 0; i < n; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", folder,
			 entries[i]->d_name);
		if (dot && !strcmp(dot, ".sdp"))
			good += check_body(path, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	CHECK(good >= want_good, folder);
}

static void bodies_of_sdp_transform_are_rewritten(void **state)
{
	(void)state;
	check_folder(SDP_BODIES "/sdp-transform", 25);
}

/* Three more are pieces of descriptions, from m= on. */
static void bodies_of_webrtc_fuzzing_are_rewritten(void **state)
{
	(void)state;
	check_folder(SDP_BODIES "/webrtc-fuzzer-corpora", 64);
}

static void what_rtpengine_takes_is_taken(void **state)
{
	static const char *const names[] = {
		"sdp-transform/bfcp.sdp",
		"sdp-transform/extmap-encrypt.sdp",
		"sdp-transform/hacky.sdp",
		"sdp-transform/icelite.sdp",
		"sdp-transform/jsep.sdp",
		"sdp-transform/jssip.sdp",
		"sdp-transform/normal.sdp",
		"sdp-transform/rtcp-fb.sdp",
		"sdp-transform/sctp-dtls-26.sdp",
		"sdp-transform/simulcast.sdp",
		"sdp-transform/ssrc.sdp",
		"sdp-transform/tcp-active.sdp",
		"sdp-transform/tcp-passive.sdp",
		"webrtc-fuzzer-corpora/48.sdp",
		"webrtc-fuzzer-corpora/53.sdp",
		"webrtc-fuzzer-corpora/firefox-1.sdp",
		"webrtc-fuzzer-corpora/firefox-2.sdp",
		"webrtc-fuzzer-corpora/opera-1.sdp",
		"webrtc-fuzzer-corpora/opera-2.sdp",
		"webrtc-fuzzer-corpora/unittest-1.sdp",
		"webrtc-fuzzer-corpora/unittest-2.sdp",
		"webrtc-fuzzer-corpora/unittest-4.sdp",
		"webrtc-fuzzer-corpora/unittest-8.sdp",
		"webrtc-fuzzer-corpora/unittest-9.sdp",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[512];
		size_t len;
		char *text;

		snprintf(path, sizeof(path), "%s/%s", SDP_BODIES, names[i]);
		text = read_body(&len, path);
		if (!text) {
			printf("%s is absent\n", path);
			skip();
		}
		free(text);
		CHECK(check_body(path, names[i]), names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies_of_sdp_transform_are_rewritten),
		cmocka_unit_test(bodies_of_webrtc_fuzzing_are_rewritten),
		cmocka_unit_test(what_rtpengine_takes_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
