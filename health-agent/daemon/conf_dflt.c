/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The probes and the group of a file that has none, in the words of the file:
 * the sample shows the same.
 */
#include "health-agent/daemon/conf_priv.h"

static bool has_tls(const struct site *site, const struct site_node *node)
{
	(void)node;
	return site->tls;
}

static bool has_http(const struct site *site, const struct site_node *node)
{
	(void)site;
	return node->http[0] != '\0';
}

static bool has_dns(const struct site *site, const struct site_node *node)
{
	(void)node;
	return site->dns;
}

const struct conf_dflt conf_dflts[] = {
	{ .name = "sip-udp",
	  .lines = "type = sip\nmethod = invite\ntransport = udp\n",
	  .help = "Kamailio redirects an INVITE to this node." },
	{ .name = "sip-tcp",
	  .lines = "type = sip\nmethod = invite\ntransport = tcp\n",
	  .help = "The same over TCP." },
	{ .name = "sip-tls",
	  .lines = "type = sip\nmethod = invite\ntransport = tls\n",
	  .help = "The same over TLS.", .needs = "tls = yes", .has = has_tls },
	{ .name = "sip-options",
	  .lines = "type = sip\nmethod = options\n",
	  .help = "Trunks that ask with OPTIONS get a 200." },
	{ .name = "sip-node",
	  .lines = "type = sip\nmethod = options\naddress = node\n",
	  .help = "Kamailio answers where the redirect sends callers." },
	{ .name = "http",
	  .lines = "type = http\ntransport = tcp\npath = /\n",
	  .help = "HTTP is redirected to this node.",
	  .needs = "an http of the node", .has = has_http },
	{ .name = "dns",
	  .lines = "type = dns\nquery-type = NAPTR\n",
	  .help = "Knot says how SIP is reached.",
	  .needs = "dns = yes", .has = has_dns },
	{ .name = "rtp",
	  .lines = "type = rtp\naddress = node\n",
	  .help = "rtp-pinner relays a call's packets both ways." },
	{ .name = "kamailio",
	  .lines = "type = process\n"
		   "pid-file = /run/sip-anycast/kamailio/kamailio.pid\n",
	  .help = "Kamailio's main process lives." },
	{ .name = "pinner",
	  .lines = "type = process\n"
		   "pid-file = /run/sip-anycast/rtp-pinner/rtp-pinner.pid\n",
	  .help = "rtp-pinner lives." },
	{ .name = "knot",
	  .lines = "type = process\n"
		   "pid-file = /run/sip-anycast/knot/knot.pid\n",
	  .help = "Knot lives.", .needs = "dns = yes", .has = has_dns },
};

const size_t conf_dflt_cnt = sizeof(conf_dflts) / sizeof(conf_dflts[0]);

/* The section's own keys go before. */
static void set_lines(struct conf_reader *r, struct conf_section *s,
		      const char *lines)
{
	struct cursor c = cursor_of(lines, strlen(lines));

	while (cursor_left(&c)) {
		const struct key *key =
			key_find(s->table, slice_trim(cursor_until(&c, "=")));
		struct slice value;

		cursor_byte(&c);
		value = slice_trim(cursor_until(&c, "\n"));
		cursor_byte(&c);
		if (!s->set[key - s->table->keys])
			conf_set(r, s, key, value);
	}
}

static struct conf_probe *find_probe(struct conf_reader *r, const char *name)
{
	for (size_t i = 0; i < r->probe_cnt; i++) {
		if (strcmp(r->probes[i].name, name) == 0)
			return &r->probes[i];
	}
	return NULL;
}

/* It says another type: nothing of the default fits it. */
static bool is_another(const struct conf_probe *p, const struct conf_dflt *dflt)
{
	struct cursor c = cursor_of(dflt->lines, strlen(dflt->lines));

	cursor_expect(&c, slice_str("type = "));
	return p->section.set[PROBE_TYPE] && !p->section.bad[PROBE_TYPE] &&
	       !slice_equal(cursor_until(&c, "\n"),
			    slice_str(conf_kind_words[p->kind]));
}

static void add_probe(struct conf_reader *r, const struct conf_dflt *dflt)
{
	bool wanted = !dflt->has || dflt->has(r->conf->site, r->conf->node);
	struct conf_probe *p = find_probe(r, dflt->name);

	if (p && is_another(p, dflt))
		return;
	if (!p && wanted && r->probe_cnt == HEALTH_PROBES_MAX) {
		conf_error(r, "[probe %s] (default): there are more than %d "
			   "probes", dflt->name, HEALTH_PROBES_MAX);
		return;
	}
	if (!p && wanted) {
		p = &r->probes[r->probe_cnt++];
		conf_open_probe(r, p, slice_str(dflt->name));
	}
	if (wanted)
		set_lines(r, &p->section, dflt->lines);
	else if (p && !p->section.set[PROBE_TYPE])
		p->left_out = true;
}

void conf_add_defaults(struct conf_reader *r)
{
	if (!r->group_cnt)
		conf_open_group(r, &r->groups[r->group_cnt++],
				slice_str("service"));
	if (!r->agent.set[AGENT_DEFAULT_PROBES])
		r->conf->default_probes = r->probe_cnt == 0;
	for (size_t i = 0; r->conf->default_probes && i < conf_dflt_cnt; i++)
		add_probe(r, &conf_dflts[i]);
}
