/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Complete texts, of the usual node of policy/test/world.h. */
#include "health-agent/daemon/test/why_told.h"

#include <stdio.h>

struct does {
	uint64_t at_ms;
	const char *events;	/* world_do(); NULL ends the list */
};

struct story {
	const char *what;
	const struct does *steps;
	const char *want;
};

#define STEPS(...) (const struct does[]){ __VA_ARGS__, { 0, NULL } }
#define UP STEPS({ 0, "all good 3" }, { 5000, "" }, { 65000, "" })

#define WEB_FINE \
	"web (IPv4) is up for 60 s: both probes are good\n" \
	"  fine: kam, web4, 198.51.100.80/32 advertised, session with " \
	"198.51.100.1\n"
#define SERVICE6_FINE \
	"service (IPv6) is up for 60 s: both probes are good\n" \
	"  fine: sip6, kam, 2001:db8::53/128 advertised, session with " \
	"2001:db8:1::1\n"

static const struct story stories[] = {
	{ "all is fine", UP,
	  "fra1 is up for 60 s: all units are up\n"
	  "service (IPv4) is up for 60 s: all 4 probes are good\n"
	  "  fine: sip4, kam, up4, tone4, 192.0.2.53/32 advertised, session "
	  "with 198.51.100.1\n"
	  SERVICE6_FINE WEB_FINE },
	{ "just started", STEPS({ 5000, "all good 2, sip6 good, sip4 bad" },
				{ 5000, "tone4 bad" }),
	  "fra1 is down for 0 s: service (IPv6) is down: hold-down: up in 5.0 "
	  "s\n"
	  "service (IPv4) is unknown for 0 s: sip4 (IPv4): 1 of 3 bad attempts:"
	  " no answer in 500 ms (and 2 more probes)\n"
	  "  needs 3 good attempts in a row: sip4 (IPv4): 1 of 3 bad attempts: "
	  "no answer in 500 ms\n"
	  "  needs 1 more good attempt: up4 (IPv4): 2 of 3 good attempts\n"
	  "  needs 3 good attempts in a row or is degraded: tone4 (IPv4): 1 of "
	  "3 bad attempts: no answer in 500 ms\n"
	  "  then 5.0 s of hold-down\n"
	  "  fine: kam, session with 198.51.100.1\n"
	  "service (IPv6) is down for 0 s: hold-down: up in 5.0 s\n"
	  "  needs 5.0 s more without a bad probe (hold-down)\n"
	  "  fine: sip6, kam, session with 2001:db8:1::1\n"
	  "web (IPv4) is unknown for 0 s: web4 (IPv4): 2 of 3 good attempts\n"
	  "  needs 1 more good attempt: web4 (IPv4): 2 of 3 good attempts\n"
	  "  then 5.0 s of hold-down\n"
	  "  fine: kam, session with 198.51.100.1\n" },
	{ "a probe is bad, one recovers, one begins to fail",
	  STEPS({ 0, "all good 3" }, { 5000, "" }, { 60000, "kam gone" },
		{ 62000, "sip4 bad 3, sip4 good, sip6 bad, web4 bad 2" },
		{ 65000, "" }),
	  "fra1 is down for 5.0 s: service (IPv4) is down: sip4 (IPv4) "
	  "recovers: 1 of 3 good attempts (and 1 more probe)\n"
	  "service (IPv4) is down for 5.0 s: sip4 (IPv4) recovers: 1 of 3 good "
	  "attempts (and 1 more probe)\n"
	  "  needs 2 more good attempts in a row: sip4 (IPv4) recovers: 1 of 3 "
	  "good attempts\n"
	  "  needs 1 good attempt: kam is gone: process 4711 ended\n"
	  "  then 5.0 s of hold-down\n"
	  "  fine: up4, tone4, session with 198.51.100.1\n"
	  "service (IPv6) is down for 5.0 s: kam is gone: process 4711 ended\n"
	  "  needs 1 good attempt: kam is gone: process 4711 ended\n"
	  "  then 5.0 s of hold-down\n"
	  "  watch: sip6 (IPv6) fails: 1 of 3 bad attempts: no answer in 500 "
	  "ms\n"
	  "  fine: session with 2001:db8:1::1\n"
	  "web (IPv4) is down for 5.0 s: kam is gone: process 4711 ended\n"
	  "  needs 1 good attempt: kam is gone: process 4711 ended\n"
	  "  then 5.0 s of hold-down\n"
	  "  watch: web4 (IPv4) fails: 2 of 3 bad attempts: no answer in 500 "
	  "ms\n"
	  "  fine: session with 198.51.100.1\n" },
	{ "degraded", STEPS({ 0, "all good 3" }, { 5000, "" },
			    { 64000, "tone4 bad 3" }, { 65000, "" }),
	  "fra1 is degraded for 1.0 s: service (IPv4) is degraded: tone4 (IPv4)"
	  " has failed 3 times: no answer in 500 ms\n"
	  "service (IPv4) is degraded for 1.0 s: tone4 (IPv4) has failed 3 "
	  "times: no answer in 500 ms\n"
	  "  needs 3 good attempts in a row or is degraded: tone4 (IPv4) has "
	  "failed 3 times: no answer in 500 ms\n"
	  "  fine: sip4, kam, up4, 192.0.2.53/32 advertised, session with "
	  "198.51.100.1\n"
	  SERVICE6_FINE WEB_FINE },
	{ "cannot reach others, who are up",
	  STEPS({ 0, "all good 3, peer 0 up" }, { 5000, "" },
		{ 64000, "up4 bad 3" }, { 65000, "" }),
	  "fra1 is degraded for 1.0 s: service (IPv4) is degraded: up4 (IPv4) "
	  "has failed 3 times: no answer in 500 ms; withdrawn in 4.0 s if "
	  "another node stays up\n"
	  "service (IPv4) is degraded for 1.0 s: up4 (IPv4) has failed 3 times:"
	  " no answer in 500 ms; withdrawn in 4.0 s if another node stays up\n"
	  "  is withdrawn in 4.0 s if another node stays up\n"
	  "  needs 3 good attempts in a row: up4 (IPv4) has failed 3 times: "
	  "no answer in 500 ms\n"
	  "  fine: sip4, kam, tone4, 192.0.2.53/32 advertised, session with "
	  "198.51.100.1\n"
	  SERVICE6_FINE WEB_FINE },
	{ "cannot reach others, and is the last",
	  STEPS({ 0, "all good 3" }, { 5000, "" }, { 64000, "up4 bad 3" },
		{ 65000, "" }),
	  "fra1 is degraded for 1.0 s: service (IPv4) is degraded: up4 (IPv4) "
	  "has failed 3 times: no answer in 500 ms; no other node is up\n"
	  "service (IPv4) is degraded for 1.0 s: up4 (IPv4) has failed 3 times:"
	  " no answer in 500 ms; no other node is up\n"
	  "  is announced because no other node is up\n"
	  "  needs 3 good attempts in a row: up4 (IPv4) has failed 3 times: "
	  "no answer in 500 ms\n"
	  "  fine: sip4, kam, tone4, 192.0.2.53/32 advertised, session with "
	  "198.51.100.1\n"
	  SERVICE6_FINE WEB_FINE },
	{ "damped", STEPS({ 0, "all good 3, peer 0 up" },
			  { 5000, "" },
			  { 50000, "web4 bad 3, web4 good 3" },
			  { 55000, "web4 bad 3, web4 good 3" },
			  { 60000, "web4 bad 3, web4 good 3" },
			  { 65000, "" }),
	  "fra1 is up for 60 s: all units are up\n"
	  "service (IPv4) is up for 60 s: all 4 probes are good\n"
	  "  fine: sip4, kam, up4, tone4, 192.0.2.53/32 advertised, session "
	  "with 198.51.100.1\n"
	  SERVICE6_FINE
	  "web (IPv4) is down for 5.0 s: damped: penalty 2673, below 1000 in 86"
	  " s\n"
	  "  is damped for 86 s more (penalty 2673, free below 1000); "
	  "`anycastctl resume' forgives it\n"
	  "  fine: kam, web4, session with 198.51.100.1\n" },
	{ "damped, let out as the last one, and is no longer",
	  STEPS({ 0, "all good 3, peer 0 up" }, { 5000, "" },
		{ 50000, "web4 bad 3, web4 good 3" },
		{ 55000, "web4 bad 3, web4 good 3" },
		{ 60000, "web4 bad 3, web4 good 3, peer 0 down" },
		{ 65000, "peer 0 up" }),
	  "fra1 is up for 60 s: all units are up\n"
	  "service (IPv4) is up for 60 s: all 4 probes are good\n"
	  "  fine: sip4, kam, up4, tone4, 192.0.2.53/32 advertised, session "
	  "with 198.51.100.1\n"
	  SERVICE6_FINE
	  "web (IPv4) is degraded for 0 s: damped, but announced since no "
	  "other node was up: penalty 2673, below 1000 in 86 s\n"
	  "  stays announced: to withdraw it would be one more loss\n"
	  "  is damped for 86 s more (penalty 2673, free below 1000); "
	  "`anycastctl resume' forgives it\n"
	  "  fine: kam, web4, 198.51.100.80/32 advertised, session with "
	  "198.51.100.1\n" },
	{ "damped and bad", STEPS({ 0, "all good 3, peer 0 up" },
				  { 5000, "" },
				  { 50000, "web4 bad 3, web4 good 3" },
				  { 55000, "web4 bad 3, web4 good 3" },
				  { 60000, "web4 bad 3" },
				  { 65000, "" }),
	  "fra1 is up for 60 s: all units are up\n"
	  "service (IPv4) is up for 60 s: all 4 probes are good\n"
	  "  fine: sip4, kam, up4, tone4, 192.0.2.53/32 advertised, session "
	  "with 198.51.100.1\n"
	  SERVICE6_FINE
	  "web (IPv4) is down for 5.0 s: web4 (IPv4) has failed 3 times: "
	  "no answer in 500 ms\n"
	  "  needs 3 good attempts in a row: web4 (IPv4) has failed 3 times: "
	  "no answer in 500 ms\n"
	  "  then 5.0 s of hold-down\n"
	  "  is damped for 86 s more (penalty 2673, free below 1000); "
	  "`anycastctl resume' forgives it\n"
	  "  fine: kam, session with 198.51.100.1\n" },
	{ "draining", STEPS({ 0, "all good 3, peer 0 up" }, { 5000, "" },
			    { 60000, "web4 bad 3, drain" }, { 62500, "" },
			    { 65000, "" }),
	  "fra1 is draining for 5.0 s: service (IPv4) is draining: withdrawn in"
	  " 5.0 s\n"
	  "service (IPv4) is draining for 5.0 s: withdrawn in 5.0 s\n"
	  "  is withdrawn in 5.0 s; `anycastctl resume' keeps it\n"
	  "  fine: sip4, kam, up4, tone4, 192.0.2.53/32 advertised, session "
	  "with 198.51.100.1\n"
	  "service (IPv6) is draining for 5.0 s: withdrawn in 5.0 s\n"
	  "  is withdrawn in 5.0 s; `anycastctl resume' keeps it\n"
	  "  fine: sip6, kam, 2001:db8::53/128 advertised, session with "
	  "2001:db8:1::1\n"
	  "web (IPv4) is draining for 5.0 s: withdrawn by a drain\n"
	  "  comes back by `anycastctl resume'\n"
	  "  needs 3 good attempts in a row: web4 (IPv4) has failed 3 times: "
	  "no answer in 500 ms\n"
	  "  fine: kam, session with 198.51.100.1\n" },
	{ "the last one drains", STEPS({ 0, "all good 3" }, { 5000, "" },
				       { 60000, "drain wait 0" },
				       { 60000, "web4 bad 3, sip6 bad 3" },
				       { 65000, "" }),
	  "fra1 is draining for 5.0 s: service (IPv4) is draining: announced "
	  "until another node is up\n"
	  "service (IPv4) is draining for 5.0 s: announced until another node "
	  "is up\n"
	  "  is withdrawn by `anycastctl drain --force' too; `anycastctl "
	  "resume' keeps it\n"
	  "  fine: sip4, kam, up4, tone4, 192.0.2.53/32 advertised, session "
	  "with 198.51.100.1\n"
	  "service (IPv6) is draining for 5.0 s: withdrawn by a drain\n"
	  "  comes back by `anycastctl resume'\n"
	  "  needs 3 good attempts in a row: sip6 (IPv6) has failed 3 times: "
	  "no answer in 500 ms\n"
	  "  fine: kam, session with 2001:db8:1::1\n"
	  "web (IPv4) is draining for 5.0 s: withdrawn by a drain\n"
	  "  comes back by `anycastctl resume'\n"
	  "  needs 3 good attempts in a row: web4 (IPv4) has failed 3 times: "
	  "no answer in 500 ms\n"
	  "  fine: kam, session with 198.51.100.1\n" },
	{ "disabled", STEPS({ 0, "all good 3" }, { 60000, "disable" },
			    { 65000, "" }),
	  "fra1 is disabled for 5.0 s: disabled by an operator\n"
	  "service (IPv4) is disabled for 5.0 s: disabled by an operator\n"
	  "  comes back by `anycastctl resume'\n"
	  "  fine: sip4, kam, up4, tone4, session with 198.51.100.1\n"
	  "service (IPv6) is disabled for 5.0 s: disabled by an operator\n"
	  "  comes back by `anycastctl resume'\n"
	  "  fine: sip6, kam, session with 2001:db8:1::1\n"
	  "web (IPv4) is disabled for 5.0 s: disabled by an operator\n"
	  "  comes back by `anycastctl resume'\n"
	  "  fine: kam, web4, session with 198.51.100.1\n" },
	{ "adopting", STEPS({ 0, "all good 3" }, { 5000, "" },
			    { 65000, "restart, sip4 good, kam good" }),
	  "fra1 is unknown for 0 s: service (IPv4) is unknown: was announced "
	  "before, waiting for up4 (IPv4) (and 1 more probe)\n"
	  "service (IPv4) is unknown for 0 s: was announced before, "
	  "waiting for up4 (IPv4) (and 1 more probe)\n"
	  "  is withdrawn in 0.8 s if there is no answer by then\n"
	  "  needs 1 good attempt: up4 (IPv4) has not answered yet\n"
	  "  needs 1 good attempt or is degraded: tone4 (IPv4) has not "
	  "answered yet\n"
	  "  fine: sip4, kam, session with 198.51.100.1\n"
	  "service (IPv6) is unknown for 0 s: was announced before, "
	  "waiting for sip6 (IPv6)\n"
	  "  is withdrawn in 0.8 s if there is no answer by then\n"
	  "  needs 1 good attempt: sip6 (IPv6) has not answered yet\n"
	  "  fine: kam, session with 2001:db8:1::1\n"
	  "web (IPv4) is unknown for 0 s: was announced before, waiting"
	  " for web4 (IPv4)\n"
	  "  is withdrawn in 0.8 s if there is no answer by then\n"
	  "  needs 1 good attempt: web4 (IPv4) has not answered yet\n"
	  "  fine: kam, session with 198.51.100.1\n" },
};

static void live(struct world *w, const struct does *steps)
{
	for (size_t i = 0; steps[i].events; i++)
		world_do(w, steps[i].at_ms, steps[i].events);
}

/* Messages of cmocka are short. */
static void check_text(const char *want, const char *got, const char *what)
{
	if (strcmp(want, got) == 0)
		return;
	printf("want:\n%sgot:\n%s", want, got);
	fail_msg("%s: the text is another", what);
}

static void a_unit_is_told_of_completely(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		struct link_status guardian;
		struct status_view v = { .guardian = &guardian };
		struct why_told told;
		struct world w;

		world_init(&w);
		live(&w, stories[i].steps);
		why_guardian(&guardian, w.h);
		why_told(&told, &w, &v);
		check_text(stories[i].want, told.text, stories[i].what);
		world_fini(&w);
	}
}

static void what_nobody_speaks_for_is_told(void **state)
{
	struct link_status guardian;
	struct status_view v = { .guardian = &guardian };
	struct why_told told;
	struct world w;

	(void)state;
	world_init(&w);
	w.conf.group_cnt = 1;
	w.conf.probe_cnt = 1;
	world_do(&w, 0, "sip4 good 3");
	world_do(&w, 5000, "");
	world_do(&w, 65000, "");
	why_guardian(&guardian, w.h);
	why_told(&told, &w, &v);
	check_text(
		"fra1 is degraded for 60 s: service (IPv6) is down: no probe "
		"speaks for it\n"
		"service (IPv4) is up for 60 s: its probe is good\n"
		"  fine: sip4, 192.0.2.53/32 advertised, session with "
		"198.51.100.1\n"
		"service (IPv6) is down for 65 s: no probe speaks for it\n"
		"  needs a probe for IPv6 that has service among its groups, "
		"in /etc/health-agent.conf\n"
		"  then 5.0 s of hold-down\n"
		"  fine: session with 2001:db8:1::1\n", told.text, "no probe");
	world_fini(&w);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unit_is_told_of_completely),
		cmocka_unit_test(what_nobody_speaks_for_is_told),
	};

	return cmocka_run_group_tests_name("why", tests, NULL, NULL);
}
