/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A byte chooses the type, the rest is the answer to a.example with the id
 * that the input itself begins with, so that the fuzzer comes far.
 */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "health-agent/probe/dns_wire.h"

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_records(const struct dns_answer *a, uint16_t type)
{
	for (unsigned i = 0; i < a->cnt && i < DNS_RECORDS_MAX; i++) {
		const char *text = a->records[i];

		check(strlen(text) < DNS_TEXT_MAX);
		for (const char *c = text; *c; c++)
			check(*c >= ' ' && *c <= '~');
		/* what is not cut is equal to itself */
		check(strlen(text) == DNS_TEXT_MAX - 1 ||
		      dns_text_equal(text, text, type));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = {
		DNS_A, DNS_TXT, DNS_AAAA, DNS_SRV, DNS_NAPTR,
	};
	static struct dns_answer answer;
	struct dns_question question = { .name = "a.example" };
	struct slice message;

	if (size < 3)
		return 0;
	question.type = types[data[0] % 5];
	question.id = (uint16_t)(data[1] << 8 | data[2]);
	message = slice_of((const char *)data + 1, size - 1);
	if (dns_read(&answer, message, &question) == DNS_ANSWERED)
		check_records(&answer, question.type);
	question.id ^= 1;
	check(dns_read(&answer, message, &question) != DNS_ANSWERED);
	return 0;
}
