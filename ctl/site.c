/* SPDX-License-Identifier: GPL-2.0-or-later */
/* anycastctl check, and reading the site for the other commands. */
#include <stdarg.h>
#include <stdio.h>

#include "ctl/ctl.h"

void ctl_complain(const char *fmt, ...)
{
	va_list ap;

	fputs("anycastctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

static void put_clean(FILE *to, const char *text)
{
	/* ASCII alone: U+009B begins an escape sequence as ESC [ does */
	for (; *text; text++)
		putc(*text >= ' ' && *text < 0x7f ? *text : '?', to);
}

void ctl_print_clean(const char *text)
{
	put_clean(stdout, text);
}

void ctl_complain_clean(const char *whose, const char *text)
{
	fprintf(stderr, "anycastctl: %s: ", whose);
	put_clean(stderr, text);
	fputc('\n', stderr);
}

static void print_error(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static void print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

int ctl_read_site(struct site **out, const struct ctl *ctl)
{
	if (site_read(out, ctl->site_path, print_error, NULL))
		return CTL_CONFIG;
	return CTL_OK;
}

static const struct site_node *own_node(const struct site *site,
					const struct ctl *ctl)
{
	char local[SITE_NAME_MAX];
	const char *name = ctl->node_name;
	const struct site_node *node;

	if (!name) {
		site_local_name(local);
		name = local;
	}
	node = site_find_node(site, slice_str(name));
	if (node)
		return node;

	fprintf(stderr, "anycastctl: %s has no node %s%s; it has:",
		ctl->site_path, name[0] ? name : "of the host's name",
		ctl->node_name ? "" : " (the host name; --node names another)");
	for (size_t i = 0; i < site->node_cnt; i++)
		fprintf(stderr, " %s", site->nodes[i].name);
	fputc('\n', stderr);
	return NULL;
}

int ctl_read_node(struct site **site, const struct site_node **node,
		  const struct ctl *ctl)
{
	int status = ctl_read_site(site, ctl);

	if (status)
		return status;
	*node = own_node(*site, ctl);
	if (!*node) {
		site_free(*site);
		*site = NULL;
		return CTL_CONFIG;
	}
	return CTL_OK;
}

int ctl_check(const struct ctl *ctl)
{
	struct ctl with_file = *ctl;
	struct site *site;
	int status;

	if (ctl->reference) {
		site_print_reference(print_line, NULL);
		return CTL_OK;
	}
	if (ctl->operand)
		with_file.site_path = ctl->operand;
	status = ctl_read_site(&site, &with_file);
	if (status)
		return status;
	printf("%s: ok: %s, %zu node%s\n", with_file.site_path, site->domain,
	       site->node_cnt, site->node_cnt == 1 ? "" : "s");
	site_free(site);
	return CTL_OK;
}
