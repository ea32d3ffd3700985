/* SPDX-License-Identifier: GPL-3.0-or-later */
/* one_dict.h - the dictionary that all tests of a program read into */
#ifndef NG_TEST_ONE_DICT_H
#define NG_TEST_ONE_DICT_H

#include "rtp-pinner/ng/dict.h"

static struct ng_dict *dict;

/* cmocka's setup and teardown of the group. */
static inline int dict_setup(void **state)
{
	(void)state;
	return ng_dict_new(&dict, 256, 4096);
}

static inline int dict_teardown(void **state)
{
	(void)state;
	ng_dict_free(dict);
	return 0;
}

#endif
