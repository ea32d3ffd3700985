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
};

const size_t conf_dflt_cnt = sizeof(conf_dflts) / sizeof(conf_dflts[0]);

static void add_probe(struct conf_reader *r, const struct conf_dflt *dflt)
{
	struct conf_probe *p = &r->probes[r->probe_cnt++];
	struct cursor c = cursor_of(dflt->lines, strlen(dflt->lines));

	conf_open_probe(r, p, slice_str(dflt->name));
	while (cursor_left(&c)) {
		struct slice name = slice_trim(cursor_until(&c, "="));
		struct slice value;

		cursor_byte(&c);
		value = slice_trim(cursor_until(&c, "\n"));
		cursor_byte(&c);
		conf_set(r, &p->section, key_find(&conf_probe_keys, name),
			 value);
	}
}

void conf_add_defaults(struct conf_reader *r)
{
	const struct site *site = r->conf->site;

	if (!r->group_cnt)
		conf_open_group(r, &r->groups[r->group_cnt++],
				slice_str("service"));
	if (r->probe_cnt)
		return;
	for (size_t i = 0; i < conf_dflt_cnt; i++) {
		if (!conf_dflts[i].has ||
		    conf_dflts[i].has(site, r->conf->node))
			add_probe(r, &conf_dflts[i]);
	}
}
