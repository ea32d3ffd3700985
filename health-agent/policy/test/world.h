/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.h - a policy with a clock of its own, driven by words
 *
 * The usual node: group `service' (192.0.2.53/32 and 2001:db8::53/128; probes
 * sip4, sip6, kam of both families, up4 of scope remote, tone4 that degrades)
 * and group `web' (198.51.100.80/32; probe web4, and kam).  rise and fall are
 * 3, kam's rise is 1.  Hold-down 5 s, drain 10 s, remote wait 5 s, damping 1000
 * of 2500/1000, half-life 60 s, at most 10 min.  Two other nodes, of which the
 * second is local.
 */
#ifndef POLICY_TEST_WORLD_H
#define POLICY_TEST_WORLD_H

#include "common/test/table.h"

#include "health-agent/policy/health.h"

enum { WORLD_TEXT_MAX = 4096, WORLD_PEERS = 2 };

struct world {
	struct health_conf conf;
	struct health *h;
	uint64_t now_ms;
	uint64_t due_ms;	/* what the last tick said */
	enum node_state peers[WORLD_PEERS];	/* told since the start */
	char text[WORLD_TEXT_MAX];
};

/* What happens at a time, and what is so then; NULL: not looked at. */
struct world_step {
	uint64_t at_ms;
	const char *does;
	const char *want;
};

void world_init(struct world *w);
void world_fini(struct world *w);

/* Events with commas between: "sip4 bad", "sip4 bad 3" (so many attempts), "kam
 * gone", "all good 3", "drain", "drain force", "drain wait 3000", "resume",
 * "disable", "peer 0 up", "restart" (remembers; 800 ms to adopt), "restart old"
 * (only the order), "restart stale" (first start), "lost" (withdrawn
 * meanwhile), "lost 192.0.2.53" (but for this), "reload", "" (only time passes).
 */
void world_do(struct world *w, uint64_t at_ms, const char *events);

/* "service4 up+; service6 down @8000; web4 down": + is announced, @ is
 * until_ms.
 */
const char *world_tell(struct world *w);

/* "198.51.100.80/32 up med 100 | ...", in the order of the units. */
const char *world_routes(struct world *w);

void world_run(struct world *w, const struct world_step *steps, size_t cnt);

/* world_tell() of a node where all is up; and all but service4 */
#define ALL_UP "service4 up+" REST_UP
#define REST_UP "; service6 up+; web4 up+"

/* ... where all is held down until then. */
#define HELD_DOWN(ms) \
	"service4 down @" ms "; service6 down @" ms "; web4 down @" ms

size_t world_probe(const struct world *w, const char *name);
struct prefix world_prefix(const char *text);

/* A test of one table, in a usual node from its first start. */
#define WORLD_TEST(name_, ...) \
	static void name_(void **state) \
	{ \
		static const struct world_step steps[] = { __VA_ARGS__ }; \
		struct world w; \
		(void)state; \
		world_init(&w); \
		world_run(&w, steps, ARRAY_SIZE(steps)); \
		world_fini(&w); \
	} \
	static void name_(void **state)

#endif
