/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/nearest.h"

enum {
	WORD_MAX = 32,	/* longer ones are like nothing we know */
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Edit distance with swaps of neighbours (optimal string alignment): row i
 * holds the distances of a's first i letters to every prefix of b; three rows
 * are enough.
 */
static unsigned distance(struct slice a, struct slice b)
{
	unsigned rows[3][WORD_MAX + 1];

	for (unsigned j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned *row = rows[i % 3];
		const unsigned *up = rows[(i + 2) % 3];
		const unsigned *up2 = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			char ca = a.text[i - 1], cb = b.text[j - 1];

			row[j] = least(up[j], row[j - 1]) + 1;
			row[j] = least(row[j], up[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == b.text[j - 2] &&
			    cb == a.text[i - 2])
				row[j] = least(row[j], up2[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

/* No distance is less than that of the lengths. */
static unsigned least_distance(struct slice a, struct slice b)
{
	return (unsigned)(a.len > b.len ? a.len - b.len : b.len - a.len);
}

const char *nearest(struct slice word, const char *const *known, size_t cnt)
{
	const char *best = NULL;
	unsigned best_distance = 0;

	if (word.len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < cnt; i++) {
		struct slice candidate = slice_str(known[i]);
		unsigned d = least_distance(word, candidate);

		if (candidate.len > WORD_MAX || d > candidate.len / 2 ||
		    (best && d >= best_distance))
			continue;
		d = distance(word, candidate);
		if (d > candidate.len / 2)
			continue;
		if (!best || d < best_distance) {
			best = known[i];
			best_distance = d;
		}
	}
	return best;
}
