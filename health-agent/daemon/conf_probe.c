/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A section [probe] becomes probes of one family each. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/nearest.h"
#include "health-agent/daemon/conf_priv.h"

/* ---- what does not fit its type */

static bool needs(struct conf_reader *r, const struct conf_probe *p,
		  enum conf_probe_key key)
{
	char allowed[KEY_ALLOWED_MAX];

	if (p->section.set[key])
		return !p->section.bad[key];
	key_allowed(allowed, &conf_probe_keys.keys[key]);
	conf_section_error(r, &p->section, "%s is missing: %s",
			   conf_probe_keys.keys[key].name, allowed);
	return false;
}

static void list_kinds(char out[static 64], unsigned kinds)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned k = 0; conf_kind_words[k] && len < 64; k++) {
		if (kinds & 1u << k)
			len += (size_t)snprintf(out + len, 64 - len, "%s%s",
						len ? ", " : "",
						conf_kind_words[k]);
	}
}

static void check_keys(struct conf_reader *r, const struct conf_probe *p)
{
	for (unsigned i = 0; i < PROBE_KEYS; i++) {
		char kinds[64];

		if (!p->section.set[i] || conf_probe_kinds[i] & 1u << p->kind)
			continue;
		list_kinds(kinds, conf_probe_kinds[i]);
		conf_key_error(r, &p->section, i,
			       "is no key of type = %s, but of %s",
			       conf_kind_words[p->kind], kinds);
	}
	if (p->kind == PROBER_PROCESS)
		needs(r, p, PROBE_PID_FILE);
	if (p->kind == PROBER_COMMAND)
		needs(r, p, PROBE_COMMAND);
}

/* ---- what is not said follows from the rest */

static void settle_timers(const struct agent_conf *conf, struct conf_probe *p)
{
	const struct conf_section *s = &p->section;
	const struct agent_timers *dflt = &conf->timers;
	struct agent_timers *t = &p->timers;

	if (!s->set[PROBE_INTERVAL])
		t->interval_ms = dflt->interval_ms;
	if (!s->set[PROBE_FAST_INTERVAL])
		t->fast_interval_ms = dflt->fast_interval_ms;
	if (!s->set[PROBE_TIMEOUT])
		t->timeout_ms = dflt->timeout_ms;
	if (!s->set[PROBE_RISE])
		t->rise = p->kind == PROBER_PROCESS ? 1 : dflt->rise;
	if (!s->set[PROBE_FALL])
		t->fall = dflt->fall;
}

/* What redirects callers to this node. */
static bool asks_service(const struct agent_conf *conf,
			 const struct conf_probe *p)
{
	const struct conf_target *t = &p->target;

	if (t->kind != TARGET_ADDRESS)
		return t->kind == TARGET_SERVICE;
	return (!addr_is_set(&t->ip4) ||
		addr_equal(&t->ip4, &conf->site->ip4)) &&
	       (!addr_is_set(&t->ip6) ||
		addr_equal(&t->ip6, &conf->site->ip6));
}

static void settle(const struct agent_conf *conf, struct conf_probe *p)
{
	const struct conf_section *s = &p->section;
	bool on_node;

	settle_timers(conf, p);
	if (!s->set[PROBE_ADDRESS])
		p->target.kind = p->kind == PROBER_RTP ? TARGET_NODE
						       : TARGET_SERVICE;
	on_node = p->target.kind == TARGET_NODE;
	if (!s->set[PROBE_TRANSPORT])
		p->transport = p->kind == PROBER_HTTP ? PROBER_TCP : PROBER_UDP;
	if (!s->set[PROBE_METHOD])
		p->method = asks_service(conf, p) ? PROBER_INVITE
						  : PROBER_OPTIONS;
	if (!s->set[PROBE_TLS_NAME] && p->tls_ca[0])
		snprintf(p->tls_name, sizeof(p->tls_name), "%s",
			 on_node ? conf->node->host : conf->site->domain);
	if (!s->set[PROBE_DELAY])
		p->delay_ms = p->timers.timeout_ms / 5;
	if (!s->set[PROBE_QUERY])
		snprintf(p->query, sizeof(p->query), "%s", conf->site->domain);
}

static uint16_t port_of(const struct agent_conf *conf,
			const struct conf_probe *p, bool on_node)
{
	const struct site *site = conf->site;
	bool tls = p->transport == PROBER_TLS;

	if (p->section.set[PROBE_PORT])
		return p->port;
	switch (p->kind) {
	case PROBER_SIP:
		if (on_node)
			return tls ? conf->node->sips_port
				   : conf->node->sip_port;
		return tls ? site->sips_port : site->sip_port;
	case PROBER_HTTP:
		return tls ? site->https_port : site->http_port;
	case PROBER_DNS:
		return site->dns_port;
	}
	return 0;
}

/* ---- what contradicts itself or the site */

/* The one to blame for a sum: the first that was said. */
static unsigned blamed(const struct conf_section *s,
		       const struct conf_timer_keys *keys)
{
	const unsigned order[] = { keys->fall, keys->interval, keys->timeout,
				   keys->fast_interval };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		if (s->set[order[i]])
			return order[i];
	}
	return keys->interval;
}

void conf_check_timers(struct conf_reader *r, const struct conf_section *s,
		       const struct agent_timers *t,
		       const struct conf_timer_keys *keys)
{
	char interval[VALUE_DURATION_MAX], other[VALUE_DURATION_MAX];
	uint64_t detection_ms = t->interval_ms + t->timeout_ms +
				(t->fall - 1) *
					(t->fast_interval_ms + t->timeout_ms);

	value_format_duration(interval, t->interval_ms);
	if (t->timeout_ms > t->interval_ms) {
		value_format_duration(other, t->timeout_ms);
		conf_key_error(r, s, s->set[keys->timeout] ? keys->timeout
							   : keys->interval,
			       "timeout = %s is longer than interval = %s: who "
			       "does not answer would be asked less often than "
			       "who does", other, interval);
	}
	if (t->fast_interval_ms > t->interval_ms) {
		value_format_duration(other, t->fast_interval_ms);
		conf_key_error(r, s, s->set[keys->fast_interval]
					     ? keys->fast_interval
					     : keys->interval,
			       "fast-interval = %s is longer than interval = "
			       "%s", other, interval);
	}
	if (detection_ms > CONF_DETECTION_MAX_MS) {
		char most[VALUE_DURATION_MAX];

		value_format_duration(other, detection_ms);
		value_format_duration(most, CONF_DETECTION_MAX_MS);
		conf_key_error(r, s, blamed(s, keys),
			       "a failure could go unseen for %s, interval + "
			       "timeout + (fall - 1) * (fast-interval + "
			       "timeout): at most %s", other, most);
	}
}

static void check_timers(struct conf_reader *r, const struct conf_probe *p)
{
	static const struct conf_timer_keys keys = {
		PROBE_INTERVAL, PROBE_FAST_INTERVAL, PROBE_TIMEOUT, PROBE_FALL,
	};
	static const unsigned all[] = { PROBE_INTERVAL, PROBE_FAST_INTERVAL,
					PROBE_TIMEOUT, PROBE_FALL };
	bool own = false, bad = false;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		own = own || p->section.set[all[i]];
		bad = bad || p->section.bad[all[i]];
	}
	/* those of [agent] have been judged */
	if (own && !bad)
		conf_check_timers(r, &p->section, &p->timers, &keys);
}

static void check_transport(struct conf_reader *r, const struct conf_probe *p)
{
	static const unsigned tls_keys[] = { PROBE_TLS_NAME, PROBE_TLS_CA };
	const struct conf_section *s = &p->section;
	bool may_tls = p->kind == PROBER_SIP || p->kind == PROBER_HTTP;

	if (p->kind == PROBER_HTTP && p->transport == PROBER_UDP)
		conf_key_error(r, s, PROBE_TRANSPORT, "HTTP needs tcp or tls");
	if (p->kind == PROBER_DNS && p->transport == PROBER_TLS)
		conf_key_error(r, s, PROBE_TRANSPORT, "DNS needs udp or tcp");
	if (may_tls && p->transport == PROBER_TLS &&
	    p->target.kind != TARGET_ADDRESS && !r->conf->site->tls)
		conf_key_error(r, s, PROBE_TRANSPORT,
			       "tls is closed: %s does not say tls = yes",
			       r->conf->site_path);
	for (size_t i = 0; i < 2 && !s->bad[PROBE_TRANSPORT]; i++) {
		if (may_tls && s->set[tls_keys[i]] &&
		    p->transport != PROBER_TLS)
			conf_key_error(r, s, tls_keys[i],
				       "is for transport = tls");
	}
}

/* What is asked for does not happen there. */
static void check_redirect(struct conf_reader *r, const struct conf_probe *p)
{
	const struct agent_conf *conf = r->conf;
	const struct conf_section *s = &p->section;
	bool service = asks_service(conf, p);

	if (p->kind == PROBER_SIP && p->method == PROBER_INVITE && !service)
		conf_key_error(r, s, PROBE_METHOD,
			       "an INVITE to what is not the service is a "
			       "call, and gets no redirect: options");
	if (p->kind != PROBER_HTTP || p->expect != 0)
		return;
	if (!service)
		conf_key_error(r, s, PROBE_EXPECT,
			       "only the service redirects to this node: a "
			       "status");
	else if (!conf->node->http[0])
		conf_key_error(r, s, PROBE_EXPECT,
			       "node %s has no http in %s to be redirected to",
			       conf->node->name, conf->site_path);
}

/* ---- groups */

static uint32_t all_groups(const struct agent_conf *conf)
{
	return (uint32_t)((1ull << conf->health.group_cnt) - 1);
}

static const struct conf_group *find_group(const struct conf_reader *r,
					   const char *name)
{
	for (size_t i = 0; i < r->group_cnt; i++) {
		if (strcmp(r->groups[i].conf.name, name) == 0)
			return &r->groups[i];
	}
	return NULL;
}

static void unknown_group(struct conf_reader *r, const struct conf_probe *p,
			  const char *name)
{
	const char *known[HEALTH_GROUPS_MAX], *hint;

	for (size_t i = 0; i < r->group_cnt; i++)
		known[i] = r->groups[i].conf.name;
	hint = nearest(slice_str(name), known, r->group_cnt);
	conf_key_error(r, &p->section, PROBE_GROUPS,
		       "there is no [group %s]%s%s%s", name,
		       hint ? "; did you mean `" : "", hint ? hint : "",
		       hint ? "'?" : "");
}

/* 0: none that this node has, or an error. */
static uint32_t groups_of(struct conf_reader *r, const struct conf_probe *p)
{
	uint32_t groups = 0;

	if (!p->section.set[PROBE_GROUPS])
		return all_groups(r->conf);
	for (size_t i = 0; i < p->groups.cnt; i++) {
		const char *name = p->groups.names[i];
		const struct conf_group *g = find_group(r, name);

		if (!g)
			unknown_group(r, p, name);
		else if (!g->left_out)
			groups |= 1u << g->index;
	}
	return groups;
}

/* ---- probes */

static int copy_command(struct prober_conf *out, const struct conf_probe *p)
{
	char *words;
	size_t cnt;

	if (!p->command[0])	/* it was refused */
		return 0;
	words = malloc(sizeof(p->command) + 1);
	if (!words)
		return ENOMEM;
	conf_split_command(&cnt, words, out->argv, slice_str(p->command));
	return 0;
}

static struct prober_conf prober_of(const struct agent_conf *conf,
				    const struct conf_probe *p,
				    const struct addr *target)
{
	bool on_node = addr_is_set(target) &&
		       (addr_equal(target, &conf->node->ip4) ||
			addr_equal(target, &conf->node->ip6));
	struct prober_conf out = {
		.kind = (enum prober_kind)p->kind,
		.timeout_ms = p->timers.timeout_ms,
		.site = conf->site,
		.node = conf->node,
		.target = *target,
		.port = port_of(conf, p, on_node),
		.transport = (enum prober_transport)p->transport,
		.on_node = on_node,
		.method = (enum prober_method)p->method,
		.expect = p->expect,
		.dns_type = p->query_type,
		.ng_addr = p->ng.addr,
		.ng_port = p->ng.port,
		.packets = p->packets,
		.loss_percent = p->loss_percent,
		.delay_ms = p->delay_ms,
		.grace_ms = p->grace_ms,
	};

	memcpy(out.name, p->name, sizeof(out.name));
	memcpy(out.path, p->path, sizeof(out.path));
	memcpy(out.tls_name, p->tls_name, sizeof(out.tls_name));
	memcpy(out.tls_ca, p->tls_ca, sizeof(out.tls_ca));
	memcpy(out.dns_name, p->query, sizeof(out.dns_name));
	memcpy(out.dns_answer, p->answer, sizeof(out.dns_answer));
	memcpy(out.pid_file, p->pid_file, sizeof(out.pid_file));
	return out;
}

static int add_probe(struct conf_reader *r, const struct conf_probe *p,
		     const struct addr *target, uint32_t groups)
{
	struct agent_conf *conf = r->conf;
	struct health_conf *health = &conf->health;
	struct health_probe_conf *h = &health->probes[health->probe_cnt];
	struct agent_probe *probe = &conf->probes[health->probe_cnt];

	if (health->probe_cnt == HEALTH_PROBES_MAX) {
		if (!r->too_many_probes)
			conf_section_error(r, &p->section,
					   "there are more than %d probes, "
					   "counting one for each family",
					   HEALTH_PROBES_MAX);
		r->too_many_probes = true;
		return 0;
	}
	*probe = (struct agent_probe){
		.prober = prober_of(conf, p, target),
		.interval_ms = p->timers.interval_ms,
		.fast_interval_ms = p->timers.fast_interval_ms,
	};
	*h = (struct health_probe_conf){
		.family = target->family,
		.failure = (enum health_failure)p->failure,
		.scope = (enum health_scope)p->scope,
		.groups = groups,
		.rise = p->timers.rise,
		.fall = p->timers.fall,
	};
	memcpy(h->name, p->name, sizeof(h->name));
	health->probe_cnt++;
	return p->kind == PROBER_COMMAND ? copy_command(&probe->prober, p) : 0;
}

static const struct addr *address_of(const struct agent_conf *conf,
				     const struct conf_probe *p, uint8_t family)
{
	bool is4 = family == ADDR_IP4;

	switch (p->target.kind) {
	case TARGET_SERVICE:
		return is4 ? &conf->site->ip4 : &conf->site->ip6;
	case TARGET_NODE:
		return is4 ? &conf->node->ip4 : &conf->node->ip6;
	case TARGET_ADDRESS:
		break;
	}
	return is4 ? &p->target.ip4 : &p->target.ip6;
}

/* Then nobody can tell which families its groups have. */
static bool is_any_prefix_bad(const struct conf_reader *r)
{
	for (size_t i = 0; i < r->group_cnt; i++) {
		if (r->groups[i].section.bad[GROUP_PREFIX])
			return true;
	}
	return false;
}

/* One for each family there is something to ask in and to speak for. */
static int add_families(struct conf_reader *r, const struct conf_probe *p,
			uint32_t groups)
{
	static const uint8_t families[] = { ADDR_IP4, ADDR_IP6 };
	size_t cnt = 0;
	int err = 0;

	for (size_t i = 0; i < 2 && !err; i++) {
		const struct addr *a = address_of(r->conf, p, families[i]);
		uint32_t some = groups & conf_groups_of(r->conf, families[i]);

		if (!addr_is_set(a) ||
		    (!some && p->target.kind != TARGET_ADDRESS))
			continue;
		cnt++;
		if (conf_is_elsewhere(r->conf, families[i]))
			continue;
		if (some)
			err = add_probe(r, p, a, some);
		else
			conf_key_error(r, &p->section, PROBE_ADDRESS,
				       "none of its groups has an IPv%u prefix",
				       families[i]);
	}
	if (!cnt && !is_any_prefix_bad(r))
		conf_key_error(r, &p->section, PROBE_ADDRESS,
			       "there is no address to ask in a family that "
			       "its groups have prefixes of");
	return err;
}

/* What the probe itself would miss; probes of all families are alike. */
static void check_prober(struct conf_reader *r, const struct conf_probe *p,
			 size_t first)
{
	char text[PROBER_TEXT_MAX];

	if (first < r->conf->health.probe_cnt &&
	    prober_check(text, &r->conf->probes[first].prober))
		conf_section_error(r, &p->section, "%s", text);
}

static int make_families(struct conf_reader *r, struct conf_probe *p)
{
	static const struct addr none = { 0 };
	uint32_t groups;

	check_keys(r, p);
	settle(r->conf, p);
	check_timers(r, p);
	check_transport(r, p);
	check_redirect(r, p);
	groups = groups_of(r, p);
	if (!groups || p->section.bad[PROBE_ADDRESS])
		return 0;
	if (p->kind == PROBER_PROCESS || p->kind == PROBER_COMMAND)
		return add_probe(r, p, &none, groups);
	return add_families(r, p, groups);
}

static int make_probe(struct conf_reader *r, struct conf_probe *p)
{
	size_t first = r->conf->health.probe_cnt;
	unsigned before = r->errors;
	int err;

	if (p->left_out || !needs(r, p, PROBE_TYPE))
		return 0;
	err = make_families(r, p);
	if (!err && r->errors == before &&
	    !memchr(p->section.bad, true, CONF_KEYS_MAX))
		check_prober(r, p, first);
	return err;
}

int conf_make_probes(struct conf_reader *r)
{
	int err = 0;

	for (size_t i = 0; i < r->probe_cnt && !err; i++)
		err = make_probe(r, &r->probes[i]);
	return err;
}
