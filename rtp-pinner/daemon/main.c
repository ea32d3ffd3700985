/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rtp-pinner: arguments, exit status.  See service.h and conf.h.
 *
 * 0 done, 1 something failed, 64 (EX_USAGE) an unknown option, 78 (EX_CONFIG)
 * the configuration does not fit itself or this machine.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/log.h"
#include "common/options.h"
#include "rtp-pinner/daemon/conf.h"
#include "rtp-pinner/daemon/fdstore.h"
#include "rtp-pinner/daemon/service.h"
#include "rtp-pinner/daemon/version.h"
#include "rtp-pinner/relay/reserve.h"

static void complain(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "rtp-pinner: %s\n", line);
}

/* A port of the `sockets' relay is a descriptor. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* The folder and the one it lies in: /run is empty after a boot. */
static int make_folder(const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (len && len < sizeof(parent)) {
		memcpy(parent, path, len);
		parent[len] = '\0';
		(void)mkdir(parent, 0755);
	}
	return mkdir(path, 0750) < 0 && errno != EEXIST ? errno : 0;
}

static int run(struct conf *conf, const struct service_args *args)
{
	int err;

	log_set_level(conf->log_level);
	err = conf_prove_media(conf, complain, NULL);
	if (err)
		return err == EADDRNOTAVAIL ? EX_CONFIG : EXIT_FAILURE;
	err = make_folder(conf->state_dir);
	if (err) {
		log_err("%s: cannot be made (%s)", conf->state_dir,
			strerror(err));
		return EXIT_FAILURE;
	}
	raise_limits();
	err = service_run(conf, args);
	return err == EINVAL ? EX_CONFIG : err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int reserve(const struct conf *conf)
{
	int err = reserve_add(conf->port_min, conf->port_max);

	if (!err)
		return EXIT_SUCCESS;
	log_err("ports %u-%u: cannot be reserved (%s)", conf->port_min,
		conf->port_max, strerror(err));
	return EXIT_FAILURE;
}

static int act(struct conf *conf, const struct service_args *args)
{
	switch (conf->action) {
	case CONF_HELP:
		conf_print_help(options_print, NULL);
		return EXIT_SUCCESS;
	case CONF_VERSION:
		puts("rtp-pinner " SIP_ANYCAST_VERSION);
		return EXIT_SUCCESS;
	case CONF_REFERENCE:
		conf_print_reference(options_print, NULL);
		return EXIT_SUCCESS;
	case CONF_SAMPLE:
		conf_print_sample(options_print, NULL);
		return EXIT_SUCCESS;
	case CONF_CHECK:
		puts("configuration: fine");
		return EXIT_SUCCESS;
	case CONF_RESERVE:
		return reserve(conf);
	case CONF_RUN:
		break;
	}
	return run(conf, args);
}

int main(int argc, char *argv[])
{
	struct service_args args = {
		.argc = argc,
		.argv = argv,
		.version = SIP_ANYCAST_VERSION,
	};
	struct conf *conf = NULL;
	int status;

	if (fdstore_new(&args.fds)) {
		complain(NULL, strerror(ENOMEM));
		return EXIT_FAILURE;
	}
	status = options_status(conf_new(&conf, argc, argv, complain, NULL));
	if (!status)
		status = act(conf, &args);
	conf_free(conf);
	fdstore_free(args.fds);
	return status;
}
