/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node's ExaBGP: one session for each neighbor, each for one address family,
 * and the agent as its process.
 *
 * Written for ExaBGP 4.2.21.  Three of its habits are met here: a password of
 * the digits and a-f alone is taken for base64 unless it is told otherwise; a
 * session without a family carries all it knows; and what a router's NOTIFICATION
 * says goes to processes that asked for neighbor-changes as it came.  A line of
 * its own is then a line of the API's, and a character that is not ASCII is the
 * end of ExaBGP with all its sessions: a BIRD that refuses AS 50080 sends one.
 * So the agent asks for the sessions, and is not told of them.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/render_bgp.h"

/* ExaBGP reads \ as an escape and ends a word at the other quote, too. */
static int check_word(const char *what, const char *word)
{
	for (const char *at = word; *at; at++) {
		if (*at < ' ' || *at == 0x7f || strchr("\"'\\", *at)) {
			ctl_complain("the path of %s has a quote, backslash or "
				     "control character, which ExaBGP cannot "
				     "read", what);
			return CTL_FAILURE;
		}
	}
	return CTL_OK;
}

/* A path as ExaBGP will find it, wherever it is started. */
static int make_absolute(char out[static PATH_MAX], const char *what,
			 const char *path)
{
	char here[PATH_MAX];
	int n;

	if (path[0] == '/') {
		n = snprintf(out, PATH_MAX, "%s", path);
	} else if (getcwd(here, sizeof(here))) {
		n = snprintf(out, PATH_MAX, "%s/%s", here, path);
	} else {
		ctl_complain("%s: %s", path, strerror(errno));
		return CTL_FAILURE;
	}
	if (n < 0 || n >= PATH_MAX) {
		ctl_complain("%s: %s", path, strerror(ENAMETOOLONG));
		return CTL_FAILURE;
	}
	return check_word(what, out);
}

/* What ExaBGP is to run, with the files it reads. */
struct agent {
	char program[PATH_MAX], site[PATH_MAX];
	char conf[PATH_MAX];	/* "": its own default, which need not exist */
};

static int find_agent(struct agent *out, const struct ctl *ctl)
{
	int status = make_absolute(out->program, "the agent",
				   ctl->agent_program);

	out->conf[0] = '\0';
	if (!status && ctl->agent_conf)
		status = make_absolute(out->conf, "the agent's configuration",
				       ctl->agent_conf);
	if (!status)
		status = make_absolute(out->site, "the site file",
				       ctl->site_path);
	return status;
}

static void print_process(const struct agent *agent,
			  const struct site_node *node)
{
	/* whatever its configuration says: who is run by ExaBGP and does not
	 * talk to it leaves there what it has announced
	 */
	printf("\n# It decides what is announced; when it dies it is started "
	       "again.\n"
	       "process anycast-health {\n"
	       "\trun \"%s\"%s%s%s --output exabgp --site \"%s\" --node %s;\n"
	       "\tencoder json;\n"
	       "\trespawn true;\n"
	       "}\n", agent->program, agent->conf[0] ? " --config \"" : "",
	       agent->conf, agent->conf[0] ? "\"" : "", agent->site,
	       node->name);
}

static void print_session(const struct site_node *node,
			  const struct site_neighbor *n)
{
	char peer[ADDR_TEXT_MAX], own[ADDR_TEXT_MAX], id[ADDR_TEXT_MAX];

	addr_format(peer, &n->addr);
	addr_format(own, bgp_own(node, n));
	addr_format(id, &node->router_id);
	printf("\nneighbor %s {\n", peer);
	if (n->name[0])
		printf("\tdescription \"%s\";\n", n->name);
	printf("\trouter-id %s;\n"
	       "\tlocal-address %s;\n"
	       "\tlocal-as %u;\n"
	       "\tpeer-as %u;\n"
	       "\thold-time %d;\n", id, own, node->local_as, n->remote_as,
	       BGP_HOLD_S);
	if (n->port != SITE_BGP_PORT)
		printf("\tconnect %u;\n", n->port);
	if (n->md5[0])
		printf("\tmd5-password \"%s\";\n\tmd5-base64 false;\n", n->md5);
	if (n->ttl_security)
		puts("\toutgoing-ttl 255;");
	/* It ends a session whose router asks for its routes again, as routers
	 * do after a change of their policy (RFC 7313; TypeError: 'RouteRefresh'
	 * object is not iterable).
	 */
	printf("\tcapability {\n\t\troute-refresh disable;\n\t}\n"
	       "\tfamily {\n\t\t%s unicast;\n\t}\n"
	       "\tapi {\n"
	       "\t\tprocesses [ anycast-health ];\n"
	       "\t}\n"
	       "}\n", n->addr.family == ADDR_IP4 ? "ipv4" : "ipv6");
}

int ctl_render_exabgp(const struct ctl *ctl, const struct site *site,
		      const struct site_node *node)
{
	struct agent agent;
	int status = bgp_check(ctl, node);

	if (!status)
		status = find_agent(&agent, ctl);
	if (status)
		return status;
	bgp_print_head(site, node, "#", "exabgp", "its ExaBGP");
	bgp_print_secrecy(ctl, node, "#");
	puts("# No graceful restart: a router that keeps the routes of a dead "
	     "node sends it\n# calls.");
	print_process(&agent, node);
	for (size_t i = 0; i < node->neighbor_cnt; i++) {
		if (bgp_is_chosen(ctl, &node->neighbors[i]))
			print_session(node, &node->neighbors[i]);
	}
	return CTL_OK;
}
