/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nearest.h - the known word a mistyped one was probably meant to be */
#ifndef COMMON_NEAREST_H
#define COMMON_NEAREST_H

#include <stddef.h>

#include "common/cursor.h"

/* The word of known[] with the fewest letters to insert, delete, replace or
 * swap with their neighbour; NULL when even that is more than half of it.
 */
const char *nearest(struct slice word, const char *const *known, size_t cnt);

#endif
