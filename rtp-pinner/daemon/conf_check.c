/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What only file, command line and site together can tell. */
#include <assert.h>
#include <sched.h>
#include <stdio.h>

#include "rtp-pinner/daemon/conf_priv.h"

static void site_error_line(void *arg, const char *line)
{
	struct conf_reader *r = arg;

	conf_error(r, "%s", line);
}

static void fill_service(struct conf *conf)
{
	const struct addr *both[] = { &conf->site->ip4, &conf->site->ip6 };

	static_assert(RELAY_SERVICE_MAX >= 2, "both families fit");
	for (size_t i = 0; i < 2; i++) {
		if (addr_is_set(both[i]))
			conf->service[conf->service_cnt++] = *both[i];
	}
}

static bool is_service(const struct conf *conf, const struct addr *a)
{
	for (size_t i = 0; i < conf->service_cnt; i++) {
		if (addr_equal(a, &conf->service[i]))
			return true;
	}
	return false;
}

static void find_node(struct conf_reader *r)
{
	struct conf *conf = r->conf;
	char why[SITE_NO_NODE_MAX];

	conf->node = site_own_node(conf->site, conf->node_name, why);
	if (!conf->node)
		conf_key_error(r, CONF_NODE, "%s %s", conf->site_path, why);
}

static void check_media(struct conf_reader *r)
{
	struct conf *conf = r->conf;
	const struct addr *all[] = { &conf->media4, &conf->media6,
				     &conf->advertised4, &conf->advertised6 };

	if (!addr_is_set(&conf->media4) && !addr_is_set(&conf->media6) &&
	    conf->node) {
		conf->media4 = conf->advertised4 = conf->node->ip4;
		conf->media6 = conf->advertised6 = conf->node->ip6;
	}
	for (size_t i = 0; i < 4; i++) {
		char text[ADDR_TEXT_MAX];

		if (!addr_is_set(all[i]) || !is_service(conf, all[i]) ||
		    (i >= 2 && addr_equal(all[i], all[i - 2])))
			continue;
		addr_format(text, all[i]);
		conf_key_error(r, CONF_MEDIA_ADDRESS,
			       "%s is a service address, which every node has: "
			       "a call's packets would follow the route to "
			       "another one; use this node's own address",
			       text);
	}
}

static void check_listen(struct conf_reader *r, enum conf_key_id id,
			 const struct endpoint *list, size_t cnt)
{
	const struct conf *conf = r->conf;

	for (size_t i = 0; i < cnt; i++) {
		char text[ADDR_TEXT_MAX];

		addr_format_host(text, &list[i].addr);
		if (is_service(conf, &list[i].addr))
			conf_key_error(r, id, "%s is a service address: "
				       "anybody reaches it", text);
		if (id == CONF_LISTEN && list[i].port >= conf->port_min &&
		    list[i].port <= conf->port_max)
			conf_key_error(r, id, "%s:%u is a port of the media "
				       "range %u to %u", text, list[i].port,
				       conf->port_min, conf->port_max);
	}
}

static void fill_pid_file(struct conf_reader *r)
{
	struct conf *conf = r->conf;

	if (conf->pid_file[0])
		return;
	if (snprintf(conf->pid_file, sizeof(conf->pid_file),
		     "%s/rtp-pinner.pid", conf->state_dir) >=
	    (int)sizeof(conf->pid_file))
		conf_key_error(r, CONF_PID_FILE, "%s leaves no room for "
			       "rtp-pinner.pid", conf->state_dir);
}

static unsigned processors(void)
{
	cpu_set_t set;
	int cnt;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	cnt = CPU_COUNT(&set);
	return cnt < 1 ? 1 : cnt > RELAY_THREADS_MAX ? RELAY_THREADS_MAX
						     : (unsigned)cnt;
}

void conf_check(struct conf_reader *r)
{
	struct conf *conf = r->conf;

	if (!conf->threads)
		conf->threads = processors();
	fill_pid_file(r);
	if (conf->port_min >= conf->port_max ||
	    conf->port_max - conf->port_min < 3)
		conf_key_error(r, CONF_PORT_MAX, "%u leaves no four ports "
			       "from port-min = %u on, which one call takes",
			       conf->port_max, conf->port_min);
	if (site_read(&conf->site, conf->site_path, site_error_line, r))
		return;
	fill_service(conf);
	find_node(r);
	check_media(r);
	check_listen(r, CONF_LISTEN, conf->listen, conf->listen_cnt);
	check_listen(r, CONF_METRICS, conf->metrics, conf->metrics_cnt);
}
