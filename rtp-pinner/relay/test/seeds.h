/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seeds.h - third parties' packets, whole and damaged
 *
 * Each file of SIP_ANYCAST_DATA/rtp/KIND (default: ../shared/data beside the
 * checkout), cut at every length and with every bit of its first bytes flipped.
 */
#ifndef RELAY_TEST_SEEDS_H
#define RELAY_TEST_SEEDS_H

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SEEDS_SKIPPED = 4,	/* exit code of a test without its data */
	SEED_MAX = 1500,	/* of longer files the first bytes are taken */
	SEED_FLIPPED = 128,	/* bytes whose bits are flipped */
};

typedef void seed_h(const uint8_t *bytes, size_t len);

/* bytes are given in a block of exactly len, so that a sanitizer sees a read
 * beyond them.
 */
static inline void seed_give(const uint8_t *bytes, size_t len, seed_h *h)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, len);
	h(copy, len);
	free(copy);
}

static inline void seed_damage(uint8_t *bytes, size_t len, seed_h *h)
{
	for (size_t cut = 0; cut <= len; cut++)
		seed_give(bytes, cut, h);
	for (size_t bit = 0; bit < 8 * len && bit < 8 * SEED_FLIPPED; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		seed_give(bytes, len, h);
		bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static inline const char *seeds_folder(const char *kind)
{
	static char path[1024];
	const char *data = getenv("SIP_ANYCAST_DATA");

	snprintf(path, sizeof(path), "%s/rtp/%s", data ? data : DEFAULT_DATA,
		 kind);
	return path;
}

/* How many files were given. */
static inline size_t seeds_each(const char *kind, seed_h *h)
{
	const char *folder = seeds_folder(kind);
	DIR *dir = opendir(folder);
	struct dirent *entry;
	size_t cnt = 0;

	while (dir && (entry = readdir(dir))) {
		uint8_t bytes[SEED_MAX];
		char path[2048];
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		file = fopen(path, "rb");
		if (!file)
			continue;
		seed_damage(bytes, fread(bytes, 1, sizeof(bytes), file), h);
		fclose(file);
		cnt++;
	}
	if (dir)
		closedir(dir);
	return cnt;
}

/* Exit code SEEDS_SKIPPED, with the reason, where the folder is absent. */
static inline int seeds_skip(const char *kind)
{
	DIR *dir = opendir(seeds_folder(kind));

	if (dir) {
		closedir(dir);
		return 0;
	}
	printf("SKIPPED: %s is not there; SIP_ANYCAST_DATA names the folder "
	       "of test data\n", seeds_folder(kind));
	return SEEDS_SKIPPED;
}

#endif
