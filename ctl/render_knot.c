/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Knot DNS: its knot.conf, and the zones it serves.
 *
 * One knot.conf for Knot 3.2 and 3.4.  The zones are files of ours that Knot
 * never writes: no journal, no dump of what it has in memory, nothing that
 * outlives a change of the site file.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/zone.h"

#define KNOT_FOLDER "/run/sip-anycast/knot"

static int check_dns(const struct ctl *ctl, const struct site *site)
{
	if (site->dns)
		return CTL_OK;
	ctl_complain("%s: the service has no dns = yes", ctl->site_path);
	return CTL_CONFIG;
}

static const struct site_node *local_node(const struct ctl *ctl,
					  const struct site_node *node)
{
	return ctl->node_local ? node : NULL;
}

static int print_zone(FILE *f, const struct zone *zone)
{
	if (!zone_print(f, zone))
		return CTL_OK;
	ctl_complain("out of memory");
	return CTL_FAILURE;
}

/* ---- render zone */

int ctl_render_zone(const struct ctl *ctl, const struct site *site,
		    const struct site_node *node)
{
	const char *names[ZONES_MAX];
	struct zone zone = { .site = site, .local = local_node(ctl, node) };
	int status = check_dns(ctl, site);
	size_t cnt;

	if (status)
		return status;
	cnt = zone_names(names, site);
	if (!ctl->zone)
		zone.name = names[0];
	for (size_t i = 0; i < cnt && !zone.name; i++) {
		if (strcmp(names[i], ctl->zone) == 0)
			zone.name = names[i];
	}
	if (zone.name)
		return print_zone(stdout, &zone);
	fprintf(stderr, "anycastctl: %s has no zone of this name; its zones:",
		ctl->site_path);
	for (size_t i = 0; i < cnt; i++)
		fprintf(stderr, " %s", names[i]);
	fputc('\n', stderr);
	return CTL_CONFIG;
}

/* ---- render knot */

/* What stands in quotes in knot.conf must not end them. */
static int check_folder(const char *path)
{
	for (const char *at = path; *at; at++) {
		unsigned char c = (unsigned char)*at;

		if (c < ' ' || c == '"' || c == '\\' || c == 0x7f) {
			ctl_complain("--output: the folder's path has a quote, "
				     "backslash or control character, which a "
				     "knot.conf cannot hold");
			return CTL_FAILURE;
		}
	}
	return CTL_OK;
}

static void print_listen(FILE *f, const struct addr *a, unsigned port,
			 const char **comma)
{
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(a))
		return;
	addr_format(text, a);
	fprintf(f, "%s \"%s@%u\"", *comma, text, port);
	*comma = ",";
}

/* Knot takes what begins with 0x for bytes in hex. */
static void print_nsid(FILE *f, const char *name)
{
	if (strncmp(name, "0x", 2)) {
		fprintf(f, "    nsid: \"%s\"\n", name);
		return;
	}
	fputs("    nsid: \"0x", f);
	for (const char *at = name; *at; at++)
		fprintf(f, "%02x", (unsigned char)*at);
	fputs("\"\n", f);
}

static void print_server(FILE *f, const struct site *site,
			 const struct site_node *node, const char *folder)
{
	const char *comma = "";

	fprintf(f, "server:\n"
		"    rundir: \"%s\"\n"
		"    # the service, and this node alone, for whoever compares\n"
		"    listen: [", folder);
	print_listen(f, &site->ip4, site->dns_port, &comma);
	print_listen(f, &site->ip6, site->dns_port, &comma);
	print_listen(f, &node->ip4, site->dns_port, &comma);
	print_listen(f, &node->ip6, site->dns_port, &comma);
	fprintf(f, " ]\n"
		"    # which node answers: RFC 5001 and 4892; what it runs is "
		"nobody's business\n");
	print_nsid(f, node->name);
	fprintf(f, "    identity: \"%s\"\n"
		"    version: \"\"\n", node->name);
}

static void print_conf(FILE *f, const struct ctl *ctl, const struct site *site,
		       const struct site_node *node, const char *folder)
{
	const char *names[ZONES_MAX];
	size_t cnt = zone_names(names, site);

	fprintf(f, "# Node %s of %s, for Knot DNS.\n"
		"# Made by `anycastctl render knot%s' from the site file: edit "
		"that one.\n", node->name, site->domain,
		ctl->node_local ? " --node-local" : "");
	print_server(f, site, node, folder);
	fprintf(f, "log:\n"
		"  - target: stderr\n"
		"    any: info\n"
		"database:\n"
		"    storage: \"%s\"\n"
		"# Nobody is flooded with answers to what he never asked: past so "
		"many a second\n"
		"# to one network they are empty, and ask to come back over TCP.\n"
		"mod-rrl:\n"
		"  - id: default\n"
		"    rate-limit: 200\n"
		"    slip: 1\n"
		"template:\n"
		"  - id: default\n"
		"    storage: \"%s\"\n"
		"    # what the files say and nothing else: no journal, nothing "
		"written back\n"
		"    zonefile-load: whole\n"
		"    zonefile-sync: -1\n"
		"    journal-content: none\n"
		"    semantic-checks: on\n"
		"    global-module: mod-rrl/default\n"
		"zone:\n", folder, folder);
	for (size_t i = 0; i < cnt; i++)
		fprintf(f, "  - domain: \"%s.\"\n"
			"    file: \"%s.zone\"\n", names[i], names[i]);
}

/* A file of the folder, whole or not at all; print: what is in it. */
struct part {
	const struct ctl *ctl;
	const struct site *site;
	const struct site_node *node;
	const char *folder;
	const char *zone;	/* NULL: knot.conf */
};

static int print_part(FILE *f, const struct part *part)
{
	struct zone zone = { part->site, local_node(part->ctl, part->node),
			     part->zone };

	if (part->zone)
		return print_zone(f, &zone);
	print_conf(f, part->ctl, part->site, part->node, part->folder);
	return CTL_OK;
}

static int cannot_write(const char *path, int err)
{
	ctl_complain("%s: %s", path, strerror(err));
	return CTL_FAILURE;
}

static int write_part(const struct part *part)
{
	const char *name = part->zone ? part->zone : "knot.conf";
	const char *end = part->zone ? ".zone" : "";
	char path[PATH_MAX], fresh[PATH_MAX];
	int status;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s%s", part->folder, name, end) >=
		    (int)sizeof(path) ||
	    snprintf(fresh, sizeof(fresh), "%s/.%s%s.%ld", part->folder, name,
		     end, (long)getpid()) >= (int)sizeof(fresh))
		return cannot_write(part->folder, ENAMETOOLONG);
	f = fopen(fresh, "we");
	if (!f)
		return cannot_write(fresh, errno);
	status = print_part(f, part);
	errno = 0;
	if (fflush(f) == EOF || ferror(f))
		status = cannot_write(fresh, errno ? errno : EIO);
	if (fclose(f) == EOF && !status)
		status = cannot_write(fresh, errno);
	if (!status && rename(fresh, path) < 0)
		status = cannot_write(path, errno);
	if (status)
		unlink(fresh);
	return status;
}

int ctl_render_knot(const struct ctl *ctl, const struct site *site,
		    const struct site_node *node)
{
	struct part part = { .ctl = ctl, .site = site, .node = node };
	const char *names[ZONES_MAX];
	char folder[PATH_MAX];
	int status = check_dns(ctl, site);
	size_t cnt;

	if (status)
		return status;
	if (!ctl->output) {
		print_conf(stdout, ctl, site, node, KNOT_FOLDER);
		return CTL_OK;
	}
	if (!realpath(ctl->output, folder))
		return cannot_write(ctl->output, errno);
	status = check_folder(folder);
	part.folder = folder;
	cnt = zone_names(names, site);
	/* the zones before what names them */
	for (size_t i = 0; i < cnt && !status; i++) {
		part.zone = names[i];
		status = write_part(&part);
	}
	part.zone = NULL;
	return status ? status : write_part(&part);
}
