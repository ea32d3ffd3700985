/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ctl.h - what the subcommands of anycastctl share
 *
 * A subcommand is a row of the table in ctl.c and a function that gets the
 * options and returns the exit status.  It prints its result on stdout and
 * what went wrong on stderr, once, where it is known.
 */
#ifndef CTL_CTL_H
#define CTL_CTL_H

#include "common/nodestate.h"
#include "common/site.h"

#define SITE_PATH "/etc/sip-anycast/site.conf"
#define CONTENT_FOLDER "/srv/sip-anycast"
#define AGENT_PROGRAM "/usr/sbin/anycast-health"
#define AGENT_SOCKET "/run/sip-anycast/health-agent/control.sock"

/* Beside 0 and 1: those of sysexits.h, so that scripts can tell a wrong call
 * from a wrong file.
 */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILURE = 1,
	CTL_CALLS_LEFT = 2,	/* a drain's deadline is over, and calls run */
	CTL_USAGE = 64,
	CTL_CONFIG = 78,
};

struct ctl {
	const char *site_path;
	const char *state_path;
	const char *node_name;	/* NULL: the host name */
	bool reference;
	const char *pinner;	/* ADDRESS:PORT of its ng socket */
	bool pinner_given;
	bool json;
	const char *operand;	/* NULL: none */
	const char *agent;	/* its control socket */
	bool wait, force, withdrawn;	/* drain */
	bool has_deadline;
	uint32_t deadline_s;
	bool has_phones;
	uint32_t phones_s;
	uint32_t timeout_s;	/* 0: for ever */
	bool has_timeout;
	const char *mark;	/* NULL: none */
	/* render */
	const char *agent_program;
	const char *agent_conf;	/* NULL: the agent's default */
	const char *neighbor;	/* NULL: all of them */
	const char *interface;	/* NULL: not given */
	const char *output;	/* NULL: stdout */
	const char *zone;	/* NULL: that of the domain */
	bool node_local;
	const char *root;	/* what nginx serves */
};

int ctl_check(const struct ctl *ctl);
int ctl_render(const struct ctl *ctl);
int ctl_status(const struct ctl *ctl);
int ctl_why(const struct ctl *ctl);
int ctl_log(const struct ctl *ctl);
int ctl_nodes(const struct ctl *ctl);
int ctl_drain(const struct ctl *ctl);
int ctl_resume(const struct ctl *ctl);
int ctl_disable(const struct ctl *ctl);
int ctl_reload(const struct ctl *ctl);
int ctl_restart(const struct ctl *ctl);
int ctl_calls(const struct ctl *ctl);
int ctl_call(const struct ctl *ctl);

/* A line on stderr, after the program's name. */
void ctl_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "WHOSE: TEXT", and on stdout TEXT; what others may have made of the text does
 * no harm to a terminal.
 */
void ctl_complain_clean(const char *whose, const char *text);
void ctl_print_clean(const char *text);

/* The site, for what is the same on every node.  CTL_OK, or CTL_CONFIG with every
 * error printed and nothing to free.
 */
int ctl_read_site(struct site **site, const struct ctl *ctl);

/* The site and our own node in it (borrowed from the site).  CTL_OK, or
 * CTL_CONFIG, complaints made and nothing to free.
 */
int ctl_read_node(struct site **site, const struct site_node **node,
		  const struct ctl *ctl);

/* What the node state file says; and make it say so about ourselves, where no
 * agent does.
 */
int ctl_print_state(const struct ctl *ctl);
int ctl_write_state(const struct ctl *ctl, enum node_state own);

/* One line about the pinner itself.  CTL_OK, or why not, complaint made. */
int ctl_print_pinner(const char *where);

/* What `render' can write.  Each returns the exit status.  The node of a zone is
 * NULL where nobody has named one.
 */
struct ctl_target {
	const char *name;
	const char *help;
	int (*render)(const struct ctl *ctl, const struct site *site,
		      const struct site_node *node);
};

extern const struct ctl_target ctl_targets[];
extern const size_t ctl_target_cnt;

int ctl_render_kamailio(const struct ctl *ctl, const struct site *site,
			const struct site_node *node);
int ctl_render_tls(const struct ctl *ctl, const struct site *site,
		   const struct site_node *node);
int ctl_render_knot(const struct ctl *ctl, const struct site *site,
		    const struct site_node *node);
int ctl_render_zone(const struct ctl *ctl, const struct site *site,
		    const struct site_node *node);
int ctl_render_nginx(const struct ctl *ctl, const struct site *site,
		     const struct site_node *node);
int ctl_render_exabgp(const struct ctl *ctl, const struct site *site,
		      const struct site_node *node);
int ctl_render_bird(const struct ctl *ctl, const struct site *site,
		    const struct site_node *node);
int ctl_render_bird_bfd(const struct ctl *ctl, const struct site *site,
			const struct site_node *node);
int ctl_render_bird_igp(const struct ctl *ctl, const struct site *site,
			const struct site_node *node);
int ctl_render_bird_kernel(const struct ctl *ctl, const struct site *site,
			   const struct site_node *node);
int ctl_render_frr(const struct ctl *ctl, const struct site *site,
		   const struct site_node *node);
int ctl_render_frr_igp(const struct ctl *ctl, const struct site *site,
		       const struct site_node *node);

#endif
