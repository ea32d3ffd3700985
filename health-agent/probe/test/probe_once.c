/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_once.c - one probe from the command line, for tests
 *
 *	probe_once SITE NODE KEY=VALUE...
 *
 * A line for each attempt: good, bad or gone, microseconds, text; behind the
 * last one, with usage=1, what an attempt cost.  Exit code: 0 all were good,
 * 1 not all, 2 the probe cannot be made.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "common/site.h"
#include "health-agent/probe/prober.h"

struct once {
	struct prober_conf conf;
	unsigned left, done, bad;
	bool usage;
};

static void report(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static unsigned number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static int kind_of(const char *name)
{
	for (int kind = 0; kind < PROBER_KINDS; kind++)
		if (!strcmp(prober_kind_name(kind), name))
			return kind;
	return PROBER_KINDS;
}

static uint16_t dns_type_of(const char *name)
{
	static const struct {
		const char *name;
		uint16_t type;
	} types[] = {
		{ "A", 1 }, { "TXT", 16 }, { "AAAA", 28 }, { "SRV", 33 },
		{ "NAPTR", 35 },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(types[i].name, name))
			return types[i].type;
	return (uint16_t)number(name);
}

static bool set(struct once *o, const char *key, char *value)
{
	struct prober_conf *conf = &o->conf;
	size_t argc = 0;

	if (!strcmp(key, "kind"))
		conf->kind = kind_of(value);
	else if (!strcmp(key, "transport"))
		conf->transport = !strcmp(value, "tls") ? PROBER_TLS :
				  !strcmp(value, "tcp") ? PROBER_TCP :
							  PROBER_UDP;
	else if (!strcmp(key, "method"))
		conf->method = !strcmp(value, "options") ? PROBER_OPTIONS :
							   PROBER_INVITE;
	else if (!strcmp(key, "target"))
		addr_parse(&conf->target, value, strlen(value));
	else if (!strcmp(key, "port"))
		conf->port = (uint16_t)number(value);
	else if (!strcmp(key, "on-node"))
		conf->on_node = number(value);
	else if (!strcmp(key, "timeout"))
		conf->timeout_ms = number(value);
	else if (!strcmp(key, "path"))
		snprintf(conf->path, sizeof(conf->path), "%s", value);
	else if (!strcmp(key, "expect"))
		conf->expect = number(value);
	else if (!strcmp(key, "tls-name"))
		snprintf(conf->tls_name, sizeof(conf->tls_name), "%s", value);
	else if (!strcmp(key, "tls-ca"))
		snprintf(conf->tls_ca, sizeof(conf->tls_ca), "%s", value);
	else if (!strcmp(key, "dns-name"))
		snprintf(conf->dns_name, sizeof(conf->dns_name), "%s", value);
	else if (!strcmp(key, "dns-type"))
		conf->dns_type = dns_type_of(value);
	else if (!strcmp(key, "dns-answer"))
		snprintf(conf->dns_answer, sizeof(conf->dns_answer), "%s",
			 value);
	else if (!strcmp(key, "ng"))
		addr_parse(&conf->ng_addr, value, strlen(value));
	else if (!strcmp(key, "ng-port"))
		conf->ng_port = (uint16_t)number(value);
	else if (!strcmp(key, "packets"))
		conf->packets = number(value);
	else if (!strcmp(key, "loss"))
		conf->loss_percent = number(value);
	else if (!strcmp(key, "delay"))
		conf->delay_ms = number(value);
	else if (!strcmp(key, "pid-file"))
		snprintf(conf->pid_file, sizeof(conf->pid_file), "%s", value);
	else if (!strcmp(key, "grace"))
		conf->grace_ms = number(value);
	else if (!strcmp(key, "command"))
		for (char *rest = NULL, *word = strtok_r(value, " ", &rest);
		     word && argc < PROBER_ARGS_MAX;
		     word = strtok_r(NULL, " ", &rest))
			conf->argv[argc++] = word;
	else if (!strcmp(key, "count"))
		o->left = number(value);
	else if (!strcmp(key, "usage"))
		o->usage = number(value);
	else
		return false;
	return true;
}

static void on_result(void *arg, struct prober *p,
		      const struct prober_result *result)
{
	static const char *const words[] = {
		[HEALTH_GOOD] = "good", [HEALTH_BAD] = "bad",
		[HEALTH_GONE] = "gone",
	};
	struct once *o = arg;

	o->done++;
	o->bad += result->what != HEALTH_GOOD;
	if (!o->usage || result->what != HEALTH_GOOD)
		printf("%s %" PRIu64 " %s\n", words[result->what],
		       result->took_us, result->text);
	fflush(stdout);
	if (--o->left)
		prober_attempt(p);
	else
		prober_close(p);
}

static double microseconds(struct timeval t)
{
	return 1e6 * (double)t.tv_sec + (double)t.tv_usec;
}

/* ru_maxrss has the past of whoever started us in it. */
static unsigned long resident_kb(void)
{
	unsigned long kb = 0;
	char line[128];
	FILE *status = fopen("/proc/self/status", "r");

	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "VmHWM:", 6))
			kb = strtoul(line + 6, NULL, 10);
	if (status)
		fclose(status);
	return kb;
}

static void print_usage(const struct once *o, const struct rusage *before)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	printf("%u attempts: %.1f us user, %.1f us system each; "
	       "resident %lu kB\n",
	       o->done,
	       (microseconds(r.ru_utime) - microseconds(before->ru_utime)) /
		       o->done,
	       (microseconds(r.ru_stime) - microseconds(before->ru_stime)) /
		       o->done,
	       resident_kb());
}

int main(int argc, char *argv[])
{
	struct once o = { .conf = { .timeout_ms = 500 }, .left = 1 };
	char text[PROBER_TEXT_MAX];
	struct site *site = NULL;
	struct rusage before;
	struct prober *p;
	uv_loop_t loop;

	if (argc < 3 || site_read(&site, argv[1], report, NULL))
		return 2;
	o.conf.site = site;
	o.conf.node = site_find_node(site, slice_str(argv[2]));
	for (int i = 3; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (value)
			*value++ = '\0';
		if (!value || !set(&o, argv[i], value)) {
			fprintf(stderr, "what is %s?\n", argv[i]);
			return 2;
		}
	}
	if (prober_check(text, &o.conf)) {
		fprintf(stderr, "%s\n", text);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&loop);
	if (prober_new(&p, &loop, &o.conf, on_result, &o)) {
		fprintf(stderr, "the probe cannot be made\n");
		return 2;
	}
	getrusage(RUSAGE_SELF, &before);
	prober_attempt(p);
	uv_run(&loop, UV_RUN_DEFAULT);
	uv_loop_close(&loop);
	if (o.usage)
		print_usage(&o, &before);
	site_free(site);
	return o.bad > 0;
}
