/* SPDX-License-Identifier: GPL-3.0-or-later */
/* site_bed.h - tests of probes by fra1, a node of the fakes' site */
#ifndef PROBE_SITE_BED_H
#define PROBE_SITE_BED_H

#include "common/test/table.h"

#include <signal.h>

#include "fakes.h"

static struct site *site;

static inline int site_setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	site = fake_site();
	return 0;
}

static inline int site_teardown(void **state)
{
	(void)state;
	site_free(site);
	return 0;
}

/* A server of the site. */
static inline void site_listen(struct fake *f, uv_loop_t *loop,
			       enum prober_transport transport)
{
	if (transport == PROBER_UDP)
		fake_udp(f, loop, site);
	else if (transport == PROBER_TCP)
		fake_tcp(f, loop, site);
	else
		fake_tls(f, loop, site, "sip.example.net", 90);
}

/* What asks the server. */
static inline struct prober_conf site_conf(const struct fake *f,
					   enum prober_kind kind,
					   enum prober_transport transport)
{
	return (struct prober_conf){
		.kind = kind,
		.timeout_ms = 150,
		.site = site,
		.node = site_find_node(site, slice_str("fra1")),
		.target = { .family = ADDR_IP4, .bytes_be = { 127, 0, 0, 1 } },
		.port = f->port,
		.transport = transport,
	};
}

#endif
