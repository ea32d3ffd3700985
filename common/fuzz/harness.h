/* SPDX-License-Identifier: GPL-2.0-or-later */
/* harness.h - what the source of a fuzz target defines
 *
 * Called by libFuzzer, or by replay.c in ordinary builds, once per input;
 * returns 0.  A fault is told by abort(), an assert or a sanitizer.  data is
 * never NULL and holds exactly size bytes without a terminator.
 */
#ifndef COMMON_FUZZ_HARNESS_H
#define COMMON_FUZZ_HARNESS_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
