/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help, reference and sample: the table of keys as text. */
#include "rtp-pinner/daemon/conf_priv.h"

static const struct {
	const char *option;
	const char *help;
} actions[] = {
	{ "--config FILE", "default: " CONF_FILE ", if present" },
	{ "--check-config", "name every error and exit: 0 there is none, 78" },
	{ "--reserve-ports", "have the kernel give media ports to nobody, "
			     "and exit" },
	{ "--reference", "print all keys, what they take and mean" },
	{ "--sample", "print a file with all keys" },
	{ "--help", "print this text" },
	{ "--version", "print the version" },
};

void conf_print_help(conf_line_h *line, void *arg)
{
	struct key_printer p = { line, arg };

	key_print(&p, "usage: rtp-pinner [--config FILE] [--KEY VALUE]...");
	key_print(&p, "%s", "");
	key_print(&p, "Relays the media of calls, driven by rtpengine's ng "
		  "protocol.");
	key_print(&p, "%s", "");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		key_print(&p, "  %-20s  %s", actions[i].option,
			  actions[i].help);
	key_print(&p, "%s", "");
	key_print(&p, "Keys, of the file and of the command line, which wins:");
	key_print_options(&p, &conf_table);
	key_print(&p, "%s", "");
	key_print(&p, "Exit status: 0 stopped, 1 failed, 64 wrong call, 78 "
		  "wrong configuration.");
}

void conf_print_reference(conf_line_h *line, void *arg)
{
	struct key_printer p = { line, arg };

	key_print_reference(&p, &conf_table);
}

void conf_print_sample(conf_line_h *line, void *arg)
{
	struct key_printer p = { line, arg };

	key_print(&p, "# SPDX-License-Identifier: GPL-3.0-or-later");
	key_print(&p, "#");
	key_print_wrapped(&p, "# ",
			  "The configuration of rtp-pinner, by default "
			  CONF_FILE ".  Each key is an option of the command line too, "
			  "which wins.  A line that is commented out by ; "
			  "shows the default, or an example where there is "
			  "none.");
	key_print(&p, "#");
	key_print(&p, "#   rtp-pinner --config FILE --check-config   "
		  "all errors at once");
	key_print(&p, "#   rtp-pinner --sample                       "
		  "this file");
	key_print(&p, "#");
	key_print(&p, "# A comment begins with # or ; at the start of a line, "
		  "or with ; after a blank.");
	key_print_sample(&p, &conf_table);
}
