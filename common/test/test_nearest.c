/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/test/table.h"

#include "common/nearest.h"

static void the_word_that_was_meant_is_found(void **state)
{
	static const char *const known[] = {
		"domain", "alias", "address", "sip-port", "sips-port", "tls",
	};
	static const struct {
		const char *word;
		const char *want;	/* NULL: nothing is near */
	} rows[] = {
		{ "", NULL },
		{ "adress", "address" },
		{ "addresss", "address" },
		{ "adderss", "address" },
		{ "Address", "address" },
		{ "sip_port", "sip-port" },
		{ "sips_port", "sips-port" },
		{ "sipx-port", "sip-port" },	/* the first of equals */
		{ "sport", "sip-port" },
		{ "tsl", "tls" },
		{ "ttl", NULL },
		{ "x", NULL },
		{ "certificate", NULL },
		{ "sippppppppppppppppppppppppppppppppp-port", NULL },
		{ "pppppppppppppppppppppppppppppppp", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *got = nearest(slice_str(rows[i].word), known,
					  ARRAY_SIZE(known));

		CHECK_STR(rows[i].want ? rows[i].want : "none",
			  got ? got : "none", rows[i].word);
	}
	assert_null(nearest(slice_str("a"), known, 0));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_word_that_was_meant_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
