/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration of the agent: it is either refused with at least one error,
 * each of them one printable line, or it is a conf that keeps every promise of
 * conf.h, so that nobody behind it needs to look again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/fuzz/harness.h"
#include "health-agent/daemon/conf_priv.h"

static const char site[] =
	"[service]\n"
	"domain = sip.example.net\n"
	"secret = some-secret-of-16-chars-or-more\n"
	"address = 192.0.2.53, 2001:db8:53::53\n"
	"tls = yes\n"
	"[node a]\n"
	"address = 198.51.100.11, 2001:db8:1::11\n"
	"http = https://a.www.example.net\n"
	"local-as = 64511\n"
	"neighbor = 198.51.100.1 as 64500\n"
	"neighbor = 2001:db8:1::1 as 64500\n"
	"[node b]\n"
	"address = 198.51.100.75\n"
	"local-as = 64511\n"
	"neighbor = 198.51.100.65 as 64500\n";

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The site as a file, which lives as long as the process. */
static char *site_path(void)
{
	static char path[32];
	int fd;

	if (path[0])
		return path;
	fd = memfd_create("site", MFD_CLOEXEC);
	check(fd >= 0);
	check(write(fd, site, strlen(site)) == (ssize_t)strlen(site));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static void take_error(void *arg, const char *line)
{
	size_t *cnt = arg;

	check(*line);
	for (; *line; line++)
		check(*line >= ' ' && *line < 0x7f);
	++*cnt;
}

static void check_text(const char *text, size_t room)
{
	const char *end = memchr(text, '\0', room);

	check(end);
	for (; text < end; text++)
		check(!((unsigned char)*text < ' ' || *text == 0x7f));
}

#define CHECK_TEXT(field) check_text(field, sizeof(field))

static void check_attributes(const struct health_attributes *a)
{
	check(a->prepend <= ROUTE_PREPEND_MAX);
	/* 65535:0 and NO_EXPORT still fit */
	check(a->community_cnt <= ROUTE_COMMUNITIES_MAX - 2);
	check(a->large_cnt <= ROUTE_LARGE_MAX);
	for (size_t i = 1; i < a->community_cnt; i++)
		check(a->communities[i - 1] < a->communities[i]);
}

static void check_group(const struct health_group_conf *g)
{
	check(site_name_valid(slice_str(g->name)));
	check(g->prefix_cnt > 0 && g->prefix_cnt <= ROUTE_PREFIXES_MAX);
	check(g->reuse < g->suppress && g->half_life_ms > 0);
	check(g->up.med <= g->degraded.med &&
	      g->degraded.med <= g->draining.med);
	check_attributes(&g->up);
	check_attributes(&g->degraded);
	check_attributes(&g->draining);
}

static void check_prober(const struct prober_conf *p)
{
	bool talks = p->kind == PROBER_SIP || p->kind == PROBER_HTTP ||
		     p->kind == PROBER_DNS;
	char text[PROBER_TEXT_MAX];
	size_t argc = 0;

	check(prober_check(text, p) == 0);
	check(p->kind < PROBER_KINDS && p->timeout_ms > 0);
	check(p->site && p->node);
	check(!talks || (p->port && addr_is_unicast(&p->target)));
	check(p->kind != PROBER_RTP ||
	      (p->ng_port && addr_is_set(&p->ng_addr) && p->packets &&
	       p->delay_ms));
	check(p->kind != PROBER_PROCESS || p->pid_file[0] == '/');
	while (p->argv[argc])
		argc++;
	check(argc <= PROBER_ARGS_MAX);
	check((p->kind == PROBER_COMMAND) == (argc > 0));
	check(!argc || p->argv[0][0] == '/');
	CHECK_TEXT(p->path);
	CHECK_TEXT(p->tls_name);
	CHECK_TEXT(p->tls_ca);
	CHECK_TEXT(p->dns_name);
	CHECK_TEXT(p->dns_answer);
	CHECK_TEXT(p->pid_file);
}

static void check_probe(const struct agent_conf *conf, size_t i)
{
	const struct health_probe_conf *h = &conf->health.probes[i];
	const struct agent_probe *p = &conf->probes[i];

	check(site_name_valid(slice_str(h->name)));
	check(strcmp(h->name, p->prober.name) == 0);
	check(h->rise >= 1 && h->fall >= 1);
	check(h->groups &&
	      h->groups < 1ull << conf->health.group_cnt);
	check(h->family == p->prober.target.family);
	check(!h->family || !(h->groups & ~conf_groups_of(conf, h->family)));
	check(p->interval_ms >= p->fast_interval_ms && p->fast_interval_ms > 0);
	check(agent_conf_detection_ms(conf, i) <= CONF_DETECTION_MAX_MS);
	check_prober(&p->prober);
}

static void check_conf(const struct agent_conf *conf)
{
	const struct health_conf *health = &conf->health;
	struct prefix prefixes[ROUTE_PREFIXES_MAX];
	struct health *h;

	check(conf->site && conf->node);
	check(conf->metrics_cnt <= AGENT_METRICS_MAX);
	CHECK_TEXT(conf->kernel_device);
	CHECK_TEXT(conf->control);
	CHECK_TEXT(conf->hook);
	check(health->group_cnt > 0 && health->group_cnt <= HEALTH_GROUPS_MAX);
	check(health->probe_cnt > 0 && health->probe_cnt <= HEALTH_PROBES_MAX);
	for (size_t i = 0; i < health->group_cnt; i++)
		check_group(&health->groups[i]);
	for (size_t i = 0; i < health->probe_cnt; i++)
		check_probe(conf, i);
	check(agent_conf_prefixes(conf, prefixes) >= 1);
	/* and the policy finds it within its bounds */
	check(health_new(&h, health, NULL, 0, 0) == 0);
	health_free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[] = { (char[]){ "p" }, (char[]){ "--site" }, site_path(),
			 (char[]){ "--node" },
			 /* both families, or one */
			 size % 2 ? (char[]){ "b" } : (char[]){ "a" } };
	struct agent_conf *conf = NULL;
	size_t errors = 0;
	int err = agent_conf_parse(&conf, 5, argv, "c",
				   slice_of((const char *)data, size),
				   take_error, &errors);

	if (err) {
		check(!conf && errors > 0 && (err == EINVAL || err == ENOMEM));
	} else {
		check(conf && errors == 0);
		check_conf(conf);
	}
	agent_conf_free(conf);
	return 0;
}
