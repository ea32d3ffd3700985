/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include "rtp-pinner/relay/reserve.h"

static void the_range_must_be_out_of_reach(void **state)
{
	static const struct {
		uint16_t min, max;
		const char *range, *reserved;
		bool want;
	} rows[] = {
		{ 30000, 39999, "32768\t60999\n", "\n", false },
		{ 30000, 32767, "32768\t60999\n", "\n", true },
		{ 61000, 65535, "32768\t60999\n", "", true },
		{ 30000, 32768, "32768\t60999\n", "\n", false },
		{ 60999, 61000, "32768\t60999\n", "\n", false },
		/* what the kernel does hand out is enough */
		{ 30000, 39999, "32768\t60999\n", "32768-39999\n", true },
		{ 30000, 39999, "32768\t60999\n", "30000-39999\n", true },
		{ 30000, 39999, "32768\t60999\n", "30000-39998\n", false },
		{ 30000, 39999, "32768\t60999\n", "30001-39999\n", true },
		{ 33000, 39999, "32768\t60999\n", "33001-39999\n", false },
		{ 33000, 39999, "32768\t60999\n",
		  "5060,32000-35000,35001,35002-50000,60000\n", true },
		{ 33000, 39999, "32768\t60999\n",
		  "5060,32000-35000,35002-50000\n", false },
		{ 33000, 33000, "32768\t60999\n", "33000\n", true },
		{ 1, 65535, "1\t65535\n", "1-65535\n", true },
		{ 65535, 65535, "1\t65535\n", "65535\n", true },
		/* not understood: the worst is assumed */
		{ 30000, 39999, "", "", false },
		{ 30000, 39999, "all\n", "none\n", false },
		{ 30000, 39999, "32768\t60999\n", "a-b,30000-99999\n", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		CHECK_EQ(rows[i].want,
			 reserve_covers(rows[i].min, rows[i].max,
					rows[i].range, rows[i].reserved),
			 rows[i].reserved);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_range_must_be_out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
