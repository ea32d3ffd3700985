/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/scratch.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "health-agent/daemon/audit.h"
#include "health-agent/daemon/audit_file.h"

static uv_loop_t loop;

static void add(struct audit *a, const char *cause)
{
	audit_add(a, &(struct audit_entry){ .what = AUDIT_UNIT,
					    .group = "service",
					    .family = 4,
					    .from = "up",
					    .to = "down",
					    .cause = cause });
}

static struct audit *start(void)
{
	struct audit *a;

	assert_int_equal(audit_new(&a, &loop, scratch_path("audit.log"),
				   "fra1"),
			 0);
	return a;
}

static void run(void)
{
	uv_run(&loop, UV_RUN_DEFAULT);
}

static size_t read_file(const char *name, char *out, size_t room)
{
	FILE *f = fopen(scratch_path(name), "r");
	size_t len = 0;

	if (f) {
		len = fread(out, 1, room - 1, f);
		fclose(f);
	}
	out[len] = '\0';
	return len;
}

static unsigned count_lines(const char *text)
{
	unsigned cnt = 0;

	for (; *text; text++)
		cnt += *text == '\n';
	return cnt;
}

/* The cause of entry i of the last ones; "" when there is none. */
static const char *cause_at(json_t *last, size_t i)
{
	json_t *cause = json_object_get(json_array_get(last, i), "cause");

	return json_is_string(cause) ? json_string_value(cause) : "";
}

static void an_entry_is_one_line_of_json(void **state)
{
	static const struct {
		const char *what;
		struct audit_entry entry;
		const char *want;
	} rows[] = {
		{ "a unit",
		  { AUDIT_UNIT, 4, NULL, "service", "up", "down",
		    "sip-udp: no answer in 500 ms" },
		  "{\"time\":\"2026-11-26T01:23:45.678Z\",\"boot_ms\":4711,"
		  "\"node\":\"fra1\",\"what\":\"unit\",\"name\":\"\","
		  "\"group\":\"service\",\"family\":4,\"from\":\"up\","
		  "\"to\":\"down\",\"cause\":\"sip-udp: no answer in 500 ms\"}"
		  "\n" },
		{ "nothing but a kind",
		  { .what = AUDIT_START },
		  "{\"time\":\"2026-11-26T01:23:45.678Z\",\"boot_ms\":4711,"
		  "\"node\":\"fra1\",\"what\":\"start\",\"name\":\"\","
		  "\"group\":\"\",\"family\":0,\"from\":\"\",\"to\":\"\","
		  "\"cause\":\"\"}\n" },
		{ "text from the network",
		  { AUDIT_PROBE, 6, "sip\"x", NULL, NULL, NULL,
		    "a\nb\x1b[2J\x7f \\ \xff\xfe" },
		  "{\"time\":\"2026-11-26T01:23:45.678Z\",\"boot_ms\":4711,"
		  "\"node\":\"fra1\",\"what\":\"probe\",\"name\":\"sip\\\"x\","
		  "\"group\":\"\",\"family\":6,\"from\":\"\",\"to\":\"\","
		  "\"cause\":\"a?b?[2J? \\\\ ??\"}\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *line = audit_format(&rows[i].entry, "fra1",
					  1795656225678, 4711);

		assert_non_null(line);
		CHECK_STR(rows[i].want, line, rows[i].what);
		free(line);
	}
}

static void every_kind_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < AUDIT_WHATS; i++) {
		assert_non_null(audit_what_name(i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(audit_what_name(i),
						audit_what_name(j));
	}
}

static void lines_come_to_the_file_in_order(void **state)
{
	struct audit *a = start();
	char text[8192];
	json_t *last;

	(void)state;
	add(a, "one");
	add(a, "two");
	run();
	add(a, "three");
	run();
	assert_int_equal(audit_stats(a)->written, 3);
	read_file("audit.log", text, sizeof(text));
	assert_int_equal(count_lines(text), 3);
	assert_true(strstr(text, "one") < strstr(text, "two"));
	assert_true(strstr(text, "two") < strstr(text, "three"));
	last = audit_last(a, 2);
	assert_int_equal(json_array_size(last), 2);
	assert_string_equal(cause_at(last, 0), "two");
	assert_string_equal(cause_at(last, 1), "three");
	json_decref(last);
	audit_free(a);
	scratch_files(1);
}

static void a_restart_goes_on_where_the_file_ends(void **state)
{
	static const char before[] =
		"half of a line\"}\n"
		"[\"no object\"]\n{\"time\":7}\n\n"
		"{\"time\":\"t\",\"what\":\"unit\",\"cause\":\"old\"}\n"
		"{\"time\":\"t\",\"what\":\"un";
	struct audit *a;
	json_t *last;

	(void)state;
	scratch_write("audit.log", before, strlen(before));
	a = start();
	add(a, "new");
	run();
	assert_int_equal(audit_stats(a)->written, 1);
	last = audit_last(a, AUDIT_KEPT);
	assert_int_equal(json_array_size(last), 2);
	assert_string_equal(cause_at(last, 0), "old");
	assert_string_equal(cause_at(last, 1), "new");
	json_decref(last);
	audit_free(a);
	scratch_files(1);
}

static void memory_holds_so_many_and_a_slow_disk_costs_lines(void **state)
{
	struct audit *a = start();
	char text[131072];
	json_t *last;

	(void)state;
	/* the loop does not turn, so that only the first is under way */
	for (int i = 0; i < AUDIT_KEPT + 11; i++) {
		char cause[16];

		snprintf(cause, sizeof(cause), "line %d", i);
		add(a, cause);
	}
	last = audit_last(a, 1000);
	assert_int_equal(json_array_size(last), AUDIT_KEPT);
	assert_string_equal(cause_at(last, 0), "line 11");
	json_decref(last);
	run();
	assert_int_equal(audit_stats(a)->lost, 10);
	read_file("audit.log", text, sizeof(text));
	assert_non_null(strstr(text, "line 0\""));
	assert_null(strstr(text, "line 10\""));
	assert_non_null(strstr(text, "line 11\""));
	assert_non_null(strstr(text, "lines lost so far: 10"));
	audit_free(a);
	scratch_files(1);
}

/* RLIMIT_FSIZE stands for the full disk: a write is cut, the next refused. */
static void a_full_disk_costs_whole_lines_and_is_told_of(void **state)
{
	struct rlimit was, little = { 0 };
	struct audit *a = start();
	char text[8192];
	size_t len;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	add(a, "before");
	run();
	len = read_file("audit.log", text, sizeof(text));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	little.rlim_cur = len + 10;
	little.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	add(a, "lost 1");
	run();
	add(a, "lost 2");
	run();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(audit_stats(a)->lost, 2);
	assert_int_not_equal(audit_stats(a)->err, 0);
	assert_int_equal(read_file("audit.log", text, sizeof(text)), len);

	add(a, "after");
	run();
	read_file("audit.log", text, sizeof(text));
	assert_null(strstr(text, "lost 1"));
	assert_non_null(strstr(text, "after"));
	assert_non_null(strstr(text, "lines lost so far: 2"));
	assert_int_equal(count_lines(text), 3);
	assert_int_equal(audit_stats(a)->err, 0);
	add(a, "and on");
	run();
	read_file("audit.log", text, sizeof(text));
	assert_int_equal(count_lines(text), 4);
	audit_free(a);
	scratch_files(1);
}

static void a_reopened_file_is_a_new_one(void **state)
{
	struct audit *a = start();
	char old[PATH_MAX], text[8192];

	(void)state;
	add(a, "old");
	run();
	snprintf(old, sizeof(old), "%s", scratch_path("moved"));
	assert_int_equal(rename(scratch_path("audit.log"), old), 0);
	add(a, "still there");
	run();
	audit_reopen(a);
	add(a, "new");
	run();
	read_file("moved", text, sizeof(text));
	assert_int_equal(count_lines(text), 2);
	read_file("audit.log", text, sizeof(text));
	assert_int_equal(count_lines(text), 1);
	audit_free(a);
	scratch_files(1);
}

static void it_begins_anew_at_its_size(void **state)
{
	struct audit_file f;
	char text[64];

	(void)state;
	assert_int_equal(audit_file_init(&f, scratch_path("a"), 10), 0);
	assert_int_equal(audit_file_write(&f, "longer than it may be\n", 22),
			 0);
	assert_int_equal(audit_file_write(&f, "1234\n", 5), 0);
	assert_int_equal(audit_file_write(&f, "5678\n", 5), 0);
	read_file("a.1", text, sizeof(text));
	assert_string_equal(text, "longer than it may be\n");
	assert_int_equal(audit_file_write(&f, "x\n", 2), 0);
	read_file("a.1", text, sizeof(text));
	assert_string_equal(text, "1234\n5678\n");
	read_file("a", text, sizeof(text));
	assert_string_equal(text, "x\n");
	audit_file_fini(&f);
	/* the next start knows how long it is */
	assert_int_equal(audit_file_write(&f, "123456789\n", 10), 0);
	read_file("a.1", text, sizeof(text));
	assert_string_equal(text, "x\n");
	audit_file_fini(&f);
	scratch_files(1);
}

static void what_is_no_file_is_refused(void **state)
{
	struct audit_file f;
	char text[16];
	size_t len;

	(void)state;
	assert_int_equal(audit_file_init(&f, scratch_path("a"), 10), 0);
	assert_int_equal(mkfifo(scratch_path("a"), 0600), 0);
	assert_int_equal(audit_file_write(&f, "x\n", 2), ENXIO);
	audit_file_tail(&f, text, sizeof(text), &len);
	assert_int_equal(len, 0);
	scratch_files(1);
	assert_int_equal(symlink("/etc/passwd", scratch_path("a")), 0);
	assert_int_equal(audit_file_write(&f, "x\n", 2), ELOOP);
	scratch_files(1);
	assert_int_equal(mkdir(scratch_path("a"), 0700), 0);
	assert_int_equal(audit_file_write(&f, "x\n", 2), EISDIR);
	audit_file_tail(&f, text, sizeof(text), &len);
	assert_int_equal(len, 0);
	scratch_files(1);
	assert_int_equal(audit_file_init(&f, "/nowhere/at/all", 10), 0);
	assert_int_equal(audit_file_write(&f, "x\n", 2), ENOENT);
}

static int setup(void **state)
{
	return uv_loop_init(&loop) || scratch_setup(state);
}

static int teardown(void **state)
{
	return uv_loop_close(&loop) || scratch_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_one_line_of_json),
		cmocka_unit_test(every_kind_has_a_name),
		cmocka_unit_test(lines_come_to_the_file_in_order),
		cmocka_unit_test(a_restart_goes_on_where_the_file_ends),
		cmocka_unit_test(
			memory_holds_so_many_and_a_slow_disk_costs_lines),
		cmocka_unit_test(a_full_disk_costs_whole_lines_and_is_told_of),
		cmocka_unit_test(a_reopened_file_is_a_new_one),
		cmocka_unit_test(it_begins_anew_at_its_size),
		cmocka_unit_test(what_is_no_file_is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
