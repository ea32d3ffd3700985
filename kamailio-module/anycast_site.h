/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycast_site.h - the site in shared memory, and each worker's copy of it
 *
 * One block in shared memory holds the site and the state of its nodes, under
 * one lock.  Writers (the state poller, anycast.reload) replace or update it
 * and raise a version: one for the site, one for the states.  A worker
 * compares both with its own per message, two atomic reads, and only when one
 * differs takes the lock to copy what is new into private memory: no lock is
 * held while a message is handled or a line is logged, and a reload never
 * pulls memory from under anyone.
 *
 * Call order: anycast_site_init() in mod_init (before the fork),
 * anycast_site_view() from any process afterwards, _destroy() at the end.
 */
#ifndef KAMAILIO_MODULE_ANYCAST_SITE_H
#define KAMAILIO_MODULE_ANYCAST_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "kamailio-module/nodes.h"
#include "kamailio-module/states.h"

struct anycast_view {
	const struct site *site;
	struct nodes *nodes;
	uint32_t site_version;	/* changes when the site file is re-read */
};

/* Read the site file at path for the node named node; errors are logged with
 * the host's LM_ERR.  0 or -1.
 */
int anycast_site_init(const char *path, const char *node,
		const char *state_path);
void anycast_site_destroy(void);

/* This process's picture, brought up to date.  NULL only when there was no
 * memory for the very first one.
 */
const struct anycast_view *anycast_site_view(void);

/* Look at the state file once; called by the poller and by reload. */
void anycast_site_poll(void);

/* A request has come that this node (an index of the view) signed.  And has one
 * in the last 20 s, since the state file has had it as down?  Then Kamailio runs
 * there: the node is back, and the agents' word of it takes a second or two to
 * come round, or it is down for something else, and its phones are still there.
 */
void anycast_site_heard(uint32_t node);
bool anycast_site_was_heard(uint32_t node);

/* Re-read the site file; on error (returned as errno, each line handed to
 * report) the old one stays.
 */
int anycast_site_reload(site_error_h *report, void *arg);

/* What the poller made of the state file at its last look. */
enum states_verdict anycast_site_state_verdict(void);

/* The node's name, for logs and $anycast(node). */
const char *anycast_site_node(void);

#endif
