/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/test/table.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "health-agent/guardian/test/bed.h"

#define P "192.0.2.53/32"

/* What ExaBGP has of the IPv4 prefix. */
static bool is_there(void)
{
	return fake_exabgp_route(&bed.exabgp, 0, P);
}

static bool is_gone(void)
{
	return !is_there();
}

/* Others are withdrawn at the start, to be sure. */
static bool was_withdrawn(void)
{
	return strstr(bed.said, "withdraw route " P);
}

static bool was_heard(const char *text)
{
	return strstr(bed.heard, text);
}

static unsigned times_noticed(const char *text)
{
	unsigned cnt = 0;

	for (const char *at = bed.noticed; (at = strstr(at, text)); at++)
		cnt++;
	return cnt;
}

static bool process_lives(pid_t pid)
{
	char path[32], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 'Z';
	fclose(f);
	return state != 'Z' && state != 'X';
}

static unsigned children_of(pid_t pid)
{
	char path[64];
	unsigned cnt = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		 (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fscanf(f, "%*d") == 0 && !feof(f))
		cnt++;
	fclose(f);
	return cnt;
}

static void start(void)
{
	bed_start(NULL);
	BED_UNTIL(bed.orders >= 0 && bed.worker);
}

static void announce(void)
{
	BED_UNTIL(bed.orders >= 0 && bed.worker);
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(was_heard("192.0.2.53=advertised"));
	assert_true(is_there());
}

static void start_announced(void)
{
	bed_start(NULL);
	announce();
}

/* ExaBGP's answer is not waited for as long as usual. */
static void start_impatient(void)
{
	bed_start("--ack-timeout", "300", NULL);
	announce();
}

static void check_ended(int status)
{
	BED_UNTIL(bed.pid == 0);
	assert_true(WIFEXITED(bed.status));
	assert_int_equal(WEXITSTATUS(bed.status), status);
	BED_UNTIL(!process_lives(bed.worker));
}

/* ---- the worker's wants */

static void what_the_worker_wants_is_announced(void **state)
{
	(void)state;
	start_announced();
	assert_string_equal(fake_exabgp_route(&bed.exabgp, 0, P),
			    "next-hop self med 100");
	assert_true(was_heard("generation=1 "));
	assert_true(was_heard("session:198.51.100.1=up"));
	bed_order("want 192.0.2.53 med 200 community 65535:0, "
		  "2001:db8:53::53 med 1 prepend 1");
	BED_UNTIL(was_heard("2001:db8:53::53=advertised") &&
		  was_heard("generation=2 "));
	assert_string_equal(fake_exabgp_route(&bed.exabgp, 0, P),
			    "next-hop self med 200 community [ 65535:0 ]");
	assert_string_equal(fake_exabgp_route(&bed.exabgp, 1,
					      "2001:db8:53::53/128"),
			    "next-hop self med 1 as-path [ 64511 64511 ]");
	bed_order("want");
	BED_UNTIL(was_heard("generation=3 ") && is_gone());
	BED_UNTIL(was_heard("192.0.2.53=none"));
	assert_int_equal(bed.workers, 1);
	assert_int_equal(bed.exabgp.unknown, 0);
}

static void a_route_that_is_there_is_adopted(void **state)
{
	(void)state;
	fake_exabgp_announce(&bed.exabgp, 0, P, "next-hop self med 100");
	start();
	BED_UNTIL(was_heard("found=1 "));
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(was_heard("192.0.2.53=advertised"));
	BED_NEVER(bed.exabgp.announced || was_withdrawn(), 700);
}

static void without_a_decision_it_is_withdrawn(void **state)
{
	uint64_t began_ms = bed_now_ms();

	(void)state;
	fake_exabgp_announce(&bed.exabgp, 0, P, "next-hop self med 100");
	bed_start("--adopt", "400", NULL);
	BED_UNTIL(is_gone());
	assert_true(bed_now_ms() - began_ms >= 400);
	/* and it is still the worker's to want it */
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(is_there());
}

/* ---- the worker's end */

static void a_dead_worker_announces_nothing(void **state)
{
	uint64_t killed_ms;

	(void)state;
	start_announced();
	killed_ms = bed_now_ms();
	kill(bed.worker, SIGKILL);
	BED_UNTIL(is_gone());
	printf("worker killed, withdrawn after %d ms\n",
	       (int)(bed_now_ms() - killed_ms));
	assert_true(bed_now_ms() - killed_ms < 1000);
	BED_UNTIL(bed.workers == 2);
	BED_NEVER(is_there(), 300);
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(was_heard("192.0.2.53=advertised"));
	BED_UNTIL(was_heard("starts=2 ") && was_heard("generation=1 "));
}

static void a_worker_that_ends_announces_nothing(void **state)
{
	(void)state;
	start_announced();
	bed_order("exit 0");
	BED_UNTIL(is_gone());
	BED_UNTIL(bed.workers == 2);
}

static void a_silent_worker_is_killed(void **state)
{
	pid_t frozen;

	(void)state;
	start_announced();
	frozen = bed.worker;
	bed_order("silent");
	BED_NEVER(is_gone(), 500);
	BED_UNTIL(is_gone());
	BED_UNTIL(bed.workers == 2 && !process_lives(frozen));
}

static void a_stopped_worker_is_killed(void **state)
{
	pid_t frozen;

	(void)state;
	start_announced();
	frozen = bed.worker;
	kill(frozen, SIGSTOP);
	BED_UNTIL(is_gone() && bed.workers == 2);
	assert_false(process_lives(frozen));
}

static void a_worker_that_dies_often_is_started_ever_later(void **state)
{
	uint64_t first_ms = 0, last_ms = 0;

	(void)state;
	start();
	for (unsigned i = 2; i <= 4; i++) {
		uint64_t died_ms = bed_now_ms();

		kill(bed.worker, SIGKILL);
		BED_UNTIL(bed.workers == i && bed.orders >= 0);
		last_ms = bed_now_ms() - died_ms;
		first_ms = first_ms ? first_ms : last_ms;
	}
	assert_true(first_ms >= 100 && last_ms >= 400);
}

static void what_the_worker_has_started_dies_with_it(void **state)
{
	(void)state;
	start();
	bed_order("spawn");
	BED_UNTIL(bed.spawned);
	assert_true(process_lives(bed.spawned));
	kill(bed.worker, SIGKILL);
	BED_UNTIL(!process_lives(bed.spawned));
	/* and nobody lies about dead */
	BED_UNTIL(bed.workers == 2 && children_of(bed.pid) == 1);
	bed_order("spawn");
	BED_UNTIL(process_lives(bed.spawned));
	kill(bed.spawned, SIGKILL);
	BED_UNTIL(children_of(bed.pid) == 1);
}

static void the_worker_dies_with_its_guardian(void **state)
{
	(void)state;
	start_announced();
	bed_order("silent");	/* and it does not notice either */
	BED_NEVER(is_gone(), 200);
	kill(bed.pid, SIGKILL);
	BED_UNTIL(!process_lives(bed.worker));
	assert_true(is_there());	/* as ExaBGP leaves it */
}

/* ---- ExaBGP at its worst */

static void nonsense_changes_nothing(void **state)
{
	static char text[200000];

	(void)state;
	start_announced();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7919 >> 3);
	bed_say(text, sizeof(text));
	memset(text, 'x', sizeof(text));
	bed_say(text, sizeof(text));
	bed_say("\nneigh", 6);
	BED_UNTIL(was_heard("dropped=") && !was_heard("dropped=0"));
	bed_say("bor 198.51.100.1 up\n", 20);
	BED_UNTIL(!was_heard("events=0 "));
	assert_true(is_there());
	bed_order("want");
	BED_UNTIL(is_gone());
	assert_int_equal(bed.exabgp.unknown, 0);
}

static void a_flood_of_events_is_read_to_its_end(void **state)
{
	static const char up[] = "neighbor 198.51.100.1 up\n\n";
	static const char down[] = "neighbor 198.51.100.1 down - peer reset, "
				   "message [closing connection]\n\n";
	uint64_t began_ms;

	(void)state;
	start_announced();
	began_ms = bed_now_ms();
	for (int i = 0; i < 50000; i++) {
		bed_say(down, strlen(down));
		bed_say(up, strlen(up));
	}
	printf("100000 events read after %d ms\n",
	       (int)(bed_now_ms() - began_ms));
	BED_UNTIL(was_heard("events=100000 "));
	BED_UNTIL(was_heard("192.0.2.53=advertised"));
	assert_true(is_there());
	assert_int_equal(bed.workers, 1);
	assert_true(was_heard("dropped=0 "));
}

static void silence_is_told_and_outlived(void **state)
{
	(void)state;
	start_impatient();
	bed.mood = BED_SILENT;
	BED_UNTIL(was_heard("text=ExaBGP does not answer") &&
		  !was_heard("timeouts=0"));
	assert_int_equal(bed.workers, 1);
	kill(bed.worker, SIGKILL);
	BED_UNTIL(bed.workers == 2);
	bed.mood = BED_ANSWERS;
	BED_UNTIL(is_gone());
}

static void errors_are_told(void **state)
{
	(void)state;
	start();
	bed.mood = BED_REFUSES;
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(was_heard("192.0.2.53=refused"));
	bed.mood = BED_ANSWERS;
	BED_UNTIL(was_heard("192.0.2.53=advertised"));
}

static size_t fill_pipe(int fd)
{
	char junk[512];
	size_t filled = 0;
	ssize_t n;

	memset(junk, '\n', sizeof(junk));
	while ((n = write(fd, junk, sizeof(junk))) > 0)
		filled += (size_t)n;
	return filled;
}

/* What it would have said is not kept: by then another thing is right. */
static void an_exabgp_that_does_not_read_holds_nobody_up(void **state)
{
	char path[64];
	int fd;

	(void)state;
	start_announced();
	snprintf(path, sizeof(path), "/proc/%d/fd/1", (int)bed.pid);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	bed.mood = BED_FROZEN;
	assert_true(fill_pipe(fd) > 0);
	close(fd);
	bed_order("want 192.0.2.53 med 666");
	BED_UNTIL(was_heard("192.0.2.53=pending") &&
		  was_heard("text=ExaBGP does not read"));
	kill(bed.worker, SIGKILL);
	BED_UNTIL(bed.workers == 2);
	assert_true(is_there());
	bed.said[0] = '\0';
	bed.mood = BED_ANSWERS;
	BED_UNTIL(is_gone());
	assert_null(strstr(bed.said, "666"));
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(was_heard("192.0.2.53=advertised"));
}

static void an_exabgp_that_has_gone_ends_it(void **state)
{
	(void)state;
	start_announced();
	close(bed.to);
	bed.to = -1;
	check_ended(0);
}

static void an_exabgp_that_reads_no_more_ends_it(void **state)
{
	(void)state;
	start_announced();
	close(bed.from);
	bed.from = -1;
	check_ended(0);
}

static void an_exabgp_that_shuts_down_ends_it(void **state)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "shutdown %d 1\n", getpid());

	(void)state;
	start_announced();
	/* a router's word for it */
	bed_say("shutdown 1 1\n", 13);
	bed_order("want 192.0.2.53 med 7");
	BED_UNTIL(is_there() && strstr(fake_exabgp_route(&bed.exabgp, 0, P),
				       "med 7"));
	bed_say(line, (size_t)len);
	check_ended(0);
	assert_false(was_withdrawn());
}

/* ---- signals */

static void SIGTERM_withdraws_first(void **state)
{
	(void)state;
	start_announced();
	kill(bed.pid, SIGTERM);
	check_ended(0);
	assert_true(is_gone());
	/* ExaBGP goes on, and starts another one */
	assert_int_equal(times_noticed("STOPPING=1"), 0);
	assert_int_equal(bed.terms, 1);
}

static void SIGTERM_waits_for_nobody_for_long(void **state)
{
	uint64_t began_ms;

	(void)state;
	start_announced();
	bed.mood = BED_FROZEN;
	kill(bed.worker, SIGSTOP);
	began_ms = bed_now_ms();
	kill(bed.pid, SIGTERM);
	check_ended(0);
	assert_in_range(bed_now_ms() - began_ms, 900, 3000);
}

static void LINK_STOP_withdraws_and_ends(void **state)
{
	(void)state;
	start_announced();
	bed_order("stop");
	check_ended(0);
	assert_true(is_gone());
}

static void SIGHUP_is_the_workers(void **state)
{
	(void)state;
	start_announced();
	kill(bed.pid, SIGHUP);
	BED_UNTIL(bed.hups == 1);
	assert_int_equal(bed.workers, 1);
	assert_true(is_there());
}

/* By default SIGHUP would end it, and withdraw what it is to adopt. */
static void SIGHUP_waits_for_a_worker_that_begins(void **state)
{
	(void)state;
	bed_start("--late", "700", NULL);
	BED_UNTIL(children_of(bed.pid) == 1);
	kill(bed.pid, SIGHUP);
	kill(bed.pid, SIGHUP);
	BED_UNTIL(bed.workers == 1 && bed.hups == 1);
	BED_NEVER(bed.workers > 1 || bed.hups > 1, 300);
}

/* ---- restart in place */

static void a_restart_leaves_the_routes(void **state)
{
	pid_t guardian, worker;

	(void)state;
	start_announced();
	guardian = bed.pid;
	worker = bed.worker;
	bed_order("spawn");
	BED_UNTIL(bed.spawned);
	bed_order("restart");
	BED_UNTIL(bed.workers == 2 && bed.orders >= 0);
	assert_false(process_lives(worker));
	BED_UNTIL(!process_lives(bed.spawned) && children_of(bed.pid) == 1);
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(was_heard("192.0.2.53=advertised") && was_heard("found=1 "));
	assert_int_equal(bed.pid, guardian);
	assert_int_equal(bed.exabgp.announced, 1);
	assert_false(was_withdrawn());
	BED_UNTIL(was_heard("starts=1 "));
}

static void a_program_that_likes_it_not_is_not_restarted(void **state)
{
	char path[128];

	(void)state;
	start_announced();
	snprintf(path, sizeof(path), "%s/refuse", bed.dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	bed_order("restart");
	BED_NEVER(bed.workers > 1, 500);
	assert_true(is_there());
	unlink(path);
	bed_order("restart");
	BED_UNTIL(bed.workers == 2);
	assert_false(was_withdrawn());
}

/* ---- time and scarcity */

/* A suspended machine: everybody stood still, and nobody is to blame. */
static void a_pause_of_all_kills_nobody(void **state)
{
	pid_t worker;

	(void)state;
	start_announced();
	worker = bed.worker;
	kill(worker, SIGSTOP);
	kill(bed.pid, SIGSTOP);
	BED_NEVER(false, 1500);
	kill(bed.pid, SIGCONT);
	BED_NEVER(is_gone(), 300);
	kill(worker, SIGCONT);
	BED_NEVER(is_gone() || bed.workers > 1, 1200);
	bed_order("want");
	BED_UNTIL(is_gone());
}

static void without_descriptors_nothing_is_announced(void **state)
{
	struct rlimit few, was;

	(void)state;
	start_announced();
	assert_int_equal(prlimit(bed.pid, RLIMIT_NOFILE, NULL, &was), 0);
	few = was;
	few.rlim_cur = 4;
	assert_int_equal(prlimit(bed.pid, RLIMIT_NOFILE, &few, NULL), 0);
	kill(bed.worker, SIGKILL);
	BED_UNTIL(is_gone());
	BED_NEVER(bed.workers > 1, 700);
	assert_int_equal(prlimit(bed.pid, RLIMIT_NOFILE, &was, NULL), 0);
	BED_UNTIL(bed.workers == 2 && bed.orders >= 0);
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(is_there());
}

/* ---- systemd */

static void the_watchdog_is_fed_while_all_is_well(void **state)
{
	unsigned fed;

	(void)state;
	setenv("WATCHDOG_USEC", "400000", 1);
	setenv("WATCHDOG_PID", "1", 1);		/* ExaBGP's */
	start_impatient();
	assert_int_equal(times_noticed("READY=1"), 1);
	BED_UNTIL(times_noticed("WATCHDOG=1") >= 5);
	BED_UNTIL(times_noticed("STATUS=1 of 3 prefixes advertised, 2 of 2 "
				"sessions up\n"));
	bed.mood = BED_SILENT;
	BED_UNTIL(was_heard("does not answer"));
	fed = times_noticed("WATCHDOG=1");
	BED_NEVER(times_noticed("WATCHDOG=1") > fed + 1, 1000);
	bed.mood = BED_ANSWERS;
	BED_UNTIL(times_noticed("WATCHDOG=1") > fed + 2);
	kill(bed.worker, SIGSTOP);
	BED_UNTIL(bed.workers == 2);
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

static void a_dry_run_says_nothing_to_anybody(void **state)
{
	(void)state;
	bed_start("--output", "dry-run", NULL);
	BED_UNTIL(bed.orders >= 0);
	bed_order("want 192.0.2.53 med 100");
	BED_UNTIL(was_heard("192.0.2.53=pending") &&
		  was_heard("generation=1 "));
	assert_string_equal(bed.said, "");
	/* its stdin is nobody's */
	close(bed.to);
	bed.to = -1;
	BED_NEVER(bed.pid == 0, 300);
	kill(bed.pid, SIGINT);
	check_ended(0);
	assert_int_equal(times_noticed("STOPPING=1"), 1);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(what_the_worker_wants_is_announced),
		EACH(a_route_that_is_there_is_adopted),
		EACH(without_a_decision_it_is_withdrawn),
		EACH(a_dead_worker_announces_nothing),
		EACH(a_worker_that_ends_announces_nothing),
		EACH(a_silent_worker_is_killed),
		EACH(a_stopped_worker_is_killed),
		EACH(a_worker_that_dies_often_is_started_ever_later),
		EACH(what_the_worker_has_started_dies_with_it),
		EACH(the_worker_dies_with_its_guardian),
		EACH(nonsense_changes_nothing),
		EACH(a_flood_of_events_is_read_to_its_end),
		EACH(silence_is_told_and_outlived),
		EACH(errors_are_told),
		EACH(an_exabgp_that_does_not_read_holds_nobody_up),
		EACH(an_exabgp_that_has_gone_ends_it),
		EACH(an_exabgp_that_reads_no_more_ends_it),
		EACH(an_exabgp_that_shuts_down_ends_it),
		EACH(SIGTERM_withdraws_first),
		EACH(SIGTERM_waits_for_nobody_for_long),
		EACH(LINK_STOP_withdraws_and_ends),
		EACH(SIGHUP_waits_for_a_worker_that_begins),
		EACH(SIGHUP_is_the_workers),
		EACH(a_restart_leaves_the_routes),
		EACH(a_program_that_likes_it_not_is_not_restarted),
		EACH(a_pause_of_all_kills_nobody),
		EACH(without_descriptors_nothing_is_announced),
		EACH(the_watchdog_is_fed_while_all_is_well),
		EACH(a_dry_run_says_nothing_to_anybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
