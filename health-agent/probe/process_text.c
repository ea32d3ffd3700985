/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/probe/process_text.h"

#include <errno.h>

enum {
	PID_MAX = 1 << 22,	/* the kernel's PID_MAX_LIMIT */
	/* fields behind the name: the state is 3, starttime 22 */
	AT_START = 22 - 3,
};

int process_read_pid(int32_t *out, struct slice text)
{
	uint32_t pid;

	if (slice_u32(&pid, slice_trim(text), PID_MAX) || pid == 0)
		return EBADMSG;
	*out = (int32_t)pid;
	return 0;
}

/* The last `)' ends the name: no field behind it has one. */
static struct cursor behind_name(struct slice text)
{
	size_t at = text.len;

	while (at && text.text[at - 1] != ')')
		at--;
	return cursor_of(text.text + at, at ? text.len - at : 0);
}

int process_read_stat(struct process_stat *out, struct slice text)
{
	struct cursor c = behind_name(text);
	struct slice field = { 0 };

	*out = (struct process_stat){ .state = '\0' };
	for (unsigned i = 0; i <= AT_START; i++) {
		cursor_expect(&c, slice_str(" "));
		field = cursor_until(&c, " \n");
		if (i == 0 && field.len == 1)
			out->state = field.text[0];
	}
	if (!cursor_ok(&c) || !out->state ||
	    slice_u64(&out->start, field, UINT64_MAX)) {
		*out = (struct process_stat){ .state = '\0' };
		return EBADMSG;
	}
	return 0;
}
