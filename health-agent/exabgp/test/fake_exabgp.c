/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "health-agent/exabgp/test/fake_exabgp.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fake_exabgp_init(struct fake_exabgp *f, const char *addrs)
{
	f->neighbor_cnt = 0;
	f->announced = f->withdrawn = f->summaries = f->listings = 0;
	f->unknown = 0;
	while (*addrs && f->neighbor_cnt < FAKE_NEIGHBORS_MAX) {
		size_t len = strcspn(addrs, " ");

		snprintf(f->neighbors[f->neighbor_cnt].addr,
			 sizeof(f->neighbors[0].addr), "%.*s", (int)len, addrs);
		f->neighbors[f->neighbor_cnt].route_cnt = 0;
		f->neighbors[f->neighbor_cnt++].up = true;
		addrs += len + (addrs[len] == ' ');
	}
}

__attribute__((format(printf, 2, 3)))
static void say(struct fake_exabgp *f, const char *fmt, ...)
{
	size_t len = f->answer_len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(f->answer + len, sizeof(f->answer) - len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(f->answer) - len)
		abort();
	f->answer_len += (size_t)n;
}

static size_t index_of(const struct fake_exabgp *f, size_t neighbor,
		       const char *prefix)
{
	size_t i = 0;

	while (i < f->neighbors[neighbor].route_cnt &&
	       strcmp(f->neighbors[neighbor].routes[i].prefix, prefix) != 0)
		i++;
	return i;
}

const char *fake_exabgp_route(const struct fake_exabgp *f, size_t neighbor,
			      const char *prefix)
{
	size_t i = index_of(f, neighbor, prefix);

	return i < f->neighbors[neighbor].route_cnt ?
	       f->neighbors[neighbor].routes[i].attributes : NULL;
}

void fake_exabgp_announce(struct fake_exabgp *f, size_t neighbor,
			  const char *prefix, const char *attributes)
{
	size_t i = index_of(f, neighbor, prefix);

	if (i == FAKE_ROUTES_MAX)
		return;
	snprintf(f->neighbors[neighbor].routes[i].prefix,
		 sizeof(f->neighbors[0].routes[0].prefix), "%s", prefix);
	snprintf(f->neighbors[neighbor].routes[i].attributes, FAKE_TEXT_MAX,
		 "%s", attributes);
	if (i == f->neighbors[neighbor].route_cnt)
		f->neighbors[neighbor].route_cnt++;
}

void fake_exabgp_withdraw(struct fake_exabgp *f, size_t neighbor,
			  const char *prefix)
{
	size_t i = index_of(f, neighbor, prefix);
	size_t last = f->neighbors[neighbor].route_cnt - 1;

	if (i > last || !f->neighbors[neighbor].route_cnt)
		return;
	f->neighbors[neighbor].routes[i] = f->neighbors[neighbor].routes[last];
	f->neighbors[neighbor].route_cnt--;
}

static void answer_summary(struct fake_exabgp *f)
{
	f->summaries++;
	say(f, "Peer            AS        up/down state       |     #sent     "
	    "#recvd\n");
	for (size_t i = 0; i < f->neighbor_cnt; i++) {
		if (f->neighbors[i].up)
			say(f, "%-15s 64500     0:00:01 established          "
			    "1          1\n", f->neighbors[i].addr);
	}
	say(f, "done\n");
}

static void answer_listing(struct fake_exabgp *f)
{
	f->listings++;
	for (size_t i = 0; i < f->neighbor_cnt; i++) {
		const char *addr = f->neighbors[i].addr;

		for (size_t j = 0; j < f->neighbors[i].route_cnt; j++)
			say(f, "neighbor %s local-as 64511 family-allowed "
			    "in-open %s unicast %s %s\n", addr,
			    strchr(f->neighbors[i].routes[j].prefix, ':') ?
			    "ipv6" : "ipv4",
			    f->neighbors[i].routes[j].prefix,
			    f->neighbors[i].routes[j].attributes);
	}
	say(f, "done\n");
}

/* neighbor A announce|withdraw route P [ATTRIBUTES] */
static bool change(struct fake_exabgp *f, const char *command)
{
	char addr[64], verb[16], prefix[64];
	int end = 0;

	if (sscanf(command, "neighbor %63s %15s route %63s%n", addr, verb,
		   prefix, &end) != 3 || !end)
		return false;
	for (size_t i = 0; i < f->neighbor_cnt; i++) {
		if (strcmp(f->neighbors[i].addr, addr) != 0)
			continue;
		if (strcmp(verb, "announce") == 0) {
			f->announced++;
			fake_exabgp_announce(f, i, prefix,
					     command + end +
					     (command[end] == ' '));
			return true;
		}
		f->withdrawn++;
		fake_exabgp_withdraw(f, i, prefix);
		return strcmp(verb, "withdraw") == 0;
	}
	return false;
}

const char *fake_exabgp_command(struct fake_exabgp *f, const char *command)
{
	f->answer[0] = '\0';
	f->answer_len = 0;
	if (strcmp(command, "show neighbor summary") == 0) {
		answer_summary(f);
	} else if (strcmp(command, "show adj-rib out extensive") == 0) {
		answer_listing(f);
	} else if (change(f, command)) {
		say(f, "done\n");
	} else {
		f->unknown++;
		say(f, "error\n");
	}
	return f->answer;
}
