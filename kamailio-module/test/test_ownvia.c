/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include "kamailio-module/ownvia.h"

struct row {
	const char *what;
	const char *message;
	const char *branch;	/* "": none found */
	const char *until;	/* the message up to where a parameter goes */
};

#define LINE "CANCEL sip:bob@192.0.2.9 SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.53"

static void our_via_is_the_first_line_of_its_spelling(void **state)
{
	static const struct row rows[] = {
		{ "as the host writes it",
		  LINE VIA ";branch=z9hG4bKab.0\r\nVia: x\r\n\r\n",
		  "z9hG4bKab.0", LINE VIA ";branch=z9hG4bKab.0" },
		{ "parameters around it",
		  LINE VIA ";rport;branch=z9hG4bKab.0;i=1\r\n\r\n",
		  "z9hG4bKab.0", LINE VIA ";rport;branch=z9hG4bKab.0;i=1" },
		{ "IPv6",
		  LINE "Via: SIP/2.0/UDP [2001:db8::1]:5070;branch=z9\r\n",
		  "z9",
		  LINE "Via: SIP/2.0/UDP [2001:db8::1]:5070;branch=z9" },
		{ "no branch", LINE VIA ";rport\r\n\r\n", "", "" },
		{ "an empty branch", LINE VIA ";branch=;rport\r\n\r\n", "", "" },
		{ "another parameter that ends so",
		  LINE VIA ";xbranch=z9\r\n\r\n", "", "" },
		{ "several values",
		  LINE VIA ";branch=z9, SIP/2.0/UDP b;branch=z8\r\n\r\n", "",
		  "" },
		{ "behind another field",
		  LINE "Max-Forwards: 9\r\n" VIA ";branch=z9\r\n\r\n", "z9",
		  LINE "Max-Forwards: 9\r\n" VIA ";branch=z9" },
		{ "before a compact one",
		  LINE VIA ";branch=z9\r\nv: SIP/2.0/UDP b;branch=z8\r\n\r\n",
		  "z9", LINE VIA ";branch=z9" },
		{ "in the body only",
		  LINE "Max-Forwards: 9\r\n\r\n" VIA ";branch=z9\r\n", "",
		  "" },
		{ "a response",
		  "SIP/2.0 200 OK\r\n" VIA ";branch=z9\r\n\r\n", "", "" },
		{ "a line that does not end", LINE VIA ";branch=z9", "", "" },
		{ "bare line feeds",
		  "X sip:a SIP/2.0\n" VIA ";branch=z9\n\n", "", "" },
		{ "one line", LINE, "", "" },
		{ "a keep-alive", "\r\n\r\n", "", "" },
		{ "nothing", "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		struct ownvia via;
		bool found = ownvia_find(&via, slice_str(r->message));

		CHECK_EQ(*r->branch != '\0', found, r->what);
		if (!found)
			continue;
		CHECK_EQ(1, slice_equal(via.branch, slice_str(r->branch)),
			  r->what);
		CHECK_EQ((long)strlen(r->until), (long)via.end, r->what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			our_via_is_the_first_line_of_its_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
