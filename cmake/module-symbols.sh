#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# module-symbols.sh MODULE.so: it exports what Kamailio looks up, nothing more
set -euo pipefail

wanted='exports mod_register module_flags module_interface_ver module_version'
optional=' mod_register '

exported=" $(nm -D --defined-only --format=posix "$1" | cut -d ' ' -f 1 |
	tr '\n' ' ')"
bad=0

for name in $wanted; do
	[[ $optional == *" $name "* || $exported == *" $name "* ]] || {
		echo "not exported, so Kamailio will not load the module: $name"
		bad=1
	}
done
for name in $exported; do
	[[ " $wanted " == *" $name "* ]] || {
		echo "exported without need: $name"
		bad=1
	}
done
exit $bad
