/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clients.conf itself, as it stands in the source tree, inside the module: the
 * table is there without a file to install; modparam clients replaces it.
 */
#include "kamailio-module/clients.h"

extern const char clients_builtin_begin[]
	__attribute__((visibility("hidden")));
extern const char clients_builtin_end[] __attribute__((visibility("hidden")));

__asm__(".pushsection .rodata\n"
	".globl clients_builtin_begin\n"
	".hidden clients_builtin_begin\n"
	"clients_builtin_begin:\n"
	".incbin \"" CLIENTS_FILE "\"\n"
	".globl clients_builtin_end\n"
	".hidden clients_builtin_end\n"
	"clients_builtin_end:\n"
	".popsection\n");

struct slice clients_builtin(void)
{
	return slice_of(clients_builtin_begin,
			(size_t)(clients_builtin_end - clients_builtin_begin));
}
