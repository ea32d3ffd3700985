/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "rtp-pinner/daemon/store_priv.h"

#define BOOT "12345678-1234-1234-1234-123456789abc"

enum { RECORDS = 40 };

static char path[PATH_MAX];

static int setup(void **state)
{
	int err = scratch_setup(state);

	snprintf(path, sizeof(path), "%s", scratch_path("calls"));
	return err;
}

static struct store_conf usual(void)
{
	return (struct store_conf){
		.path = path,
		.layout = 7,
		.port_min = 30000,
		.port_max = 40000,
		.records = RECORDS,
		.slots = 2048,
	};
}

struct damages {
	unsigned cnt;
	uint32_t last;
};

static void count_damage(void *arg, uint32_t id, const char *why)
{
	struct damages *d = arg;

	assert_non_null(why);
	d->cnt++;
	d->last = id;
}

static struct store *reopen(bool *resumed, struct damages *damages)
{
	struct store_conf conf = usual();
	struct damages none = { 0 };
	struct store *s;

	assert_int_equal(store_open_boot(&s, resumed, &conf, BOOT, count_damage,
					 damages ? damages : &none), 0);
	assert_int_equal(none.cnt, 0);
	return s;
}

static struct store *begin(void)
{
	struct store *s;
	bool resumed;

	unlink(path);
	s = reopen(&resumed, NULL);
	assert_false(resumed);
	assert_int_equal(store_records(s), 0);
	return s;
}

/* Bytes that tell record, edition and place. */
static const uint8_t *fill(uint32_t id, unsigned edition, size_t len)
{
	static uint8_t bytes[STORE_RECORD_MAX + 1];

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(id * 31 + edition * 7 + i + i / 256);
	return bytes;
}

struct want {
	size_t len[RECORDS];	/* SIZE_MAX: not there */
	unsigned edition[RECORDS];
	unsigned seen;
};

static void check_record(void *arg, uint32_t id, const void *bytes, size_t len)
{
	struct want *w = arg;

	CHECK_EQ(w->len[id], len, "len");
	CHECK(memcmp(bytes, fill(id, w->edition[id], len), len) == 0, "bytes");
	w->seen++;
}

static void check_all(struct store *s, struct want *w)
{
	unsigned want = 0;

	for (size_t i = 0; i < RECORDS; i++)
		want += w->len[i] != SIZE_MAX;
	w->seen = 0;
	store_each(s, check_record, w);
	assert_int_equal(w->seen, want);
	assert_int_equal(store_records(s), want);
}

static void records_of_all_lengths_come_back(void **state)
{
	static const size_t lens[] = { 0, 1, 200, 487, 488, 489, 976, 977,
				       4000, 16384, STORE_RECORD_MAX };
	struct want w;
	struct store *s = begin();
	bool resumed;

	(void)state;
	for (size_t i = 0; i < RECORDS; i++) {
		w.len[i] = i < ARRAY_SIZE(lens) ? lens[i] : SIZE_MAX;
		w.edition[i] = 0;
		if (w.len[i] != SIZE_MAX)
			CHECK_EQ(0, store_put(s, (uint32_t)i,
					      fill((uint32_t)i, 0, w.len[i]),
					      w.len[i]), "put");
	}
	check_all(s, &w);
	store_close(s);
	s = reopen(&resumed, NULL);
	assert_true(resumed);
	check_all(s, &w);
	store_close(s);
	store_close(NULL);
}

static void what_is_wrong_is_refused(void **state)
{
	struct store *s = begin();

	(void)state;
	assert_int_equal(store_put(s, RECORDS, "x", 1), EINVAL);
	assert_int_equal(store_put(s, 0, fill(0, 0, STORE_RECORD_MAX + 1),
				   STORE_RECORD_MAX + 1), EMSGSIZE);
	store_del(s, RECORDS);
	store_del(s, 0);
	assert_int_equal(store_records(s), 0);
	store_close(s);
}

/* No slot is lost or used twice, in many rounds and over restarts. */
static void a_random_life_is_told_right(void **state)
{
	struct want w = { 0 };
	struct store *s = begin();
	size_t all = store_free_slots(s);
	unsigned random = 1;
	bool resumed;

	(void)state;
	for (size_t i = 0; i < RECORDS; i++)
		w.len[i] = SIZE_MAX;
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t id;

		random = random * 1103515245 + 12345;
		id = random >> 16 & 0x7fff;
		if (id % 7 == 0) {
			id %= RECORDS;
			store_del(s, id);
			w.len[id] = SIZE_MAX;
		} else {
			size_t len = id % 11 ? id % 900 : id % 16384;

			id %= RECORDS;
			w.len[id] = len;
			w.edition[id] = round;
			assert_int_equal(store_put(s, id,
						   fill(id, round, len), len),
					 0);
		}
		if (round % 1000 == 999) {
			store_close(s);
			s = reopen(&resumed, NULL);
			check_all(s, &w);
		}
	}
	for (uint32_t i = 0; i < RECORDS; i++)
		store_del(s, i);
	assert_int_equal(store_free_slots(s), all);
	store_close(s);
}

/* handler of store_each() that deletes what it is given */
struct deleter {
	struct store *s;
	unsigned cnt;
};

static void delete_odd(void *arg, uint32_t id, const void *bytes, size_t len)
{
	struct deleter *d = arg;

	(void)bytes;
	(void)len;
	d->cnt++;
	if (id % 2)
		store_del(d->s, id);
}

static void a_record_may_go_while_it_is_shown(void **state)
{
	struct deleter d = { .s = begin() };

	(void)state;
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(store_put(d.s, i, fill(i, 0, 600), 600), 0);
	store_each(d.s, delete_odd, &d);
	assert_int_equal(d.cnt, 10);
	assert_int_equal(store_records(d.s), 5);
	store_close(d.s);
}

static void a_full_store_still_replaces(void **state)
{
	struct store *s = begin();
	uint32_t id = 0, small;
	int err;

	(void)state;
	while ((err = store_put(s, id, fill(id, 0, 32768), 32768)) == 0)
		id++;
	assert_int_equal(err, ENOSPC);
	for (small = id; store_put(s, small, "x", 1) == 0; small++)
		;
	assert_in_range(small, 20, RECORDS - 1);
	/* all of them, again and again; none may grow into the spare */
	for (unsigned round = 1; round < 5; round++) {
		for (uint32_t i = 0; i < id; i++)
			assert_int_equal(store_put(s, i, fill(i, round, 32768),
						   32768), 0);
	}
	assert_int_equal(store_put(s, 3, fill(3, 9, STORE_RECORD_MAX),
				   STORE_RECORD_MAX), ENOSPC);
	assert_int_equal(store_put(s, small, "x", 1), ENOSPC);
	store_del(s, 3);
	assert_int_equal(store_put(s, small, "x", 1), 0);
	store_close(s);
}

static void a_full_store_opens_again(void **state)
{
	struct store *s = begin();
	uint32_t id = 0, kept;
	bool resumed;

	(void)state;
	while (store_put(s, id, fill(id, 0, 32768), 32768) == 0)
		id++;
	for (kept = id; store_put(s, kept, "x", 1) == 0; kept++)
		;
	store_close(s);
	s = reopen(&resumed, NULL);
	assert_true(resumed);
	assert_int_equal(store_records(s), kept);
	assert_int_equal(store_put(s, 0, fill(0, 1, 32768), 32768), 0);
	store_close(s);
}

/* ---- kill -9 */

static unsigned steps_left;

static void die_at_zero(void *arg)
{
	(void)arg;
	if (steps_left-- == 0)
		kill(getpid(), SIGKILL);
}

/* What the doomed process does: record 1 is replaced, 2 goes, 3 is new. */
static void doomed(unsigned steps)
{
	struct store_conf conf = usual();
	struct damages d = { 0 };
	struct store *s;
	bool resumed;

	if (store_open_boot(&s, &resumed, &conf, BOOT, count_damage, &d))
		_exit(1);
	steps_left = steps;
	store_set_step(s, die_at_zero, NULL);
	if (store_put(s, 1, fill(1, 1, 1400), 1400))
		_exit(1);
	store_del(s, 2);
	if (store_put(s, 3, fill(3, 0, 700), 700))
		_exit(1);
	_exit(0);
}

/* The states between the operations, in their order. */
static const struct {
	unsigned edition1;
	size_t len1;
	size_t len2;
	size_t len3;
} stages[] = {
	{ 0, 1000, 500, SIZE_MAX },
	{ 1, 1400, 500, SIZE_MAX },
	{ 1, 1400, SIZE_MAX, SIZE_MAX },
	{ 1, 1400, SIZE_MAX, 700 },
};

struct found {
	size_t len[RECORDS];
	unsigned edition1;
};

static void find_record(void *arg, uint32_t id, const void *bytes, size_t len)
{
	struct found *f = arg;

	f->len[id] = len;
	if (id == 1 && memcmp(bytes, fill(1, 1, len), len) == 0)
		f->edition1 = 1;
	else
		CHECK(memcmp(bytes, fill(id, 0, len), len) == 0, "torn");
}

static size_t stage_now(size_t *free_slots)
{
	struct found f = { 0 };
	struct store *s;
	bool resumed;

	for (size_t i = 0; i < RECORDS; i++)
		f.len[i] = SIZE_MAX;
	s = reopen(&resumed, NULL);
	assert_true(resumed);
	store_each(s, find_record, &f);
	*free_slots = store_free_slots(s);
	store_close(s);
	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		if (f.len[1] == stages[i].len1 && f.len[2] == stages[i].len2 &&
		    f.len[3] == stages[i].len3 &&
		    f.edition1 == stages[i].edition1)
			return i;
	}
	fail_msg("a state that never was");
	return 0;
}

static void killed_at_any_step_it_is_old_or_new(void **state)
{
	size_t last = 0, stage, free_slots;
	int status = 1;

	(void)state;
	for (unsigned steps = 0; status != 0; steps++) {
		struct store *s = begin();
		pid_t pid;

		assert_int_equal(store_put(s, 1, fill(1, 0, 1000), 1000), 0);
		assert_int_equal(store_put(s, 2, fill(2, 0, 500), 500), 0);
		store_close(s);
		pid = fork();
		if (pid == 0)
			doomed(steps);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(status == 0 || WIFSIGNALED(status));
		stage = stage_now(&free_slots);
		assert_true(stage >= last && stage <= last + 1);
		last = stage;
		/* what the dead process had begun is no loss */
		CHECK_EQ(2048 - 3 - (stage < 2 ? 2 : 0) -
			 (stage == 3 ? 2 : 0), free_slots, "slots");
	}
	assert_int_equal(last, ARRAY_SIZE(stages) - 1);
}

/* ---- damage */

static void flip(size_t at, unsigned bit)
{
	int fd = open(path, O_RDWR);
	uint8_t byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= (uint8_t)(1u << bit);
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	close(fd);
}

static void three_records(struct want *w)
{
	struct store *s = begin();

	for (uint32_t i = 0; i < RECORDS; i++)
		w->len[i] = SIZE_MAX;
	for (uint32_t i = 0; i < 3; i++) {
		w->len[i] = 700;
		w->edition[i] = i;
		assert_int_equal(store_put(s, i, fill(i, i, 700), 700), 0);
	}
	store_close(s);
}

/* Every bit of the words, and bits of every byte of the slots in use. */
static void a_flipped_bit_drops_one_record(void **state)
{
	struct store_conf conf = usual();
	size_t words = store_word_at(0), slots = store_slots_at(&conf);
	unsigned dropped = 0, tried = 0;

	(void)state;
	for (size_t at = words; at < slots + 6 * (size_t)STORE_SLOT_SIZE;
	     at++) {
		struct want w = { 0 };
		struct damages d = { 0 };
		struct store *s;
		bool resumed;

		if (at == store_word_at(4))
			at = slots;
		three_records(&w);
		flip(at, (unsigned)(at * 5 % 8));
		s = reopen(&resumed, &d);
		assert_true(d.cnt <= 1);
		if (d.cnt && d.last < 3)
			w.len[d.last] = SIZE_MAX;
		dropped += d.cnt;
		tried++;
		check_all(s, &w);
		/* and it goes on */
		assert_int_equal(store_put(s, 1, fill(1, 9, 900), 900), 0);
		store_close(s);
		store_close(reopen(&resumed, NULL));
	}
	/* all but what lies behind the end of a record's last slot */
	assert_int_equal(tried - dropped, 3 * (2 * STORE_SLOT_BYTES - 700));
}

static void refuse(const struct store_conf *conf, const char *boot, int want)
{
	struct damages d = { 0 };
	struct store *s = (void *)&d;
	bool resumed = true;

	CHECK_EQ(want, store_open_boot(&s, &resumed, conf, boot, count_damage,
				       &d), "open");
	assert_null(s);
	assert_false(resumed);
}

static void a_flipped_bit_in_the_header_refuses_the_file(void **state)
{
	struct store_conf conf = usual();
	struct want w = { 0 };
	struct store *s;
	bool resumed;

	(void)state;
	three_records(&w);
	for (size_t at = 0; at < sizeof(struct store_header); at++) {
		bool version = at >= offsetof(struct store_header, version) &&
			       at < offsetof(struct store_header, layout);

		flip(at, (unsigned)(at % 8));
		refuse(&conf, BOOT, version ? EINVAL : EBADMSG);
		flip(at, (unsigned)(at % 8));
	}
	s = reopen(&resumed, NULL);
	check_all(s, &w);
	store_close(s);
}

static void another_shape_refuses_the_file(void **state)
{
	struct store_conf other[5];
	struct want w = { 0 };

	(void)state;
	three_records(&w);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		other[i] = usual();
	other[0].layout++;
	other[1].port_min++;
	other[2].port_max++;
	other[3].records++;
	other[4].slots++;
	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		refuse(&other[i], BOOT, EINVAL);
}

static void another_boot_begins_anew(void **state)
{
	struct store_conf conf = usual();
	struct damages d = { 0 };
	struct want w = { 0 };
	struct store *s;
	bool resumed;

	(void)state;
	three_records(&w);
	assert_int_equal(store_open_boot(&s, &resumed, &conf, "another",
					 count_damage, &d), 0);
	assert_false(resumed);
	assert_int_equal(store_records(s), 0);
	store_close(s);
	assert_int_equal(scratch_files(0), 1);
}

static void a_cut_file_loses_what_was_cut(void **state)
{
	struct store_conf conf = usual();
	size_t slots = store_slots_at(&conf);
	static const struct {
		int slots;	/* -1: into the words, -2: into the header */
		int bytes;
		int err;
		unsigned dropped;
	} rows[] = {
		{ 6, 0, 0, 0 },	  { 5, 511, 0, 1 }, { 4, 0, 0, 1 },
		{ 2, 0, 0, 2 },	  { 0, 0, 0, 3 },   { -1, 1, EBADMSG, 0 },
		{ -2, 8, EBADMSG, 0 }, { -2, 0, EBADMSG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		size_t size = rows[i].slots == -2 ? 0
			      : rows[i].slots == -1 ? slots - 2
			      : slots + (size_t)rows[i].slots * STORE_SLOT_SIZE;
		struct damages d = { 0 };
		struct want w = { 0 };
		bool resumed;

		three_records(&w);
		assert_int_equal(truncate(path, (off_t)size + rows[i].bytes),
				 0);
		if (rows[i].err) {
			refuse(&conf, BOOT, rows[i].err);
			continue;
		}
		store_close(reopen(&resumed, &d));
		CHECK_EQ(rows[i].dropped, d.cnt, "dropped");
	}
}

static void the_real_boot_id_is_used(void **state)
{
	struct store_conf conf = usual();
	struct damages d = { 0 };
	struct store *s;
	bool resumed;

	(void)state;
	unlink(path);
	assert_int_equal(store_open(&s, &resumed, &conf, count_damage, &d), 0);
	assert_false(resumed);
	store_close(s);
	assert_int_equal(store_open(&s, &resumed, &conf, count_damage, &d), 0);
	assert_true(resumed);
	store_close(s);
	conf.slots = 1;
	assert_int_equal(store_open(&s, &resumed, &conf, count_damage, &d),
			 EINVAL);
}

static void nobody_else_may_read_it(void **state)
{
	struct store *s = begin();
	struct stat st;

	(void)state;
	store_close(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* and a new one takes little: header, words, the spare slots */
	assert_true(st.st_size <= 2 * STORE_PAGE + 512 * STORE_SLOT_SIZE);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_all_lengths_come_back),
		cmocka_unit_test(what_is_wrong_is_refused),
		cmocka_unit_test(a_random_life_is_told_right),
		cmocka_unit_test(a_record_may_go_while_it_is_shown),
		cmocka_unit_test(a_full_store_still_replaces),
		cmocka_unit_test(a_full_store_opens_again),
		cmocka_unit_test(killed_at_any_step_it_is_old_or_new),
		cmocka_unit_test(a_flipped_bit_drops_one_record),
		cmocka_unit_test(a_flipped_bit_in_the_header_refuses_the_file),
		cmocka_unit_test(another_shape_refuses_the_file),
		cmocka_unit_test(another_boot_begins_anew),
		cmocka_unit_test(a_cut_file_loses_what_was_cut),
		cmocka_unit_test(the_real_boot_id_is_used),
		cmocka_unit_test(nobody_else_may_read_it),
	};

	return cmocka_run_group_tests_name("store", tests, setup,
					   scratch_teardown);
}
