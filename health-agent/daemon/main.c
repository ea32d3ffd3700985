/* SPDX-License-Identifier: GPL-3.0-or-later */
/* anycast-health: arguments, exit status, guardian or worker.  See conf.h,
 * guardian.h and worker.h.
 *
 * 0 done, 1 something failed, 64 (EX_USAGE) an unknown option, 78 (EX_CONFIG)
 * the configuration does not fit itself or the site.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "common/log.h"
#include "common/options.h"
#include "health-agent/daemon/conf.h"
#include "health-agent/daemon/version.h"
#include "health-agent/daemon/worker.h"
#include "health-agent/guardian/guardian.h"

static void complain(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "anycast-health: %s\n", line);
}

static int act(const struct agent_conf *conf, int argc, char *argv[])
{
	switch (conf->action) {
	case AGENT_HELP:
		agent_conf_print_help(options_print, NULL);
		return EXIT_SUCCESS;
	case AGENT_VERSION:
		puts("anycast-health " SIP_ANYCAST_VERSION);
		return EXIT_SUCCESS;
	case AGENT_REFERENCE:
		agent_conf_print_reference(options_print, NULL);
		return EXIT_SUCCESS;
	case AGENT_SAMPLE:
		agent_conf_print_sample(options_print, NULL);
		return EXIT_SUCCESS;
	case AGENT_CHECK:
		agent_conf_print_summary(conf, options_print, NULL);
		puts("configuration: fine");
		return EXIT_SUCCESS;
	case AGENT_RUN:
		break;
	}
	log_set_level(conf->log_level);
	return guardian_run(conf, argc, argv) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int guard(int argc, char *argv[])
{
	struct agent_conf *conf;
	int status = options_status(agent_conf_new(&conf, argc, argv, complain,
						   NULL));

	if (status)
		return status;
	status = act(conf, argc, argv);
	agent_conf_free(conf);
	return status;
}

static int work(int argc, char *argv[])
{
	struct agent_conf *conf;
	int status = options_status(agent_conf_new(&conf, argc, argv, complain,
						   NULL));

	if (status)
		return status;
	log_set_level(conf->log_level);
	return worker_run(conf, argc, argv, SIP_ANYCAST_VERSION) ? EXIT_FAILURE
								 : EXIT_SUCCESS;
}

/* --worker, which only the guardian says, comes first. */
int main(int argc, char *argv[])
{
	/* who has closed its end is told of by errno */
	signal(SIGPIPE, SIG_IGN);
	if (argc > 1 && strcmp(argv[1], "--worker") == 0) {
		/* not exe, of /proc/self/exe */
		prctl(PR_SET_NAME, "anycast-health");
		argv[1] = argv[0];
		return work(argc - 1, argv + 1);
	}
	return guard(argc, argv);
}
