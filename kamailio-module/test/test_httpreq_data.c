/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The requests of llhttp's own tests, raw: what each is answered with.  Each
 * is cut where a reader would cut it: at the end of the head, plus the number
 * that stands behind the first "Content-Length:".
 */
#include "kamailio-module/httpreq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BASE "https://fra1.www.example.net"

enum { FILE_MAX = 8192, EXIT_SKIP = 4 };

static const char *folder;

/* clang-format off */
static const struct {
	const char *file;
	enum httpreq_outcome want;
	const char *path;	/* in Location; NULL: no Location */
} rows[] = {
	/* HTTP/1.1 without Host, RFC 9112 3.2 */
	{ "001-connection", HTTPREQ_BAD_HOST, NULL },
	{ "002-connection", HTTPREQ_BAD_HOST, NULL },
	{ "007-connection", HTTPREQ_BAD_HOST, NULL },
	{ "008-connection", HTTPREQ_BAD_HOST, NULL },
	{ "012-connection", HTTPREQ_BAD_HOST, NULL },
	{ "014-connection", HTTPREQ_BAD_HOST, NULL },
	{ "018-connection", HTTPREQ_BAD_HOST, NULL },
	{ "019-connection", HTTPREQ_BAD_HOST, NULL },
	{ "077-method", HTTPREQ_BAD_HOST, NULL },
	{ "091-method", HTTPREQ_BAD_HOST, NULL },
	{ "107-sample", HTTPREQ_BAD_HOST, NULL },
	{ "108-sample", HTTPREQ_BAD_HOST, NULL },
	{ "111-sample", HTTPREQ_BAD_HOST, NULL },
	{ "112-sample", HTTPREQ_BAD_HOST, NULL },
	{ "113-sample", HTTPREQ_BAD_HOST, NULL },
	{ "115-sample", HTTPREQ_BAD_HOST, NULL },
	{ "121-sample", HTTPREQ_BAD_HOST, NULL },
	{ "122-sample", HTTPREQ_BAD_HOST, NULL },
	{ "123-sample", HTTPREQ_BAD_HOST, NULL },
	{ "156-uri", HTTPREQ_BAD_HOST, NULL },
	{ "157-uri", HTTPREQ_BAD_HOST, NULL },
	{ "158-uri", HTTPREQ_BAD_HOST, NULL },
	{ "159-uri", HTTPREQ_BAD_HOST, NULL },
	{ "160-uri", HTTPREQ_BAD_HOST, NULL },
	{ "161-uri", HTTPREQ_BAD_HOST, NULL },
	{ "163-uri", HTTPREQ_BAD_HOST, NULL },
	{ "165-uri", HTTPREQ_BAD_HOST, NULL },
	/* HTTP/1.0 needs none */
	{ "003-connection", HTTPREQ_REDIRECT, "/url" },
	{ "004-connection", HTTPREQ_REDIRECT, "/url" },
	{ "114-sample", HTTPREQ_REDIRECT, "/test" },
	{ "005-connection", HTTPREQ_REDIRECT, "/" },
	{ "009-connection", HTTPREQ_REDIRECT, "/" },
	{ "010-connection", HTTPREQ_REDIRECT, "/" },
	{ "011-connection", HTTPREQ_REDIRECT, "/" },
	/* Upgrade is a wish that may be ignored, RFC 9110 7.8 */
	{ "020-connection", HTTPREQ_REDIRECT, "/demo" },
	{ "021-connection", HTTPREQ_REDIRECT, "/demo" },
	/* a bare CR, a folded line, white space before the colon */
	{ "006-connection", HTTPREQ_BAD_FIELD, NULL },
	{ "013-connection", HTTPREQ_BAD_FIELD, NULL },
	{ "015-connection", HTTPREQ_BAD_FIELD, NULL },
	{ "016-connection", HTTPREQ_BAD_FIELD, NULL },
	{ "017-connection", HTTPREQ_BAD_FIELD, NULL },
	{ "117-sample", HTTPREQ_BAD_FIELD, NULL },
	{ "124-sample", HTTPREQ_BAD_FIELD, NULL },
	/* methods */
	{ "078-method", HTTPREQ_CONNECT, NULL },
	{ "079-method", HTTPREQ_CONNECT, NULL },
	{ "080-method", HTTPREQ_CONNECT, NULL },
	{ "164-uri", HTTPREQ_CONNECT, NULL },
	{ "081-method", HTTPREQ_BAD_TARGET, NULL },	/* M-SEARCH * */
	{ "082-method", HTTPREQ_REDIRECT, "/file.txt" },
	{ "083-method", HTTPREQ_REDIRECT, "/file.txt" },
	{ "084-method", HTTPREQ_REDIRECT, "/" },
	{ "085-method", HTTPREQ_REDIRECT, "/images/my_dog.jpg" },
	{ "086-method", HTTPREQ_REDIRECT, "/images/my_dog.jpg" },
	{ "087-method", HTTPREQ_REDIRECT, "/music/sweet/music" },
	{ "092-method", HTTPREQ_REDIRECT, "/contacts" },
	/* not HTTP at all */
	{ "088-method", HTTPREQ_BAD_LINE, NULL },
	{ "089-method", HTTPREQ_BAD_LINE, NULL },
	{ "090-method", HTTPREQ_BAD_LINE, NULL },
	{ "116-sample", HTTPREQ_BAD_LINE, NULL },
	{ "118-sample", HTTPREQ_BAD_FIELD, NULL },
	{ "119-sample", HTTPREQ_BAD_LINE, NULL },
	{ "120-sample", HTTPREQ_BAD_LINE, NULL },
	{ "166-uri", HTTPREQ_BAD_LINE, NULL },
	{ "109-sample", HTTPREQ_REDIRECT, "/test" },
	{ "110-sample", HTTPREQ_REDIRECT, "/favicon.ico" },
	/* a byte above ASCII in the target */
	{ "162-uri", HTTPREQ_BAD_TARGET, NULL },
};
/* clang-format on */

static size_t read_file(const char *file, char *buf, size_t size)
{
	char path[1024];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.http", folder, file);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: cannot be opened", path);
	len = fread(buf, 1, size, f);
	fclose(f);
	assert_in_range(len, 1, size - 1);
	return len;
}

static size_t first_message(char *buf, size_t len)
{
	const char *length, *end;
	size_t whole;

	buf[len] = '\0';
	end = strstr(buf, "\r\n\r\n");
	if (!end)
		return len;
	whole = (size_t)(end + 4 - buf);
	length = strstr(buf, "\r\nContent-Length:");
	if (length && length < end)
		whole += strtoul(length + 17, NULL, 10);
	return whole < len ? whole : len;
}

static void each_request_has_its_answer(void **state)
{
	static const struct httpreq_facts facts = {
		.base = { BASE, sizeof(BASE) - 1 },
		.other_status = 307,
	};
	char buf[FILE_MAX], answer[HTTPREQ_ANSWER_MAX + 1], want[FILE_MAX];
	struct httpreq_answer a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t len = read_file(rows[i].file, buf, sizeof(buf));

		len = first_message(buf, len);
		httpreq_answer(&a, answer, HTTPREQ_ANSWER_MAX,
			       slice_of(buf, len), &facts);
		answer[a.len] = '\0';
		if (a.outcome != rows[i].want)
			fail_msg("%s: %s, not %s", rows[i].file,
				 httpreq_outcome_name(a.outcome),
				 httpreq_outcome_name(rows[i].want));
		snprintf(want, sizeof(want), "\r\nLocation: " BASE "%s\r\n",
			 rows[i].path ? rows[i].path : "");
		if (!!strstr(answer, want) != !!rows[i].path)
			fail_msg("%s: Location is not %s in\n%s", rows[i].file,
				 rows[i].path ? rows[i].path : "absent",
				 answer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_has_its_answer),
	};
	const char *data = getenv("SIP_ANYCAST_DATA");
	char path[1024];

	snprintf(path, sizeof(path), "%s/http", data ? data : DEFAULT_DATA);
	if (access(path, R_OK)) {
		printf("SKIPPED: %s is not there; SIP_ANYCAST_DATA names the "
		       "folder of test data\n", path);
		return EXIT_SKIP;
	}
	folder = path;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
