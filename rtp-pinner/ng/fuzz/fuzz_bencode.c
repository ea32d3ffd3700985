/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read is written, read again and written the same. */
#include <stdlib.h>

#include "common/fuzz/harness.h"
#include "rtp-pinner/ng/bencode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[1 << 20], second[1 << 20];
	static struct ng_dict *dict;
	size_t first_len, second_len;

	if (!dict && ng_dict_new(&dict, 8192, 0))
		abort();
	if (bencode_read(dict, slice_of((const char *)data, size)))
		return 0;
	if (bencode_write(first, sizeof(first), &first_len, ng_root(dict)))
		abort();
	if (bencode_read(dict, slice_of(first, first_len)) ||
	    bencode_write(second, sizeof(second), &second_len, ng_root(dict)))
		abort();
	if (!slice_equal(slice_of(first, first_len),
			 slice_of(second, second_len)))
		abort();
	return 0;
}
