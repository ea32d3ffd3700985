/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A record of the call store with any bytes is refused or is a sound call,
 * which lives and ends like any other.
 */
#include <stddef.h>
#include <stdint.h>

#include "common/fuzz/harness.h"
#include "rtp-pinner/call/fuzz/fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fake f;
	struct calls_deleted deleted;
	const struct call *call;

	fake_start(&f);
	if (!calls_restore(f.calls, 3, data, len, f.now_ms)) {
		fake_check(&f);
		call = calls_newest(f.calls);
		calls_delete(f.calls, &deleted,
			     &(struct ng_command){
				     .call_id = call_id(call),
				     .from_tag = call_leg_tag(&call->legs[0]),
				     .delete_delay_ms = -1,
			     },
			     f.now_ms);
		fake_check(&f);
		fake_finish(&f);
	} else {
		fake_check(&f);
	}
	fake_stop(&f);
	return 0;
}
