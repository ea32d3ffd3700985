/* SPDX-License-Identifier: GPL-3.0-or-later */
/* why_told.h - what why_tell() says, as one text to be compared */
#ifndef DAEMON_TEST_WHY_TOLD_H
#define DAEMON_TEST_WHY_TOLD_H

#include "health-agent/policy/test/world.h"

#include "common/test/append.h"
#include "health-agent/daemon/why.h"

struct why_told {
	char text[8192];
};

static inline void why_told_line(void *arg, const char *line)
{
	struct why_told *told = arg;

	append(told->text, sizeof(told->text), "%s\n", line);
}

static inline struct addr why_addr(const char *text)
{
	struct addr a;

	assert_int_equal(0, addr_parse(&a, text, strlen(text)));
	return a;
}

/* Of node fra1, whose state is as old as that of its first unit. */
static inline void why_told(struct why_told *told, const struct world *w,
			    struct status_view *v)
{
	static const struct site_node self = { .name = "fra1" };
	static const struct agent_conf conf = {
		.file = "/etc/health-agent.conf",
		.node = &self,
	};

	v->conf = &conf;
	v->health = w->h;
	v->now_ms = w->now_ms;
	v->node_since_ms = health_unit(w->h, 0)->since_ms;
	told->text[0] = '\0';
	why_tell(v, why_told_line, told);
}

/* All that is announced is advertised, both sessions are up. */
static inline void why_guardian(struct link_status *s, const struct health *h)
{
	struct route_set set;

	*s = (struct link_status){
		.output = "exabgp",
		.sessions = {
			{ .remote_as = 64500, .family = ADDR_IP4, .up = true },
			{ .remote_as = 64500, .family = ADDR_IP6, .up = true },
		},
		.session_cnt = 2,
	};
	s->sessions[0].neighbor = why_addr("198.51.100.1");
	s->sessions[1].neighbor = why_addr("2001:db8:1::1");
	health_routes(h, &set);
	for (size_t i = 0; i < set.cnt; i++) {
		s->routes[i].prefix = set.routes[i].prefix;
		s->routes[i].proof = LINK_PROOF_ADVERTISED;
	}
	s->route_cnt = set.cnt;
}

#endif
