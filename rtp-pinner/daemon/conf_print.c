/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help, reference and sample: the table of keys as text. */
#include <stdarg.h>
#include <stdio.h>

#include "rtp-pinner/daemon/conf_priv.h"

struct printer {
	conf_line_h *line;
	void *arg;
};

static void print(const struct printer *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void print(const struct printer *p, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->line(p->arg, text);
}

/* text in lines of at most 79 characters, each after before. */
static void print_wrapped(const struct printer *p, const char *before,
			  const char *text)
{
	size_t room = 79 - strlen(before);

	while (*text) {
		size_t len = strlen(text);

		if (len > room) {
			len = room;
			while (len && text[len] != ' ')
				len--;
			if (!len)
				len = strcspn(text, " ");
		}
		print(p, "%s%.*s", before, (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
}

static void describe(char out[static 256], const struct conf_key *key)
{
	char allowed[CONF_ALLOWED_MAX];
	const char *dflt = key->dflt ? key->dflt : key->dflt_note;

	conf_allowed(allowed, key);
	snprintf(out, 256, "%s; default: %s", allowed, dflt);
}

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
	struct printer p = { line, arg };

	print(&p, "usage: rtp-pinner [--config FILE] [--KEY VALUE]...");
	print(&p, "%s", "");
	print(&p, "Relays the media of calls, driven by rtpengine's ng "
		  "protocol.");
	print(&p, "%s", "");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		print(&p, "  %-20s  %s", actions[i].option, actions[i].help);
	print(&p, "%s", "");
	print(&p, "Keys, of the file and of the command line, which wins:");
	for (size_t i = 0; i < CONF_KEYS; i++) {
		const struct conf_key *key = &conf_keys[i];
		char text[256];

		describe(text, key);
		print(&p, "  --%-18s  %s", key->name, text);
	}
	print(&p, "%s", "");
	print(&p, "Exit status: 0 stopped, 1 failed, 64 wrong call, 78 wrong "
		  "configuration.");
}

void conf_print_reference(conf_line_h *line, void *arg)
{
	struct printer p = { line, arg };

	for (size_t i = 0; i < CONF_KEYS; i++) {
		const struct conf_key *key = &conf_keys[i];
		char text[256];

		describe(text, key);
		print(&p, "%s = %s", key->name, text);
		print_wrapped(&p, "    ", key->help);
	}
}

void conf_print_sample(conf_line_h *line, void *arg)
{
	struct printer p = { line, arg };
	char text[6 + 256];

	print(&p, "# SPDX-License-Identifier: GPL-3.0-or-later");
	print(&p, "#");
	print_wrapped(&p, "# ",
		      "The configuration of rtp-pinner, by default " CONF_FILE
		      ".  Each key is an option of the command line too, "
		      "which wins.  A line that is commented out by ; shows "
		      "the default, or an example where there is none.");
	print(&p, "#");
	print(&p, "#   rtp-pinner --config FILE --check-config   all errors "
		  "at once");
	print(&p, "#   rtp-pinner --sample                       this file");
	print(&p, "#");
	print(&p, "# A comment begins with # or ; at the start of a line, or "
		  "with ; after a blank.");

	for (size_t i = 0; i < CONF_KEYS; i++) {
		const struct conf_key *key = &conf_keys[i];
		const char *value = key->dflt ? key->dflt : key->example;

		print(&p, "%s", "");
		if (key->group) {
			print(&p, "# ---- %s", key->group);
			print(&p, "%s", "");
		}
		memcpy(text, "Takes ", 6);
		describe(text + 6, key);
		print_wrapped(&p, "# ", key->help);
		print_wrapped(&p, "# ", text);
		print(&p, ";%s = %s", key->name, value);
	}
}
