/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service.h - the running daemon: loop, timers, signals
 *
 * SIGTERM and SIGINT end it: the relay's threads stop, the sockets stay with
 * the keeper, calls stay in the store.  SIGHUP reads the configuration again
 * and takes from it what concerns the site's peers, trusted-proxies and allow;
 * a broken one is reported and changes nothing.
 */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "rtp-pinner/daemon/conf.h"
#include "rtp-pinner/daemon/fdstore.h"

struct service_args {
	int argc;		/* to read the configuration again */
	char *const *argv;
	const char *version;
	struct fdstore *fds;	/* borrowed */
};

/* Run until told to stop.  SIGHUP changes conf, by conf_take().  0, or the errno
 * of what could not be started, which has been logged.
 */
int service_run(struct conf *conf, const struct service_args *args);

#endif
