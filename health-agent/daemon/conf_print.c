/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help, reference, sample and summary: the tables and a conf as text. */
#include <stdio.h>

#include "health-agent/daemon/conf_priv.h"

/* ---- --help */

static const struct {
	const char *option;
	const char *help;
} actions[] = {
	{ "--config FILE", "default: " AGENT_CONF_FILE ", if present" },
	{ "--check-config", "all errors at once, or what is probed; exit 78 or "
			    "0" },
	{ "--reference", "print all sections and keys, what they take and "
			 "mean" },
	{ "--sample", "print a file with all of them" },
	{ "--help", "print this text" },
	{ "--version", "print the version" },
};

void agent_conf_print_help(agent_conf_line_h *line, void *arg)
{
	struct key_printer p = { line, arg };

	key_print(&p, "usage: anycast-health [--config FILE] [--KEY VALUE]...");
	key_print(&p, "%s", "");
	key_print(&p, "Announces a node's prefixes while the node serves.  Run "
		  "by ExaBGP, whose API it");
	key_print(&p, "speaks on stdin and stdout, or by itself with --output "
		  "kernel.");
	key_print(&p, "%s", "");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		key_print(&p, "  %-20s  %s", actions[i].option,
			  actions[i].help);
	key_print(&p, "%s", "");
	key_print(&p, "Keys of [agent] in the file, and of the command line, "
		  "which wins:");
	key_print_options(&p, &conf_agent_keys);
	key_print(&p, "%s", "");
	key_print(&p, "Exit status: 0 stopped, 1 failed, 64 wrong call, 78 "
		  "wrong configuration.");
}

/* ---- --reference */

static const struct {
	const char *head;
	const struct key_table *table;
} sections[] = {
	{ "[agent]", &conf_agent_keys },
	{ "[probe NAME]", &conf_probe_keys },
	{ "[group NAME]", &conf_group_keys },
};

void agent_conf_print_reference(agent_conf_line_h *line, void *arg)
{
	struct key_printer p = { line, arg };

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		key_print(&p, "%s", sections[i].head);
		key_print_reference(&p, sections[i].table);
	}
}

/* ---- --sample */

static void print_head(const struct key_printer *p)
{
	key_print(p, "# SPDX-License-Identifier: GPL-3.0-or-later");
	key_print(p, "#");
	key_print_wrapped(p, "# ",
			  "The configuration of anycast-health, by default "
			  AGENT_CONF_FILE ", the same on every node.  Without "
			  "it all is as shown here: a line that is commented "
			  "out by ; shows the default, or an example where "
			  "there is none.");
	key_print(p, "#");
	key_print(p, "#   anycast-health --check-config   all errors at once, "
		  "or what is probed");
	key_print(p, "#   anycast-health --reference      every section and "
		  "key");
	key_print(p, "#   anycast-health --sample         this file");
	key_print(p, "#");
	key_print(p, "# A comment begins with # or ; at the start of a line, "
		  "or with ; after a blank.");
}

/* The keys of probes as comments: no probe has all of them. */
static void print_probe_keys(const struct key_printer *p)
{
	for (size_t i = 0; i < conf_probe_keys.cnt; i++) {
		const struct key *key = &conf_probe_keys.keys[i];
		char takes[6 + KEY_DESCRIPTION_MAX] = "Takes ";

		if (key->group) {
			key_print(p, "#");
			key_print(p, "# %s%s:", i > PROBE_TLS_CA ? "type = "
								 : "",
				  key->group);
		}
		key_describe(takes + 6, key);
		key_print(p, "#   %s", key->name);
		key_print_wrapped(p, "#       ", key->help);
		key_print_wrapped(p, "#       ", takes);
	}
}

static void print_probe(const struct key_printer *p,
			const struct conf_dflt *dflt)
{
	struct cursor c = cursor_of(dflt->lines, strlen(dflt->lines));

	key_print(p, "%s", "");
	if (dflt->needs)
		key_print(p, "# %s  (If the site file has %s.)", dflt->help,
			  dflt->needs);
	else
		key_print(p, "# %s", dflt->help);
	key_print(p, ";[probe %s]", dflt->name);
	while (cursor_left(&c)) {
		struct slice line = cursor_until(&c, "\n");

		cursor_byte(&c);
		key_print(p, ";%.*s", (int)line.len, line.text);
	}
}

void agent_conf_print_sample(agent_conf_line_h *line, void *arg)
{
	struct key_printer p = { line, arg };

	print_head(&p);
	key_print(&p, "%s", "");
	key_print(&p, "[agent]");
	key_print_sample(&p, &conf_agent_keys);

	key_print(&p, "%s", "");
	key_print(&p, "# ---- Probes");
	key_print(&p, "#");
	key_print_wrapped(&p, "# ",
			  "Each section is one probe for each address family "
			  "that it has an address in, and one of its groups a "
			  "prefix.  A file that has one has no probes but its "
			  "own, unless it says default-probes = yes.");
	print_probe_keys(&p);
	for (size_t i = 0; i < conf_dflt_cnt; i++)
		print_probe(&p, &conf_dflts[i]);

	key_print(&p, "%s", "");
	key_print(&p, "# ---- Groups");
	key_print(&p, "#");
	key_print_wrapped(&p, "# ",
			  "Prefixes that are announced and withdrawn together, "
			  "each family by itself, as the probes of the group "
			  "say.  The groups that have the service's prefixes "
			  "are what the other nodes hear of this one.");
	key_print(&p, "%s", "");
	key_print(&p, ";[group service]");
	key_print_sample(&p, &conf_group_keys);
}

/* ---- --check-config */

static void names_of(char *out, size_t room, const struct health_conf *health,
		     uint32_t groups)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < health->group_cnt && len < room; i++) {
		if (groups & 1u << i)
			len += (size_t)snprintf(out + len, room - len, "%s%s",
						len ? ", " : "",
						health->groups[i].name);
	}
}

static void print_summary_probe(const struct key_printer *p,
				const struct agent_conf *conf, size_t i)
{
	const struct health_probe_conf *h = &conf->health.probes[i];
	const struct prober_conf *probe = &conf->probes[i].prober;
	char target[ADDR_TEXT_MAX] = "", time[VALUE_DURATION_MAX];
	uint64_t ms = agent_conf_detection_ms(conf, i);
	char names[256];

	if (addr_is_set(&probe->target))
		addr_format_host(target, &probe->target);
	value_format_duration(time, ms);
	names_of(names, sizeof(names), &conf->health, h->groups);
	key_print(p, "probe %s: %s%s%s, bad %s%s: %s %s", h->name,
		  conf_kind_words[probe->kind], target[0] ? " " : "", target,
		  ms ? "within " : "at once", ms ? time : "",
		  h->failure == HEALTH_WITHDRAW ? "withdraws" : "degrades",
		  names);
}

static void print_summary_group(const struct key_printer *p,
				const struct health_group_conf *group)
{
	char text[384];
	size_t len = 0;

	for (size_t i = 0; i < group->prefix_cnt; i++) {
		char prefix[ROUTE_PREFIX_TEXT_MAX];

		route_format_prefix(prefix, &group->prefixes[i]);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s",
					len ? ", " : "", prefix);
		if (i + 1 < group->prefix_cnt &&
		    sizeof(text) - len > sizeof(prefix) + 2)
			continue;
		key_print(p, "group %s: %s", group->name, text);
		len = 0;	/* the others in a line of their own */
	}
}

void agent_conf_print_summary(const struct agent_conf *conf,
			      agent_conf_line_h *line, void *arg)
{
	struct key_printer p = { line, arg };

	for (size_t i = 0; i < conf->health.group_cnt; i++)
		print_summary_group(&p, &conf->health.groups[i]);
	for (size_t i = 0; i < conf->health.probe_cnt; i++)
		print_summary_probe(&p, conf, i);
}
