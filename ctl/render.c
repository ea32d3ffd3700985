/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl render: one row per program whose settings come from the site. */
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"

const struct ctl_target ctl_targets[] = {
	{ "kamailio", "defines, aliases and listen lines, to be included first",
	  ctl_render_kamailio },
};
const size_t ctl_target_cnt = sizeof(ctl_targets) / sizeof(ctl_targets[0]);

static const struct ctl_target *find_target(const char *name)
{
	for (size_t i = 0; i < ctl_target_cnt; i++) {
		if (strcmp(ctl_targets[i].name, name) == 0)
			return &ctl_targets[i];
	}
	return NULL;
}

int ctl_render(const struct ctl *ctl)
{
	const struct ctl_target *target = find_target(ctl->operand);
	const struct site_node *node;
	struct site *site;
	int status;

	if (!target) {
		fprintf(stderr, "anycastctl: cannot render %s; known:",
			ctl->operand);
		for (size_t i = 0; i < ctl_target_cnt; i++)
			fprintf(stderr, " %s", ctl_targets[i].name);
		fputc('\n', stderr);
		return CTL_USAGE;
	}
	status = ctl_read_node(&site, &node, ctl);
	if (status)
		return status;
	status = target->render(ctl, site, node);
	site_free(site);
	return status;
}
