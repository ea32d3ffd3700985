/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - cmocka, and checks that name the row of a table they failed in */
#ifndef COMMON_TEST_TABLE_H
#define COMMON_TEST_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#define CHECK(condition, what) \
	do { \
		if (!(condition)) \
			fail_msg("%s: not %s", what, #condition); \
	} while (0)

#define CHECK_EQ(want, got, what) \
	do { \
		long long want_ = (long long)(want), got_ = (long long)(got); \
		if (want_ != got_) \
			fail_msg("%s: want %s = %lld, got %lld", what, #got, \
				 want_, got_); \
	} while (0)

#define CHECK_STR(want, got, what) \
	do { \
		const char *want_ = (want), *got_ = (got); \
		if (strcmp(want_, got_) != 0) \
			fail_msg("%s:\nwant: %s\ngot:  %s", what, want_, got_); \
	} while (0)

#endif
